#!/bin/bash
# goal - SIMULATED guests that wait for a goal, as many as NATAL_BENCH_GUESTS says or the file limit carries: what each costs natald in memory; a goal for each,
# from the request to the guest (signing is most of it); then natald is killed, and all come back with the sessions that they had.
# goal.told, where the store is shared: the guests wait at a second natald, which is stopped (SIGSTOP) while the first one signs a goal for each. From SIGCONT on it hears
# of all at once, by the news, and tells its guests. The rate is from the first guest told to the last; p50 and p99 are from SIGCONT to a guest's receipt.
. "$(dirname "$0")/fleet.bash"
count=${NATAL_BENCH_GUESTS:-10000} most=$(($(ulimit -Hn) - 400))
[ "$count" -le "$most" ] || count=$most
# The lines of a swarm in the background: $work/swarm; what is written to fd 7 starts it.
swarm_begin() { # MODE TO SECONDS
  rm -f "$work/go"; mkfifo "$work/go"
  "$swarm" "$1" --fleet "$work/fleet" --to "$2" --connections "$count" --seconds "$3" < "$work/go" > "$work/swarm" 2> "$work/swarm.err" &
  swarm_pid=$!
  exec 7> "$work/go"
  for ((i = 0; i < 2400; i++)); do
    ! grep -q '^waiting' "$work/swarm" || break
    kill -0 $swarm_pid 2>/dev/null || break
    sleep 0.05
  done
  grep -qx "waiting $count" "$work/swarm" || { echo "void: $(cat "$work/swarm" "$work/swarm.err")" >&2; exit 1; }
}
# Void where not every guest heard of it.
swarm_end() { # into $r: the JSON line
  wait $swarm_pid || { echo "void: $(cat "$work/swarm" "$work/swarm.err")" >&2; exit 1; }
  exec 7>&-
  r=$(tail -1 "$work/swarm")
}
change_all() { # ZONE
  "$build/tests/bench/load" "$S/natald.sock" "$count" 32 'POST /v1/vms/swarm-@/goal' "{\"timezone\":\"$1\"}" > "$work/load" ||
    { echo "void: $(cat "$work/load")" >&2; exit 1; }
}
goal() {
  local before after r
  before=$(rss_kib)
  swarm_begin wait "$to" 300
  after=$(rss_kib)
  tell goal.memory "$(python3 -c "print(round(($after - $before) / $count, 1))")" KiB bar='<= 20' simulated="$count" resident_kib="$after"
  echo go >&7
  change_all Europe/Berlin
  swarm_end
  tell goal "$(get "$r" per_s)" 1/s bar='>= 5000' simulated="$count" request_p50_ms="$(get "$(cat "$work/load")" p50_ms)" request_p99_ms="$(get "$(cat "$work/load")" p99_ms)"
  reconnect
}
reconnect() {
  local r
  swarm_begin return "$to" 120
  natald_end KILL
  natald_begin
  swarm_end
  [ "$(get "$r" resumed)" -ge $((count * 99 / 100)) ] || { echo "void: $(get "$r" resumed) sessions of $count were resumed" >&2; exit 1; }
  tell reconnect "$(get "$r" seconds)" s bar='<= 10' simulated="$count" resumed="$(get "$r" resumed)" p50_ms="$(get "$r" p50_ms)"
}
second_begin() { # a natald of its own state on the same store: $second
  mkdir -p "$work/second"
  cp "$S/store.key" "$work/second/"
  to2=127.0.0.1:$(free_port)
  "$build/natald" --state "$work/second" --listen "$to2" "${options[@]}" 2> "$work/second.log" &
  second=$!
  for ((i = 0; i < 1200; i++)); do
    ! grep -q 'ready$' "$work/second.log" || return 0
    kill -0 $second 2>/dev/null || break
    sleep 0.05
  done
  echo "void: the second natald does not begin: $(tail -3 "$work/second.log")" >&2
  exit 1
}
told() {
  local r second to2
  [ "$store" = postgresql ] || return 0
  second_begin
  swarm_begin wait "$to2" 300
  sleep 2
  kill -STOP $second
  change_all Europe/Paris
  echo go >&7
  kill -CONT $second
  swarm_end
  kill $second; wait $second 2>/dev/null || true
  rm -rf "$work/second"
  tell goal.told "$(python3 -c 'import json,sys; o = json.loads(sys.argv[1]); print(round(o["done"] * 1000 / max(o["max_ms"] - o["first_ms"], 1)))' "$r")" 1/s bar='>= 5000' simulated="$count" \
    first_ms="$(get "$r" first_ms)" p50_ms="$(get "$r" p50_ms)" p99_ms="$(get "$r" p99_ms)"
  tell goal.told.p99 "$(get "$r" p99_ms)" ms bar='<= 1000' simulated="$count"
}
both() { guests "$count"; told; goal; }
each_store both
