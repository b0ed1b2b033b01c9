#!/bin/bash
# supervise - a killed natald: guests live on and are found again; a killed control group: they are seen as stopped; nothing is left behind.
. "$(dirname "$0")/lib.sh"
controller
grep -q '^KillMode=process' "$here/controller/natald/natald.service" || fail "the unit does not keep guests alive"
ok "the unit says KillMode=process"
natald_pid() { natalctl status -o json | grep -o '"pid":[0-9]*' | cut -d: -f2; }
run_of() { python3 -c 'import json,glob; print(json.load(open(glob.glob("'"$NATAL_STATE"'/host/*/run.json")[0]))["'"$1"'"])'; }

natalctl vm create web-1 --image golden --user alice --ssh-key "$work/id.pub" --address dhcp --forward 22
natalctl vm start web-1
qemu=$(run_of main_pid) tpm=$(run_of tpm_pid)
if [ "$(id -u)" = 0 ]; then
  [ "$(stat -c %u "/proc/$qemu")" -gt 100000 ] && [ "$(stat -c %u "/proc/$tpm")" = "$(stat -c %u "/proc/$qemu")" ] || fail "QEMU or swtpm runs as root"
  ok "QEMU and its vTPM run as a user of their own"
fi
! tr '\0' ' ' < "/proc/$tpm/cmdline" | grep -q 'path=' || fail "swtpm has a socket in the file system"
ok "the vTPM's socket is handed over by descriptor"

pid=$(natald_pid); kill -9 "$pid"; within 10 sh -c "! kill -0 $pid" || fail "natald lives"
kill -0 "$qemu" || fail "the guest died with natald"
natalctl vm wait web-1 --timeout 240 | tail -n 1        # starts natald again
[ "$(run_of main_pid)" = "$qemu" ] || fail "another QEMU"
[ "$(vm_field web-1 state)" = provisioned ] || fail "state $(vm_field web-1 state)"
ok "killed in mid-boot, natald found its guest again and lost nothing of its report"

# KillMode=control-group: everything of the service dies at once.
pid=$(natald_pid); kill -9 "$pid" "$qemu" "$tpm"
within 10 sh -c "! kill -0 $qemu" || fail "QEMU lives"
within 20 sh -c 'natalctl vm show web-1 -o json | grep -q "\"running\":false"' || fail "after the kill: $(natalctl vm show web-1)"
ok "a guest that died with its control group is seen as stopped"
natalctl vm start web-1
natalctl vm wait web-1 --timeout 240 | tail -n 1
port=$(forward_of web-1 22)
within 60 ssh_as web-1 "$port" true || fail "ssh after the restart"
ok "and starts again with its keys"
qemu=$(run_of main_pid) tpm=$(run_of tpm_pid)
natalctl vm delete web-1
within 10 sh -c "! kill -0 $qemu 2>/dev/null && ! kill -0 $tpm 2>/dev/null" || fail "processes left: $qemu $tpm"
[ -z "$(ls "$NATAL_STATE/host" | grep '^vm-')" ] || fail "folders left"
ok "after vm delete neither process nor folder is left"
