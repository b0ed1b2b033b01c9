#!/bin/bash
# parse - 1 MB of cloud-config, signed, read and planned by natal-agent plan; what cloud-init does with the same text is the peer. CPU and peak memory.
. "$(dirname "$0")/lib.sh"
need cloud-init cloud-init
count=${NATAL_BENCH_COUNT:-50} peers=${NATAL_BENCH_PEER_RUNS:-3}
[ "$count" -le 50 ] || count=50
[ "$peers" -le 3 ] || peers=3
cp "$build/natal-agent" "$work/natal-agent"; strip "$work/natal-agent"
mk=$build/tests/tools/mkbundle measure=$build/tests/bench/measure uuid=11111111-2222-3333-4444-555555555555
mkdir -p "$work/root/etc/natal/trust.d"
"$mk" key ed25519 "$work/key.pem" "$work/root/etc/natal/trust.d/key.pub"
printf 'root:x:0:0::/root:/bin/sh\n' > "$work/root/etc/passwd"
printf 'root:x:0:\nadm:x:4:\nsudo:x:27:\n' > "$work/root/etc/group"
plan() { "$measure" "$work/natal-agent" plan --root "$work/root" --medium "$work/$1" --uuid "$uuid" 2> "$work/plan"; }
bundle() { "$mk" bundle "$work/$1" "$work/key.pem" "$uuid" 1 "${@:2}"; }
results() { # MEDIUM: how often; CPU and memory of each run into cpu and memory
  cpu=() memory=()
  for _ in $(seq "$2"); do
    r=$(plan "$1"); [ "$(field status <<<"$r")" = 0 ] || { cat "$work/plan" >&2; echo "void: no plan of $1" >&2; exit 1; }
    cpu+=("$(field cpu_ms <<<"$r")"); memory+=("$(field maxrss_kb <<<"$r")")
  done
}
for style in yaml json; do
  "$here/tests/bench/bigconfig.py" 1000000 "$style" > "$work/$style"
  [ "$(wc -c < "$work/$style")" = 1000000 ] || { echo "void: the document has $(wc -c < "$work/$style") bytes" >&2; exit 1; }
  bundle "$style.bundle" user-data="$work/$style"
done
"$here/tests/bench/seed.py" "$work/seed"
bundle seed.bundle user-data="$work/seed/user-data" network-config="$work/seed/network-config" report-key="$work/seed/report-key"

results yaml.bundle "$count"
grep -q 'write_files/etc/app/conf.d/00900.conf' "$work/plan" || { echo "void: the plan is not whole" >&2; exit 1; }
peer_cpu=() peer_memory=()
for _ in $(seq "$peers"); do
  r=$("$measure" /usr/bin/python3 "$here/tests/bench/cloudparse.py" "$work/yaml" 2> "$work/peer")
  [ "$(field status <<<"$r")" = 0 ] || { cat "$work/peer" >&2; echo "void: cloud-init does not read it" >&2; exit 1; }
  peer_cpu+=("$(field cpu_ms <<<"$r")"); peer_memory+=("$(field maxrss_kb <<<"$r")")
done
emit parse.cpu "$(printf '%s\n' "${cpu[@]}" | median)" ms "cloud-init's loader, merge and schema" "$(printf '%s\n' "${peer_cpu[@]}" | median)" '<= 50 ms'
emit parse.memory "$(printf '%s\n' "${memory[@]}" | median)" KiB "cloud-init's loader, merge and schema" "$(printf '%s\n' "${peer_memory[@]}" | median)" '<= 8192 KiB'
# The same content without a line break, and the seed of the apply bench: its memory is that of an ordinary guest.
results json.bundle "$count"
emit parse.dense.cpu "$(printf '%s\n' "${cpu[@]}" | median)" ms
emit parse.dense.memory "$(printf '%s\n' "${memory[@]}" | median)" KiB
results seed.bundle "$count"
emit parse.seed.cpu "$(printf '%s\n' "${cpu[@]}" | median)" ms
emit parse.seed.memory "$(printf '%s\n' "${memory[@]}" | median)" KiB bar 8192 '<= 8192 KiB'
