#!/bin/bash
# rotate.sh - media keys over time: old image and new key, new image and old medium, a key that is revoked; guests that run hear of it by their next goal.
. "$(dirname "$0")/lib.sh"
agent=$B/natal-agent guestd=$B/natal-guestd pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; ended; }
trap stop_all EXIT
want 6 "there is no media key 'm'" n key rotate m
n key init --name m > /dev/null || exit 1
# image NAME: a root folder that holds what trust.d says now
image() {
  local root=$T/$1
  guest_root "$root"
}
vm() { n vm create "$1" --host none --user alice --channel "unix:$T/$1.sock" --medium-out "$T/$1.iso" > /dev/null || fail "no $1"; }
# boot VM IMAGE: the guest takes its medium
boot() { "$agent" apply --root "$T/$2" --medium "$T/$1.iso" --uuid "$(field "$1" uuid)" --channel= 2>&1; }
key() { n key show "$1" -o json | python3 -c "import json,sys; print(json.load(sys.stdin)['$2'])"; }

image old; vm before; vm running; image elsewhere; image third
want 7 "is the only one that signs" n key revoke m
want 2 "--overlap" n key rotate m --overlap 4000
[ "$(key m state)" = active ] && ok "what was refused changed nothing" || fail "m is $(key m state)"

# A guest that runs, by what m signed.
mkdir "$T/runs"; cp -a "$T/old/." "$T/runs/"
: > "$T/port"; "${srcdir:-.}/tests/tools/port.py" "$T/running.sock" "$T/guest.sock" > "$T/port" & pids+=($!)
within 10 grep -q ready "$T/port" || fail "no port"
"$agent" apply --root "$T/runs" --medium "$T/running.iso" --uuid "$(field running uuid)" --channel "$T/guest.sock" > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
born() { [ "$(field running state)" = provisioned ]; }
within 20 born || fail "running: $(field running state)"
"$guestd" --root "$T/runs" --channel "$T/guest.sock" --agent "$agent" --uuid "$(field running uuid)" 2> "$T/guestd.log" & pids+=($!)
has() { [ "$(field running goal.guest.gen)" = "$1" ]; }
within 20 has 1 || fail "no controller: $(cat "$T/guestd.log")"

want 0 "signs from now on" n key rotate m --overlap 30
[ "$(key m state)" = retiring ] && [ "$(key m-2 state)" = active ] && [ "$(key m-2 succeeds)" = "$(key m id)" ] && ok "m retires, m-2 signs" || fail "$(n key list)"
want 7 "only a key that signs is rotated" n key rotate m
want 7 "there is a media key 'm-2' already" n key rotate m-2 --name m-2
[ ! -e "$S/trust.d/m.pub" ] && [ -s "$S/trust.d/m-2.pub" ] && [ -s "$S/trust.d/m.statement" ] && ok "trust.d is what new images take" || fail "trust.d: $(ls "$S/trust.d")"
vm after; image new
said=$(boot after old) && ok "old image, new key: its bundle brings the statement" || fail "after on old: $said"
said=$(boot before new) && ok "new image, old medium: within the overlap" || fail "before on new: $said"
vm second; said=$(boot second old) && ok "and the statement is kept" || fail "second on old: $said"
grep -c "" "$T/old/var/lib/natal/statements" > /dev/null || fail "no statements in $(ls "$T/old/var/lib/natal")"
"$B/natal-verify" pin "$S/pins/before.pin" --trust "$S/trust.d" > /dev/null 2> "$T/verify" && ok "clients believe what the old key signed" || fail "pin: $(cat "$T/verify")"

# No overlap: new images never take what the old key signed.
n key rotate m-2 --overlap 0 --alg ecdsa-p256-sha256 > /dev/null && [ "$(key m-3 alg)" = ecdsa-p256-sha256 ] || fail "m-3: $(n key list)"
sleep 1; image newer
said=$(boot after newer) && fail "what m-2 signed was taken" || { [[ $said == *"is valid from"* ]] && ok "an overlap that is over" || fail "after on newer: $said"; }
said=$(boot before newer) && ok "that of the key before goes on" || fail "before on newer: $said"
vm last; said=$(boot last third) && ok "two rotations later an old image follows" || fail "last on third: $said"

# Revoked: guests that hear of it take nothing of it any more, new images never do, and who runs hears of it.
n vm medium before --out "$T/again.iso" 2> /dev/null; gen=$(field running goal.gen)
want 0 "is revoked" n key revoke m
want 7 "is revoked already" n key revoke m
image newest
said=$(boot before newest) && fail "a revoked key's medium was taken" || { [[ $said == *"is revoked"* ]] && ok "new images refuse it" || fail "before on newest: $said"; }
vm heard; said=$(boot heard old) && ok "its successors go on" || fail "heard on old: $said"
rm -rf "$T/elsewhere/var/lib/natal"; cp -a "$T/old/var/lib/natal" "$T/elsewhere/var/lib/" && rm "$T/elsewhere/var/lib/natal/journal"
said=$(boot before elsewhere) && fail "taken by who heard of it" || { [[ $said == *"is revoked"* ]] && ok "and so does who has heard of it" || fail "before on elsewhere: $said"; }
"$B/natal-verify" pin "$S/pins/before.pin" --trust "$S/trust.d" > "$T/verify" 2>&1 && fail "a client believes it" || { grep -q "is revoked" "$T/verify" && ok "clients refuse what it signed" || fail "pin: $(cat "$T/verify")"; }
within 90 has $((gen + 1)) && ok "a guest that runs is given its goal anew, signed by the new key" || fail "$(field running goal): $(tail -3 "$T/guestd.log")"
[ "$(field running state)" = provisioned ] || within 20 born || fail "running: $(field running state) $(field running reason)"
"$B/natal-verify" pin "$S/pins/running.pin" --trust "$S/trust.d" > /dev/null 2>&1 && ok "and a pin record that clients believe" || fail "running's pin"
n audit verify > /dev/null && n audit list | grep -q rotate && ok "it is in the audit" || fail "audit: $(n audit list | tail -3)"

# Ended between the two steps: the next natald goes on.
n daemon stop > /dev/null; python3 - "$S/natal.db" <<'P'
import sqlite3, sys
d = sqlite3.connect(sys.argv[1])
d.execute("UPDATE media_key SET state = 'coming' WHERE name = 'm-3'"); d.execute("UPDATE media_key SET state = 'active' WHERE name = 'm-2'")
d.execute("UPDATE key_statement SET envelope = NULL WHERE signer = (SELECT id FROM media_key WHERE name = 'm-3')"); d.commit()
P
n status > /dev/null; [ "$(key m-3 state)" = active ] && [ "$(key m-2 state)" = retiring ] && ok "a rotation that was cut short is ended by the next natald" || fail "$(n key list)"
exit $bad
