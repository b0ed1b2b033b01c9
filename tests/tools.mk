# Tools that tests and benches run.
noinst_PROGRAMS += tests/tools/mkbundle
tests_tools_mkbundle_CFLAGS = $(TEST_CFLAGS) $(GNUTLS_CFLAGS)
tests_tools_mkbundle_LDADD = $(SIGN_LIBS) $(COMMON_LIBS) $(GNUTLS_LIBS)

# A simulated fleet, for benches and soaks.
noinst_PROGRAMS += tests/swarm/swarm
tests_swarm_swarm_SOURCES = tests/swarm/main.c tests/swarm/swarm.c tests/swarm/swarm.h tests/swarm/conn.c tests/swarm/conn.h tests/swarm/fleet.c tests/swarm/fleet.h tests/swarm/hosts.c tests/swarm/hosts.h
tests_swarm_swarm_CFLAGS = $(TEST_CFLAGS) $(GNUTLS_CFLAGS) -pthread
tests_swarm_swarm_LDADD = $(COMMON_LIBS) $(GNUTLS_LIBS) -lpthread
