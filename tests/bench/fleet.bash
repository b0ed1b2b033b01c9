# fleet.bash - sourced by the benches of natald as a service: a natald with a listener, on SQLite and on PostgreSQL, and what they print.
#
# each_store FUNCTION: runs it once for each of NATAL_BENCH_STORES, with a natald that is ready: $S its folder, $to its listener, $store which, $sync_ms the
# disk's. tell NAME VALUE UNIT [KEY=VALUE…]: one JSON object a line; keys `bar` (">= N" or "<= N"), `peer` and `peer_name` beside others.
. "$(dirname "$0")/lib.sh"
. "$here/tests/tools/pg.sh"
swarm=$build/tests/swarm/swarm
stores=${NATAL_BENCH_STORES:-sqlite postgresql}
store='' S='' to='' natald_pid='' sync_ms=''
options=()
fleet_cleanup() { natald_end; pg_clean; rm -rf "$work"; }
trap fleet_cleanup EXIT
tell() { "$here/tests/bench/tell.py" "$store" "$sync_ms" "$@"; }
n() { "$build/natalctl" --state "$S" "$@"; }
# A sync of 4 KiB at the end of a file, as a commit makes it: the median of 100.
sync_latency() {
  python3 - "$work/sync" <<'P'
import os, sys, time
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
took = []
for _ in range(100):
    os.write(fd, bytes(4096))
    began = time.perf_counter()
    os.fdatasync(fd)
    took.append(time.perf_counter() - began)
print(f"{sorted(took)[50] * 1000:.3f}")
P
}
natald_begin() {
  : > "$work/natald.log"
  "$build/natald" --state "$S" --listen "$to" "${options[@]}" 2>> "$work/natald.log" &
  natald_pid=$!
  for ((i = 0; i < 1200; i++)); do
    ! grep -q 'ready$' "$work/natald.log" || return 0
    kill -0 $natald_pid 2>/dev/null || break
    sleep 0.05
  done
  echo "void: natald does not begin: $(tail -3 "$work/natald.log")" >&2
  exit 1
}
natald_end() { # [SIGNAL]
  [ -n "$natald_pid" ] || return 0
  kill "-${1:-TERM}" "$natald_pid" 2>/dev/null || true
  wait "$natald_pid" 2>/dev/null || true
  natald_pid=
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
one_store() { # FUNCTION
  S=$work/$store options=()
  to=127.0.0.1:$(free_port)
  if [ "$store" = postgresql ]; then
    pg_there && grep -q '^#define PQ_SONAME' "$build/config.h" || { echo "postgresql: no server is installed, or built without libpq" >&2; return 0; }
    pg_start bench -c max_wal_size=4GB || { echo "void: PostgreSQL does not begin" >&2; exit 1; }
    options=(--store "$(pg_url bench)")
  fi
  sync_ms=$(sync_latency)
  natald_begin
  n key init > /dev/null
  "$1"
  natald_end
  [ "$store" != postgresql ] || { pg_end bench; pg_clean; PG=; }
  rm -rf "$S"
}
each_store() { for store in $stores; do one_store "$1"; done; }
# A warm pool of N keys, and N guests in the file $work/fleet.
guests() {
  n pool fill "$1" > /dev/null
  "$swarm" make "$1" --state "$S" --fleet "$work/fleet" >&2
}
get() { python3 -c 'import json,sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"; }
rss_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$natald_pid/status"; }
