# lib.sh - sourced by every integration test: where things are, `ok`, a baked image, VMs that go away at the end.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${NATAL_TEST_BUILD:-$here/out/tests/build}
shared=${NATAL_TEST_OUT:-$here/out/tests}
work=$shared/work/$(basename "$0" .sh)
[ -x "$build/natalctl" ] || { echo "no build in $build: run ./runtests"; exit 1; }
rm -rf "$work"; mkdir -p "$work"
export NATAL_STATE=$work/state NATAL_BAKE=$here/packaging/bake/natal-bake PATH=$build:$PATH
unset NATAL_SERVER XDG_DATA_HOME

ok() { echo "ok $*"; }
fail() { echo "not ok $*"; exit 1; }
skip() { echo "$*"; exit 77; }
# want TEXT COMMAND...: the command fails and says TEXT.
want() {
  local text=$1 said status=0; shift
  said=$("$@" 2>&1) || status=$?
  [ "$status" != 0 ] || fail "succeeded, but '$text' was wanted: $* ($said)"
  grep -qF -- "$text" <<<"$said" || fail "'$text' was wanted from: $* -- it said: $said"
  ok "refused: $text"
}
# Runs "$@" until it succeeds or SECONDS pass.
within() { local until=$((SECONDS + $1)); shift; until "$@" >/dev/null 2>&1; do [ "$SECONDS" -lt "$until" ] || return 1; sleep 0.3; done; }

pids=()
cleanup() {
  local status=$?
  set +e
  for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
  if [ -S "$NATAL_STATE/natald.sock" ]; then
    [ "$status" = 0 ] || { natalctl vm list; for vm in $(natalctl vm list -o json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d'"' -f4); do echo "--- $vm"; natalctl vm show "$vm"; natalctl vm logs "$vm" | tail -n 40; done; tail -n 20 "$NATAL_STATE/natald.log"; }
    for vm in $(natalctl vm list -o json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d'"' -f4); do natalctl vm delete "$vm" >/dev/null 2>&1; done
    natalctl daemon stop >/dev/null 2>&1
  fi
  exit "$status"
}
trap cleanup EXIT

# The guest image of all tests: baked once a run with one media key, which every test's natald then gets.
golden=$shared/golden
golden_image() {
  local deb guestd
  mkdir -p "$golden"
  exec 9> "$golden/lock"; flock 9
  make -s -C "$build" deb > "$golden/deb.log" 2>&1 || { tail "$golden/deb.log"; fail "make deb"; }
  deb=$(ls -t "$build"/deb/natal-agent_*.deb | head -n 1)
  guestd=$(ls -t "$build"/deb/natal-guestd_*.deb | head -n 1)
  local stamp extra=nginx-light,nftables,sudo; stamp=$( (echo "$extra"; cat "$deb" "$guestd" "$here/packaging/bake/natal-bake" $(find "$here/packaging/demo" -type f | sort)) | sha256sum | cut -c1-32)
  if [ "$(cat "$golden/stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$golden/state" "$golden/image"
    NATAL_STATE=$golden/state natalctl key init >/dev/null
    NATAL_STATE=$golden/state natalctl image bake golden --package "$deb" --package "$guestd" --extra "$extra" --overlay "$here/packaging/demo/overlay" --out "$golden/image"
    NATAL_STATE=$golden/state natalctl daemon stop >/dev/null
    echo "$stamp" > "$golden/stamp"
  fi
  flock -u 9; exec 9>&-
}
# A controller of the test's own that holds the golden image's key.
controller() {
  golden_image
  cp -a "$golden/state" "$NATAL_STATE"
  rm -f "$NATAL_STATE"/natald.sock
  natalctl image list >/dev/null
  [ -e "$work/id" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/id"
}
forward_of() { natalctl vm show "$1" -o json | grep -o '{"host":[0-9]*,"guest":'"$2"'}' | grep -o '[0-9]*' | head -n 1; }
ssh_as() { # NAME PORT COMMAND...
  local name=$1 port=$2; shift 2
  ssh -F /dev/null -i "$work/id" -p "$port" -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 \
    -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias="$name" -o KnownHostsCommand="$build/natal-verify known-hosts %H" \
    alice@127.0.0.1 "$@"
}
https_as() { # NAME PORT
  [ -s "$work/ca.pem" ] || natalctl ca show --out "$work/ca.pem"
  curl -sS --max-time 20 --cacert "$work/ca.pem" --pinnedpubkey "$(natalctl vm pin "$1" --curl)" --connect-to "$1:443:127.0.0.1:$2" "https://$1/"
}
vm_field() { natalctl vm show "$1" -o json | python3 -c 'import json,sys; d=json.load(sys.stdin)
for k in sys.argv[1].split("."): d=d[int(k)] if isinstance(d,list) else d[k]
print(d)' "$2"; }
