# lib.sh - sourced by the agent's script tests: a root folder, a signed seed, what a tree holds.
set -euo pipefail
src=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)} build=${builddir:-$src/build}
agent=$build/natal-agent fault=$build/tests/tools/agent_fault mk=$build/tests/tools/mkbundle
uuid=11111111-2222-3333-4444-555555555555
work=$(mktemp -d); trap 'status=$?; chmod -R u+rwx "$work" 2>/dev/null || true; rm -rf "$work"; exit $status' EXIT
fail() { echo "not ok $*"; [ -z "${KEEP_GOING:-}" ] || return 0; exit 1; }
ok() { echo "ok $*"; }
skip() { echo "skipped: $*"; exit 77; }

"$mk" key ed25519 "$work/key.pem" "$work/key.pub"

# A guest's root as an image leaves it: small, and always the same.
make_root() { # DIR
  rm -rf "$1"
  mkdir -p "$1"/etc/{natal/trust.d,skel,ssh,ssl/certs} "$1"/usr/{sbin,share/zoneinfo/Europe} "$1"/{var/lib,run,tmp,home,root}
  cp "$work/key.pub" "$1/etc/natal/trust.d/"
  printf 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n' > "$1/etc/passwd"
  printf 'root:x:0:\ndaemon:x:1:\nshadow:x:42:\nsudo:x:27:\nssl-cert:x:110:\n' > "$1/etc/group"
  printf 'root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n' > "$1/etc/shadow"
  printf 'root:*::\ndaemon:*::\nshadow:*::\nsudo:*::\nssl-cert:!::\n' > "$1/etc/gshadow"
  chmod 640 "$1/etc/shadow" "$1/etc/gshadow"
  printf '127.0.0.1 localhost\n' > "$1/etc/hosts"
  printf 'HOME_MODE\t0700\nUMASK\t022\n' > "$1/etc/login.defs"
  mkdir -p "$1/usr/lib/systemd" && : > "$1/usr/lib/systemd/systemd-networkd"
  : > "$1/etc/machine-id"
  echo '# bashrc' > "$1/etc/skel/.bashrc"
  echo 'a key that an image left behind' > "$1/etc/ssh/ssh_host_rsa_key"
  echo TZif > "$1/usr/share/zoneinfo/Europe/Berlin"
}

# seal OUT SEQUENCE DIR [mkbundle's options]: the blobs of a folder, signed. Dates inside are fixed.
seal() {
  local out=$1 sequence=$2 dir=$3 blobs=() f; shift 3
  while read -r f; do blobs+=("$f=$dir/$f"); done < <(cd "$dir" && find . -type f -printf '%P\n' | grep -v -e '^expect' -e '^root/' | sort)
  "$mk" bundle "$out" "$work/key.pem" "$uuid" "$sequence" "${blobs[@]}" "$@"
}
user_data() { mkdir -p "$1"; { echo '#cloud-config'; cat; } > "$1/user-data"; }   # DIR, JSON on stdin

# What a tree holds: kind, mode, owner, path, target, content. Not the spool, the count of boots, times, instance data and /run: they are about runs, not the guest.
tree() {
  (cd "$1" && find . -mindepth 1 \( -path ./run -o -path ./var/lib/natal/spool -o -path ./var/lib/natal/boots -o -path './var/lib/natal/*timings.json*' -o -path './var/lib/natal/*instance-data.json*' \) -prune -o -printf '%y %m %U:%G %P %l\n' | sort -k4
   find . \( -path ./run -o -path ./var/lib/natal/spool -o -path ./var/lib/natal/boots -o -path './var/lib/natal/*timings.json*' -o -path './var/lib/natal/*instance-data.json*' \) -prune -o -type f -print0 | sort -z | xargs -0 -r sha256sum)
}
run_agent() { "$agent" "$@" --uuid "$uuid"; }
# refused TEXT COMMAND...: fails, says TEXT, and the tree $root is as it was.
refused() {
  local text=$1 said status=0 before; shift
  before=$(tree "$root")
  said=$("$@" 2>&1) || status=$?
  [ "$status" != 0 ] || fail "succeeded, but '$text' was wanted: $said"
  grep -qF -- "$text" <<<"$said" || fail "'$text' was wanted; it said: $said"
  [ "$(tree "$root")" = "$before" ] || { diff <(echo "$before") <(tree "$root") || true; fail "the tree was touched: $text"; }
  ok "refused, untouched: $text"
}
