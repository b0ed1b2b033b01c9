#!/bin/bash
# goals_two.sh - two natald on one PostgreSQL: a guest waits at the one, its goal is decided at the other; the one goes, and the guest finds the other.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/two.sh"
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root
n key init > /dev/null
# One request sent to both at the same moment, with one key: each says the same, and it is done once.
python3 - "$S/natald.sock" "$T/two/natald.sock" <<'P' && ok "one idempotency key at two natald at once is one request" || fail "one key at two natald"
import http.client, json, socket, sys, threading
class Unix(http.client.HTTPConnection):
    def __init__(self, path): super().__init__("n"); self.path = path
    def connect(self): self.sock = socket.socket(socket.AF_UNIX); self.sock.connect(self.path)
def ask(path, n, barrier, into):
    c = Unix(path); c.connect(); barrier.wait(20)
    c.request("POST", "/v1/vms", json.dumps({"name": f"once-{n}", "host": "none"}), {"Idempotency-Key": f"key-{n}"})
    r = c.getresponse(); doc = json.loads(r.read()); into.append((r.status, doc.get("id") or doc.get("detail")))
bad, together = [], 0
for n in range(40):
    barrier, got = threading.Barrier(2), []
    both = [threading.Thread(target=ask, args=(p, n, barrier, got)) for p in sys.argv[1:]]
    [t.start() for t in both], [t.join() for t in both]
    if sorted(s for s, _ in got) not in ([201, 201], [200, 201], [200, 200]) or len({i for _, i in got}) != 1:
        bad.append(got)
print(bad[:3] if bad else "40 pairs")
sys.exit(bool(bad))
P
named() { psql -X -q -A -t -h "$PG/a" -U natal -d natal -c "SELECT count(*) FROM instance WHERE addresses <> ''" | grep -qx 2; }
within 20 named && sleep 6 || fail "the store does not say where two natald are"       # each looks for the others every 5 s
n vm create web-1 --host none --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
"$guestd" --root "$root" --channel https --agent "$agent" --uuid "$uuid" 2> "$T/guestd.log" & G=$!
within 30 grep -q "controller found" "$T/guestd.log" || fail "no controller: $(cat "$T/guestd.log")"
n vm wait web-1 --timeout 20 > /dev/null || fail "not provisioned: $(tail -3 "$T/guestd.log")"
has() { [ "$(n2 vm show web-1 -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["goal"]["guest"]["gen"])')" = "$1" ]; }
sleep 1; start=$SECONDS
want 0 "goal 0.2" n2 vm change web-1 --user bob
within 20 has 2 && grep -q ^bob: "$root/etc/passwd" && ok "decided at one natald, heard at the other within $((SECONDS - start)) s" || fail "$(n2 vm show web-1): $(tail -5 "$T/guestd.log")"
[ $((SECONDS - start)) -le 8 ] || fail "by the news it takes a second or two, not $((SECONDS - start))"
# Pin records are files of each natald: of VMs that another one made, renewed, renamed and deleted too.
in_step() { [ -s "$T/two/pins/$1.pin" ] && cmp -s "$S/pins/$1.pin" "$T/two/pins/$1.pin"; }
nowhere() { [ ! -e "$S/pins/$1.pin" ] && [ ! -e "$T/two/pins/$1.pin" ]; }
within 10 in_step web-1 || fail "the pin records of web-1 differ"
n vm create tmp-1 --host none > /dev/null; within 10 in_step tmp-1 && ok "a VM's pin record is at the other natald" || fail "pins: $(ls "$S/pins" "$T/two/pins")"
cp "$T/two/pins/tmp-1.pin" "$T/before.pin"; n vm reissue tmp-1 > /dev/null
within 10 in_step tmp-1 && ! cmp -s "$T/before.pin" "$T/two/pins/tmp-1.pin" && ok "and the one that comes after it" || fail "not renewed: $(ls -l "$S/pins" "$T/two/pins")"
n vm change tmp-1 --rename tmp-2 > /dev/null
within 10 in_step tmp-2 && within 10 nowhere tmp-1 && ok "under its new name alone" || fail "pins: $(ls "$S/pins" "$T/two/pins")"
n2 vm delete tmp-2 > /dev/null; within 10 nowhere tmp-2 && in_step web-1 && ok "and goes with it" || fail "pins: $(ls "$S/pins" "$T/two/pins")"
# News that are lost: the natald that missed them compares who waits with the store, and tells at once.
[ "$(pg_sql a "SELECT count(*) FROM news")" -gt 0 ] || fail "no news"
kill -STOP $one
want 0 "goal 0.3" n2 vm change web-1 --user dave
pg_sql a "DELETE FROM news"
kill -CONT $one
within 10 has 3 && grep -q "news were missed" "$T/one.log" && ok "news that were lost: the guest that waits is told all the same" || fail "$(tail -2 "$T/one.log" "$T/guestd.log")"

# The one that made its bundle is killed: the guest finds the other by the bundle that it has.
grep -q "127.0.0.1:$p2.*127.0.0.1:$p1" "$root/var/lib/natal/controller" && ok "a bundle names the natald that made it, and the other behind it" || fail "$(cat "$root/var/lib/natal/controller")"
: > "$T/guestd.log"
kill -9 $one; wait $one 2>/dev/null; one=
within 90 grep -q "controller found" "$T/guestd.log" && ok "the natald is killed, and its guest is with the other" || fail "not found: $(tail -5 "$T/guestd.log")"
want 0 "goal 0.4" n2 vm change web-1 --user carol
within 20 has 4 && grep -q ^carol: "$root/etc/passwd" && ok "and follows its goals there" || fail "$(n2 vm show web-1): $(tail -5 "$T/guestd.log")"
# Who is connected is asked again where another certificate counts, and not by each goal.
cert_news() { pg_sql a "SELECT count(*) FROM news WHERE noun = 'cert'"; }
[ "$(cert_news)" = 0 ] || fail "a goal with the certificate of before has everybody asked again"
want 0 "" n2 vm rotate-keys web-1
[ "$(cert_news)" -ge 1 ] && ok "a kept certificate is no news, another one is" || fail "another certificate is told to nobody"
# Who joins there is told of those that live.
n2 access grant host h1 --out "$T/token" > /dev/null
"$B/natal-hostd" --state "$T/h" --join "$T/token" --server "https://127.0.0.1:$p2" 2> "$T/h.log" & H=$!
within 20 grep -q "controller=.*found" "$T/h.log" || fail "no host: $(cat "$T/h.log")"
kill $H; wait $H 2>/dev/null
servers() { python3 -c 'import json,sys; print(*json.load(open(sys.argv[1]))["servers"])' "$T/h/identity.json"; }
[[ "$(servers)" == "https://127.0.0.1:$p2"* ]] && ok "a host keeps the servers that it was given: $(servers)" || fail "$(servers)"
exit $bad
