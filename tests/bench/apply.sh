#!/bin/bash
# apply - what a first boot costs natal and cloud-init on the same seed, in the same tree, in private namespaces; and an unchanged boot.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || { echo "the apply bench needs root for its namespaces" >&2; exit 77; }
"$here/tests/bench/seed.py" "$work/seed"
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
cloud=() cloud_mem=() natal=() natal_mem=() again=() without=()
for _ in $(seq "$runs"); do
  fresh cloud; fresh natal
  r=$(private "$work/cloud" chroot "$work/cloud" /measure cloud-init init --local -- cloud-init init -- cloud-init modules --mode=config -- \
    cloud-init modules --mode=final 2> "$work/cloud.log")
  cloud+=("$(field cpu_ms <<<"$r")"); cloud_mem+=("$(field maxrss_kb <<<"$r")")
  boot=(natal-agent boot early --medium /natal.iso --uuid "$uuid" --channel '' -- natal-agent boot late --uuid "$uuid" --channel '')
  r=$(private "$work/natal" chroot "$work/natal" /measure "${boot[@]}" 2> "$work/natal.log")
  [ "$(field status <<<"$r")" = 0 ] || { cat "$work/natal.log" >&2; exit 1; }
  natal+=("$(field cpu_ms <<<"$r")"); natal_mem+=("$(field maxrss_kb <<<"$r")")
  r=$(private "$work/natal" chroot "$work/natal" /measure "${boot[@]}" 2> "$work/natal.log")
  again+=("$(field cpu_ms <<<"$r")")
  boot=(natal-agent boot early --uuid "$uuid" --channel '' -- natal-agent boot late --uuid "$uuid" --channel '')
  r=$(private "$work/natal" chroot "$work/natal" /measure "${boot[@]}" 2> "$work/natal.log")
  [ "$(field status <<<"$r")" = 0 ] || { cat "$work/natal.log" >&2; exit 1; }
  without+=("$(field cpu_ms <<<"$r")")
done
"$here/tests/bench/compare.py" "$work/cloud" "$work/natal" || { echo "the two trees differ: the comparison is void" >&2; exit 1; }
emit apply.cpu "$(printf '%s\n' "${natal[@]}" | median)" ms cloud-init "$(printf '%s\n' "${cloud[@]}" | median)" 'ratio >= 40'
emit apply.memory "$(printf '%s\n' "${natal_mem[@]}" | median)" KiB cloud-init "$(printf '%s\n' "${cloud_mem[@]}" | median)" 'ratio >= 8'
emit apply.unchanged "$(printf '%s\n' "${again[@]}" | median)" ms bar 5 '<= 5 ms'
emit apply.unchanged-without-medium "$(printf '%s\n' "${without[@]}" | median)" ms bar 5 '<= 5 ms'
