#!/bin/bash
# birthless - a real guest without a medium: it has the controller's pin, and proves by its vTPM which guest it is.
# timeout: 1200
. "$(dirname "$0")/lib.sh"
controller
natalctl daemon stop > /dev/null
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
# The guest's user network has this machine at 10.0.2.2 (QEMU, "user" netdev).
natald --listen "127.0.0.1:$port" --name 10.0.2.2 2> "$work/natald.log" & pids+=($!)
within 20 grep -q 'ready$' "$work/natald.log" || fail "natald: $(cat "$work/natald.log")"
pin=$(natalctl ca show -o json | grep -o '"spki_sha256":"[^"]*' | cut -d'"' -f4)
natalctl image bake birth --package "$(ls -t "$build"/deb/natal-agent_*.deb | head -n 1)" --package "$(ls -t "$build"/deb/natal-guestd_*.deb | head -n 1)" --extra sudo \
  --birth "https://10.0.2.2:$port" --birth-pin "$pin" --out "$work/image" > "$work/bake.txt" || fail "bake: $(tail -n 3 "$work/bake.txt")"
natalctl vm create web-1 --image birth --user alice --ssh-key "$work/id.pub" --sudo --address dhcp --forward 22 --birth ek
natalctl vm start web-1 > /dev/null
[ "$(vm_field web-1 reason | cut -c1-7)" = started ] || [ "$(vm_field web-1 reason)" = starting ] || fail "it has a medium: $(vm_field web-1 reason)"
natalctl vm wait web-1 --timeout 600 > "$work/wait.txt" || fail "not provisioned: $(tail -n 3 "$work/wait.txt")"
[ "$(vm_field web-1 state)" = provisioned ] && [ "$(vm_field web-1 birth.asked_at)" -gt 0 ] || fail "state: $(natalctl vm show web-1)"
ok "born without a medium, by its vTPM"
ssh_port=$(forward_of web-1 22)
in_guest() { ssh_as web-1 "$ssh_port" "$@"; }
within 120 in_guest true || fail "no strict ssh by the keys that were made before"
ok "strict ssh by the keys that were made before it existed"
in_guest 'sudo journalctl -b -u natal-early -u natal-birth -o cat' > "$work/journal.txt"
grep -q 'birth=later' "$work/journal.txt" && grep -q 'birth=asking.*proof=ek' "$work/journal.txt" || fail "journal: $(cat "$work/journal.txt")"
in_guest 'test ! -e /var/lib/natal/birth-nonce && ! ls /dev/disk/by-label/NATAL 2> /dev/null' || fail "a nonce or a medium is there"
ok "the early stage went by, the stage behind the network asked"
[ "$(vm_field web-1 bundle.wiped_at)" -gt 0 ] || fail "private keys are still here"
natalctl vm stop web-1 > /dev/null; natalctl vm start web-1 > /dev/null
natalctl vm wait web-1 --timeout 600 > "$work/wait2.txt" || fail "the second boot: $(tail -n 3 "$work/wait2.txt")"
[ "$(vm_field web-1 report.phase)" = unchanged ] || fail "after a boot: $(natalctl vm show web-1)"
within 120 in_guest true || fail "no ssh at the second boot"
! in_guest 'systemctl is-active natal-birth' > /dev/null || fail "it asks at a boot that needs nothing"
ok "its next boot asks nobody"
natalctl vm stop web-1 > /dev/null; natalctl vm delete web-1

# The same image with a medium is as any other: it asks nobody, and waits for no network.
natalctl vm create web-2 --image birth --user alice --ssh-key "$work/id.pub" --sudo --address dhcp --forward 22
natalctl vm start web-2 > /dev/null
natalctl vm wait web-2 --timeout 600 > "$work/wait3.txt" || fail "with a medium: $(tail -n 3 "$work/wait3.txt")"
ssh_port=$(forward_of web-2 22)
within 120 ssh_as web-2 "$ssh_port" true || fail "no ssh to web-2"
ssh_as web-2 "$ssh_port" 'sudo journalctl -b -u natal-early -u natal-birth -o cat' > "$work/journal2.txt"
! grep -q 'birth=' "$work/journal2.txt" || fail "it would have asked: $(cat "$work/journal2.txt")"
ok "with a medium the same image asks nobody"
natalctl vm delete web-2
