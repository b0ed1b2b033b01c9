# Tests of agent/.
check_PROGRAMS += tests/tools/mkbundle
tests_tools_mkbundle_CFLAGS = $(TEST_CFLAGS)
tests_tools_mkbundle_LDADD = $(COMMON_LIBS)
