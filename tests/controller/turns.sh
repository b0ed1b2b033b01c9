#!/bin/bash
# turns - a turn that fails: what it had taken comes again, what it wanted to say stays unsaid, who waits is answered.
. "$(dirname "$0")/lib.sh"
for c in python3 prlimit curl; do command -v $c >/dev/null || { echo "$c is needed"; exit 77; }; done
n key init >/dev/null && n pool fill 5 >/dev/null || exit 1
n vm create web-1 --host none --channel "unix:$T/web-1.sock" --medium-out "$T/web-1.iso" >/dev/null || exit 1
uuid=$(field web-1 uuid)
sleep 1.2
pid=$(natald_pid)

# A commit fails (no file of natald may grow, as on a full disk): reports are not acknowledged, and are not lost with it either.
prlimit --pid "$pid" --fsize=1:unlimited
"$B/tests/tools/fake_guest" --medium "$T/web-1.iso" --trust "$S/trust.d" --uuid "$uuid" --channel "$T/web-1.sock" > "$T/acks" 2>&1 & G=$!
sleep 2.5
kill -0 "$pid" 2>/dev/null && ok "natald outlives failing commits" || fail "natald ended: $(tail -3 "$S/natald.log")"
grep -q ^ack "$T/acks" && fail "acknowledged, and not committed: $(cat "$T/acks")" || ok "what was not committed is not acknowledged"
prlimit --pid "$pid" --fsize=unlimited:unlimited
wait $G; rc=$?
[ $rc = 0 ] && grep -q '^ack 4' "$T/acks" && ok "acknowledged when it was committed, without being sent again" || fail "guest: status $rc: $(cat "$T/acks")"
want 0 "provisioned" n vm wait web-1 --timeout 10

# A turn ends natald: who waits is told, and no connection is left hanging.
n vm create web-2 --host none >/dev/null || exit 1
last=$(field web-2 last_event)
curl -s --max-time 70 --unix-socket "$S/natald.sock" "http://n/v1/vms/web-2/events?after=$last&wait=60" > "$T/wait" 2>&1 & W=$!
sleep 0.5
python3 - "$S/natal.db" <<'P'
import sqlite3, sys
d = sqlite3.connect(sys.argv[1], timeout=10)
d.execute("UPDATE vm SET deadline_at = 1, rev = rev + 1 WHERE name = 'web-2'")
d.execute("CREATE TRIGGER boom BEFORE UPDATE ON vm BEGIN SELECT RAISE(ABORT, 'no room for states'); END"); d.commit()
P
wait $W; rc=$?
[ $rc = 0 ] && grep -q 'natald is stopping' "$T/wait" && ok "who waits is told that natald ends" || fail "the waiting client: status $rc: $(cat "$T/wait")"
within 10 grep -q 'no room for states' "$S/natald.log" && ok "the log says why" || fail "log: $(tail -3 "$S/natald.log")"
python3 - "$S/natal.db" <<'P'
import sqlite3, sys
d = sqlite3.connect(sys.argv[1], timeout=10); d.execute("DROP TRIGGER boom"); d.execute("UPDATE vm SET deadline_at = 0"); d.commit()
P
want 0 "web-2" n vm list

# A medium that would not go when it was asked to is asked again, without a restart; a wipe that a kill left in the log is finished.
python3 - "$S/natal.db" <<'P'
import sqlite3, sys
d = sqlite3.connect(sys.argv[1], timeout=10)
d.execute("UPDATE bundle SET delivered_at = 1, rev = rev + 1 WHERE vm_id = (SELECT id FROM vm WHERE name = 'web-2')"); d.commit()
P
within 15 bash -c "'$B/natalctl' --state '$S' vm show web-2 -o json | grep -q '\"wiped_at\":[1-9]'" && ok "the ejection was tried again, and the keys wiped" || fail "not wiped: $(field web-2 reason)"
sleep 0.3
kill -9 "$(natald_pid)"
python3 - "$S/natal.db" <<'P'
import os, sqlite3, sys
d = sqlite3.connect(sys.argv[1], timeout=10); d.execute("PRAGMA wal_autocheckpoint=0")
d.execute("INSERT INTO value VALUES ('left', 'LEFTOVER-OF-A-WIPE')"); d.commit(); d.execute("PRAGMA secure_delete=ON")
d.execute("DELETE FROM value WHERE key = 'left'"); d.commit()
os._exit(9)
P
grep -q LEFTOVER-OF-A-WIPE "$S/natal.db-wal" && ok "the log still holds it" || fail "the test left nothing in the log"
n status >/dev/null; within 5 bash -c "! cat '$S'/natal.db* | grep -q LEFTOVER-OF-A-WIPE" && ok "a start scrubs what a kill left" || fail "the log keeps what was wiped before a kill"

# A deadline is not held against a guest while natald was away; and it is held afterwards.
n daemon stop; export NATAL_BOOT_DEADLINE_S=3
n vm create web-3 --host none --channel "unix:$T/web-3.sock" --medium-out "$T/web-3.iso" >/dev/null
want 0 "ack 4" guest web-3 --as applying
[ "$(field web-3 state)" = provisioning ] || fail "web-3 is $(field web-3 state)"
n daemon stop; sleep 4
sleep 0.5; n status >/dev/null; sleep 1.2
[ "$(field web-3 state)" = provisioning ] && ok "natald's absence is not the guest's silence" || fail "$(field web-3 reason)"
within 6 bash -c "'$B/natalctl' --state '$S' vm show web-3 | grep -q 'no further report within 3 s'" && ok "a silent guest fails" || fail "web-3 is $(field web-3 state)"
exit $bad
