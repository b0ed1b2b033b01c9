# lib.sh - sourced by the benches: emit(), a chroot with cloud-init, private namespaces.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${NATAL_BENCH_BUILD:-$here/out/tests/build}
runs=${NATAL_BENCH_RUNS:-5}
[ -x "$build/natal-agent" ] || { echo "no build in $build" >&2; exit 1; }
# On a real disk: what is said to be durable pays for it.
folder=${TMPDIR:-/tmp}
case $(stat -f -c %T "$folder") in tmpfs|ramfs) folder=/var/tmp ;; esac
case $(stat -f -c %T "$folder") in tmpfs|ramfs) echo "no folder on a disk: set TMPDIR" >&2; exit 77 ;; esac
work=$(mktemp -d "$folder/natal-bench.XXXXXX")
chmod 755 "$work"
bench_cleanup() { [ ! -S "$work/state/natald.sock" ] || "$build/natalctl" daemon stop > /dev/null 2>&1 || true; rm -rf "$work"; }
trap bench_cleanup EXIT
need() { command -v "$1" > /dev/null || { echo "$1 is missing: apt-get install $2" >&2; exit 77; }; }
# emit NAME VALUE UNIT [PEER PEER_VALUE [BAR]]: one JSON object a line; ratio = peer / ours; BAR is "ratio >= N" or "<= N UNIT".
emit() {
  python3 - "$@" <<'P'
import json, sys
n, v, u, *rest = sys.argv[1:]
o = {"name": n, "value": float(v), "unit": u}
if rest:
    o["against"] = {"name": rest[0], "value": float(rest[1])}
    o["ratio"] = round(float(rest[1]) / max(float(v), 1e-9), 2)
if len(rest) > 2:
    o["bar"] = rest[2]
    bound = float(rest[2].removeprefix("ratio").split()[1])
    o["met"] = o["ratio"] >= bound if rest[2].startswith("ratio") else float(v) <= bound
print(json.dumps(o), flush=True)
P
}
median() { sort -g | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
field() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
sources_file() { for s in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do [ ! -s "$s" ] || { echo "$s"; return; }; done; }

# A Debian tree with cloud-init and what a guest has, unpacked to $1; made once and cached.
cloud_tree() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/natal/bench packages key
  packages=systemd,systemd-sysv,udev,dbus,openssh-server,sudo,iproute2,ca-certificates,tzdata,cloud-init,libmbedcrypto7,libmbedtls14,libmbedx509-1,libsodium23,libjson-c5,libudev1,libblkid1
  key=$(echo "$packages" | sha256sum | cut -c1-12)
  mkdir -p "$cache"
  if [ ! -s "$cache/tree-$key.tar" ]; then
    mmdebstrap --variant=minbase --include="$packages" --aptopt='Apt::Install-Recommends "false"' bookworm "$cache/tree.new.tar" "$(sources_file)" >&2
    mv "$cache/tree.new.tar" "$cache/tree-$key.tar"
  fi
  mkdir -p "$1"
  tar -C "$1" -xf "$cache/tree-$key.tar" --exclude='./dev/*'
  rm -f "$1"/etc/ssh/ssh_host_*
  printf 'datasource_list: [ NoCloud, None ]\nlocale: false\n' > "$1/etc/cloud/cloud.cfg.d/90_bench.cfg"
}

# private ROOT COMMAND...: lend=DISK puts ROOT/natal.iso in place of that device's node. Mount, network, process and host name spaces with one NIC, eth0.
private() {
  local root=$1; shift
  unshare --mount --net --pid --uts --fork bash -euc '
    root=$1; shift
    mount --make-rprivate /
    mount -t proc proc "$root/proc"; mount -t sysfs sysfs "$root/sys"; mount -t tmpfs tmpfs "$root/run"; mount --bind /dev "$root/dev"
    [ -z "${lend:-}" ] || mount --bind "$root/natal.iso" "$root/dev/$lend"
    ip link set lo up; ip link add eth0 address 52:54:00:12:34:56 type veth peer name peer0
    exec "$@"' _ "$root" "$@"
}

# controller KEYS: a natald of the bench's own with that many keys of each kind free, and an SSH key in $work/id.
controller() {
  export NATAL_STATE=$work/state
  unset NATAL_SERVER
  "$build/natalctl" key init > /dev/null
  "$build/natalctl" pool fill "$1" >&2
  "$build/natalctl" pool status -o json > "$work/pool"
  python3 - "$work/pool" "$1" <<'P'
import json, sys
free = {k["kind"]: k["free"] for k in json.load(open(sys.argv[1]))["kinds"] if "rsa" not in k["kind"]}
if len(free) < 3 or min(free.values()) < int(sys.argv[2]):
    sys.exit(f"void: the pool is not warm: {free}")
P
  ssh-keygen -q -t ed25519 -N '' -C bench -f "$work/id"
}
# valid VM MEDIUM: another reader and natal-agent, on a root that holds the media key, accept it as that VM's.
valid() {
  mkdir -p "$work/valid"
  "$here/tests/bench/medium2seed.py" "$2" "$work/valid" &&
  "$build/natal-agent" plan --root "$work/guest" --medium "$2" --uuid "$("$build/natalctl" vm show "$1" -o json | field uuid)" -o json > "$work/valid/plan.json" &&
  python3 -c 'import json,sys; sys.exit(not json.load(open(sys.argv[1])))' "$work/valid/plan.json"
}
