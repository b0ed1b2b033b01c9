check_PROGRAMS += tests/unit/common/wire/test_wire
tests_unit_common_wire_test_wire_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_wire_test_wire_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
