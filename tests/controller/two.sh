# two.sh - sourced after lib.sh: two natald on one PostgreSQL, $one at 127.0.0.1:$p1 (`n`) and $two at $p2 (`n2`); both, and guest agent $G, end with the test.
. "$(dirname "$0")/../tools/pg.sh"
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
one= two= G=
stop_all() { for p in $G $one $two; do kill "$p" && wait "$p"; done 2>/dev/null; pg_clean; rm -rf "$T"; }
trap stop_all EXIT
pg_start a -c fsync=off || exit 1
pg_url a > "$T/url"; chmod 600 "$T/url"
read -r p1 p2 < <(free_ports 2)
mkdir -p "$S" "$T/two"; touch "$T/one.log" "$T/two.log" "$T/guestd.log"
"$B/natald" --state "$S" --store "@$T/url" --listen "127.0.0.1:$p1" 2> "$T/one.log" & one=$!
within 20 grep -q 'ready$' "$T/one.log" || { cat "$T/one.log"; fail "no first natald"; }
cp "$S/store.key" "$T/two/"
"$B/natald" --state "$T/two" --store "@$T/url" --listen "127.0.0.1:$p2" 2> "$T/two.log" & two=$!
within 20 grep -q 'ready$' "$T/two.log" || { cat "$T/two.log"; fail "no second natald"; }
n2() { "$B/natalctl" --state "$T/two" "$@"; }
