#!/bin/bash
# store - the pool's water marks, and a store that is corrupt: natald refuses it with a way out, and changes no byte of it.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null && command -v curl >/dev/null || { echo "python3 and curl are needed"; exit 77; }
n key init >/dev/null || exit 1

# ---- water marks
free() { n pool status -o json | python3 -c 'import json,sys; print(*[k[sys.argv[1]] for k in json.load(sys.stdin)["kinds"] if k["high"]])' "$1"; }
low=$(free low) high=$(free high)
[ "$low" = "64 64 64" ] && [ "$high" = "256 256 256" ] && ok "marks $low and $high" || fail "marks '$low' '$high'"
full() { [ "$(free free)" = "$high" ]; }
within 120 full && ok "an empty pool is filled to the high mark, in the background" || fail "the pool has $(free free)"
# The thread that makes them runs under SCHED_IDLE, 5: field 41 of its stat, proc(5).
idle=$(for t in /proc/"$(natald_pid)"/task/*; do sed 's/.*) //' "$t/stat" | cut -d' ' -f39; done | grep -c '^5$')
[ "$idle" = 1 ] && ok "made at the lowest priority" || fail "$idle threads with SCHED_IDLE"
take() { for i in $(seq "$2" "$3"); do curl -s -m 5 --unix-socket "$S/natald.sock" -X POST http://n/v1/vms -d "{\"name\":\"$1-$i\",\"host\":\"none\"}" -o /dev/null; done; }
take a 1 150; sleep 2.5
[ "$(free free)" = "106 106 106" ] && [ "$(free being_made)" = "0 0 0" ] && ok "between the marks nothing is made" || fail "free $(free free), being made $(free being_made)"
take a 151 195
# A mark is looked at once a second: what was taken after the order was placed is missing from it.
filled() { [ "$(free being_made)" = "0 0 0" ] && [ "$(free free | tr ' ' '\n' | sort -n | head -n 1)" -gt 230 ]; }
within 120 filled && ok "below the low mark it is filled to the high one" || fail "the pool has $(free free)"
want 0 "300" n pool fill 300
marks() { n pool status -o json | python3 -c 'import json,sys; print(*["%s %d %d" % (k["kind"], k["low"], k["high"]) for k in json.load(sys.stdin)["kinds"] if k["kind"] in sys.argv[1:]], sep=", ")' "$@"; }
want 2 "the low mark 300 is not below the high mark 256" n pool marks --low 300
want 2 "hint: below the low mark keys are made up to the high one; 0 and 0 make none ahead" n pool marks --low 20 --high 20
want 2 "error[usage]: --high 100001: 0 to 100000" n pool marks --low 1 --high 100001
want 2 "natalctl pool marks: --low N or --high N is missing" n pool marks --kind tls-ecdsa-p256
want 6 "did you mean 'ssh-ed25519'?" n pool marks --low 1 --high 2 --kind ssh-ed2551
want 5 "keys are made ahead for project default only" n pool marks --low 1 --high 2 --project blue
want 0 "a high mark of 100001 keys: 100000 at most" curl -s --unix-socket "$S/natald.sock" http://n/v1/pool/marks -d '{"low":1,"high":100001}'
[ "$(marks tls-ecdsa-p256 ssh-rsa-3072)" = "tls-ecdsa-p256 64 256, ssh-rsa-3072 0 0" ] &&
  ok "refused marks change nothing" || fail "marks: $(marks tls-ecdsa-p256 ssh-rsa-3072)"
want 0 "400" n pool marks --low 350 --high 400 --kind tls-ecdsa-p256
four() { [ "$(n pool status -o json | python3 -c 'import json,sys; print([k["free"] for k in json.load(sys.stdin)["kinds"] if k["kind"]=="tls-ecdsa-p256"][0])')" = 400 ]; }
within 60 four && ok "a raised mark is filled up to at once" || fail "$(n pool status)"
n pool marks --low 8 > /dev/null
n daemon stop
[ "$(marks tls-ecdsa-p256)" = "tls-ecdsa-p256 8 400" ] && ok "marks are kept across a restart" || fail "after a restart: $(marks tls-ecdsa-p256)"
[[ "$(marks ssh-rsa-3072)" = *" 0 0" ]] && ok "RSA keys are a wish of their own" || fail "$(marks ssh-rsa-3072)"
n pool marks --low 0 --high 0 > /dev/null

# ---- a corrupt store, in three ways; each time it is refused with a hint, no byte of it is changed, and the backup goes on where it was
n vm create web-1 --host none >/dev/null; n vm pin web-1 --known-hosts > "$T/known"
n daemon stop; cp -a "$S" "$T/backup"
broken() {   # WHAT TEXT
  before=$(sha256sum < "$S/natal.db")
  want 3 "$2" "$B/natald" --state "$S"
  want 3 "$2" n vm list
  want 3 "hint: stop natald and put a backup of the state folder in its place" n vm create web-2 --host none
  [ "$(sha256sum < "$S/natal.db")" = "$before" ] && ok "$1: not a byte changed" || fail "$1: the store was written to"
  rm -rf "$S"; cp -a "$T/backup" "$S"
}
printf 'not a database, and long enough to look like one' | dd of="$S/natal.db" conv=notrunc status=none
broken "no database" "is corrupt"
truncate -s 20480 "$S/natal.db"
broken "cut short" "is corrupt"
python3 - "$S/natal.db" <<'P'
import sys
with open(sys.argv[1], "r+b") as f:      # pages in the middle: their heads are no b-tree pages
    size = f.seek(0, 2)
    for at in range(4096 * 2, size, 4096 * 3): f.seek(at); f.write(b"\xa5" * 64)
P
broken "pages overwritten" "is corrupt"
n vm pin web-1 --known-hosts | cmp -s - "$T/known" && ok "with the backup in its place all is there" || fail "the backup does not hold web-1"

# ---- a store of a newer natald, and a migration that was another
python3 - "$S/natal.db" <<'P'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1]); v = c.execute("select max(version) from migration").fetchone()[0]
c.execute("insert into migration values (?, 'x', 0)", (v + 1,)); c.commit()
P
n daemon stop >/dev/null
want 5 "it was written by a newer natald" "$B/natald" --state "$S"
exit $bad
