check_PROGRAMS += tests/unit/common/wire/test_wire
tests_unit_common_wire_test_wire_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_wire_test_wire_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/common/wire/test_goal tests/unit/controller/service/test_waiters
tests_unit_common_wire_test_goal_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_wire_test_goal_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
tests_unit_controller_service_test_waiters_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_waiters_LDADD = $(CONTROLLER_TEST_LIBS)
