#!/bin/bash
# boots - the newest boot of a machine alone moves its state: what was played back, comes late, or comes from a copy does not hide what is.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "python3 is needed"; exit 77; }
A=aaaaaaaa-0000-4000-8000-000000000000 B_=bbbbbbbb-0000-4000-8000-000000000000 C=cccccccc-0000-4000-8000-000000000000 D=dddddddd-0000-4000-8000-000000000000
n key init >/dev/null && n pool fill 5 >/dev/null || exit 1
define() { n vm create "$1" --host none --channel "unix:$T/$1.sock" --medium-out "$T/$1.iso" >/dev/null || exit 1; }
is() { [ "$(field "$1" state)" = "$2" ] && ok "$1: $3" || fail "$1: $3: it is $(field "$1" state): $(field "$1" reason)"; }

define web-1
want 0 "ack 4" guest web-1 --boot $A --number 1
within 10 bash -c "grep -q 'vm=web-1.*private keys wiped' '$S/natald.log'" || fail "not wiped"
want 0 "ack 4" guest web-1 --boot $B_ --number 2 --as drifted
is web-1 drifted "a later boot tells of drift"
want 0 "ack 4" guest web-1 --boot $A --number 1
is web-1 drifted "the first boot played back is acknowledged, and hides nothing"
want 0 "ack 4" guest web-1 --boot $D --number 1
is web-1 drifted "nor does an older boot that was not heard before"
want 0 "ack 4" guest web-1 --boot $C --number 3 --as unchanged
is web-1 provisioned "the next boot is heard"
n daemon stop; n status >/dev/null
want 0 "ack 4" guest web-1 --boot $B_ --number 2 --as drifted
is web-1 provisioned "after a restart too, the older boot moves nothing"
want 0 "ack 4" guest web-1 --boot $D --number 3
is web-1 provisioned "a boot keeps the number it was first heard with"
want 0 "ack 4" guest web-1 --boot eeeeeeee-0000-4000-8000-000000000000 --number 3 --as unchanged
is web-1 failed "two boots with one number"
want 9 "two boots report for one VM: a copy? boot 3 is $C, and another" n vm wait web-1 --timeout 5
want 0 "ack 4" guest web-1 --boot ffffffff-0000-4000-8000-000000000000 --number 4 --as unchanged
is web-1 provisioned "until the next boot"

# A guest that does not count: the boot heard of last is the newest.
define web-2
want 0 "ack 4" guest web-2 --boot $A
within 10 bash -c "grep -q 'vm=web-2.*private keys wiped' '$S/natald.log'" || fail "not wiped"
want 0 "ack 4" guest web-2 --boot $B_ --as drifted
want 0 "ack 4" guest web-2 --boot $A
is web-2 drifted "without a counter too, a boot played back hides nothing"

# A first boot that failed, tried again on a fresh disk, begins to count again; a reissue does as well.
define web-3
want 0 "ack 4" guest web-3 --boot $A --number 1 --as failed
want 0 "ack 4" guest web-3 --boot $B_ --number 1
want 0 "" n vm wait web-3 --timeout 10
n vm reissue web-3 --medium-out "$T/web-3.iso" >/dev/null || fail "reissue"
want 0 "ack 4" guest web-3 --boot $A --number 1
want 0 "" n vm wait web-3 --timeout 10
exit $bad
