#!/bin/bash
# differential [SEED...] - the same Debian guest, once with Debian's cloud-init and once with natal-agent, on the same NoCloud seeds: what they make is compared.
# Without names: users, files and scripts; at level full, or with DIFFERENTIAL=all, every seed of tests/differential/seeds.
# timeout: 3600
. "$(dirname "$0")/lib.sh"
dir=$here/tests/differential
seeds=("$@")
[ "${#seeds[@]}" -gt 0 ] || seeds=(users files scripts)
[ "${DIFFERENTIAL:-}" != all ] && { [ "${NATAL_TEST_LEVEL:-}" != full ] || [ "$#" != 0 ]; } || mapfile -t seeds < <(ls "$dir/seeds")
. "$here/tests/integration/collected.sh"
. "$dir/image.sh"

# boot SEED WHO KERNEL-WORDS...: WHO.json is what that guest said.
boot() {
  local seed=$1 who=$2 d=$work/$1 more=(); shift 2
  if [ "$seed" = disks ]; then truncate -s 64M "$d/$who.blank"; more+=(-drive "if=none,id=blank,file=$d/$who.blank,format=raw" -device virtio-blk-pci,drive=blank,serial=blank); fi
  if [ "$seed" = mounts ]; then
    for disk in data home; do
      mke2fs -q -t ext4 -L "${disk^^}" "$d/$who.$disk" 16M > /dev/null 2>&1
      more+=(-drive "if=none,id=$disk,file=$d/$who.$disk,format=raw" -device "virtio-blk-pci,drive=$disk,serial=$disk")
    done
  fi
  guest_collected "$image" "$d/$who" "$d/seed.iso" "$*" "${more[@]}"
}

differential_image
bad=0
for seed in "${seeds[@]}"; do
  [ -d "$dir/seeds/$seed" ] || fail "no seed '$seed' in $dir/seeds"
  mkdir -p "$work/$seed"
  guest_seed "$dir/seeds/$seed" "$work/$seed/seed.iso"
  boot "$seed" cloud "$NATAL_ASLEEP" & one=$!
  boot "$seed" natal "$CLOUD_ASLEEP"
  wait "$one" || fail "$seed: cloud-init's guest"
  "$dir/compare.py" "$work/$seed/cloud.json" "$work/$seed/natal.json" "$dir/explained" "$seed" || bad=1
  rm -f "$work/$seed"/*.{blank,data,home,iso}
done
[ "$bad" = 0 ] || fail "there are differences that nobody explains"
ok "the guests are the same but for what is explained"
