#!/bin/bash
# differential [SEED...] - the same Debian guest, once with Debian's cloud-init and once with natal-agent, on the same NoCloud seeds: what they make is compared.
# Without names: users, files and scripts; at level full, or with DIFFERENTIAL=all, every seed of tests/differential/seeds.
# timeout: 3600
. "$(dirname "$0")/lib.sh"
dir=$here/tests/differential
seeds=("$@")
[ "${#seeds[@]}" -gt 0 ] || seeds=(users files scripts)
[ "${DIFFERENTIAL:-}" != all ] && { [ "${NATAL_TEST_LEVEL:-}" != full ] || [ "$#" != 0 ]; } || mapfile -t seeds < <(ls "$dir/seeds")
image=$shared/differential
for tool in qemu-system-x86_64 qemu-img genisoimage; do command -v "$tool" > /dev/null || fail "$tool is not installed: packaging/deps/ensure run test"; done

# One image with both; the kernel's command line says which of them is asleep.
bake() {
  local deb overlay=$work/overlay
  make -s -C "$build" deb > "$work/deb.log" 2>&1 || { tail "$work/deb.log"; fail "make deb"; }
  deb=$(ls -t "$build"/deb/natal-agent_*.deb | head -n 1)
  local stamp; stamp=$(cat "$deb" "$here/packaging/bake/natal-bake" "$dir/collect.py" "$0" | sha256sum | cut -c1-32)
  [ "$(cat "$image/stamp" 2> /dev/null)" != "$stamp" ] || return 0
  rm -rf "$image"; mkdir -p "$image/trust" "$overlay"/{etc/cloud/cloud.cfg.d,etc/systemd/system/multi-user.target.wants,usr/local/sbin,srv/repo} "$work/pkg/DEBIAN" "$work/pkg/usr/share/natal-example"
  NATAL_STATE=$work/keys natalctl key init > /dev/null; cp "$work"/keys/trust.d/*.pub "$image/trust/" 2> /dev/null || find "$work/keys" -name '*.pub' -exec cp {} "$image/trust/" \;
  NATAL_STATE=$work/keys natalctl daemon stop > /dev/null
  echo 'datasource_list: [ NoCloud, None ]' > "$overlay/etc/cloud/cloud.cfg.d/90_differential.cfg"
  # Both are to be tried by themselves: natal-agent's condition on cloud-init's units is taken off.
  for u in cloud-init-local cloud-init cloud-config cloud-final; do mkdir -p "$overlay/etc/systemd/system/$u.service.d"; : > "$overlay/etc/systemd/system/$u.service.d/10-natal.conf"; done
  install -m 755 "$dir/collect.py" "$overlay/usr/local/sbin/collect"
  printf '%s\n' '[Unit]' 'Description=what the guest looks like' '[Service]' 'Type=simple' 'ExecStart=/usr/local/sbin/collect' > "$overlay/etc/systemd/system/collect.service"
  ln -s ../collect.service "$overlay/etc/systemd/system/multi-user.target.wants/collect.service"
  echo baked > "$overlay/etc/differential-baked"
  printf 'Package: natal-example\nVersion: 1.0\nArchitecture: all\nMaintainer: natal <natal@example.test>\nDescription: a package of the tests\n' > "$work/pkg/DEBIAN/control"
  echo here > "$work/pkg/usr/share/natal-example/here"
  dpkg-deb --root-owner-group -b "$work/pkg" "$overlay/srv/repo/natal-example_1.0_all.deb" > /dev/null
  (cd "$overlay/srv/repo" && { dpkg-deb -f natal-example_1.0_all.deb; printf 'Filename: ./natal-example_1.0_all.deb\nSize: %s\nSHA256: %s\n\n' "$(stat -c %s natal-example_1.0_all.deb)" "$(sha256sum < natal-example_1.0_all.deb | cut -d' ' -f1)"; } > Packages)
  "$NATAL_BAKE" --out "$image" --trust "$image/trust" --policy-json '{"waive":{"sources":["nocloud"]}}' --package "$deb" --overlay "$overlay" --size 2048 \
    --extra cloud-init,sudo,fdisk,locales,console-setup,systemd-timesyncd,gdisk,apt > "$work/bake.log" 2>&1 || { tail -n 20 "$work/bake.log"; fail "bake"; }
  echo "$stamp" > "$image/stamp"
}

# boot SEED WHO KERNEL-WORDS...: to its end; WHO.json is what it said.
boot() {
  local seed=$1 who=$2 d=$work/$1; shift 2
  mkdir -p "$d"
  [ -e "$d/seed.iso" ] || genisoimage -quiet -V cidata -J -R -o "$d/seed.iso" "$dir/seeds/$seed"
  qemu-img create -q -f qcow2 -F raw -b "$image/root.img" "$d/$who.qcow2"
  truncate -s 32M "$d/$who.out"
  local more=() khz
  khz=$(awk '/^cpu MHz/{printf "%d", $4*1000; exit}' /proc/cpuinfo)
  if [ "$seed" = disks ]; then truncate -s 64M "$d/$who.blank"; more+=(-drive "if=none,id=blank,file=$d/$who.blank,format=raw" -device virtio-blk-pci,drive=blank,serial=blank); fi
  if [ "$seed" = mounts ]; then mke2fs -q -t ext4 -L DATA "$d/$who.data" 16M; more+=(-drive "if=none,id=data,file=$d/$who.data,format=raw" -device virtio-blk-pci,drive=data,serial=data); fi
  timeout 400 qemu-system-x86_64 -name "$seed-$who" -accel tcg,thread=multi,tb-size=512 -cpu max -smp 1 -m 1024 -M q35,smm=off -nodefaults -no-user-config -display none \
    -no-reboot -serial "file:$d/$who.serial" -uuid 11111111-2222-3333-4444-555555555555 \
    -drive "if=none,id=root,file=$d/$who.qcow2,format=qcow2,cache=unsafe" -device virtio-blk-pci,drive=root,serial=root \
    -drive "if=none,id=seed,file=$d/seed.iso,format=raw,readonly=on" -device virtio-blk-pci,drive=seed,serial=seed \
    -drive "if=none,id=out,file=$d/$who.out,format=raw" -device virtio-blk-pci,drive=out,serial=collect "${more[@]}" \
    -netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile=,mac=52:54:00:12:34:56 -device virtio-rng-pci \
    -kernel "$image/vmlinuz" -initrd "$image/initrd" -append "root=LABEL=natalroot rw net.ifnames=0 console=ttyS0 systemd.show_status=0 tsc_early_khz=$khz tsc=reliable no_timer_check lpj=$((khz * 4)) $*" &
  pids+=($!)
  wait $! || { tail -n 30 "$d/$who.serial"; fail "$seed: the guest of $who did not come to its end"; }
  tr -d '\0' < "$d/$who.out" > "$d/$who.json"
  [ -s "$d/$who.json" ] || { tail -n 30 "$d/$who.serial"; fail "$seed: the guest of $who has said nothing"; }
}

bake
bad=0
for seed in "${seeds[@]}"; do
  [ -d "$dir/seeds/$seed" ] || fail "no seed '$seed' in $dir/seeds"
  boot "$seed" cloud systemd.mask=natal-early.service systemd.mask=natal-late.service & one=$!
  boot "$seed" natal cloud-init=disabled
  wait "$one" || fail "$seed: cloud-init's guest"
  "$dir/compare.py" "$work/$seed/cloud.json" "$work/$seed/natal.json" "$dir/explained" "$seed" || bad=1
  rm -f "$work/$seed"/*.qcow2
done
[ "$bad" = 0 ] || fail "there are differences that nobody explains"
ok "the guests are the same but for what is explained"
