# collected.sh - sourced by tests whose guest says at its end what it looks like: as JSON, on a disk called "collect".
for tool in qemu-system-x86_64 qemu-img genisoimage; do command -v "$tool" > /dev/null || fail "$tool is not installed: packaging/deps/ensure run test"; done

# guest_seed FOLDER ISO: a NoCloud medium of it.
guest_seed() { [ -e "$2" ] || genisoimage -quiet -V cidata -J -R -o "$2" "$1"; }

# guest_collected IMAGE NAME SEED.ISO KERNEL-WORDS [QEMU-WORDS...]: boots the image, unchanged itself, until its end; NAME.json is what it said.
guest_collected() {
  local image=$1 name=$2 seed=$3 words=$4 khz pid; shift 4
  qemu-img create -q -f qcow2 -F raw -b "$image/root.img" "$name.qcow2"
  truncate -s 32M "$name.out"
  khz=$(awk '/^cpu MHz/{printf "%d", $4*1000; exit}' /proc/cpuinfo)
  # shellcheck disable=SC2086
  timeout "${GUEST_SECONDS:-900}" qemu-system-x86_64 -name "${name##*/}" ${GUEST_ACCEL:--accel tcg,thread=multi,tb-size=512} -cpu max -smp 1 -m 1024 -M q35,smm=off -nodefaults -no-user-config -display none \
    -no-reboot -serial "file:$name.serial" -uuid 11111111-2222-3333-4444-555555555555 \
    -drive "if=none,id=root,file=$name.qcow2,format=qcow2,cache=unsafe" -device virtio-blk-pci,drive=root,serial=root \
    -drive "if=none,id=seed,file=$seed,format=raw,readonly=on" -device virtio-blk-pci,drive=seed,serial=seed \
    -drive "if=none,id=out,file=$name.out,format=raw" -device virtio-blk-pci,drive=out,serial=collect "$@" \
    -netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile=,mac=52:54:00:12:34:56 -device virtio-rng-pci \
    -kernel "$image/vmlinuz" -initrd "$image/initrd" -append "root=LABEL=natalroot rw net.ifnames=0 console=ttyS0 systemd.show_status=0 tsc_early_khz=$khz tsc=reliable no_timer_check lpj=$((khz * 4)) $words" &
  pid=$!; pids+=("$pid")
  wait "$pid" || { tail -n 30 "$name.serial"; fail "the guest ${name##*/} did not come to its end"; }
  tr -d '\0' < "$name.out" > "$name.json"
  [ -s "$name.json" ] || { tail -n 30 "$name.serial"; fail "the guest ${name##*/} has said nothing"; }
  rm -f "$name.qcow2" "$name.out"
}

# image_trust FOLDER: a media key's public half, as an image wants it.
image_trust() {
  mkdir -p "$1"
  NATAL_STATE=$work/keys natalctl key init > /dev/null
  find "$work/keys" -name '*.pub' -exec cp {} "$1/" \;
  NATAL_STATE=$work/keys natalctl daemon stop > /dev/null
}
