# Tests of natald and natalctl.
CONTROLLER_TEST_CFLAGS = $(CONTROLLER_CFLAGS) $(CMOCKA_CFLAGS) -Wno-missing-prototypes
CONTROLLER_TEST_LIBS = $(CONTROLLER_LIBS) $(CMOCKA_LIBS)

noinst_PROGRAMS += tests/tools/fake_guest tests/tools/natald_failing
tests_tools_natald_failing_CFLAGS = $(CONTROLLER_CFLAGS)
tests_tools_natald_failing_SOURCES = $(natald_SOURCES) tests/tools/failing_disk.c
tests_tools_natald_failing_LDADD = $(CONTROLLER_LIBS)
tests_tools_fake_guest_CFLAGS = $(CONTROLLER_CFLAGS)
tests_tools_fake_guest_LDADD = $(CONTROLLER_LIBS)

noinst_PROGRAMS += tests/tools/replies
tests_tools_replies_CFLAGS = $(CONTROLLER_CFLAGS)
tests_tools_replies_LDADD = $(CONTROLLER_LIBS)

noinst_PROGRAMS += tests/tools/needles
tests_tools_needles_CFLAGS = $(CONTROLLER_CFLAGS)
tests_tools_needles_LDADD = $(COMMON_LIBS)

dist_check_SCRIPTS += tests/integration/controller-api.sh tests/integration/pool-kill.sh tests/integration/controller-full.sh tests/integration/controller-host-process.sh

EXTRA_DIST += tests/integration/fleet.sh tests/integration/partition.sh tests/integration/kills.sh tests/integration/kills-served.sh tests/integration/replication.sh tests/tools/history.py
EXTRA_DIST += tests/unit/controller/store/store_test.h tests/tools/pg.sh tests/tools/fake_qemu.py tests/tools/nets.sh
check_PROGRAMS += tests/unit/controller/store/test_store tests/unit/controller/store/test_rows tests/unit/controller/signer/test_signer \
	tests/unit/controller/http/test_route tests/unit/controller/cli/test_options tests/unit/controller/service/test_spec \
	tests/unit/controller/crypto/test_guestkey
tests_unit_controller_store_test_store_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_store_test_store_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_store_test_rows_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_store_test_rows_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_signer_test_signer_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_signer_test_signer_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_http_test_route_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_http_test_route_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_service_test_spec_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_spec_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_crypto_test_guestkey_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_crypto_test_guestkey_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_cli_test_options_CFLAGS = $(CLI_CFLAGS) $(CMOCKA_CFLAGS) -Wno-missing-prototypes
tests_unit_controller_cli_test_options_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/controller/cli/test_print
tests_unit_controller_cli_test_print_CFLAGS = $(CLI_CFLAGS) $(CMOCKA_CFLAGS) -Wno-missing-prototypes
tests_unit_controller_cli_test_print_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/controller/http/test_tls
tests_unit_controller_http_test_tls_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_http_test_tls_LDADD = $(CONTROLLER_TEST_LIBS)
dist_check_SCRIPTS += tests/controller/hosts.sh tests/controller/served.sh tests/controller/goals_hosted.sh tests/controller/listen.sh tests/controller/endure.sh tests/controller/away.sh
EXTRA_DIST += tests/controller/listen.py tests/controller/liar.py

check_PROGRAMS += tests/unit/controller/store/test_lease tests/unit/controller/store/test_news
tests_unit_controller_store_test_lease_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_store_test_lease_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_store_test_news_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_store_test_news_LDADD = $(CONTROLLER_TEST_LIBS)
if HAVE_PQ
check_PROGRAMS += tests/unit/controller/store/test_pq tests/unit/controller/store/test_recent
tests_unit_controller_store_test_recent_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_store_test_recent_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_store_test_pq_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_store_test_pq_LDADD = $(CONTROLLER_TEST_LIBS)
endif
noinst_PROGRAMS += tests/tools/http_get
tests_tools_http_get_CFLAGS = $(CLI_CFLAGS)
tests_tools_http_get_LDADD = $(COMMON_LIBS)
check_PROGRAMS += tests/unit/common/http/test_reply
tests_unit_common_http_test_reply_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_http_test_reply_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

# natal-hostd.
check_PROGRAMS += tests/unit/controller/hostd/test_asks tests/unit/common/http/test_enrol tests/unit/controller/store/test_hosts
tests_unit_controller_store_test_hosts_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_store_test_hosts_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_hostd_test_asks_CFLAGS = $(TEST_CFLAGS)
tests_unit_controller_hostd_test_asks_SOURCES = tests/unit/controller/hostd/test_asks.c controller/hostd/asks.c
tests_unit_controller_hostd_test_asks_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/controller/hostd/test_host_side
tests_unit_controller_hostd_test_host_side_CFLAGS = $(TEST_CFLAGS) -pthread
tests_unit_controller_hostd_test_host_side_SOURCES = tests/unit/controller/hostd/test_host_side.c controller/hostd/asks.c controller/hostd/host_side.c
tests_unit_controller_hostd_test_host_side_LDADD = $(HOST_LIBS) $(COMMON_LIBS) $(CMOCKA_LIBS) -lpthread
tests_unit_common_http_test_enrol_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_http_test_enrol_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
