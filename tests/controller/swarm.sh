#!/bin/bash
# swarm.sh - each mode of the SIMULATED fleet (tests/swarm) against a real natald, small: a minute's check that what the benches measure is what they say.
# What is printed is about natald; no guest is booted.
. "${srcdir:-.}/tests/controller/lib.sh"
swarm=$T/swarm guests=150                 # so many that nobody is over the rate of one guest
# A tool that ends with what it has: under a sanitizer, what it leaves to its end is no finding.
printf '#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec "%s" "$@"\n' "$B/tests/swarm/swarm" > "$swarm" && chmod 755 "$swarm" || exit 1
stop_all() { exec 7>&-; [ -z "${W:-}" ] || kill "$W" 2>/dev/null; kill "$D" 2>/dev/null; wait 2>/dev/null; rm -rf "$T"; }
trap stop_all EXIT
port=$(free_ports)
natald_start() { : > "$T/natald.log"; "$B/natald" --state "$S" --listen "127.0.0.1:$port" 2>> "$T/natald.log" & D=$!; within 20 grep -q "ready$" "$T/natald.log" || fail "natald does not answer: $(tail -3 "$T/natald.log")"; }
number() { python3 -c 'import json,sys; print(json.loads(open(sys.argv[1]).readlines()[-1])[sys.argv[2]])' "$T/out" "$1"; }
events() { n vm show swarm-0 -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["last_event"])'; }
natald_start
n key init > /dev/null
want 0 "" "$swarm" make $guests --state "$S" --fleet "$T/fleet"
[ "$(wc -l < "$T/fleet")" = $guests ] && ok "$guests machines, with what their guests would have" || fail "$(wc -l < "$T/fleet") machines"

# Thousands of reports that change nothing: all acknowledged, shown, and no event.
"$swarm" status --fleet "$T/fleet" --to "127.0.0.1:$port" --seconds 1 > "$T/out" 2>&1 || fail "status: $(cat "$T/out")"
[ "$(number done)" -gt $((2 * guests)) ] && [ "$(number failed)" = 0 ] && ok "$(number done) reports were acknowledged" || fail "$(cat "$T/out")"
[ "$(field swarm-0 report.step)" = users/alice ] && [ "$(field swarm-0 state)" = provisioning ] && ok "the newest is shown" || fail "$(n vm show swarm-0)"
# defined, ready, provisioning, the first report of a phase: and no more.
[ "$(events)" -le 5 ] && ok "$(events) events, whatever the number of reports" || fail "$(events) events"
reports=$(number done)

# Who waits hears of a goal that was signed meanwhile.
waiting() { grep -qx "waiting $guests" "$T/out"; }
mkfifo "$T/go"; : > "$T/out"             # what was said before is not waited for
"$swarm" wait --fleet "$T/fleet" --to "127.0.0.1:$port" --seconds 60 < "$T/go" > "$T/out" 2>&1 & W=$!
exec 7> "$T/go"
within 20 waiting && ok "$guests wait" || fail "$(cat "$T/out")"
echo go >&7
"$B/tests/bench/load" "$S/natald.sock" $guests 8 'POST /v1/vms/swarm-@/goal' '{"timezone":"Europe/Vienna"}' > "$T/load" 2>&1 || fail "changes: $(cat "$T/load")"
wait $W && [ "$(number done)" = $guests ] && ok "all of them heard of their goal" || fail "$(cat "$T/out")"
exec 7>&-

# Killed: all come back with their sessions, and what was acknowledged is there.
rm "$T/go"; mkfifo "$T/go"; : > "$T/out"
"$swarm" return --fleet "$T/fleet" --to "127.0.0.1:$port" --seconds 30 < "$T/go" > "$T/out" 2>&1 & W=$!
exec 7> "$T/go"
within 20 waiting || fail "$(cat "$T/out")"
kill -9 $D; wait $D 2>/dev/null
natald_start
wait $W && [ "$(number done)" = $guests ] && [ "$(number resumed)" = $guests ] && ok "after kill -9 $guests are back in $(number seconds) s, their sessions resumed" || fail "$(cat "$T/out")"
W=
[ "$(field swarm-0 report.step)" = users/alice ] && ok "and of $reports reports the last one is still shown" || fail "$(n vm show swarm-0)"

# Hosts: let in, certified, greeted; each is asked for the machines that it carries, and answers.
hosts=12
want 0 "" "$swarm" make-hosts $hosts --state "$S" --fleet "$T/hosts" --to "127.0.0.1:$port" --prefix sim-
: > "$T/out"
"$swarm" hosts --fleet "$T/hosts" --to "127.0.0.1:$port" --seconds 12 > "$T/out" 2>&1 & W=$!
waiting() { grep -qx "waiting $hosts" "$T/out"; }
within 20 waiting && [ "$(n host list -o json | grep -o '"name":"sim-' | wc -l)" = $hosts ] && ok "$hosts hosts have greeted" || fail "$(cat "$T/out"; n host list)"
for i in $(seq 0 35); do n vm create "on-$i" --host "sim-$((i % hosts))" --channel "unix:/run/on-$i" > /dev/null || fail "on-$i"; done
told() { [ "$(n vm list --prefix on- -o json | grep -o '"host_known":true' | wc -l)" = 36 ]; }
wait $W && [ "$(number done)" -ge 36 ] && [ "$(number failed)" = 0 ] && ok "$(number done) requests of 36 machines were answered by their hosts" || fail "$(cat "$T/out")"
W=
want 2 "--fleet FILE and --to HOST:PORT are wanted" "$swarm" status --seconds 1
exit $bad
