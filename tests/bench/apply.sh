#!/bin/bash
# apply - what a first boot costs natal and cloud-init on the same seed, in the same tree, in private namespaces; and an unchanged boot.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || { echo "the apply bench needs root for its namespaces" >&2; exit 77; }
"$here/tests/bench/seed.py" "$work/seed"
boots=${NATAL_BENCH_BOOTS:-9}
measure=$build/tests/bench/measure mk=$build/tests/tools/mkbundle
uuid=11111111-2222-3333-4444-555555555555
"$mk" key ed25519 "$work/key.pem" "$work/key.pub"
"$mk" bundle "$work/natal.bundle" "$work/key.pem" "$uuid" 1 user-data="$work/seed/user-data" network-config="$work/seed/network-config" report-key="$work/seed/report-key"
mkdir "$work/iso"; cp "$work/natal.bundle" "$work/iso/"
genisoimage -quiet -R -V NATAL -o "$work/natal.iso" "$work/iso"

cloud_tree "$work/pristine"
mkdir -p "$work/pristine/var/lib/cloud/seed/nocloud-net" "$work/pristine/etc/natal/trust.d" "$work/pristine/usr/sbin"
cp "$work/seed/user-data" "$work/seed/network-config" "$work/seed/meta-data" "$work/pristine/var/lib/cloud/seed/nocloud-net/"
cp "$work/key.pub" "$work/pristine/etc/natal/trust.d/"
cp "$build/natal-agent" "$work/pristine/usr/sbin/"; strip "$work/pristine/usr/sbin/natal-agent"
cp "$work/natal.iso" "$work/pristine/natal.iso"
cp "$measure" "$work/pristine/measure"

# What the copy left to be written is written before the clock starts: natal's own syncs would pay for it.
fresh() { rm -rf "$work/$1"; cp -a "$work/pristine" "$work/$1"; sync; }
# The medium lies where a guest has it: on a disk that udev lists and libblkid knows the label of. The machine's own disk lends its node.
disk=$(cd /sys/block && for d in vd* sd* xvd* nvme*; do [ ! -e "$d" ] || { echo "$d"; break; }; done)
with_medium() { if [ -n "$disk" ]; then lend=$disk "$@"; else "$@" --medium /natal.iso; fi; }
[ -n "$disk" ] || echo "no disk whose node can be lent: the medium is named with --medium, not found" >&2
# As a unit is started: a short environment, and the tools where a unit's path has them.
inside() { private "$1" chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin /measure "${@:2}"; }
natal_boot() { # MEDIUM...: both stages of one boot in $work/natal
  inside "$work/natal" /usr/sbin/natal-agent boot early "$@" --uuid "$uuid" --channel '' -- /usr/sbin/natal-agent boot late --uuid "$uuid" --channel '' \
    2> "$work/natal.log"
}
good() { [ "$(field status <<<"$1")" = 0 ] || { cat "$work/natal.log" >&2; echo "void: natal-agent failed" >&2; exit 1; }; }
cloud=() cloud_mem=() natal=() natal_mem=() again=() without=() twice=()
for _ in $(seq "$runs"); do
  fresh cloud; fresh natal
  r=$(inside "$work/cloud" /usr/bin/cloud-init init --local -- /usr/bin/cloud-init init -- /usr/bin/cloud-init modules --mode=config -- \
    /usr/bin/cloud-init modules --mode=final 2> "$work/cloud.log")
  cloud+=("$(field cpu_ms <<<"$r")"); cloud_mem+=("$(field maxrss_kb <<<"$r")")
  r=$(with_medium natal_boot); good "$r"
  natal+=("$(field cpu_ms <<<"$r")"); natal_mem+=("$(field maxrss_kb <<<"$r")")
  # These cost little and are soon told from noise by their number. Without a medium, devices are looked at as in a guest.
  before=$(stat -c '%i %Y' "$work/natal/var/lib/natal/journal")
  for _ in $(seq "$boots"); do
    r=$(with_medium natal_boot); good "$r"; again+=("$(field cpu_ms <<<"$r")")
    r=$(natal_boot); good "$r"; without+=("$(field cpu_ms <<<"$r")")
    r=$(inside "$work/natal" /bin/true -- /bin/true); twice+=("$(field cpu_ms <<<"$r")")
  done
  [ "$before" = "$(stat -c '%i %Y' "$work/natal/var/lib/natal/journal")" ] || { echo "void: the unchanged boot applied something" >&2; exit 1; }
done
"$here/tests/bench/compare.py" "$work/cloud" "$work/natal" || { echo "the two trees differ: the comparison is void" >&2; exit 1; }
emit apply.cpu "$(printf '%s\n' "${natal[@]}" | median)" ms cloud-init "$(printf '%s\n' "${cloud[@]}" | median)" 'ratio >= 40'
emit apply.memory "$(printf '%s\n' "${natal_mem[@]}" | median)" KiB cloud-init "$(printf '%s\n' "${cloud_mem[@]}" | median)" 'ratio >= 8'
# The peer is the least that two processes cost: it tells a slow or busy machine from a slow agent.
twice=$(printf '%s\n' "${twice[@]}" | median)
emit apply.unchanged "$(printf '%s\n' "${again[@]}" | median)" ms '/bin/true twice' "$twice" '<= 5 ms'
emit apply.unchanged-without-medium "$(printf '%s\n' "${without[@]}" | median)" ms '/bin/true twice' "$twice" '<= 5 ms'
