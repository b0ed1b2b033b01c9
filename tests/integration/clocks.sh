#!/bin/bash
# clocks - two natald on one PostgreSQL, whose clocks, or the server's, jump a day forward and back: one has the fleet's duties at each time, who takes over does so in
# seconds, and nobody is given up for what a clock says.
# timeout: 400
export srcdir; srcdir=$(realpath "$(dirname "$0")/../..")
export builddir=${NATAL_TEST_BUILD:-$srcdir/out/tests/build}
. "$srcdir/tests/controller/lib.sh"
. "$srcdir/tests/tools/pg.sh"
. "$srcdir/tests/tools/clock.sh"
ok() { echo "ok $1"; }
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
clock_there || exit 77
one= two= DEADLINE=6
stop_all() { for p in $one $two; do kill "$p" && wait "$p"; done 2> /dev/null; pg_clean; rm -rf "$T"; }
trap stop_all EXIT
chmod 711 "$T"; for who in one two pg; do at $who 0; done
# The server, a user of its own, finds what it is to load and its clock.
cp "$B/tests/tools/clock.so" "$T/clock.so"; chmod 755 "$T/clock.so"
PG_WITHIN="env CLOCK_FILE=$T/pg.clock LD_PRELOAD=$T/clock.so" pg_start a -c fsync=off || exit 1
pg_url a > "$T/url"; chmod 600 "$T/url"
mkdir -p "$S" "$T/two"; touch "$T/one.log" "$T/two.log"
serve() { (NATAL_BOOT_DEADLINE_S=$DEADLINE clocked "$1" "$B/natald" --state "$2" --store "@$T/url" --listen 127.0.0.1:0 2>> "$T/$1.log") & }
ready() { within 20 grep -q 'ready$' "$T/$1.log" || { cat "$T/$1.log"; fail "no natald $1"; }; }
serve one "$S"; one=$!; ready one
cp "$S/store.key" "$T/two/"
serve two "$T/two"; two=$!; ready two
n2() { "$B/natalctl" --state "$T/two" "$@"; }
n key init > /dev/null
lease() { pg_sql a "SELECT holder || ' ' || token FROM lease WHERE name = 'tidy'"; }
held() { [ -n "$(lease)" ]; }
within 10 held || fail "nobody has the duties"
[ "$(lease)" = "$(cat "$S/instance") 1" ] && ok "the first natald has the duties" || fail "$(lease)"
is() { [ "$(n2 vm show "$1" -o json | grep -o '"state":"[a-z]*' | head -1 | cut -d'"' -f4)" = "$2" ]; }
state() { n2 vm show "$1" | head -12; }
# awaited NAME BY-WHICH: a goal that its guest, which was there, does not answer.
awaited() {
  local id
  n vm create "$1" --host none > /dev/null
  id=$(field "$1" id)
  pg_sql a "UPDATE vm SET has_epoch = 0, has_gen = 1, running = 1, state = 4, rev = rev + 1 WHERE id = '$id'"
  $2 vm change "$1" --user x > /dev/null || fail "$1 is not changed"
}
# judged NAME WHAT: not at once, and when its time is over.
judged() {
  local began=$SECONDS
  sleep 2.5
  is "$1" provisioning && ok "$2: who is awaited is not given up" || fail "$2: $(state "$1")"
  given_up() { is "$1" degraded || is "$1" failed; }
  within 30 given_up "$1" && ok "$2: and is when the time is over: after $((SECONDS - began)) s" || fail "$2: $1 after $((SECONDS - began)) s: $(state "$1")"
}
for by in $DAY -$DAY; do
  at two $by; sleep 1.2
  awaited "two$by" n2; judged "two$by" "a goal that the other natald has decided, its clock at $by s"
  at one $by; at two 0; sleep 1.2
  awaited "one$by" n; judged "one$by" "a goal of whom has the duties, its clock at $by s"
  at one 0
done
[ "$(lease)" = "$(cat "$S/instance") 1" ] && ok "all the while the same natald has the duties" || fail "$(lease)"
for by in $DAY 0; do
  awaited "pg$by" n; at pg $by
  judged "pg$by" "the server's clock at $by s"
done
token=$(lease | cut -d' ' -f2); [ "$token" -le 3 ] && ok "the duties changed hands $((token - 1)) times at the server's jumps" || fail "the duties went round: $(lease)"
# Who has the duties dies with a clock that is a day ahead; the other takes over.
at one $DAY; sleep 6; holder=$(lease)
if [[ $holder == "$(cat "$S/instance") "* ]]; then victim=$one other=$T/two one=; else victim=$two other=$S two=; fi
kill -9 $victim; began=$SECONDS
taken() { [[ "$(lease)" == "$(cat "$other/instance") "* ]]; }
within 40 taken && ok "the duties are taken over $((SECONDS - began)) s after kill -9 (a lease is 20 s)" || fail "nobody took over: $(lease)"
[ "$(lease | cut -d' ' -f2)" = $((${holder##* } + 1)) ] && ok "by one" || fail "$holder, then $(lease)"
exit $bad
