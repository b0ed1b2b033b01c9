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

# A guest that its own bundle left degraded: nothing has changed, and it is tried again at each boot until it is well.
if [ "$(id -u)" = 0 ]; then
  tried() { rm -rf "$root/run/natal"; status=0; boot || status=$?; }
  user_data "$work/seed" <<<'{"hostname": "two", "write_files": [{"path": "/etc/later", "content": "x", "owner": "nobody-yet"}]}'
  seal "$work/bundle" 3 "$work/seed" instance=i-1
  run_agent apply --root "$root" --medium "$work/bundle" > "$work/said" 2>&1 || [ $? = 10 ] || fail "not degraded: $(cat "$work/said")"
  tried; [ "$status" = 10 ] || fail "status $status: $(cat "$work/said")"
  grep -q 'item=write_files/etc/later outcome=failed' "$work/said" && ! grep -q changed "$work/said" || fail "$(cat "$work/said")"
  echo 'nobody-yet:x:77:77::/:/bin/sh' >> "$root/etc/passwd"; echo 'nobody-yet:x:77:' >> "$root/etc/group"
  tried; [ "$status" = 0 ] && [ -e "$root/etc/later" ] || fail "status $status: $(cat "$work/said")"
  ok "report: a degraded guest with the same bundle is tried again"
fi

echo '{"changed": "apply"}' > "$root/etc/natal/policy.json"
user_data "$work/seed" <<<'{"hostname": "three"}'; seal "$work/bundle" 4 "$work/seed" instance=i-1; again
[ "$(cat "$root/etc/hostname")" = three ] || fail "it was not applied: $(cat "$work/said")"
ok "apply: what differs is applied"
echo '{"changed": "applly"}' > "$root/etc/natal/policy.json"; user_data "$work/seed" <<<'{"hostname": "four"}'; seal "$work/bundle" 5 "$work/seed" instance=i-1
rm -rf "$root/run/natal"; boot && fail "a policy that says nothing was taken"
grep -q "changed is 'applly': apply or report are allowed" "$work/said" || fail "$(cat "$work/said")"
ok "a policy of another word is refused"

echo '{"changed": "report"}' > "$root/etc/natal/policy.json"; user_data "$work/seed" <<<'{"hostname": "five"}'; seal "$work/bundle" 6 "$work/seed" instance=i-2; again
[ "$(cat "$root/etc/hostname")" = five ] || fail "another instance is provisioned whatever the policy: $(cat "$work/said")"
ok "another instance-id is another instance: it is provisioned"
