#!/bin/bash
# tools.sh - the verbs that people look at a guest with: status --wait, query, analyze, clean, collect-logs.
. "$(dirname "$0")/lib.sh"
root=$work/root
left() { local s=0; "$@" > "$work/said" 2> "$work/err" || s=$?; echo $s; }
agent_in() { run_agent "$@" --root "$root"; }
given() { user_data "$work/seed"; seal "$work/bundle" "$1" "$work/seed"; }

# status --wait
make_root "$root"
given 1 <<< 'hostname: mole'
[ "$(left agent_in status --wait 1)" = 9 ] && grep -q 'late stage has not ended within 1 s' "$work/err" || fail "status --wait 1: $(cat "$work/said" "$work/err")"
[ "$(left agent_in status --wait=x)" = 2 ] || fail "--wait=x was taken"
agent_in boot early --medium "$work/bundle" 2> "$work/err" || fail "$(cat "$work/err")"
[ "$(left agent_in status --wait 1)" = 9 ] || fail "the early stage is not the end"
( sleep 1; agent_in boot late --channel '' > /dev/null 2>&1 ) & late=$!
[ "$(left agent_in status --wait --format json)" = 0 ] || fail "status --wait: $(cat "$work/err")"
wait $late
python3 - "$work/said" <<'END' || fail "$(cat "$work/said")"
import json, sys
s = json.load(open(sys.argv[1]))
assert s['ended'] is True and s['state'] == 'provisioned', s
END
ok "status --wait waits for the late stage's last word, --wait SECONDS no longer than that"
agent_in status --format text | grep -q '^state  *provisioned' && [ "$(left agent_in status --format xml)" = 2 ] || fail "--format"
ok "--format is -o"
given 2 <<< '{natal: {policy: {runcmd: degrade}}, runcmd: [[/bin/false]]}'
[ "$(left agent_in apply --medium "$work/bundle")" = 10 ] && [ "$(left agent_in status --wait)" = 10 ] || fail "degraded: $(cat "$work/said" "$work/err")"
ok "status leaves 10 where the guest is degraded"
given 3 <<< '{natal: {policy: {runcmd: fail}}, runcmd: [[/bin/false]]}'
want=$(left agent_in apply --medium "$work/bundle")
[ "$want" != 0 ] && [ "$(left agent_in status --wait)" = "$want" ] || fail "failed: $want: $(cat "$work/said" "$work/err")"
ok "status leaves what apply left where it failed"
