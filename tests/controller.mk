# Tests of natald and natalctl.
CONTROLLER_TEST_CFLAGS = $(CONTROLLER_CFLAGS) $(CMOCKA_CFLAGS) -Wno-missing-prototypes
CONTROLLER_TEST_LIBS = $(CONTROLLER_LIBS) $(CMOCKA_LIBS)

noinst_PROGRAMS += tests/tools/fake_guest tests/tools/natald_failing
tests_tools_natald_failing_CFLAGS = $(CONTROLLER_CFLAGS)
tests_tools_natald_failing_SOURCES = controller/natald/main.c controller/natald/loop.c controller/natald/loop.h tests/tools/failing_disk.c
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

EXTRA_DIST += tests/unit/controller/store/store_test.h
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
