# Tests that hold promises across parts: clauses, manuals, what the clause map lacked.
check_PROGRAMS += tests/unit/common/media/test_result tests/unit/controller/service/test_report tests/unit/controller/service/test_medium
tests_unit_common_media_test_result_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_result_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
tests_unit_controller_service_test_report_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_report_LDADD = $(CONTROLLER_TEST_LIBS)
check_PROGRAMS += tests/unit/controller/http/test_conn
tests_unit_controller_http_test_conn_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_http_test_conn_LDADD = $(CONTROLLER_TEST_LIBS)
check_PROGRAMS += tests/unit/controller/http/test_rate
tests_unit_controller_http_test_rate_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_http_test_rate_LDADD = $(CONTROLLER_TEST_LIBS)
check_PROGRAMS += tests/unit/controller/service/test_refusals
tests_unit_controller_service_test_refusals_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_refusals_LDADD = $(CONTROLLER_TEST_LIBS)
check_PROGRAMS += tests/unit/controller/service/test_retention
tests_unit_controller_service_test_retention_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_retention_LDADD = $(CONTROLLER_TEST_LIBS)
check_PROGRAMS += tests/unit/controller/service/test_fleet
tests_unit_controller_service_test_fleet_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_fleet_LDADD = $(CONTROLLER_TEST_LIBS)
check_PROGRAMS += tests/unit/controller/service/test_step
tests_unit_controller_service_test_step_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_step_LDADD = $(CONTROLLER_TEST_LIBS)
check_PROGRAMS += tests/unit/controller/service/test_report_take tests/unit/controller/http/test_server
tests_unit_controller_service_test_report_take_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_report_take_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_http_test_server_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_http_test_server_LDADD = $(CONTROLLER_TEST_LIBS)
EXTRA_DIST += tests/unit/controller/service/born.h
check_PROGRAMS += tests/unit/controller/service/test_link tests/unit/controller/api/test_ca_install
tests_unit_controller_service_test_link_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_link_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_api_test_ca_install_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_api_test_ca_install_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_service_test_medium_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_medium_LDADD = tests/unit/common/media/libsample.a $(MBEDCRYPTO_LIBS) $(CONTROLLER_TEST_LIBS)

check_PROGRAMS += tests/unit/controller/host/test_host tests/unit/controller/signer/test_sandbox
tests_unit_controller_host_test_host_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_host_test_host_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_signer_test_sandbox_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_signer_test_sandbox_LDADD = $(CONTROLLER_TEST_LIBS)

dist_check_SCRIPTS += tests/controller/cli.sh tests/controller/goals.sh tests/controller/goals_https.sh tests/controller/goals_two.sh tests/controller/restored.sh tests/controller/rotate.sh tests/controller/runs.sh tests/controller/gone.sh tests/controller/reissue.sh tests/controller/store.sh tests/controller/pq.sh tests/controller/moved.sh tests/controller/turns.sh tests/controller/births.sh tests/controller/boots.sh tests/controller/backup.sh tests/controller/operator.sh tests/controller/bake.sh tests/controller/replies.sh tests/controller/starting.sh tests/controller/race.sh tests/controller/unit.sh tests/controller/carried.sh tests/controller/starter.sh tests/controller/birth_token.sh tests/controller/birth_ek.sh tests/controller/birth_two.sh tests/controller/swarm.sh
EXTRA_DIST += tests/controller/lib.sh tests/controller/two.sh tests/controller/race.py

check_PROGRAMS += tests/unit/controller/host/test_accel
tests_unit_controller_host_test_accel_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_host_test_accel_LDADD = $(CONTROLLER_TEST_LIBS)

# What tests/CLAUSES names: the clause map is checked in a dist tree too. Whole folders only where the build makes nothing in them.
EXTRA_DIST += tests/differential tests/integration/differential.sh tests/integration/boottime.sh tests/integration/collected.sh
EXTRA_DIST += tests/selinux tests/integration/selinux.sh
EXTRA_DIST += .clang-format .editorconfig tests/integration/drift.sh tests/CLAUSES docs .ci tests/integration/lib.sh tests/integration/birth.sh tests/integration/delegate.sh tests/integration/container.sh tests/integration/distcheck.sh tests/integration/foreign.sh \
	tests/integration/goals.sh tests/integration/hosted.sh tests/integration/birthless.sh tests/integration/impostor.sh tests/integration/mutants.sh tests/integration/sanitizers.sh tests/integration/supervise.sh tests/integration/systemd.sh tests/integration/carried.sh \
	tests/bench/create.sh tests/bench/medium.sh tests/bench/medium2seed.py

check_PROGRAMS += tests/unit/common/crypto/test_sshkey
tests_unit_common_crypto_test_sshkey_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_crypto_test_sshkey_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/controller/service/test_carrier
tests_unit_controller_service_test_carrier_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_carrier_LDADD = $(CONTROLLER_TEST_LIBS)
EXTRA_DIST += tests/tools/port.py tests/tools/ek.py tests/tools/evict_ek.py
