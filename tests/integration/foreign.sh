#!/bin/bash
# foreign - driver none: a QEMU that the test starts. The report comes over the channel; media that must not provision do not.
. "$(dirname "$0")/lib.sh"
controller
uuid=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee
image=$golden/image

# boot NAME UUID MEDIUM...: a guest of ours; its console goes to NAME.log
boot() {
  local name=$1 id=$2 m q khz; shift 2
  qemu-img create -q -f qcow2 -F raw -b "$image/root.img" "$work/$name.qcow2"
  khz=$(awk '/^cpu MHz/{printf "%d", $4*1000; exit}' /proc/cpuinfo)
  q=(qemu-system-x86_64 -name "$name" -uuid "$id" -accel tcg,thread=multi -cpu max -m 1024 -M q35,smm=off -nodefaults -no-user-config -display none
    -serial "file:$work/$name.log" -kernel "$image/vmlinuz" -initrd "$image/initrd"
    -append "root=LABEL=natalroot rw console=ttyS0 net.ifnames=0 systemd.show_status=0 quiet tsc_early_khz=$khz tsc=reliable no_timer_check lpj=$((khz * 4))"
    -drive "if=none,id=root,file=$work/$name.qcow2,format=qcow2,cache=unsafe" -device virtio-blk-pci,drive=root -device virtio-scsi-pci,id=scsi0
    -device virtio-serial-pci -chardev "socket,id=g0,path=$work/$name.sock,server=on,wait=off" -device virtserialport,chardev=g0,name=natal.guest.0
    -netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile=)
  for m in "$@"; do q+=(-drive "if=none,id=d${#q[@]},file=$m,format=raw,readonly=on" -device "scsi-cd,drive=d${#q[@]}"); done
  "${q[@]}" > "$work/$name.qemu" 2>&1 &
  pids+=($!)
}

natalctl vm create web-1 --host none --uuid "$uuid" --medium-out "$work/web-1.iso" --channel "unix:$work/good.sock" --user alice --ssh-key "$work/id.pub"
[ -s "$work/web-1.iso" ] && [ -s "$NATAL_STATE/pins/web-1.pin" ] || fail "no medium or pin record"
natal-verify pin "$NATAL_STATE/pins/web-1.pin" >/dev/null
ok "driver none writes the medium and the pin record"
# The same medium in a machine with another UUID; and beside itself.
natalctl vm create web-2 --host none --uuid bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee --medium-out "$work/web-2.iso" --channel "unix:$work/wrong.sock"
boot good "$uuid" "$work/web-1.iso"
boot wrong bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee "$work/web-1.iso"
natalctl vm wait web-1 --timeout 300 | tail -n 2
[ "$(vm_field web-1 state)" = provisioned ] || fail "state $(vm_field web-1 state)"
ok "a guest that others started reports over its channel and is provisioned"
status=0; natalctl vm wait web-2 --timeout 120 > "$work/wait2" 2>&1 || status=$?
[ "$status" != 0 ] || fail "a foreign medium provisioned: $(cat "$work/wait2")"
within 120 grep -aq "is for VM $uuid, this is bbbbbbbb" "$work/wrong.log" || fail "the console does not say why: $(tail -n 5 "$work/wrong.log")"
ok "a medium for another UUID is refused, and the console says why"
natalctl vm show web-2 > "$work/show2"
grep -q "is for VM $uuid" "$work/show2" || fail "vm show does not explain: $(cat "$work/show2")"
ok "the refusal reaches the controller as an unauthenticated report"
kill "${pids[@]}"; wait "${pids[@]}" 2>/dev/null || true; pids=()

# Two media at once, and a medium by an unknown key.
"$build/tests/tools/mkbundle" key ed25519 "$work/rogue.pem" "$work/rogue.pub"
printf '#cloud-config\n{"hostname":"rogue","runcmd":["touch /root/rogue"]}\n' > "$work/ud"
mkdir "$work/iso"; "$build/tests/tools/mkbundle" bundle "$work/iso/natal.bundle" "$work/rogue.pem" "$uuid" 9 user-data="$work/ud"
genisoimage -quiet -R -V NATAL -o "$work/rogue.iso" "$work/iso"
boot two "$uuid" "$work/web-1.iso" "$work/rogue.iso"
boot rogue "$uuid" "$work/rogue.iso"
within 150 grep -aq 'two media' "$work/two.log" || fail "two media: $(tail -n 5 "$work/two.log")"
ok "two media are refused by name"
within 150 grep -aq 'signed by unknown key' "$work/rogue.log" || fail "rogue: $(tail -n 5 "$work/rogue.log")"
ok "a medium by an unknown key is refused"
