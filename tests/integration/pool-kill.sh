#!/bin/bash
# level: check
# pool-kill.sh - natald is killed (-9) at random points under load, ROUNDS times: no key is ever delivered twice, none is lost from the count, every VM that
# was acknowledged is there, and every birth that a kill interrupted is finished.
set -u
B=${builddir:-build}
ROUNDS=${NATAL_KILLS:-200}
T=$(mktemp -d /tmp/natal-kill.XXXXXX)
S=$T/s
export NATAL_STATE=$S
n() { "$B/natalctl" "$@"; }
D=
trap '[ -n "$D" ] && kill "$D" 2>/dev/null; rm -rf "$T"' EXIT
up() {
  "$B/natald" --state "$S" 2>> "$T/log" & D=$!
  for _ in $(seq 400); do [ -S "$S/natald.sock" ] && n status >/dev/null 2>&1 && return 0; sleep 0.01; done
  echo "natald did not come up"; cat "$T/log"; exit 1
}
create() { curl -s -m 2 --unix-socket "$S/natald.sock" -X POST http://n/v1/vms -d "{\"name\":\"$1\",\"host\":\"none\"}" 2>/dev/null | grep -q '"state":"ready"' && echo "$1" >> "$T/acked"; }
load() { for i in $(seq 40); do [ -S "$S/natald.sock" ] || return 0; create "v$1-$2-$i"; done; }

mkdir "$S"; : > "$T/acked"
up; n key init >/dev/null || exit 1
kill -9 "$D"; wait "$D" 2>/dev/null; rm -f "$S/natald.sock"
for round in $(seq "$ROUNDS"); do
  up
  load "$round" a & A=$!
  load "$round" b & C=$!
  sleep "0.$(printf %03d $((RANDOM % 400)))"
  kill -9 "$D"; wait "$D" 2>/dev/null
  rm -f "$S/natald.sock"
  wait "$A" "$C"
done
up
bad=0
# The server checks its books against the rows for this, and says so where they differ.
n pool status -o json > "$T/pool" || { echo "the books are wrong"; bad=1; }
n vm list -o json > "$T/vms" || bad=1
vms=$(grep -o '"id":"vm-' "$T/vms" | wc -l)
ready=$(grep -o '"state":"ready"' "$T/vms" | wc -l)
acked=$(wc -l < "$T/acked")
for k in ssh-ed25519 ssh-ecdsa tls-ecdsa-p256; do
  row=$(grep -o "{\"kind\":\"$k\"[^}]*" "$T/pool")
  num() { echo "$row" | grep -o "\"$1\":[0-9]*" | cut -d: -f2; }
  echo "$k: made $(num made) free $(num free) taken $(num taken) wiped $(num wiped)"
  [ "$(num taken)" = "$vms" ] || { echo "FAIL: $(num taken) $k keys are taken by $vms VMs"; bad=1; }
  [ "$(num made)" = $(($(num free) + $(num taken) + $(num wiped))) ] || { echo "FAIL: $k keys are lost from the count"; bad=1; }
done
[ "$ready" = "$vms" ] || { echo "FAIL: $((vms - ready)) of $vms VMs are not finished"; bad=1; }
lost=0
while read -r name; do grep -q "\"name\":\"$name\"" "$T/vms" || lost=$((lost + 1)); done < "$T/acked"
[ $lost = 0 ] || { echo "FAIL: $lost of $acked acknowledged VMs are gone"; bad=1; }
# Each pin record's keys: none in two machines.
cat "$S"/pins/*.pin | grep -aoE '(ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/=]+|"current":"[0-9a-f]{64}"' > "$T/keys"
total=$(wc -l < "$T/keys") twice=$(sort "$T/keys" | uniq -d | wc -l)
[ "$twice" = 0 ] || { echo "FAIL: $twice of $total keys were delivered twice"; bad=1; }
[ "$total" = $((3 * vms)) ] || { echo "FAIL: $total keys in the pin records of $vms VMs"; bad=1; }
[ "$vms" -ge "$ROUNDS" ] || { echo "FAIL: $vms VMs in $ROUNDS rounds: no load"; bad=1; }
echo "kills $ROUNDS, VMs $vms, acknowledged $acked, keys in pin records $total, twice $twice"
exit $bad
