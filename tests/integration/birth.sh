#!/bin/bash
# birth - one VM's whole thread in a real guest: born, reported, recognised, its medium gone, unchanged at the second boot, deleted.
. "$(dirname "$0")/lib.sh"
controller

natalctl vm create web-1 --image golden --user alice --ssh-key "$work/id.pub" --address dhcp --forward 22 --forward 443 \
  --file "$here/COPYING:/srv/copying" --run 'echo ran >> /var/lib/ran' --timezone Europe/Berlin
[ "$(vm_field web-1 state)" = ready ] || fail "after create the state is $(vm_field web-1 state)"
ok "create is durable: state ready"
natalctl vm start web-1
natalctl vm wait web-1 --timeout 240 | tee "$work/wait.txt"
grep -q 'users/alice' "$work/wait.txt" || fail "wait shows no step users/alice"
ok "progress by steps, the wait ends with provisioned"
[ "$(vm_field web-1 state)" = provisioned ] || fail "state $(vm_field web-1 state)"
port=$(forward_of web-1 22) tls=$(forward_of web-1 443)

[ "$(ssh_as web-1 "$port" hostname)" = web-1 ] || fail "ssh"
ok "ssh without a question, strict"
ssh_as web-1 "$port" 'cmp /srv/copying - && cat /etc/timezone /var/lib/ran && cat /etc/machine-id' < "$here/COPYING" > "$work/seen"
grep -qx Europe/Berlin "$work/seen" && grep -qx ran "$work/seen" || fail "files, timezone, runcmd: $(cat "$work/seen")"
[ "$(tail -n 1 "$work/seen")" = "$(vm_field web-1 uuid | tr -d -)" ] || fail "machine-id"
ok "files, timezone, runcmd and machine-id are as asked"
[ "$(https_as web-1 "$tls")" = "born: web-1" ] || fail "https"
natal-verify tls "127.0.0.1:$tls" --vm web-1
ok "HTTPS with the provisioned certificate, by CA and pin"

# The medium has left the guest and QEMU; the private halves have left the store.
# natald asked QEMU for the drive's state before it wiped; QEMU's descriptors say the same. The guest's view is looked at after its reboot.
qemu=$(python3 -c 'import json,glob; print(json.load(open(glob.glob("'"$NATAL_STATE"'/host/*/run.json")[0]))["main_pid"])')
! ls -l "/proc/$qemu/fd" 2>/dev/null | grep -q /memfd: || fail "QEMU still holds the medium"
ok "the medium is ejected and out of QEMU's hands"
want 'natalctl vm reissue' natalctl vm medium web-1 --out "$work/again.iso"

# Reboot: no medium, everything as it was.
ssh_as web-1 "$port" 'cat /proc/sys/kernel/random/boot_id' > "$work/boot1"
natalctl vm stop web-1; natalctl vm start web-1
qemu=$(python3 -c 'import json,glob; print(json.load(open(glob.glob("'"$NATAL_STATE"'/host/*/run.json")[0]))["main_pid"])')
natalctl vm wait web-1 --timeout 240 | tail -n 2
within 60 ssh_as web-1 "$port" true || fail "ssh after the reboot"
[ "$(vm_field web-1 report.phase)" = unchanged ] || fail "phase after reboot: $(vm_field web-1 report.phase)"
[ "$(ssh_as web-1 "$port" 'wc -l < /var/lib/ran')" = 1 ] || fail "runcmd ran again"
ssh_as web-1 "$port" 'test ! -e /dev/disk/by-label/NATAL' || fail "the medium is still in the drive"
ok "the second boot changes nothing and says unchanged"

natalctl vm delete web-1
gone() { ! ls "$NATAL_STATE/host" | grep -q '^vm-' && [ ! -e "/proc/$qemu" ]; }
within 20 gone || fail "something is left of web-1: $(ls "$NATAL_STATE/host")"
ok "vm delete leaves no folder and no process"
