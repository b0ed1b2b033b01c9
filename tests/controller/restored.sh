#!/bin/bash
# restored.sh - a store that is put back from an older copy: what it says is the past, and no guest takes it for the present.
. "$(dirname "$0")/lib.sh"
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; ended; }
trap stop_all EXIT
n key init > /dev/null
n vm create web-1 --host none --user alice --channel "unix:$T/web-1.sock" --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
: > "$T/port"; "${srcdir:-.}/tests/tools/port.py" "$T/web-1.sock" "$T/guest.sock" > "$T/port" & pids+=($!)
within 10 grep -q ready "$T/port" || fail "no port"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel "$T/guest.sock" > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
born() { [ "$(field web-1 state)" = provisioned ]; }
within 20 born || fail "state $(field web-1 state)"
guestd_start() { "$guestd" --root "$root" --channel "$T/guest.sock" --agent "$agent" --uuid "$uuid" 2>> "$T/guestd.log" & G=$!; pids+=($G); }
guestd_stop() { kill $G; wait $G 2>/dev/null; }
has() { [ "$(field web-1 goal.guest.epoch).$(field web-1 goal.guest.gen)" = "$1" ]; }
: > "$T/guestd.log"; guestd_start
within 20 has 0.1 || fail "no controller: $(cat "$T/guestd.log")"

# The copy, and what happens after it.
n daemon stop > /dev/null; cp -a "$S" "$T/copy"; n status > /dev/null
n vm change web-1 --user bob > /dev/null && within 30 has 0.2 && n vm change web-1 --user carol > /dev/null && within 30 has 0.3 || fail "$(field web-1 goal)"
grep -q ^carol: "$root/etc/passwd" || fail "no carol"

# The copy takes the store's place: it believes in generation 1.
guestd_stop; n daemon stop > /dev/null; mv "$S" "$T/newer"; cp -a "$T/copy" "$S"; n status > /dev/null
[ "$(field web-1 goal.gen)" = 1 ] || fail "the copy has generation $(field web-1 goal.gen)"
guestd_start
within 40 has 1.2 && ok "a guest from the future: a new epoch begins, and its goal is signed again" || fail "$(field web-1 goal): $(tail -5 "$T/guestd.log"; tail -3 "$S/natald.log")"
grep -q "a restored store; epoch=1 begins" "$S/natald.log" && ok "the log says so" || fail "log: $(tail -3 "$S/natald.log")"
grep -q ^carol: "$root/etc/passwd" && ok "and nothing is taken back that nobody asked to" || fail "carol is gone"
n vm change web-1 --remove-user carol > /dev/null && within 30 has 1.3 && ok "goals go on from there" || fail "$(field web-1 goal)"

# The newer one put back after all: a second epoch begins.
guestd_stop; n daemon stop > /dev/null
cp -a "$S" "$T/second"; rm -rf "$S"; cp -a "$T/newer" "$S"; n status > /dev/null
n vm change web-1 --user dave > /dev/null
[ "$(field web-1 goal.epoch).$(field web-1 goal.gen)" = 0.4 ] || fail "$(field web-1 goal)"
guestd_start
within 40 grep -q "epoch=2 begins" "$S/natald.log" && within 40 has 2.5 && ok "the newer copy, put back after all, begins an epoch of its own" || fail "$(field web-1 goal): $(tail -3 "$S/natald.log")"

# The same generation, decided twice in two histories: its digest tells.
guestd_stop; n daemon stop > /dev/null; cp -a "$S" "$T/third"; n status > /dev/null; guestd_start
within 20 has 2.5; n vm change web-1 --user eve > /dev/null && within 30 has 2.6 || fail "$(field web-1 goal)"
guestd_stop; n daemon stop > /dev/null; rm -rf "$S"; cp -a "$T/third" "$S"; n status > /dev/null
n vm change web-1 --user frank > /dev/null
[ "$(field web-1 goal.epoch).$(field web-1 goal.gen)" = 2.6 ] || fail "$(field web-1 goal)"
guestd_start
within 40 has 3.7 && grep -q ^frank: "$root/etc/passwd" && ok "one name for two goals: the epoch grows, and the guest gets this one" || fail "$(field web-1 goal): $(tail -3 "$S/natald.log")"

# A guest's word alone does not lead the epoch away.
epoch=$(field web-1 goal.epoch)
n vm create liar --host none --channel "unix:$T/liar.sock" --medium-out "$T/liar.iso" > /dev/null
guest liar > /dev/null; said=$(guest liar --hello 1 --epoch 999999999 2>&1)
grep -q "no store was put back that often" "$S/natald.log" && [ "$(field liar goal.epoch)" = 0 ] && ok "an epoch that no store had is not believed" || fail "$said: $(tail -2 "$S/natald.log")"
n vm change web-1 --user gina > /dev/null; [ "$(field web-1 goal.epoch)" = "$epoch" ] && ok "and nobody else has it" || fail "$(field web-1 goal)"
exit $bad
