#!/bin/bash
# pq.sh - the store's own tests on a PostgreSQL: the same programs, each test in a schema of its own.
here=$(dirname "$0")
. "$here/../tools/pg.sh"
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "${builddir:-.}/config.h" || { echo "built without libpq"; exit 77; }
trap pg_clean EXIT
pg_start unit -c fsync=off || exit 1
bad=0
for program in "${@:-store/test_store store/test_rows store/test_pages store/test_hosts store/test_lease store/test_news store/test_newborn store/test_recent store/test_pq service/test_report_take service/test_refusals service/test_step service/test_fleet service/test_retention}"; do
  for one in $program; do
    NATAL_TEST_STORE=$(pg_url unit) "${builddir:-.}/tests/unit/controller/$one" || bad=1
  done
done
exit $bad
