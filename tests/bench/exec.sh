#!/bin/bash
# exec - from exec to main: the whole life of `natal-agent version`, beside /bin/true; and what the packages add to a guest.
. "$(dirname "$0")/lib.sh"
cp "$build/natal-agent" "$work/natal-agent"; strip "$work/natal-agent"
ours=$("$build/tests/bench/times" 500 "$work/natal-agent" version | field p50_ms)
emit exec "$ours" ms /bin/true "$("$build/tests/bench/times" 500 /bin/true | field p50_ms)" '<= 1.5 ms'

# Size: the agent's own files and the libraries that a minbase guest does not have.
deb=$(echo "$build"/deb/natal-agent_*.deb)
if [ -e "$deb" ]; then
  own=$(dpkg-deb -f "$deb" Installed-Size)
  total=$own
  for p in libmbedcrypto7 libmbedtls14 libmbedx509-1 libsodium23 libjson-c5; do
    total=$((total + $(apt-cache show "$p" | sed -n 's/^Installed-Size: //p' | head -n 1)))
  done
  emit size.package "$own" KiB
  emit size.with-libraries "$total" KiB bar 4096 '<= 4 MB'
fi

# What the pool saves: keys that a guest would make itself.
for kind in ed25519 ecdsa rsa; do
  ms=$("$build/tests/bench/times" 5 ssh-keygen -q -t "$kind" -N '' -f "$work/key-$kind-@" | field p50_ms)
  emit "pool.saves.$kind" "$ms" ms
done
