#!/bin/bash
# growth - what a list page, a get and a create take, and how long natald takes to begin, with 1,000 machines and with ever more, up to NATAL_BENCH_GROWTH: medians
# by one client over natald's socket. The machines are rows, made by SQL (grow.py); a plot is drawn: NATAL_BENCH_PLOT-STORE.svg.
. "$(dirname "$0")/fleet.bash"
most=${NATAL_BENCH_GROWTH:-1000000} plot=${NATAL_BENCH_PLOT:-$PWD/growth} rounds=${NATAL_BENCH_ROUNDS:-300}
grow() { # FROM TO
  if [ "$store" = postgresql ]; then
    "$here/tests/bench/grow.py" "$1" "$2" | psql -X -q -h "$PG/bench" -U natal natal
    # What a load of rows leaves behind is none of the measurement: as the checkpoint below.
    pg_sql bench 'VACUUM (ANALYZE) vm, bundle, event' > /dev/null
    pg_sql bench CHECKPOINT > /dev/null
  else
    "$here/tests/bench/grow.py" "$1" "$2" | python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-500000;")
for line in sys.stdin: db.execute(line); db.commit()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")' "$S/natal.db"
  fi
}
# Machines all over, or pages from all over: each round another one.
reads() { # SIZE get|list
  python3 - "$S/natald.sock" "$1" "$2" "$rounds" <<'P'
import http.client, random, socket, sys, time
path, size, what, rounds = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
class Local(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
c, took = Local("natald"), []
random.seed(1)
for _ in range(rounds):
    name = f"grown-{1000000000 + random.randrange(size - 101)}"
    url = "/v1/vms/" + name if what == "get" else "/v1/vms?limit=100&after=" + name.encode().hex()
    began = time.perf_counter()
    c.request("GET", url)
    r = c.getresponse()
    body = r.read()
    took.append(time.perf_counter() - began)
    if r.status != 200 or (what == "list" and body.count(b'"uuid"') != 100):
        sys.exit(f"void: {url}: {r.status}, {body.count(b'uuid')} machines")
print(round(sorted(took)[len(took) // 2] * 1000, 3))
P
}
growth() {
  local had=0 size began start list one made
  n vm create seed --host none > /dev/null
  n pool fill $((rounds * 5)) > /dev/null
  : > "$work/points"
  for ((size = 1000; size <= most; size *= 10)); do
    natald_end
    grow $had $size
    had=$size
    began=$(date +%s%N)
    natald_begin
    start=$(python3 -c "print(round(($(date +%s%N) - $began) / 1e9, 3))")
    sleep 2
    list=$(reads $size list) one=$(reads $size get)
    made=$(get "$("$build/tests/bench/load" "$S/natald.sock" "$rounds" 1 'POST /v1/vms' "{\"name\":\"made-$size-@\",\"host\":\"none\"}")" p50_ms)
    echo "$size $start $list $one $made" >> "$work/points"
    echo "growth $store: $size machines: begins in $start s, list $list ms, get $one ms, create $made ms" >&2
  done
  "$here/tests/bench/plot.py" "$work/points" "$plot-$store.svg" "natald on $store: medians by one client"
  said
}
said() {
  local size start l1 g1 c1 l2 g2 c2 name a b
  read -r _ _ l1 g1 c1 < "$work/points"
  read -r size start l2 g2 c2 < <(tail -1 "$work/points")
  for pair in "list $l1 $l2" "get $g1 $g2" "create $c1 $c2"; do
    read -r name a b <<< "$pair"
    tell "growth.$name" "$(python3 -c "print(round($b / $a, 2))")" times bar='<= 2' at_1000_ms="$a" at_most_ms="$b" machines="$size"
  done
  tell growth.start "$start" s bar='<= 5' machines="$size"
}
each_store growth
