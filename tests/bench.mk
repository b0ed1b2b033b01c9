# make bench: every number of docs/BENCH.md, side by side with its peer, one JSON object a line.
noinst_PROGRAMS += tests/bench/echo tests/bench/rows tests/bench/load tests/bench/measure tests/bench/times
tests_bench_echo_CFLAGS = $(TEST_CFLAGS) $(GNUTLS_CFLAGS) $(MHD_CFLAGS)
tests_bench_echo_LDADD = $(COMMON_LIBS) $(GNUTLS_LIBS) $(MHD_LIBS)
tests_bench_rows_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_bench_rows_LDADD = $(CONTROLLER_TEST_LIBS)
tests_bench_load_CFLAGS = $(TEST_CFLAGS)
tests_bench_load_LDADD = $(COMMON_LIBS) -lpthread
tests_bench_measure_CFLAGS = $(TEST_CFLAGS)
tests_bench_times_CFLAGS = $(TEST_CFLAGS)
EXTRA_DIST += tests/bench/lib.sh tests/bench/run tests/bench/apply.sh tests/bench/boot.sh tests/bench/create.sh tests/bench/exec.sh tests/bench/medium.sh tests/bench/parse.sh tests/bench/schema.sh \
	tests/bench/seed.py tests/bench/bigconfig.py tests/bench/cloudparse.py tests/bench/compare.py tests/bench/medium2seed.py tests/bench/added.py \
	tests/bench/fleet.bash tests/bench/tell.py tests/bench/status.sh tests/bench/goal.sh tests/bench/growth.sh tests/bench/grow.py tests/bench/plot.py tests/bench/creates.sh tests/integration/bench.sh tests/integration/reconnect.sh

.PHONY: bench
# Ends with 1 where a bench is void or cannot run; a bar that is missed is printed ("met": false).
bench: all deb
	@NATAL_BENCH_BUILD='$(abs_builddir)' $(srcdir)/tests/bench/run
