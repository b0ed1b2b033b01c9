# Tests of agent/.
noinst_PROGRAMS += tests/tools/agent_fault
tests_tools_agent_fault_CFLAGS = $(TEST_CFLAGS)
tests_tools_agent_fault_LDADD = $(AGENT_LIBS)
dist_check_SCRIPTS += \
	tests/agent/behind.sh \
	tests/agent/boot.sh \
	tests/agent/changed.sh \
	tests/agent/checked.sh \
	tests/agent/compat.sh \
	tests/agent/delegate.sh \
	tests/agent/effects.py \
	tests/agent/fault.sh \
	tests/agent/fetch.sh \
	tests/agent/golden.sh \
	tests/agent/ground.sh \
	tests/agent/instance.sh \
	tests/agent/links.sh \
	tests/agent/published.sh \
	tests/agent/refuse.sh \
	tests/agent/scripts.sh \
	tests/agent/space.sh \
	tests/agent/tools.sh \
	tests/agent/units.sh
EXTRA_DIST += tests/agent/lib.sh tests/agent/controller.py tests/agent/web.py
EXTRA_DIST += $(GOLDEN)
GOLDEN = tests/golden/typical/seed/user-data tests/golden/typical/seed/network-config tests/golden/typical/seed/report-key \
	tests/golden/typical/seed/ssh/ssh_host_ed25519_key tests/golden/typical/seed/ssh/ssh_host_ed25519_key.pub \
	tests/golden/typical/seed/tls/cert.pem tests/golden/typical/seed/tls/chain.pem tests/golden/typical/seed/tls/key.pem \
	tests/golden/typical/expect.plan.json tests/golden/typical/expect.tree \
	tests/golden/accounts/seed/user-data tests/golden/accounts/expect.plan.json tests/golden/accounts/expect.tree \
	tests/golden/networks/seed/user-data tests/golden/networks/seed/network-config \
	tests/golden/networks/expect.plan.json tests/golden/networks/expect.tree \
	tests/golden/changed/seed/user-data tests/golden/changed/seed/network-config tests/golden/changed/seed2/user-data \
	tests/golden/changed/seed2/network-config tests/golden/changed/expect.plan.json tests/golden/changed/expect.tree

AGENT_TEST_CFLAGS = $(TEST_CFLAGS) $(BLKID_CFLAGS) $(UDEV_CFLAGS)
AGENT_TEST_LIBS = $(AGENT_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/unit/agent/seed.h
check_PROGRAMS += tests/unit/agent/test_links tests/unit/agent/test_seed tests/unit/agent/test_put
tests_unit_agent_test_put_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_test_put_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/apply/test_allowance
tests_unit_agent_apply_test_allowance_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_apply_test_allowance_LDADD = $(AGENT_TEST_LIBS)

tests_unit_agent_test_links_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_test_links_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_test_seed_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_test_seed_LDADD = tests/unit/common/media/libsample.a $(AGENT_TEST_LIBS) $(MBEDCRYPTO_LIBS)
check_PROGRAMS += tests/unit/agent/pinning/test_presented
tests_unit_agent_pinning_test_presented_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_pinning_test_presented_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/config/test_refused
tests_unit_agent_config_test_refused_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_config_test_refused_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/config/test_config
tests_unit_agent_config_test_config_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_config_test_config_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/plan/test_plan
tests_unit_agent_plan_test_plan_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_plan_test_plan_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/source/test_pick
tests_unit_agent_source_test_pick_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_source_test_pick_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/pinning/test_present
tests_unit_agent_pinning_test_present_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_pinning_test_present_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/test_journal
tests_unit_agent_test_journal_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_test_journal_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/report/test_report
tests_unit_agent_report_test_report_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_report_test_report_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/pinning/test_drift
tests_unit_agent_pinning_test_drift_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_pinning_test_drift_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/test_cloud_status
tests_unit_agent_test_cloud_status_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_test_cloud_status_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/plan/test_agrees
tests_unit_agent_plan_test_agrees_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_plan_test_agrees_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/plan/test_owners
tests_unit_agent_plan_test_owners_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_plan_test_owners_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/report/test_spooled
tests_unit_agent_report_test_spooled_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_report_test_spooled_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/guestd/test_outbox
tests_unit_agent_guestd_test_outbox_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_guestd_test_outbox_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/guestd/test_guestd
tests_unit_agent_guestd_test_guestd_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_guestd_test_guestd_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/guestd/test_follow
tests_unit_agent_guestd_test_follow_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_guestd_test_follow_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/guestd/test_starter
tests_unit_agent_guestd_test_starter_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_guestd_test_starter_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/guestd/test_opener
tests_unit_agent_guestd_test_opener_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_guestd_test_opener_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/guestd/test_confine
tests_unit_agent_guestd_test_confine_CFLAGS = $(AGENT_TEST_CFLAGS) $(SECCOMP_CFLAGS)
tests_unit_agent_guestd_test_confine_LDADD = $(AGENT_TEST_LIBS) $(SECCOMP_LIBS)
