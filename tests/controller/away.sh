#!/bin/bash
# away.sh - the PostgreSQL of a natald goes and comes back: a token that is used then is good, natald stays alive and says so, and its log stays short.
. "$(dirname "$0")/lib.sh"
. "$srcdir/tests/tools/pg.sh"
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
command -v curl > /dev/null || { echo "curl is needed"; exit 77; }
D=
trap 'kill $D && wait $D; ended; pg_clean' EXIT
pg_start away || exit 1
port=$(free_ports)
mkdir -p "$S"; : > "$S/natald.log"
"$B/natald" --state "$S" --store "$(pg_url away)" --listen "127.0.0.1:$port" 2> "$S/natald.log" & D=$!
within 20 grep -q 'ready$' "$S/natald.log" || { fail "natald: $(cat "$S/natald.log")"; exit 1; }
status() { curl -sk -m 60 -o /dev/null -w '%{http_code}' "https://127.0.0.1:$port/$1"; }
for i in 1 2 3; do n access grant operator "e$i" --out "$T/e$i" > /dev/null; done
for i in 1 2 3; do
  pg_end away KILL; sleep 0.3; pg_run away
  want 0 "operator/e$i" env HOME="$T/h$i" XDG_DATA_HOME="$T/h$i" "$B/natalctl" login "https://127.0.0.1:$port" --token "$(cat "$T/e$i")"
done
pg_end away KILL
status healthz > /dev/null                      # who asks first waits with natald for the server, up to 30 s
had=$(wc -l < "$S/natald.log")
for i in 1 2 3 4 5 6; do [ "$(status healthz)" = 200 ] || fail "healthz: $(status healthz)"; sleep 1; done
[ "$(status readyz)" = 503 ] && ok "without its store natald is alive, and not ready" || fail "readyz: $(status readyz)"
lines=$(($(wc -l < "$S/natald.log") - had))
[ "$lines" -lt 40 ] && ok "in six seconds it says $lines lines" || fail "$lines lines in six seconds: $(tail -3 "$S/natald.log")"
pg_run away
ready() { [ "$(status readyz)" = 200 ]; }
within 10 ready && ok "and is ready when the store is back" || fail "readyz: $(status readyz)"
exit $bad
