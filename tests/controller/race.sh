#!/bin/bash
# race - creates, deletes and reissues of the same few names over several connections at once: done, a conflict or not there, and nothing else; natald is
# killed in the middle too. Afterwards the pool's books, the list, the pin records and the keys agree. And ^C in `vm wait`.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "python3 is needed"; exit 77; }
race() { python3 "$(dirname "$0")/race.py" "$S/natald.sock" "$@"; }
n key init >/dev/null && n pool fill 20 >/dev/null || exit 1

# What is there agrees: n pool status has natald compare its books with its rows.
agrees() { # WHAT
  within 20 bash -c "! '$B/natalctl' --state '$S' vm list -o json | grep -q '\"state\":\"defined\"'" || fail "$1: a birth was not finished: $(n vm list)"
  n pool status -o json > "$T/pool" || { fail "$1: the pool's books"; return; }
  n vm list -o json > "$T/vms" || { fail "$1: vm list"; return; }
  python3 - "$T/pool" "$T/vms" "$S" <<'P' && ok "$1: pool, list, pin records and keys agree" || fail "$1: they do not agree"
import glob, json, os, re, sqlite3, sys
pool, vms, s = json.load(open(sys.argv[1]))["kinds"], json.load(open(sys.argv[2]))["vms"], sys.argv[3]
bad = []
names = sorted(v["name"] for v in vms)
for k in pool:
    if k["kind"] in ("ssh-ed25519", "ssh-ecdsa", "tls-ecdsa-p256") and k["taken"] != len(vms):
        bad.append("%d %s keys are taken by %d machines" % (k["taken"], k["kind"], len(vms)))
    if k["made"] != k["free"] + k["taken"] + k["wiped"]:
        bad.append("%s keys are lost" % k["kind"])
pins = sorted(os.path.basename(p)[:-4] for p in glob.glob(s + "/pins/*.pin"))
if pins != names:
    bad.append("pin records of %s, machines %s" % (pins, names))
keys = [m for p in glob.glob(s + "/pins/*.pin") for m in re.findall(rb'(?:ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/=]+|"current":"[0-9a-f]{64}"', open(p, "rb").read())]
if len(keys) != 3 * len(vms) or len(set(keys)) != len(keys):
    bad.append("%d keys, %d of them different, in %d records" % (len(keys), len(set(keys)), len(vms)))
d = sqlite3.connect(s + "/natal.db", timeout=10)
for table in ("bundle", "bundle_secret"):
    left = d.execute("SELECT count(*) FROM %s WHERE vm_id NOT IN (SELECT id FROM vm)" % table).fetchone()[0]
    if left:
        bad.append("%d rows of %s belong to no machine" % (left, table))
print(*bad, sep="\n")
sys.exit(1 if bad else 0)
P
}
for names in 1 3; do
  race 6 60 $names $names > "$T/race" 2>&1 && ok "6 connections, $names names: $(grep -c . "$T/race") kinds of answers" || fail "the race: $(cat "$T/race")"
  agrees "after $names names"
done
! grep -q 'internal' "$S/natald.log" && ok "no internal error in the log" || fail "the log: $(grep internal "$S/natald.log" | head -3)"

# The same with a natald that is killed five times.
race 6 100 7 3 any > "$T/race" 2>&1 & R=$!
for i in 1 2 3 4 5; do sleep "0.$((RANDOM % 5 + 2))"; kill -9 "$(natald_pid)" 2>/dev/null; n status >/dev/null || fail "natald does not come back: $(tail -3 "$S/natald.log")"; done
wait $R && ok "killed five times meanwhile" || fail "the race with kills: $(cat "$T/race")"
grep -q ' 0 ' "$T/race" || fail "no request met a killed natald: $(cat "$T/race")"
agrees "after the kills"
for v in $(n vm list -o json | grep -o '"name":"[^"]*' | cut -d'"' -f4); do n vm delete "$v" >/dev/null || fail "delete $v"; done
agrees "with nothing left"

# ^C in `vm wait`: a line, the shell's status for it, and natald goes on. An interactive shell's job: SIGINT is not ignored in it.
n vm create web-1 --host none >/dev/null || fail "create"
interrupted() { # COMMAND…: ^C after a second; $rc and $T/wait
  python3 - "$@" > "$T/wait" 2>&1 <<'P'
import signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[1:], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
time.sleep(1)
p.send_signal(signal.SIGINT)
sys.exit(130 if p.wait(10) in (-2, 130) else 1)
P
  rc=$?
}
interrupted "$B/natalctl" --state "$S" vm wait web-1 --timeout 60
[ $rc = 130 ] && grep -q 'interrupted' "$T/wait" && ok "^C in vm wait: a line and status 130" || fail "^C in vm wait: $rc: $(cat "$T/wait")"
want 0 "web-1" n vm show web-1
want 0 "" n vm delete web-1
exit $bad
