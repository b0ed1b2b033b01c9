#!/bin/bash
# gone - the controller is not there, or goes away: each side says so, and nothing is lost.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "python3 is needed"; exit 77; }
n key init >/dev/null || exit 1

# natalctl: nobody listens, and natald cannot be started.
n daemon stop
want 9 "natald did not start" env NATALD=/bin/false "$B/natalctl" --state "$S" vm list
want 6 "natald is not installed beside natalctl" bash -c 'mkdir "$1/alone" && cp "$0/natalctl" "$1/alone/" && unset NATALD && exec "$1/alone/natalctl" --state "$1/s2" vm list' "$B" "$T"

# natald is killed between a request and its reply: a stand-in takes the request and dies.
standin() {   # WHAT it does with the connection
  rm -f "$S/natald.sock"
  python3 - "$S/natald.sock" "$1" <<'P' &
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(8)
for _ in range(2):
    c, _a = s.accept(); c.recv(65536)
    if sys.argv[2] == "half": c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"id\":")
    if sys.argv[2] == "junk": c.sendall(b"220 mail.example ESMTP\r\n")
    c.close()
P
  P=$!; within 10 test -S "$S/natald.sock" || fail "no stand-in"
}
for how in "none:it closed the connection" "half:the answer is cut short" "junk:that was no HTTP"; do
  standin "${how%%:*}"
  want 9 "$S/natald.sock: ${how#*:}" n vm create lost --host none
  want 9 "${how#*:}" n vm create lost --host none
  kill $P 2>/dev/null; wait $P 2>/dev/null
done
standin none
want 9 "hint: its log is $S/natald.log" n vm create lost --host none
kill $P 2>/dev/null; wait $P 2>/dev/null; rm -f "$S/natald.sock"
want 6 "there is no VM 'lost'" n vm show lost

# The real one, killed while a client waits: the client is told, and the next one finds everything.
n vm create web-1 --host none --channel "unix:$T/web-1.sock" --medium-out "$T/web-1.iso" >/dev/null
n vm wait web-1 --timeout 4 >"$T/wait" 2>&1 & W=$!
sleep 0.7; kill -9 "$(natald_pid)"
within 20 n vm show web-1 >/dev/null 2>&1 || fail "natald does not come back"
[ "$(field web-1 state)" = ready ] && ok "after kill -9 the VM is there" || fail "state $(field web-1 state)"
wait $W; rc=$?
[ $rc = 9 ] && grep -q 'VM web-1 is ready after 4 s' "$T/wait" && ok "a waiting natalctl outlives it" || fail "vm wait: status $rc: $(cat "$T/wait")"

# The guest: it reports while no controller is there, and again until one has committed it.
mk=$B/tests/tools/mkbundle agent=$B/natal-agent root=$T/root uuid=$(field web-1 uuid)
guest_root "$root"
[ -x "$mk" ] || exit 1
n daemon stop
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel "$T/web-1.sock" > "$T/apply" 2>&1; rc=$?
spool() { find "$root/var/lib/natal/spool" -type f -size +0 2>/dev/null | wc -l; }
[ $rc = 0 ] && ok "provisioned with no controller" || fail "apply without a controller: status $rc: $(cat "$T/apply")"
frames=$(cat "$root"/var/lib/natal/spool/* | grep -ao NTL1 | wc -l)
[ "$(spool)" -gt 0 ] && [ "$frames" -gt 3 ] && ok "the report is spooled" || fail "nothing is spooled: $(find "$root/var/lib/natal")"
# The port as a hypervisor has it: a listener for the host's side, another for the guest's, bytes between them.
python3 - "$T/web-1.sock" "$T/guest.sock" <<'P' &
import select, socket, sys
host, guest = [socket.socket(socket.AF_UNIX) for _ in range(2)]
for s, p in ((host, sys.argv[1]), (guest, sys.argv[2])): s.bind(p); s.listen(1)
h, _ = host.accept(); g, _ = guest.accept()
while True:
    for s in select.select([h, g], [], [])[0]:
        b = s.recv(65536)
        if not b: sys.exit()
        (g if s is h else h).sendall(b)
P
P=$!
n status >/dev/null
within 10 test -S "$T/guest.sock" || fail "no port"
# Who waits for events is told each step.
curl -s --unix-socket "$S/natald.sock" "http://n/v1/vms/web-1/events?after=0&wait=1" > /dev/null
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel "$T/guest.sock" > "$T/apply" 2>&1 || fail "the second apply: $(cat "$T/apply")"
n vm wait web-1 --timeout 20 >/dev/null 2>"$T/wait" && [ "$(field web-1 state)" = provisioned ] && ok "the spooled report is delivered when the controller is back" ||
  fail "state $(field web-1 state): $(cat "$T/wait") $(cat "$T/apply")"
# The second run says less than the first: what was done was done by then. Each frame of the first is among what natald has heard.
heard=$(curl -s --unix-socket "$S/natald.sock" "http://n/v1/vms/web-1/events?after=0" | grep -o '"kind":"step"' | wc -l)
[ "$heard" -gt "$frames" ] && ok "$heard frames were heard, $frames of them spooled" || fail "$heard frames were heard, $frames were spooled"
[ "$(spool)" = 0 ] && ok "what was acknowledged is forgotten" || fail "the spool still holds $(ls -l "$root/var/lib/natal/spool")"
kill $P 2>/dev/null; wait $P 2>/dev/null

exit $bad
