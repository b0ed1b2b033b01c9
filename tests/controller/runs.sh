#!/bin/bash
# runs.sh - two runs of one VM speak at once: the older is put in quarantine, told no goal and heard no more; a word that was on its way does no harm.
. "$(dirname "$0")/lib.sh"
A=aaaaaaaa-0000-4000-8000-000000000000 B_=bbbbbbbb-0000-4000-8000-000000000000 C=cccccccc-0000-4000-8000-000000000000 D=dddddddd-0000-4000-8000-000000000000
n key init > /dev/null && n pool fill 5 > /dev/null || exit 1
define() { n vm create "$1" --host none --channel "unix:$T/$1.sock" --medium-out "$T/$1.iso" > /dev/null || exit 1; }
told() { local said; said=$(guest "$1" --boot "$2" --hello 1 2>&1); [ "$said" = "$3" ] && ok "$4" || fail "$4: $said"; }

define web-1
guest web-1 --boot $A --number 1 > /dev/null || fail "no first boot"
told web-1 $A provisioned "the only run is told its goal"
guest web-1 --boot $B_ --number 2 --as unchanged > /dev/null || fail "no second boot"
told web-1 $B_ provisioned "so is the next boot"
told web-1 $A "no answer" "a late word of the one before is not answered"
grep -q "in quarantine" "$S/natald.log" && fail "one late word is no second run" || ok "and alone is no second run"
told web-1 $B_ provisioned "the newer speaks again: the two interleave"
grep -q "two runs speak: boot=$A" "$S/natald.log" && ok "the older run is in quarantine" || fail "$(tail -3 "$S/natald.log")"
[[ $(field web-1 reason) == "an older run of it is in quarantine: boot $A" ]] && ok "the VM says so" || fail "reason: $(field web-1 reason)"
told web-1 $A "no answer" "it is told nothing any more"
within 5 grep -q "boot $A of VM web-1 is in quarantine: boot $B_ runs it now" "$S/natald.log" && ok "and why stands in the log" || fail "$(tail -3 "$S/natald.log")"
n daemon stop > /dev/null; n status > /dev/null
told web-1 $A "no answer" "nor after a restart"
told web-1 $B_ provisioned "the newer goes on"

# A copy of its disk: two boots with one number.
define web-2
guest web-2 --boot $A --number 1 > /dev/null
within 10 bash -c "grep -q 'vm=web-2.*private keys wiped' '$S/natald.log'" || fail "not wiped"
guest web-2 --boot $C --number 2 --as unchanged > /dev/null; guest web-2 --boot $D --number 2 --as unchanged > /dev/null
[ "$(field web-2 state)" = failed ] && ok "a copy: the VM has failed" || fail "web-2: $(field web-2 state)"
told web-2 $D provisioned "the one heard of last"
told web-2 $C "no answer" "the one before"
told web-2 $D provisioned "both go on"
grep -q "vm=web-2 two runs speak: boot=$C" "$S/natald.log" && ok "of two copies, too, the older is put in quarantine" || fail "$(tail -3 "$S/natald.log")"
guest web-2 --boot $C --number 2 --from 10 --as failed > /dev/null
guest web-2 --boot $D --number 2 --from 10 --as unchanged > /dev/null
[ "$(field web-2 state)" = provisioned ] && ok "what it reports is acknowledged, and the other alone is heard" || fail "web-2: $(field web-2 state) $(field web-2 reason)"
guest web-2 --boot $C --number 2 --from 20 --as failed > /dev/null
[ "$(field web-2 state)" = provisioned ] && ok "and goes on being heard" || fail "web-2: $(field web-2 state) $(field web-2 reason)"
exit $bad
