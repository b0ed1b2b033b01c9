# Tests of common/schema and common/lint.
check_PROGRAMS += tests/unit/common/schema/test_schema
tests_unit_common_schema_test_schema_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_schema_test_schema_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

# The support table of docs/CLOUD-INIT.md and cloud-config(5) against the tables.
dist_check_SCRIPTS += tests/schema/support.py

dist_check_SCRIPTS += tests/vectors/cloud-init/schema.py
EXTRA_DIST += tests/vectors/cloud-init/README.md tests/vectors/cloud-init/compare.py tests/vectors/cloud-init/deviations \
	tests/vectors/cloud-init/schema.jsonl
