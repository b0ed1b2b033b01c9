#!/bin/bash
# goals.sh - a guest that follows goals, end to end but for the machine: natald, its host code, the port, natal-guestd, natal-agent below a root folder.
. "${srcdir:-.}/tests/controller/lib.sh"
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root
pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; ended; }
trap stop_all EXIT
n key init > /dev/null
host=none
# goals_hosted.sh: the same through a host of its own.
if [ "${NATAL_TEST_HOSTED:-}" = 1 ]; then
  host=h1 port=$(free_ports); : > "$T/h1.log"
  n daemon start --listen "127.0.0.1:$port" > /dev/null && n access grant host h1 --out "$T/token" > /dev/null || fail "natald does not listen"
  "$B/natal-hostd" --state "$T/h1" --server "https://127.0.0.1:$port" --join "$T/token" 2> "$T/h1.log" & pids+=($!)
  within 20 grep -q ' found' "$T/h1.log" || fail "natal-hostd: $(cat "$T/h1.log")"
fi
n vm create web-1 --host $host --user alice --channel "unix:$T/web-1.sock" --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
: > "$T/port"
"${srcdir:-.}/tests/tools/port.py" "$T/web-1.sock" "$T/guest.sock" > "$T/port" & pids+=($!)
within 10 grep -q ready "$T/port" || fail "no port"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel "$T/guest.sock" > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
n vm wait web-1 --timeout 60 > /dev/null 2>&1; [ "$(field web-1 state)" = provisioned ] || fail "state $(field web-1 state)"
guestd_start() { "$guestd" --root "$root" --channel "$T/guest.sock" --agent "$agent" --uuid "$uuid" 2>> "$T/guestd.log" & G=$!; pids+=($G); }
answered() { [ "$(field web-1 goal.guest.gen)" = "$1" ]; }
# Who started it hears of it, by the one socket that it keeps.
: > "$T/notify"
python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("bound", flush=True)
while True: print(s.recv(99).decode(), flush=True)' "$T/notify.sock" > "$T/notify" & pids+=($!)
within 10 grep -q bound "$T/notify" || fail "no notify socket"
export NOTIFY_SOCKET=$T/notify.sock WATCHDOG_USEC=1000000
guestd_start
unset NOTIFY_SOCKET WATCHDOG_USEC
within 20 grep -q "controller found: epoch=0 gen=1" "$T/guestd.log" && ok "natal-guestd finds its controller" || fail "no answer: $(cat "$T/guestd.log")"

# A goal: one more user and a file; the guest is told, fetches, applies, reports.
echo hello > "$T/motd"; chmod 644 "$T/motd"
want 0 "goal 0.2, provisioned" n vm change web-1 --user bob --file "$T/motd:/etc/motd" --hostname web-one
want 0 "" n vm wait web-1 --timeout 30
answered 2 && [ "$(field web-1 state)" = provisioned ] && ok "the guest has generation 2" || fail "$(field web-1 goal) $(field web-1 state) $(field web-1 reason): $(cat "$T/guestd.log")"
grep -q ^bob: "$root/etc/passwd" && [ "$(cat "$root/etc/motd")" = hello ] && ok "user and file are there" || fail "not applied"
[ "$(cat "$root/etc/hostname")" = web-one ] && ok "renamed" || fail "hostname $(cat "$root/etc/hostname")"
want 0 "goal 0.2" n vm change web-1 --user bob
answered 2 && ok "the same again is no new goal" || fail "a new goal of nothing"

