# Tests of natald and natalctl.
CONTROLLER_TEST_CFLAGS = $(CONTROLLER_CFLAGS) $(CMOCKA_CFLAGS) -Wno-missing-prototypes
CONTROLLER_TEST_LIBS = $(CONTROLLER_LIBS) $(CMOCKA_LIBS)

noinst_PROGRAMS += tests/tools/fake_guest
tests_tools_fake_guest_CFLAGS = $(CONTROLLER_CFLAGS)
tests_tools_fake_guest_LDADD = $(CONTROLLER_LIBS)
