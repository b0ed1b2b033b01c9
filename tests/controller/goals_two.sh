#!/bin/bash
# goals_two.sh - two natald on one PostgreSQL: a guest waits at the one, its goal is decided at the other; the one goes, and the guest finds the other.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/two.sh"
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root
n key init > /dev/null
n vm create web-1 --host none --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
"$guestd" --root "$root" --channel https --agent "$agent" --uuid "$uuid" 2> "$T/guestd.log" & G=$!
within 30 grep -q "controller found" "$T/guestd.log" || fail "no controller: $(cat "$T/guestd.log")"
n vm wait web-1 --timeout 20 > /dev/null || fail "not provisioned: $(tail -3 "$T/guestd.log")"
has() { [ "$(n2 vm show web-1 -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["goal"]["guest"]["gen"])')" = "$1" ]; }
sleep 1; start=$SECONDS
want 0 "goal 0.2" n2 vm change web-1 --user bob
within 20 has 2 && grep -q ^bob: "$root/etc/passwd" && ok "decided at one natald, heard at the other within $((SECONDS - start)) s" || fail "$(n2 vm show web-1): $(tail -5 "$T/guestd.log")"
[ $((SECONDS - start)) -le 8 ] || fail "by the news it takes a second or two, not $((SECONDS - start))"
exit $bad
