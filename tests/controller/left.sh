#!/bin/bash
# left.sh - a guest that was taken to a new epoch is handed a bundle of the one that it has left, signed and whole, over its own channel: it refuses it, says so, and the controller is told.
. "${srcdir:-.}/tests/controller/lib.sh"
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root tools=${srcdir:-.}/tests/tools pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; ended; }
trap stop_all EXIT
n key init > /dev/null
n vm create web-1 --host none --user alice --channel "unix:$T/web-1.sock" --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
: > "$T/port"; "$tools/port.py" "$T/web-1.sock" "$T/guest.sock" "$T/kept" > "$T/port" & pids+=($!)
within 10 grep -q ready "$T/port" || fail "no port"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel "$T/guest.sock" > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
: > "$T/guestd.log"; "$guestd" --root "$root" --channel "$T/guest.sock" --agent "$agent" --uuid "$uuid" > "$T/guestd.log" 2>&1 & G=$!; pids+=($G)
has() { [ "$(field web-1 goal.guest.epoch).$(field web-1 goal.guest.gen)" = "$1" ]; }
within 20 has 0.1 || fail "no controller: $(cat "$T/guestd.log")"

# Generation 2 of epoch 0 writes a file; what natald said of it is kept. Then its store is put back as it was before, epoch 1 begins, and the file goes.
n daemon stop > /dev/null; cp -a "$S" "$T/copy"; n status > /dev/null
: > "$T/kept"
echo old > "$T/motd"; n vm change web-1 --file "$T/motd:/etc/motd" > /dev/null; within 30 has 0.2 && [ -e "$root/etc/motd" ] || fail "$(field web-1 goal): $(tail -3 "$T/guestd.log")"
cp "$T/kept" "$T/epoch-0"
n daemon stop > /dev/null; rm -rf "$S"; cp -a "$T/copy" "$S"; n status > /dev/null
kill $G; wait $G 2>/dev/null  # a port does not say that the other end was away: it greets natald anew
"$guestd" --root "$root" --channel "$T/guest.sock" --agent "$agent" --uuid "$uuid" >> "$T/guestd.log" 2>&1 & G=$!; pids+=($G)
within 40 has 1.2 || fail "no new epoch: $(field web-1 goal): $(tail -3 "$T/guestd.log")"
n vm change web-1 --remove-file /etc/motd > /dev/null; within 30 has 1.3 && [ ! -e "$root/etc/motd" ] || fail "$(field web-1 goal): the file is there"
n daemon stop > /dev/null

# By its own name: it is not even fetched, and who named it hears what the guest has.
"$tools/stale.py" "$T/web-1.sock" "$root/var/lib/natal/report-key" "$T/epoch-0" > "$T/heard"; rc=$?
[ $rc = 0 ] && [ "$(cat "$T/heard")" = "HELLO 1.3" ] && ok "a goal of epoch 0 is not fetched, and its controller is told that the guest is in epoch 1" || fail "heard: $(cat "$T/heard")"
grep -q "goal refused: epoch=0 gen=2 is of an epoch that this guest has left for epoch=1 gen=3" "$T/guestd.log" && ok "and natal-guestd says so" || fail "log: $(tail -3 "$T/guestd.log")"

# Named as the newest there is: its signature is good and it is for this guest, and its manifest says which epoch it is of.
"$tools/stale.py" "$T/web-1.sock" "$root/var/lib/natal/report-key" "$T/epoch-0" 7.9 > "$T/heard"
grep -q "^FETCH 0" "$T/heard" && grep -q "^HELLO 1.3" "$T/heard" && [ ! -e "$root/etc/motd" ] &&
  ok "a bundle of epoch 0 under a newer name is fetched, and refused: the guest stays as it is" || fail "heard: $(cat "$T/heard"); $(tail -3 "$T/guestd.log")"
n status > /dev/null
told() { [[ $(field web-1 reason) == *"is of epoch 0, which this guest has left for 1"* ]]; }
within 40 told && ok "natald is told: $(field web-1 reason)" || fail "$(field web-1 state): $(field web-1 reason): $(tail -5 "$T/guestd.log")"
n vm change web-1 --user carol > /dev/null; carol() { grep -q ^carol: "$root/etc/passwd" && has 1.4 && [ "$(field web-1 state)" = provisioned ]; }
within 60 carol && ok "and its goals go on in the epoch that counts" || fail "$(field web-1 goal) $(field web-1 state): $(tail -5 "$T/guestd.log")"
exit $bad
