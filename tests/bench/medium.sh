#!/bin/bash
# medium - from the API request to the finished medium in the client's hands: key from a warm pool, certificate, signed bundle, row
# committed durably (full sync), ISO 9660. Per medium over many with a few connections, whose commits share a sync, beside cloud-localds.
. "$(dirname "$0")/lib.sh"
need cloud-localds cloud-image-utils
n=${NATAL_BENCH_COUNT:-1000} connections=${NATAL_BENCH_CONNECTIONS:-32} peer_runs=${NATAL_BENCH_PEER_RUNS:-20}
controller "$((n + 2 * peer_runs + 16))"
key=$(cat "$work/id.pub")
body='{"name":"m-@","host":"none","users":[{"name":"alice","ssh_keys":["'$key'"]}],"addresses":["192.0.2.10/24,gw=192.0.2.1,dns=192.0.2.53"]}'

# One of each first: the same content for both.
one=("$build/natalctl" vm create --host none --user alice --ssh-key "$work/id.pub" --address 192.0.2.10/24,gw=192.0.2.1,dns=192.0.2.53)
"${one[@]}" first --medium-out "$work/first.iso" > /dev/null
mkdir "$work/seed"
"$here/tests/bench/medium2seed.py" "$work/first.iso" "$work/seed"
localds=(cloud-localds --network-config "$work/seed/network-config" "$work/local-@.iso" "$work/seed/user-data" "$work/seed/meta-data")

# Three parts of the load, cloud-localds between them: what else the machine does is met by both.
ours=() peers=() single=() failed=0
third=$(((n + 2) / 3)) bytes=0
for part in 1 2 3; do
  r=$("$build/tests/bench/load" "$NATAL_STATE/natald.sock" "$third" "$connections" "POST /v1/vms" "${body/m-@/m-$part-@}" "GET /v1/vms/m-$part-@/medium" '')
  ours+=("$(field per_round_ms <<<"$r")")
  bytes=$((bytes + $(field bytes <<<"$r")))
  r=$("$build/tests/bench/times" "$peer_runs" "${localds[@]}"); rm -f "$work"/local-*.iso
  peers+=("$(field p50_ms <<<"$r")")
  r=$("$build/tests/bench/times" "$(((peer_runs + 2) / 3))" "${one[@]}" "s-$part-@" --medium-out "$work/s-$part-@.iso")
  single+=("$(field p50_ms <<<"$r")")
done

# A bench of garbage is void: media of all parts are read by another reader, and the agent, which holds the key, plans them.
mkdir -p "$work/guest/etc/natal"; cp -r "$NATAL_STATE/trust.d" "$work/guest/etc/natal/"
for part in 1 2 3; do
  for i in 0 $((third / 2)) $((third - 1)); do
    "$build/natalctl" vm medium "m-$part-$i" --out "$work/check.iso" > /dev/null
    valid "m-$part-$i" "$work/check.iso" || { echo "void: the medium of m-$part-$i is none" >&2; exit 1; }
  done
  valid "s-$part-0" "$work/s-$part-0.iso" || { echo "void: the medium of s-$part-0 is none" >&2; exit 1; }
done
[ "$bytes" -ge $((3 * third * 40960)) ] || { echo "void: $bytes bytes in $((3 * third)) media" >&2; exit 1; }
peer=$(printf '%s\n' "${peers[@]}" | median)
emit medium "$(printf '%s\n' "${ours[@]}" | median)" ms cloud-localds "$peer" 'ratio >= 20'
emit medium.process "$(printf '%s\n' "${single[@]}" | median)" ms cloud-localds "$peer"
