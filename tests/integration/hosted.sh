#!/bin/bash
# hosted - a real guest below natal-hostd: natald over HTTPS on one side, QEMU and the vTPM on the other. Both daemons are killed beneath it.
# timeout: 900
. "$(dirname "$0")/lib.sh"
controller
natalctl daemon stop > /dev/null
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
natald_begin() {
  : > "$work/natald.log"
  natald --listen "127.0.0.1:$port" 2>> "$work/natald.log" & D=$!; pids+=("$D")
  within 20 grep -q 'ready$' "$work/natald.log" || fail "natald: $(cat "$work/natald.log")"
}
hostd_begin() {
  : > "$work/hostd.log"
  natal-hostd --state "$work/h1" "$@" 2>> "$work/hostd.log" & H=$!; pids+=("$H")
  within 20 grep -q ' found' "$work/hostd.log" || fail "natal-hostd: $(cat "$work/hostd.log")"
}
natald_begin
natalctl access grant host h1 --out "$work/h1.token" > /dev/null
hostd_begin --join "$work/h1.token" --server "https://127.0.0.1:$port"
there() { natalctl host list --no-headers | grep -qE '^h1 +there '; }
within 20 there || fail "$(natalctl host list)"

natalctl vm create web-1 --host h1 --image golden --user alice --ssh-key "$work/id.pub" --sudo --address dhcp --forward 22
natalctl vm start web-1 > /dev/null
natalctl vm wait web-1 --timeout 300 > "$work/wait.txt" || fail "not provisioned: $(tail -n 3 "$work/wait.txt")"
ok "a guest is born on a host of its own"
wiped() { [ "$(vm_field web-1 bundle.wiped_at)" != 0 ]; }
within 60 wiped && ok "its medium is ejected there, and its private halves are wiped" || fail "not wiped: $(vm_field web-1 reason)"
ssh_port=$(forward_of web-1 22)
in_guest() { ssh_as web-1 "$ssh_port" "$@"; }
within 60 in_guest true || fail "no ssh"
main=$(grep -ho '"main_pid":[0-9]*' "$work"/h1/host/vm-*/run.json | cut -d: -f2)
[[ $(tr '\0' ' ' < "/proc/$main/cmdline") == *qemu-system* ]] &&
  ok "strict ssh through what its host forwards; process $main is a QEMU" || fail "process $main: $(tr '\0' ' ' < "/proc/$main/cmdline")"
console() { printf '\r' | natalctl vm console web-1 --for 5 | grep -q 'login:'; }
within 60 console && ok "its console answers through its host" || fail "no login on the console"
within 120 in_guest systemctl is-active natal-guestd || fail "natal-guestd: $(in_guest systemctl status natal-guestd)"
answered() { [ "$(vm_field web-1 goal.guest.gen)" = "$1" ] && [ "$(vm_field web-1 state)" = provisioned ]; }

natalctl vm change web-1 --user bob --ssh-key "$work/id.pub"
within 120 answered 2 && in_guest id bob > /dev/null && ok "it follows a goal through its host" || fail "generation 2: $(natalctl vm show web-1)"
kill -9 "$D"; wait "$D" 2> /dev/null || true
natald_begin
natalctl vm change web-1 --remove-user bob
within 120 answered 3 && ok "natald is killed: its host and the guest find it again" || fail "generation 3: $(natalctl vm show web-1)"
kill -9 "$H"; wait "$H" 2> /dev/null || true
in_guest '! id bob 2> /dev/null' || fail "the guest went with natal-hostd"
hostd_begin
natalctl vm change web-1 --timezone Europe/Berlin
within 120 answered 4 && ok "natal-hostd is killed: the guest runs on, and follows" || fail "generation 4: $(natalctl vm show web-1)"
[ "$(grep -ho '"main_pid":[0-9]*' "$work"/h1/host/vm-*/run.json | cut -d: -f2)" = "$main" ] || fail "another QEMU"

natalctl vm stop web-1 > /dev/null
gone() { [ ! -d "/proc/$main" ]; }
within 30 gone || fail "QEMU runs on"
natalctl vm delete web-1
empty() { ! ls "$work"/h1/host/vm-* > /dev/null 2>&1; }
within 30 empty && ok "stopped and deleted, nothing of it is left on its host" || fail "left: $(ls "$work/h1/host")"
