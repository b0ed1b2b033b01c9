# Tools that tests and benches run.
noinst_PROGRAMS += tests/tools/mkbundle
tests_tools_mkbundle_CFLAGS = $(TEST_CFLAGS) $(GNUTLS_CFLAGS)
tests_tools_mkbundle_LDADD = $(SIGN_LIBS) $(COMMON_LIBS) $(GNUTLS_LIBS)
