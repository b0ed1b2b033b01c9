# Tests that hold promises across parts: clauses, manuals, what the clause map lacked.
check_PROGRAMS += tests/unit/common/media/test_result tests/unit/controller/service/test_report tests/unit/controller/service/test_medium
tests_unit_common_media_test_result_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_result_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
tests_unit_controller_service_test_report_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_report_LDADD = $(CONTROLLER_TEST_LIBS)
tests_unit_controller_service_test_medium_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_service_test_medium_LDADD = tests/unit/common/media/libsample.a $(CONTROLLER_TEST_LIBS)
