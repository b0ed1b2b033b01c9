#!/bin/bash
# births - the signer takes its time: others are served meanwhile, who waits is told, and what was put off is done later.
. "$(dirname "$0")/lib.sh"
for c in prlimit; do command -v $c >/dev/null || { echo "$c is needed"; exit 77; }; done
n key init >/dev/null && n pool fill 5 >/dev/null || exit 1
pid=$(natald_pid) signer=
for child in $(cat "/proc/$pid/task/$pid/children"); do
  grep -q '^Seccomp:.2' "/proc/$child/status" && signer=$child
done
[ -n "$signer" ] || { echo "FAIL: natald $pid has no signer"; exit 1; }
trap 'kill -CONT "$signer" 2>/dev/null; ended' EXIT

# A signer that does not answer: the birth waits, and nobody else does.
kill -STOP "$signer"
n vm create web-1 --host none > "$T/web-1" 2>&1 & W=$!
within 5 grep -q '"state":"defined"' <(n vm show web-1 -o json 2>/dev/null) || sleep 0.5
[ "$(field web-1 state)" = defined ] && ok "a birth under way is seen as defined" || fail "web-1 is $(field web-1 state)"
t=$(date +%s%N); n vm list >/dev/null; ms=$((($(date +%s%N) - t) / 1000000))
[ $ms -lt 2000 ] && ok "others are served while the signer works" || fail "a list took $ms ms"
wait $W; rc=$?
[ $rc = 9 ] && grep -q 'could not be signed yet' "$T/web-1" && ok "who waits is told" || fail "create: status $rc: $(cat "$T/web-1")"

# One that is deleted meanwhile: who waits for it hears so at once.
n vm create web-2 --host none > "$T/web-2" 2>&1 & W=$!
within 5 n vm show web-2 >/dev/null 2>&1
t=$(date +%s%N); n vm delete web-2 >/dev/null; wait $W; rc=$?; ms=$((($(date +%s%N) - t) / 1000000))
[ $rc = 7 ] && [ $ms -lt 5000 ] && grep -q 'was deleted while it was made' "$T/web-2" && ok "deleted while it was made" || fail "status $rc after $ms ms: $(cat "$T/web-2")"

kill -CONT "$signer"
within 5 bash -c "'$B/natalctl' --state '$S' vm show web-1 -o json | grep -q '\"state\":\"ready\"'" && ok "the birth went on by itself" || fail "web-1 is $(field web-1 state)"
within 5 test -s "$S/pins/web-1.pin" && [ ! -e "$S/pins/web-2.pin" ] && ok "one pin record, of who is there" || fail "pins: $(ls "$S/pins")"

# The answers come while no commit can be made: who waits hears how far it is, and it is done later.
kill -STOP "$signer"
n vm create web-3 --host none > "$T/web-3" 2>&1 & W=$!
within 5 n vm show web-3 >/dev/null 2>&1
prlimit --pid "$pid" --fsize=1:unlimited
kill -CONT "$signer"
wait $W; rc=$?
[ $rc = 9 ] && grep -q 'could not be signed yet' "$T/web-3" && ok "put off, and said" || fail "create: status $rc: $(cat "$T/web-3")"
want 0 "web-1" n vm list
n vm delete web-1 > "$T/delete" 2>&1 && fail "deleted, and nothing was written" || ok "a delete that cannot be committed is refused"
[ -s "$S/pins/web-1.pin" ] && ok "and its pin record is still there" || fail "pins: $(ls "$S/pins")"
ticks() { awk '{print $14 + $15}' "/proc/$pid/stat"; }
t=$(ticks); sleep 2; t=$(($(ticks) - t))
[ $t -lt 50 ] && ok "natald does not spin meanwhile" || fail "natald took $t ticks of CPU in two seconds"
prlimit --pid "$pid" --fsize=unlimited:unlimited
within 5 bash -c "'$B/natalctl' --state '$S' vm show web-3 -o json | grep -q '\"state\":\"ready\"'" && ok "done when there was room again" || fail "web-3 is $(field web-3 state)"
want 0 "ready" n vm list

# A disk that takes writes and does not sync them: nothing that rests on it is told, and natald ends.
n daemon stop
export NATALD=$B/tests/tools/natald_failing FAILING_DISK=$T/fails
n vm create web-8 --host none >/dev/null || exit 1     # the first write makes a log of its own
failing=$(natald_pid); touch "$FAILING_DISK"
n vm create web-9 --host none > "$T/web-9" 2>&1; rc=$?
[ $rc != 0 ] && ! grep -q ready "$T/web-9" && [ ! -e "$S/pins/web-9.pin" ] && ok "what is not on the disk is not told" || fail "create: status $rc: $(cat "$T/web-9")"
within 5 bash -c "! kill -0 $failing 2>/dev/null" && grep -q 'sync the store' "$S/natald.log" && ok "natald ends, and says why" || fail "natald $failing: $(tail -n 2 "$S/natald.log")"
rm "$FAILING_DISK"
n vm create web-7 --host none >/dev/null || fail "no natald after the disk failed"
touch "$FAILING_DISK"
n vm delete web-8 > "$T/delete" 2>&1 && fail "a delete was told, and is not on the disk" || ok "nor is a delete"
[ -s "$S/pins/web-8.pin" ] && ok "and no file goes before it" || fail "pins: $(ls "$S/pins")"
rm "$FAILING_DISK"; unset NATALD
n vm create web-9 --host none > "$T/web-9" 2>&1 || true
within 5 bash -c "'$B/natalctl' --state '$S' vm show web-9 -o json | grep -q '\"state\":\"ready\"'" && ok "the next natald goes on" || fail "web-9: $(cat "$T/web-9")"

# A record of which a power cut left half is whole again after a start.
n daemon stop; truncate -s 20 "$S/pins/web-3.pin"
want 3 "pin" "$B/natal-verify" pin "$S/pins/web-3.pin" --trust "$S/trust.d"
n status >/dev/null
want 0 "web-3" "$B/natal-verify" pin "$S/pins/web-3.pin" --trust "$S/trust.d"

# Nobody waits for ever: a bundle that is not signed has the deadline of a boot. Then it is the operator's to say what comes.
n daemon stop; export NATAL_BOOT_DEADLINE_S=3
n vm list > /dev/null; pid=$(natald_pid)
for child in $(cat "/proc/$pid/task/$pid/children"); do grep -q '^Seccomp:.2' "/proc/$child/status" && signer=$child; done
kill -STOP "$signer"
n vm create web-4 --host none > "$T/web-4" 2>&1 & W=$!
within 5 n vm show web-4 > /dev/null 2>&1
want 9 "VM web-4 is failed: its bundle was not signed within 3 s" n vm wait web-4 --timeout 30
wait $W; [ $? = 9 ] && ok "who waits for the birth is told too" || fail "create: $(cat "$T/web-4")"
kill -CONT "$signer"
within 5 [ -s "$S/pins/web-4.pin" ]
want 0 "ready" n vm reissue web-4
sleep 5; [ "$(field web-4 state)" = ready ] && ok "a signed one has no deadline" || fail "web-4 is $(field web-4 state): $(field web-4 reason)"
exit $bad
