#!/bin/bash
# status - SIMULATED guests, each over a connection of its own (mTLS, kept alive), one status a request; acknowledged when it is committed and on the disk.
# The peer answers each request with 200 and does nothing else: libmicrohttpd and GnuTLS in one thread, the same clients.
. "$(dirname "$0")/fleet.bash"
count=${NATAL_BENCH_GUESTS:-1000} seconds=${NATAL_BENCH_SECONDS:-10}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/echo.key" -out "$work/echo.crt" -subj /CN=echo -days 2 2> /dev/null
ceiling() {
  rm -f "$work/echo.port"
  "$build/tests/bench/echo" "$work/echo.crt" "$work/echo.key" > "$work/echo.port" &
  local pid=$!
  for ((i = 0; i < 100; i++)); do [ ! -s "$work/echo.port" ] || break; sleep 0.05; done
  "$swarm" status --fleet "$work/fleet" --to "127.0.0.1:$(cat "$work/echo.port")" --connections "$count" --seconds "$seconds" --any > "$work/ceiling"
  kill $pid; wait $pid 2>/dev/null || true
  get "$(cat "$work/ceiling")" per_s
}
# Void where what was acknowledged last is not what the store says.
heard() {
  local said; said=$(n vm show swarm-0 -o json | python3 -c 'import json,sys; print((json.load(sys.stdin)["report"] or {}).get("step"))')
  [ "$said" = users/alice ] || { echo "void: swarm-0 was acknowledged, and natald shows '$said'" >&2; exit 1; }
}
status() {
  local r
  guests "$count"
  r=$("$swarm" status --fleet "$work/fleet" --to "$to" --connections "$count" --seconds "$seconds")
  heard
  tell status "$(get "$r" per_s)" 1/s bar='>= 15000' peer="$(ceiling)" peer_name='libmicrohttpd that answers 200' simulated="$count" p50_ms="$(get "$r" p50_ms)" p99_ms="$(get "$r" p99_ms)"
}
each_store status
