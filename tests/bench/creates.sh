#!/bin/bash
# creates - machines by 32 clients on both stores. create-row: the machine's record alone, as the loop writes it. create-full: POST /v1/vms over natald's socket: row,
# pooled keys, certificate, signed bundle, from a pool that holds all keys (its filling is not measured). create-sustained: the pool at its marks, refilled meanwhile;
# once with a host key of RSA 3072 for each. The peers write as many bytes by as many clients with the same sync and no controller: Python's sqlite3, pgbench.
. "$(dirname "$0")/fleet.bash"
count=${NATAL_BENCH_COUNT:-5000} pool=${NATAL_BENCH_POOL:-20000} sustained=${NATAL_BENCH_SUSTAINED:-2000} with_rsa=${NATAL_BENCH_RSA:-30} clients=32
[ "$pool" -ge "$count" ] || pool=$count
peer_sqlite() {
  python3 - "$work/peer.db" "$count" $clients <<'P'
import sqlite3, sys, time
path, n, clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect(path, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL"); db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE t (id TEXT PRIMARY KEY, name TEXT UNIQUE, uuid TEXT UNIQUE, body TEXT)")
began = time.perf_counter()
for at in range(0, n, clients):
    db.execute("BEGIN IMMEDIATE")
    for i in range(at, min(at + clients, n)):
        db.execute("INSERT INTO t VALUES (?,?,?,?)", (f"vm-{i:026d}", f"row-{i}", f"00000000-0000-4000-8000-{i:012x}", "x" * 500))
    db.execute("COMMIT")
print(round(n / (time.perf_counter() - began)))
P
}
peer_postgresql() {
  pg_sql bench 'CREATE TABLE IF NOT EXISTS peer (id BIGSERIAL PRIMARY KEY, name TEXT, body TEXT)' postgres > /dev/null
  echo "INSERT INTO peer (name, body) VALUES ('row', repeat('x', 600));" > "$work/peer.sql"
  chmod 755 "$work"; chmod 644 "$work/peer.sql"
  "$PG_BIN/pgbench" -n -M prepared -f "$work/peer.sql" -c $clients -j 2 -T 5 -h "$PG/bench" -U natal postgres 2>/dev/null | awk '/^tps/ { print $3 }'
}
rows() {
  local where=$work/rows.db r
  if [ "$store" = postgresql ]; then
    pg_sql bench 'CREATE DATABASE rows' postgres > /dev/null
    where=$(pg_url bench rows)
  fi
  r=$("$build/tests/bench/rows" "$where" "$count" $clients)
  tell create-row "$(get "$r" per_s)" 1/s bar='>= 2000' peer="$("peer_$store")" peer_name='inserts of 600 bytes, the same engine and clients' p50_ms="$(get "$r" p50_ms)" p99_ms="$(get "$r" p99_ms)"
  tell create-row.p99 "$(get "$r" p99_ms)" ms bar='<= 20'
}
taken() { n pool status -o json | python3 -c 'import json,sys; print(min(k["taken"] for k in json.load(sys.stdin)["kinds"] if "rsa" not in k["kind"]))'; }
rate() { python3 -c 'import json,sys; print(round(1000 / json.loads(sys.argv[1])["per_round_ms"]))' "$1"; }
full() {
  local r was
  n pool fill "$pool" > /dev/null
  was=$(taken)
  r=$("$build/tests/bench/load" "$S/natald.sock" "$count" $clients 'POST /v1/vms' '{"name":"full-@","host":"none"}')
  [ $(($(taken) - was)) -ge "$count" ] || { echo "void: fewer keys were taken than machines made" >&2; exit 1; }
  tell create-full "$(rate "$r")" 1/s bar='>= 500' pool="$pool" p50_ms="$(get "$r" p50_ms)" p99_ms="$(get "$r" p99_ms)"
}
# From an empty pool on, which is what a pool that is refilled comes to when it is drawn from for long.
sustained() {
  local r left
  left=$(n pool status -o json | python3 -c 'import json,sys; print(min(k["free"] for k in json.load(sys.stdin)["kinds"] if "rsa" not in k["kind"]))')
  [ "$left" -le 256 ] || "$build/tests/bench/load" "$S/natald.sock" "$left" $clients 'POST /v1/vms' '{"name":"drain-@","host":"none"}' > /dev/null
  r=$("$build/tests/bench/load" "$S/natald.sock" "$sustained" $clients 'POST /v1/vms' '{"name":"sustained-@","host":"none"}')
  tell create-sustained "$(rate "$r")" 1/s p50_ms="$(get "$r" p50_ms)" p99_ms="$(get "$r" p99_ms)"
  r=$("$build/tests/bench/load" "$S/natald.sock" "$with_rsa" $clients 'POST /v1/vms' '{"name":"rsa-@","host":"none","rsa":true}')
  tell create-sustained.rsa "$(python3 -c 'import json,sys; print(round(1000 / json.loads(sys.argv[1])["per_round_ms"], 2))' "$r")" 1/s p50_ms="$(get "$r" p50_ms)" p99_ms="$(get "$r" p99_ms)"
}
creates() { rows; full; sustained; }
each_store creates
