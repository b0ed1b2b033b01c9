#!/bin/bash
# flips.sh - a store whose file was cut short, or whose bits were flipped, with all that the controller as a service keeps in it: refused with advice, at the start or by natalctl
# store check; and a bundle that is not what was made is told to nobody. FLIPS: how many bits anywhere.
. "$(dirname "$0")/lib.sh"
command -v python3 > /dev/null && command -v curl > /dev/null || { echo "python3 and curl are needed"; exit 77; }
n key init > /dev/null && n pool marks --low 2 --high 4 > /dev/null || exit 1
for i in 1 2 3 4; do n vm create "web-$i" --host none --user alice --medium-out "$T/web-$i.iso" > /dev/null || exit 1; done
n vm create late --host none > /dev/null && n vm change web-1 --user bob > /dev/null && n vm change web-2 --user carol > /dev/null || exit 1
n key rotate "$(n key list -o json | grep -o '"name":"[^"]*' | head -1 | cut -d'"' -f4)" > /dev/null || fail "rotate"
n access grant reader rita --out "$T/rita.token" > /dev/null; n vm create web-5 --host none > /dev/null
n daemon stop > /dev/null
python3 -c 'import sqlite3,sys; d = sqlite3.connect(sys.argv[1]); d.execute("PRAGMA wal_checkpoint(TRUNCATE)"); d.execute("PRAGMA journal_mode=DELETE"); d.close()' "$S/natal.db"
cp "$S/natal.db" "$T/whole"
want 0 "are as they were signed and chained" n store check
chmod 755 "$src/tests/controller/flips.py" 2> /dev/null
# check FILE: what natalctl store check runs.
mkdir "$T/k"; cp "$S/store.key" "$T/k/"; printf '#!/bin/sh\nrm -f %s/natal.db*; cp "$1" %s/natal.db; exec %s store check --state %s --json\n' "$T/k" "$T/k" "$B/natald" "$T/k" > "$T/check"; chmod 755 "$T/check"
"$src/tests/controller/flips.py" columns "$T/whole" "$T/check" || bad=1
"$src/tests/controller/flips.py" anywhere "$T/whole" "${FLIPS:-200}" "$T/check" || bad=1
rm -f "$T"/whole.flipped*

# ---- cut short, at 16 places
size=$(stat -c %s "$T/whole") cut=0 advised=0
for i in $(seq 16); do
  head -c $((size * i / 17)) "$T/whole" > "$S/natal.db"; before=$(sha256sum < "$S/natal.db")
  "$B/natald" --state "$S" > "$T/said" 2>&1; rc=$?
  [ $rc = 3 ] && grep -q "is corrupt" "$T/said" && cut=$((cut + 1)) || fail "cut at $((size * i / 17)): status $rc: $(cat "$T/said")"
  grep -q "hint: stop natald and put a backup of the state folder in its place" "$T/said" && [ "$(sha256sum < "$S/natal.db")" = "$before" ] && advised=$((advised + 1))
done
[ $cut = 16 ] && [ $advised = 16 ] && ok "16 of 16 stores that were cut short are refused, with advice, and not a byte of them is changed" || fail "$cut refused, $advised advised"

# ---- a bundle that is not what was made is handed out to nobody
flip() { cp "$T/whole" "$S/natal.db"; python3 - "$S/natal.db" "$1" "$2" <<'P2'
import sqlite3, sys
d = sqlite3.connect(sys.argv[1])
vm, n, raw = d.execute(f"SELECT b.vm_id, b.sequence, b.{sys.argv[2]} FROM bundle b JOIN vm v ON v.id = b.vm_id AND v.sequence = b.sequence WHERE v.name = ?", (sys.argv[3],)).fetchone()
raw = bytearray(raw); raw[len(raw) // 2] ^= 4
d.execute(f"UPDATE bundle SET {sys.argv[2]} = ? WHERE vm_id = ? AND sequence = ?", (bytes(raw), vm, n)); d.commit()
P2
}
for column in manifest digest; do
  flip $column late
  want 3 "in the store: its manifest is not what was made" n vm medium late --out "$T/late.iso"
  want 3 "hint: the store is damaged: natalctl store check says how far" n vm medium late --out "$T/late.iso"
  want 0 "web-1" n vm list
  n daemon stop > /dev/null 2>&1; rm -f "$S"/natal.db-*
done
flip pin_record web-3
want 4 "error[untrusted]" n vm pin web-3
n daemon stop > /dev/null 2>&1; rm -f "$S"/natal.db-*
cp "$T/whole" "$S/natal.db"
want 0 "late" n vm list
exit $bad
