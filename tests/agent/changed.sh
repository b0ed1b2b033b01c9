#!/bin/bash
# changed.sh - other user-data for an instance that has been provisioned: applied, or told, by the image's policy; never silence.
. "$(dirname "$0")/lib.sh"
root=$work/root
boot() { "$agent" boot early --root "$root" --channel "" --uuid "$uuid" --medium "$work/bundle" --wait 0 > "$work/said" 2>&1 && "$agent" boot late --root "$root" --channel "" --uuid "$uuid" >> "$work/said" 2>&1; }
again() { rm -rf "$root/run/natal"; boot || fail "$(cat "$work/said")"; }
make_root "$root"
user_data "$work/seed" <<<'{"hostname": "one", "timezone": "Europe/Berlin"}'; seal "$work/bundle" 1 "$work/seed" instance=i-1; again
[ "$(cat "$root/etc/hostname")" = one ] || fail "not provisioned: $(cat "$work/said")"

echo '{"changed": "report"}' > "$root/etc/natal/policy.json"
user_data "$work/seed" <<<'{"hostname": "two", "timezone": "Europe/Berlin"}'; seal "$work/bundle" 2 "$work/seed" instance=i-1; again
[ "$(cat "$root/etc/hostname")" = one ] || fail "it was applied, and the policy is to report: $(cat "$work/said"; head -c 300 "$root/var/lib/natal/journal")"
grep -q 'changed=reported actions=1' "$work/said" || fail "silence: $(cat "$work/said")"
run_agent status --root "$root" -o json | grep -q 'the user-data of this instance has changed: 1 actions would be needed' || fail "the report has no finding"
ok "report: the change is told, with its plan, and nothing is touched"
run_agent plan --root "$root" --medium "$work/bundle" | grep -q 'write    /etc/hostname' || fail "the plan does not show it"
run_agent apply --root "$root" --medium "$work/bundle" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ "$(cat "$root/etc/hostname")" = two ] || fail "apply by hand did not"
ok "report: natal-agent apply does it"

echo '{"changed": "apply"}' > "$root/etc/natal/policy.json"
user_data "$work/seed" <<<'{"hostname": "three"}'; seal "$work/bundle" 3 "$work/seed" instance=i-1; again
[ "$(cat "$root/etc/hostname")" = three ] || fail "it was not applied: $(cat "$work/said")"
ok "apply: what differs is applied"
echo '{"changed": "applly"}' > "$root/etc/natal/policy.json"; user_data "$work/seed" <<<'{"hostname": "four"}'; seal "$work/bundle" 4 "$work/seed" instance=i-1
rm -rf "$root/run/natal"; boot && fail "a policy that says nothing was taken"
grep -q "changed is 'applly': apply or report are allowed" "$work/said" || fail "$(cat "$work/said")"
ok "a policy of another word is refused"

echo '{"changed": "report"}' > "$root/etc/natal/policy.json"; user_data "$work/seed" <<<'{"hostname": "five"}'; seal "$work/bundle" 5 "$work/seed" instance=i-2; again
[ "$(cat "$root/etc/hostname")" = five ] || fail "another instance is provisioned whatever the policy: $(cat "$work/said")"
ok "another instance-id is another instance: it is provisioned"
