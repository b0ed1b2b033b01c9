#!/bin/bash
# goals_https.sh - the same as goals.sh over the guest's own connection: HTTPS with the certificate that its bundle brought; natald goes and comes back.
. "${srcdir:-.}/tests/controller/lib.sh"
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root
pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$T"; }
trap stop_all EXIT
port=$(free_ports)
natald_start() { : > "$T/natald.log"; "$B/natald" --state "$S" --listen "127.0.0.1:$port" 2>> "$T/natald.log" & D=$!; pids+=($D); within 20 grep -q "ready$" "$T/natald.log" || fail "natald does not answer: $(tail -3 "$T/natald.log")"; }
natald_start
n key init > /dev/null
n vm create web-1 --host none --user alice --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
grep -q "127.0.0.1:$port" "$root/var/lib/natal/controller" && ok "the bundle names its controller" || fail "controller: $(cat "$root/var/lib/natal/controller")"
guestd_start() { "$guestd" --root "$root" --channel https --agent "$agent" --uuid "$uuid" 2>> "$T/guestd.log" & G=$!; pids+=($G); }
answered() { [ "$(field web-1 goal.guest.gen)" = "$1" ]; }
guestd_start
within 20 grep -q "controller found" "$T/guestd.log" && ok "natal-guestd finds its controller" || fail "no answer: $(cat "$T/guestd.log" "$T/natald.log")"
# No port of the machine: what the boot agent spooled arrives by this way too.
want 0 "" n vm wait web-1 --timeout 20
[ "$(field web-1 state)" = provisioned ] && ok "the spooled report is delivered over HTTPS" || fail "state $(field web-1 state): $(cat "$T/guestd.log")"

# A goal reaches a guest that waits, at once.
sleep 1
start=$(date +%s%N)
want 0 "goal 0.2, provisioned" n vm change web-1 --user bob
within 10 answered 2 || fail "no answer: $(tail -5 "$T/guestd.log")"
ms=$((($(date +%s%N) - start) / 1000000))
grep -q ^bob: "$root/etc/passwd" && [ $ms -lt 5000 ] && ok "told, fetched, applied, reported in $ms ms" || fail "$ms ms"