# Its private keys were wiped at the first confirmation: later goals hold the public halves alone, and the guest keeps what it has.
key=$(sha256sum < "$root/etc/ssh/ssh_host_ed25519_key"); tls=$(sha256sum < "$root/etc/natal/tls/key.pem")
want 0 "goal 0.3" n vm change web-1 --remove-file /etc/motd
within 30 answered 3 && [ ! -e "$root/etc/motd" ] && ok "the file is absent" || fail "the file is there: $(cat "$T/guestd.log")"
[ "$key" = "$(sha256sum < "$root/etc/ssh/ssh_host_ed25519_key")" ] && [ "$tls" = "$(sha256sum < "$root/etc/natal/tls/key.pem")" ] && ok "keys are kept" || fail "keys changed"
want 0 "goal 0.4" n vm rotate-keys web-1
within 30 answered 4 || fail "not rotated: $(field web-1 reason): $(cat "$T/guestd.log")"
[ "$key" != "$(sha256sum < "$root/etc/ssh/ssh_host_ed25519_key")" ] && [ "$tls" != "$(sha256sum < "$root/etc/natal/tls/key.pem")" ] && ok "keys are rotated" || fail "keys are the old ones"
n vm pin web-1 --known-hosts | grep -qF "$(cut -d' ' -f1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" && ok "the pin record has the new key" || fail "pin: $(n vm pin web-1 --known-hosts)"

[ "$(grep -c READY=1 "$T/notify")" = 1 ] && [ "$(grep -c WATCHDOG=1 "$T/notify")" -ge 2 ] && ok "the service manager hears of it" || fail "notified: $(sort "$T/notify" | uniq -c)"

# A controller that is away, and a guest that is: neither loses anything.
kill $G; wait $G 2>/dev/null
want 0 "goal 0.5" n vm change web-1 --user carol
n daemon stop > /dev/null
guestd_start
sleep 1; ! grep -q ^carol: "$root/etc/passwd" && ok "nobody is there to ask" || fail "applied without a controller?"
n status > /dev/null
within 40 answered 5 && grep -q ^carol: "$root/etc/passwd" && ok "it catches up when the controller is back" || fail "$(field web-1 goal): $(cat "$T/guestd.log")"
small_enough $G 6144
[ "$(grep -cE '^(CapEff:.0{16}|NoNewPrivs:.1|Seccomp:.2)$' "/proc/$G/status")" = 3 ] && ok "natal-guestd has let go of what it does not need" || fail "natal-guestd: $(grep -E '^(CapEff|NoNewPrivs|Seccomp):' "/proc/$G/status")"

# A guest that is away: its goal has a deadline and a reason, and is not lost with them.
kill $G; wait $G 2>/dev/null; n daemon stop > /dev/null
NATAL_BOOT_DEADLINE_S=3 n status > /dev/null
want 0 "goal 0.6" n vm change web-1 --user dora
within 20 eval '[ "$(field web-1 state)" = degraded ]'
[[ $(field web-1 reason) == "goal 0.6 was not answered within 3 s; it stands"* ]] && ok "a goal that nobody answers says so" || fail "$(field web-1 state): $(field web-1 reason)"
guestd_start
within 30 answered 6 && [ "$(field web-1 state)" = provisioned ] && ok "and is applied when the guest is back" || fail "$(field web-1 state): $(field web-1 reason)"

# Mistakes are said at the keyboard.
want 2 "nothing is to change" n vm change web-1
want 3 "root cannot be absent" n vm change web-1 --remove-user root
want 3 "'bob/x' is no user name" n vm change web-1 --remove-user bob/x
want 3 "no absolute path" n vm change web-1 --remove-file etc/motd
want 5 "others start it" n vm change web-1 --goal running
want 3 "there is no state 'provisoned'" n vm change web-1 --goal provisoned
[ "$(field web-1 goal.gen)" = 6 ] && ok "and nothing comes of them" || fail "gen $(field web-1 goal.gen)"

# States that others than the guest have a part in.
want 0 "goal 0.7, verified" n vm change web-1 --goal verified
unjudged() { [[ $(field web-1 reason) == *"no verifier has judged it" ]]; }
within 30 answered 7 && within 10 unjudged && ok "to be verified: provisioned, and not judged yet" || fail "$(field web-1 state): $(field web-1 reason)"
# Nobody else stops this one: its guest is told, and says in its report that it cannot.
want 0 "goal 0.8, stopped" n vm change web-1 --goal stopped
told_to_stop() { [[ $(field web-1 reason) == *"the guest is to stop: this guest has no /usr/bin/systemd-run"* ]]; }
within 30 told_to_stop && ok "a guest that others run is told to stop" || fail "$(field web-1 state): $(field web-1 reason)"
want 0 "absent" n vm change web-1 --goal absent
want 6 "there is no VM" n vm show web-1
exit $bad
