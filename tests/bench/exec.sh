#!/bin/bash
# exec - from exec to main: the whole life of `natal-agent version`, beside /bin/true; and what the packages add to a guest.
. "$(dirname "$0")/lib.sh"
count=${NATAL_BENCH_COUNT:-500}
cp "$build/natal-agent" "$work/natal-agent"; strip "$work/natal-agent"
ours=$("$build/tests/bench/times" "$count" "$work/natal-agent" version | field p50_ms)
emit exec "$ours" ms /bin/true "$("$build/tests/bench/times" "$count" /bin/true | field p50_ms)" '<= 1.5 ms'

# Size: the package, and what its dependencies add to a minbase guest, by apt's word.
deb=$(find "$build/deb" -name 'natal-agent_*.deb' 2>/dev/null | head -n 1)
[ -n "$deb" ] || { echo "no natal-agent package in $build/deb: make deb" >&2; exit 1; }
own=$(dpkg-deb -f "$deb" Installed-Size)
added=$("$here/tests/bench/added.py" "$(dpkg-deb -f "$deb" Depends)")
echo "added to minbase: natal-agent $own KiB" $added >&2
emit size.package "$own" KiB
emit size.with-libraries "$((own + $(awk '{n += $2} END {print n + 0}' <<<"$added")))" KiB bar 4096 '<= 4096 KiB'

# What the pool saves: keys that a guest would make itself.
for kind in ed25519 ecdsa rsa; do
  ms=$("$build/tests/bench/times" 5 ssh-keygen -q -t "$kind" -N '' -f "$work/key-$kind-@" | field p50_ms)
  emit "pool.saves.$kind" "$ms" ms
done
