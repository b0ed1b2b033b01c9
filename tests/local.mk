# Tests: one program per source, tests/unit/<same path>; hygiene scripts run as they are.
TEST_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) -Wno-missing-prototypes
EXTRA_DIST += tests/unit/unit.h

check_PROGRAMS += tests/unit/common/base/test_err
tests_unit_common_base_test_err_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_base_test_err_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/common/base/test_base
tests_unit_common_base_test_base_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_base_test_base_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/common/base/test_proc
tests_unit_common_base_test_proc_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_base_test_proc_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/common/base/test_late
tests_unit_common_base_test_late_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_base_test_late_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/common/data/test_json
tests_unit_common_data_test_json_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_data_test_json_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/common/data/test_url
tests_unit_common_data_test_url_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_data_test_url_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/common/data/test_yaml
tests_unit_common_data_test_yaml_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_data_test_yaml_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

dist_check_SCRIPTS += tests/hygiene/layers.sh tests/hygiene/banned.sh tests/hygiene/manuals.sh tests/hygiene/clauses.sh tests/hygiene/identifiers.sh tests/hygiene/markers.sh
include tests/userdata.mk
include tests/media.mk
include tests/fuzz/fuzz.mk
include tests/wire.mk
include tests/agent.mk
include tests/net.mk
include tests/schema.mk
include tests/tools.mk
include tests/bench.mk
include tests/controller.mk
include tests/faults.mk
include tests/cover.mk
include tests/api.mk
