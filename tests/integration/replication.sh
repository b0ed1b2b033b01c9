#!/bin/bash
# replication.sh - natald on a PostgreSQL pair: the primary is killed under a load of creates and the standby promoted; no VM whose making was
# acknowledged is lost, none is there twice, and the time until the next acknowledgement is told.
#
# The history is what clients were told, with the moment: each line is an acknowledged name. It is compared with what the store has afterwards.
export srcdir; srcdir=$(realpath "$(dirname "$0")/../..")
export builddir=${NATAL_TEST_BUILD:-$srcdir/out/tests/build}
. "$srcdir/tests/controller/lib.sh"
ok() { echo "ok $1"; }
. "$(dirname "$0")/../tools/pg.sh"
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
[ -x "$PG_BIN/pg_basebackup" ] || { echo "pg_basebackup is needed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
clients=() CLIENTS=8 SECONDS_BEFORE=${NATAL_REPLICATION_S:-6} LEAST=20
stop_all() { for p in "${clients[@]}"; do kill "$p" 2>/dev/null; done; ended; pg_clean; }
trap stop_all EXIT
unset NATAL_STORE

# Synchronous: a commit is acknowledged when the standby has it too. fsync stays on.
pg_start one -c wal_level=replica -c max_wal_senders=5 || exit 1
echo 'local replication all trust' | pg_as tee -a "$PG/one/data/pg_hba.conf" >/dev/null
pg_as mkdir -m 700 "$PG/two"
pg_as "$PG_BIN/pg_basebackup" -h "$PG/one" -U natal -D "$PG/two/data" -R -X stream --checkpoint=fast || exit 1
pg_as sed -i "s/host=/application_name=two host=/" "$PG/two/data/postgresql.auto.conf"
pg_run two || exit 1
pg_sql one "ALTER SYSTEM SET synchronous_standby_names = 'two'" && pg_sql one "SELECT pg_reload_conf()" >/dev/null
within 10 bash -c "[ \"\$(psql -X -A -t -h '$PG/one' -U natal -d natal -c \"SELECT sync_state FROM pg_stat_replication\")\" = sync ]" && ok "a standby, synchronous" ||
  { fail "the standby does not follow: $(pg_sql one 'SELECT application_name, state, sync_state FROM pg_stat_replication')"; exit 1; }

export NATAL_STORE="postgresql://natal@/natal?host=$PG/one,$PG/two&target_session_attrs=read-write"
n key init >/dev/null && n pool fill 200 >/dev/null || { fail "natald on the pair"; exit 1; }
touch "$T/run"
now() { date +%s.%N; }
client() { # WHICH: creates one after the other; what is acknowledged is in the history
  local i=0 name
  while [ -e "$T/run" ]; do
    name=r-$1-$((i += 1))
    # The same key asks for the same VM: a refusal is no answer, and may be asked again.
    for try in 1 2 3 4 5 6 7 8; do
      if n vm create "$name" --host none --idempotency-key "k-$name" >"$T/said.$1" 2>&1; then echo "$(now) $name" >> "$T/history.$1"; break; fi
      echo "$(now) $name try $try: $(tail -2 "$T/said.$1" | tr '\n' ' ')" >> "$T/refused.$1"
    done
  done
}
for c in $(seq $CLIENTS); do client "$c" & clients+=($!); done
sleep "$SECONDS_BEFORE"
before=$(cat "$T"/history.* 2>/dev/null | wc -l)
[ "$before" -ge "$LEAST" ] && ok "$before VMs acknowledged before the primary is killed" || fail "only $before VMs in $SECONDS_BEFORE s"

# kill -9, all of it at once: the postmaster's children end when it has gone.
killed=$(now)
pg_end one KILL
pg_as "$PG_BIN/pg_ctl" -D "$PG/two/data" -s -w promote || fail "the standby was not promoted"
pg_sql two "ALTER SYSTEM SET synchronous_standby_names = ''" && pg_sql two "SELECT pg_reload_conf()" >/dev/null
sleep "$SECONDS_BEFORE"
rm "$T/run"
for p in "${clients[@]}"; do wait "$p"; done
clients=()
cat "$T"/history.* | sort -n > "$T/history"
# The longest silence that ended after the kill: what was on its way when it came does not count as back again.
gap=$(awk -v k="$killed" 'NR > 1 && $1 > k && $1 - last > gap { gap = $1 - last } { last = $1 } END { printf "%.2f", gap }' "$T/history")
[ "$(awk -v k="$killed" '$1 > k + 1' "$T/history" | wc -l)" -gt 0 ] && ok "acknowledged again after $gap s of silence" || fail "nothing was acknowledged any more: $(tail -3 "$S/natald.log")"
after=$(awk -v k="$killed" '$1 > k' "$T/history" | wc -l)
[ "$after" -ge "$LEAST" ] && ok "$after VMs afterwards" || fail "only $after VMs afterwards"
echo "refusals: $(cat "$T"/refused.* 2>/dev/null | wc -l)"; cat "$T"/refused.* 2>/dev/null | head -3

# What was acknowledged is there, once, and can be used.
awk '{ print $2 }' "$T/history" | sort > "$T/acknowledged"
[ -z "$(uniq -d "$T/acknowledged")" ] || fail "the history has a name twice"
pg_sql two "SELECT name FROM vm ORDER BY name" | sort > "$T/there"
comm -23 "$T/acknowledged" "$T/there" > "$T/lost"
[ ! -s "$T/lost" ] && ok "of $(wc -l < "$T/acknowledged") acknowledged VMs none is lost" || fail "lost: $(wc -l < "$T/lost"), $(head -3 "$T/lost" | tr '\n' ' ')"
[ "$(pg_sql two "SELECT count(*) FROM vm WHERE state = 0")" = 0 ] || within 20 bash -c "[ \"\$(psql -X -A -t -h '$PG/two' -U natal -d natal -c 'SELECT count(*) FROM vm WHERE state = 0')\" = 0 ]" &&
  ok "and none is half made" || fail "half made: $(pg_sql two "SELECT name, reason FROM vm WHERE state = 0 LIMIT 3")"
[ "$(pg_sql two "SELECT count(*) FROM (SELECT vm_id, kind FROM pool_key WHERE vm_id IS NOT NULL GROUP BY vm_id, kind HAVING count(*) > 1) x")" = 0 ] &&
  ok "no VM has taken keys twice" || fail "keys were taken twice for one VM"
[ "$(pg_sql two "SELECT count(*) FROM (SELECT keys FROM bundle GROUP BY keys HAVING count(DISTINCT vm_id) > 1) x")" = 0 ] &&
  ok "no keys are two machines'" || fail "keys of two machines"
n pool status >/dev/null && ok "the pool's books are right" || fail "the books: $(n pool status 2>&1 | tail -2)"
last=$(tail -1 "$T/acknowledged")
n vm show "$last" >/dev/null && n vm pin "$last" >/dev/null && ok "$last can be asked for" || fail "$last"
exit $bad