# A body larger than a reader's buffer, of many frames, the largest last: all are heard.
cat "$root"/etc/natal/tls/{cert,chain,key}.pem > "$T/web-1.pem"
python3 -c 'import struct,sys
def frame(body): return b"NTL1"+struct.pack("<IB7xQ",len(body),7,1)+b"\1"*32+body
open(sys.argv[1],"wb").write(frame(b"{}")*200+frame(b"x"*261632)+frame(b"y"*261632)+frame(b"z"*100))' "$T/frames"
before=$(field web-1 forged)
[ "$(curl -sSk --cert "$T/web-1.pem" --data-binary "@$T/frames" -H Expect: -o "$T/said" -w '%{http_code}' "https://127.0.0.1:$port/v1/guest/frames")" = 200 ] &&
  [ $(($(field web-1 forged) - before)) = 203 ] && ok "a body of $(stat -c %s "$T/frames") bytes is heard to its last frame" || fail "$(cat "$T/said"): $(field web-1 forged) forged"

# A copy of its disk waits as the same VM: natald answers the one with nothing where the other asks, and neither asks again at once.
asked() { curl -sS --unix-socket "$S/natald.sock" http://n/metrics | awk '/^natald_requests_total.*route="\/v1\/guest\/frames"/ { sum += $2 } END { print sum + 0 }'; }
cp -a "$root" "$T/copy"
"$guestd" --root "$T/copy" --channel https --agent "$agent" --uuid "$uuid" 2> "$T/copy.log" & copy=$!; pids+=($copy)
within 20 grep -q "controller found" "$T/copy.log" || fail "the copy: $(cat "$T/copy.log")"
before=$(asked)
sleep 6
more=$(($(asked) - before))
[ "$before" -gt 2 ] && [ $more -ge 2 ] && [ $more -le 24 ] && ok "two copies of one disk ask $more times in 6 s" || fail "two copies of one disk ask $more times in 6 s: $(tail -3 "$T/copy.log")"
# Begun anew, so that the one that is left waits, and does not pause.
kill $copy $G; wait $copy $G 2>/dev/null
: > "$T/guestd.log"
guestd_start
within 20 grep -q "controller found" "$T/guestd.log" || fail "no answer: $(cat "$T/guestd.log")"

# kill -9: the guest comes back by itself, with the session it had.
kill -9 $D; wait $D 2>/dev/null
sleep 1
: > "$T/guestd.log"
natald_start
within 30 grep -q "controller found.*session=resumed" "$T/guestd.log" && ok "back after kill -9, its session resumed" || fail "not resumed: $(cat "$T/guestd.log")"
want 0 "goal 0.3" n vm rotate-keys web-1
within 20 answered 3 && ok "keys rotate over the connection that they secure" || fail "$(field web-1 reason): $(tail -5 "$T/guestd.log")"
want 0 "goal 0.4" n vm change web-1 --remove-user bob
within 60 answered 4 && ok "and the next goal comes by the new certificate" || fail "$(field web-1 goal): $(tail -5 "$T/guestd.log") $(tail -3 "$T/natald.log")"

# A run in quarantine: a connection that has not said which run it is of is told nothing, and the other goes on.
kill $D; wait $D 2>/dev/null
python3 - "$S/natal.db" <<'P'
import sqlite3, sys
d = sqlite3.connect(sys.argv[1])
d.execute("INSERT INTO boot (vm_id, boot_id, number, place, seq, twin, run_token, standing) SELECT vm_id, 'aaaaaaaa-0000-4000-8000-000000000000', 0, -1, 0, 0, 0, 2 FROM boot LIMIT 1"); d.commit()
P
natald_start
cat "$root"/etc/natal/tls/{cert,chain,key}.pem > "$T/web-1.pem"
[ "$(curl -sSk --cert "$T/web-1.pem" --data-binary "" -o "$T/said" -w '%{http_code}' "https://127.0.0.1:$port/v1/guest/frames?wait=1")" = 403 ] &&
  grep -q "a run of it is in quarantine" "$T/said" && ok "a copy that does not say who it is waits for nothing" || fail "a copy: $(cat "$T/said")"
want 0 "goal 0.5" n vm change web-1 --user eve
within 60 answered 5 && ok "and the run that counts follows its goals" || fail "$(field web-1 goal): $(tail -5 "$T/guestd.log") $(tail -3 "$T/natald.log")"

# A goal that the guest refuses is told once: it waits for another, and is not told the same again and again.
mkdir "$T/aside"; mv "$root"/etc/natal/trust.d/* "$T/aside/"; rm -f "$root/var/lib/natal/statements"
want 0 "goal 0.6" n vm change web-1 --user mallory
refused() { [ "$(field web-1 state)" = failed ]; }
within 60 refused && ok "a guest that trusts no key refuses: $(field web-1 reason)" || fail "$(field web-1 state): $(tail -5 "$T/guestd.log")"
sleep 3; before=$(asked); sleep 8; more=$(($(asked) - before))
[ $more -le 1 ] && ok "and waits: it has asked $more times in 8 s" || fail "it has asked $more times in 8 s: $(tail -3 "$T/guestd.log")"
mv "$T"/aside/* "$root/etc/natal/trust.d/"
want 0 "goal 0.7" n vm change web-1 --remove-user mallory
within 60 answered 7 && ok "the next goal is told at once" || fail "$(field web-1 goal): $(tail -5 "$T/guestd.log")"

# A deleted VM's certificate is worth nothing.
n vm delete web-1 > /dev/null
within 60 grep -q "answers with status 40[13]" "$T/guestd.log" && ok "a deleted VM is refused" || fail "still heard: $(tail -3 "$T/guestd.log")"
small_enough $G 6144
exit $bad
