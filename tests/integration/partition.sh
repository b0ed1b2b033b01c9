#!/bin/bash
# partition.sh - two natald, each on a machine of its own (network namespaces), are both cut off from their PostgreSQL for longer than a lease lasts, with clients at each; then the net is
# mended. Each says that it is not ready, and acknowledges nothing meanwhile; nothing that was acknowledged is lost; one of them has the duty afterwards.
# timeout: 600
export srcdir; srcdir=$(realpath "$(dirname "$0")/../..")
export builddir=${NATAL_TEST_BUILD:-$srcdir/out/tests/build}
. "$srcdir/tests/controller/lib.sh"
ok() { echo "ok $1"; }
. "$srcdir/tests/tools/pg.sh"
. "$srcdir/tests/tools/nets.sh"
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
nets_there || { nets_why; exit 77; }
unset NATAL_STORE
A= D= pids=() CLIENTS=20 CUT_S=${NATAL_TEST_CUT_S:-45}          # a lease is 20 s
stop_all() {
  touch "$T/until"
  for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
  for p in $A $D; do kill "$p" && wait "$p"; done 2>/dev/null
  pg_clean; nets_clean
  [ $bad = 0 ] || for l in a b; do echo "--- $l"; tail -n 15 "$T/$l.log"; done
  chmod -R u+rwx "$T"; rm -rf "$T"
}
trap stop_all EXIT
chmod 711 "$T"
nets_up db a b || { echo "the network could not be made"; exit 77; }
two_natald
n key init > /dev/null && n pool fill 200 > /dev/null && n vm create late --host none > /dev/null || exit 1
lease() { pg_sql one "SELECT holder, token, until_ms > extract(epoch FROM clock_timestamp()) * 1000 FROM lease WHERE name = 'tidy'"; }
held() { [[ $(lease) == *"|t" ]]; }
within 20 held || fail "nobody has the duty: $(lease)"
IFS='|' read -r _ token _ < <(lease)
: > "$T/killed"
for w in a b; do
  s=$S; [ $w = a ] || s=$T/sb
  "$srcdir/tests/tools/history.py" run --socket "$s/natald.sock" --prefix $w --clients $CLIENTS --out "$T/history.$w" --until "$T/until" --kills "$T/killed" 2> "$T/clients.$w" & pids+=($!)
done
sleep 6

# ---- both are cut off
net_cut a db; net_cut b db; cut=$(date +%s.%N) since=$SECONDS
ready() { [ "$(net_in "$1" curl -sk -m 8 -o "$T/ready.$1" -w '%{http_code}' "https://$(net_ip "$1"):8443/readyz")" = "$2" ]; }
for w in a b; do within 70 ready $w 503 && ok "$w says that it is not ready, after $((SECONDS - since)) s" || fail "$w: $(cat "$T/ready.$w")"; done
while [ $((SECONDS - since)) -lt "$CUT_S" ]; do sleep 1; done
lives() { [ "$(net_in a curl -sk -m 40 -o /dev/null -w '%{http_code}' "https://$(net_ip a):8443/healthz")" = 200 ]; }
within 60 lives && ok "and that it lives, $((SECONDS - since)) s after the cut" || fail "a does not say that it lives: $(net_in a curl -sk -m 40 "https://$(net_ip a):8443/healthz")"
[[ $(lease) == *"|f" ]] && ok "the lease has run out, and nobody has taken it" || fail "lease: $(lease)"

# ---- and are back
mended=$(date +%s.%N) since=$SECONDS
net_heal a db; net_heal b db
for w in a b; do within 60 ready $w 200 && ok "$w is ready again $((SECONDS - since)) s after the cut is mended" || fail "$w: $(cat "$T/ready.$w")"; done
within 30 held || fail "nobody has the duty: $(lease)"
IFS='|' read -r holder token_now _ < <(lease)
[ "$token_now" -ge "$token" ] && [[ $holder == "$(cat "$S/instance")" || $holder == "$(cat "$T/sb/instance")" ]] || fail "lease: $(lease)"
sleep 6; touch "$T/until"
for p in "${pids[@]}"; do wait "$p" || fail "clients ended with $?: $(tail -3 "$T"/clients.?)"; done; pids=()

# ---- what was acknowledged
said=$("$srcdir/tests/tools/history.py" judge "$T/history.a" "$T/history.b") && ok "nothing acknowledged is lost: $said" || fail "$said"
# told FROM TO: what they asked and were told then. What was asked before may have been committed before, and be answered when natald gives up waiting for its next question's answer.
told() { cat "$T"/history.? | python3 -c 'import json, sys
a, b = float(sys.argv[1]), float(sys.argv[2])
for x in map(json.loads, sys.stdin):
    if "t" in x and a < x["sent"] and x["t"] < b: print(round(x["t"] - a, 2), "s after:", x["op"], x["name"], x["status"], x.get("reason"))' "$@"; }
before=$(told 0 "$cut" | wc -l) after=$(told "$mended" 9e12 | wc -l)
told "$cut" "$mended" > "$T/during"
[ "$before" -ge 100 ] && [ "$after" -ge 100 ] && ok "$before answers before the cut, $after after it" || fail "$before answers before the cut, $after after it"
[ ! -s "$T/during" ] && ok "and nothing that was asked while neither had its store" || fail "$(wc -l < "$T/during") answers to what was asked while neither had its store: $(head -6 "$T/during")"

# ---- one has the duty
others=0
for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(lease)" = "$holder|$token_now|t" ] || others=$((others + 1)); sleep 1; done
[ $others = 0 ] && ok "one of them has the duty, and keeps it" || fail "the duty changed hands $others times: $(lease), was $holder|$token_now"
judged() { pg_sql one "UPDATE vm SET state = 2, deadline_at = 1 WHERE name = 'late' AND state <> 6" > /dev/null; sleep 1; [ "$(pg_sql one "SELECT count(*) FROM vm WHERE name = 'late' AND reason LIKE 'no report within%'")" = 1 ]; }
within 60 judged; sleep 3
[ "$(cat "$T"/[ab].log | grep -c 'vm=late state=failed')" = 1 ] && ok "what is overdue is judged once" || fail "judged: $(grep 'vm=late' "$T"/[ab].log)"
n pool status > /dev/null && ok "the pool's books are right" || fail "the books: $(n pool status 2>&1 | tail -2)"
[ "$(pg_sql one "SELECT count(*) FROM (SELECT keys FROM bundle GROUP BY keys HAVING count(DISTINCT vm_id) > 1) x")" = 0 ] && ok "no keys are two machines'" || fail "keys of two machines"
exit $bad
