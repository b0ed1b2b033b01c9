#!/bin/bash
# clock.sh - the wall clocks of natald, natal-guestd and natal-hostd jump a day forward and back while they run: nobody is given up or let be for that, nothing that was
# issued stops to count, no request is forgotten. What waits counts by clocks that only count.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../tools/clock.sh"
clock_there && command -v curl > /dev/null || { echo "curl and the build's clock.so are needed"; exit 77; }
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" && wait "$p"; done 2> /dev/null; ended; }
trap stop_all EXIT
DEADLINE=5
for who in natald guest host; do at $who 0; done
port=$(free_ports) url=https://127.0.0.1:$port
touch "$T/natald.log" "$T/guestd.log" "$T/hostd.log"
(NATAL_BOOT_DEADLINE_S=$DEADLINE clocked natald "$B/natald" --state "$S" --listen "127.0.0.1:$port" 2> "$T/natald.log") & D=$!; pids+=($D)
within 20 grep -q 'ready$' "$T/natald.log" || { fail "natald: $(cat "$T/natald.log")"; exit 1; }
n key init > /dev/null

# A guest that follows its goals over HTTPS, and its agent, under one clock; a host of its own under another.
n vm create web-1 --host none --user alice --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
printf '#!/bin/sh\nCLOCK_FILE=%s LD_PRELOAD=%s exec %s "$@"\n' "$T/guest.clock" "$B/tests/tools/clock.so" "$agent" > "$T/agent"; chmod 755 "$T/agent"
(clocked guest "$guestd" --root "$root" --channel https --agent "$T/agent" --uuid "$uuid" 2> "$T/guestd.log") & G=$!; pids+=($G)
n access grant host h1 --out "$T/h1.token" > /dev/null
(clocked host "$B/natal-hostd" --state "$T/h1" --join "$T/h1.token" --server "$url" 2> "$T/hostd.log") & H=$!; pids+=($H)
there() { n host list --no-headers | grep -qE "^h1 +there +"; }
is() { [ "$(field "$1" state)" = "$2" ]; }
within 20 is web-1 provisioned || fail "the guest is $(field web-1 state): $(tail -3 "$T/guestd.log")"
within 20 there || fail "no host: $(n host list) $(tail -3 "$T/hostd.log")"
n ca show --out "$T/ca.pem"
n access grant operator alice --all-projects --out "$T/alice.token" > /dev/null
openssl ecparam -name prime256v1 -genkey -noout -out "$T/alice.key" && openssl req -new -key "$T/alice.key" -subj /CN=x -out "$T/alice.csr"
get() { curl -sS -m 20 --cacert "$T/ca.pem" "$@"; }
enrol() { python3 -c 'import json,sys; print(json.dumps({"token": open(sys.argv[1]).read().strip(), "csr": open(sys.argv[2]).read()}))' "$T/$1.token" "$T/alice.csr" | get "$url/v1/enrol" -d @-; }
json() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
enrol alice | json certificate > "$T/alice.pem"
status() { get --cert "$T/alice.pem" --key "$T/alice.key" "$url/v1/status"; }
# make KEY NAME: the machine that this request has made, the first time or again.
make() { curl -sS -m 20 --unix-socket "$S/natald.sock" -H "Idempotency-Key: $1" -d "{\"name\":\"$2\",\"host\":\"none\"}" http://n/v1/vms | json id; }
first=$(make before m-before)
n access grant reader late --out "$T/late.token" > /dev/null
records() { sha256sum "$S/pins/m-before.pin"; }
records > "$T/records"
with=0
# goal WHAT: a goal is told, applied and answered.
goal() {
  local gen began; with=$((with + 1)); began=$(date +%s%N)
  n vm change web-1 --user "user$with" > "$T/change" 2>&1 || { fail "$1: $(cat "$T/change")"; return; }
  gen=$(field web-1 goal.gen)
  followed() { [ "$(field web-1 goal.guest.gen)" = "$gen" ] && is web-1 provisioned; }
  within 20 followed && grep -q "^user$with:" "$root/etc/passwd" && kill -0 $G && ok "$1: a goal is followed in $((($(date +%s%N) - began) / 1000000)) ms" ||
    fail "$1: $(field web-1 goal) $(field web-1 state) $(field web-1 reason): $(tail -3 "$T/guestd.log"; tail -3 "$T/natald.log")"
}
all_well() {
  goal "$1"
  within 15 there && kill -0 $H && ok "$1: the host is there" || fail "$1: $(n host list): $(tail -3 "$T/hostd.log")"
  want 0 '"controller_id"' status
  [ "$(make before m-before)" = "$first" ] && ok "$1: a request that is repeated makes nothing new" || fail "$1: made twice"
  records | cmp -s - "$T/records" && ok "$1: a record of pins stays as it is" || fail "$1: other records: $(records)"
}
# late-N has a goal that its guest, which was there, does not answer: it is judged after DEADLINE, whatever the clock says meanwhile.
late=0
judged() {
  local began name
  late=$((late + 1)) name=late-$late
  n vm create $name --host none --channel "unix:$T/$name.sock" --medium-out "$T/$name.iso" > /dev/null && guest $name > "$T/late" && within 10 is $name provisioned || fail "$name: $(cat "$T/late")"
  n vm change $name --user x > /dev/null; began=$SECONDS
  set_clock "$1"
  sleep 2.5
  is $name provisioning && ok "$WHAT: who is awaited is not given up" || fail "$WHAT: $name is $(field $name state): $(field $name reason)"
  given_up() { is $name degraded; }
  within $((2 * DEADLINE + 3)) given_up && ok "$WHAT: and is when his $DEADLINE s are over, counted anew: after $((SECONDS - began)) s" || fail "$WHAT: $name is $(field $name state) after $((SECONDS - began)) s"
}
CLOCK=0 WHAT=
set_clock() { at natald "$1"; CLOCK=$1; }

all_well "before"
for by in $DAY 0 -$DAY 0; do
  WHAT="natald's clock at $by s after $CLOCK"
  [ $by = 0 ] && set_clock 0 || judged $by
  [ $by = 0 ] && goal "$WHAT" || all_well "$WHAT"
  [ $by != $DAY ] || { want 0 "has expired" enrol late; n vm create ahead --host none --medium-out "$T/ahead.iso" > /dev/null; make ahead m-ahead > "$T/ahead"; n key rotate "$(n key list -o json | grep -o '"name":"[^"]*' | cut -d'"' -f4)" > /dev/null || fail "rotate"; }
done
named() { [ "$(grep -c "deadlines begin anew" "$T/natald.log")" = 4 ]; }
within 5 named && ok "the log names each jump" || fail "$(grep "clock" "$T/natald.log")"
# What was made a day ahead counts at once.
want 0 '"certificate"' enrol late
[ "$(make ahead m-ahead)" = "$(cat "$T/ahead")" ] && ok "a request of the day ahead is known" || fail "m-ahead was made twice"
guest_root "$T/other"
want 0 "" "$agent" apply --root "$T/other" --medium "$T/ahead.iso" --uuid "$(field ahead uuid)" --channel=

for by in $DAY -$DAY 0; do
  at guest $by; at host $by
  goal "the guest's and the host's clock at $by s"
done
# Each begins anew under the wrong clock, and finds the other.
kill $G $H; wait $G $H 2> /dev/null
at guest -$DAY; at host $DAY; : > "$T/guestd.log"; : > "$T/hostd.log"
(clocked guest "$guestd" --root "$root" --channel https --agent "$T/agent" --uuid "$uuid" 2> "$T/guestd.log") & G=$!; pids+=($G)
(clocked host "$B/natal-hostd" --state "$T/h1" 2> "$T/hostd.log") & H=$!; pids+=($H)
all_well "begun anew a day behind and a day ahead"
exit $bad
