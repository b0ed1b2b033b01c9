#!/bin/bash
# links - symlinks that an image or a user left in the guest's root: nothing is written outside it, and root writes nothing where a user's links lead.
. "$(dirname "$0")/lib.sh"
out=$work/outside root=$work/root
seed_all() { # SEQUENCE OUT
  mkdir -p "$work/seed/ssh"
  echo 'a private key' > "$work/seed/ssh/ssh_host_ed25519_key"; echo 'ssh-ed25519 a2V5' > "$work/seed/ssh/ssh_host_ed25519_key.pub"
  user_data "$work/seed" <<'J'
{"hostname": "web-1", "users": [{"name": "alice", "ssh_authorized_keys": ["ssh-ed25519 A"]}], "timezone": "Europe/Berlin",
 "write_files": [{"path": "/srv/a/b/file", "content": "x"}, {"path": "/etc/motd", "content": "x"}]}
J
  echo '{"version": 2, "ethernets": {"e0": {"dhcp4": true}}}' > "$work/seed/network-config"
  seal "$2" "$1" "$work/seed"
}
seed_all 1 "$work/one"; seed_all 2 "$work/two"
fresh() { make_root "$root"; rm -rf "$out"; mkdir -p "$out"/{ssh,network,natal,srv,trust}; echo keep > "$out/keep"; cp "$out/keep" "$out/ssh/ssh_host_rsa_key"; }
outside() { (cd "$out" && find . -printf '%y %m %U %P %l\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum); }
# leads TARGET PATH…: PATH in the root is a symlink to TARGET; both are tried, applied twice, and nothing outside has changed.
leads() {
  local target=$1 path=$2 before status=0
  fresh; rm -rf "${root:?}$path"; mkdir -p "$(dirname "$root$path")"; ln -s "$target" "$root$path"
  before=$(outside)
  run_agent apply --root "$root" --medium "$work/one" > "$work/said" 2>&1 || status=$?
  run_agent apply --root "$root" --medium "$work/two" >> "$work/said" 2>&1 || status=$?
  [ "$(outside)" = "$before" ] || { diff <(echo "$before") <(outside); fail "$path -> $target: something outside has changed"; }
  [ "$status" -lt 128 ] || fail "$path -> $target: status $status"
  grep -q 'AddressSanitizer\|runtime error' "$work/said" && fail "$path -> $target: $(cat "$work/said")"
  ok "$path -> $target: nothing outside the root (status $status)"
}
for where in "$out" "../../../../../../../../../../..$out"; do
  leads "$where/ssh" /etc/ssh
  leads "$where/network" /etc/systemd/network
  leads "$where/srv" /srv
  leads "$where/srv" /srv/a/b
  leads "$where/natal" /var/lib/natal
  leads "$where/natal" /var/lib
  leads "$where/natal" /run
  leads "$where" /home
  leads "$where" /etc/skel
done
for file in /etc/motd /etc/hostname /etc/machine-id /etc/localtime /etc/passwd /etc/shadow /srv/a/b/file /etc/ssh/ssh_host_ed25519_key /etc/.motd.natal-new \
  /var/lib/natal/journal /var/lib/natal/boots /var/lib/natal/.journal.natal-new /home/alice /home/alice/.ssh; do
  leads "$out/keep" "$file"
done
leads /proc/self/root/tmp /srv
leads loop /srv/a
leads "$out/trust" /etc/natal/trust.d       # no anchors: nothing is applied at all
grep -q 'trust anchors' "$work/said" || fail "trust.d: $(cat "$work/said")"

# A folder that is to be made, and what a run that ended leaves of it, or somebody makes look like that.
fresh; mkdir -p "$root/srv/.a.natal-new"
run_agent apply --root "$root" --medium "$work/one" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ -e "$root/srv/a/b/file" ] && [ ! -e "$root/srv/.a.natal-new" ] || fail "$(find "$root/srv")"
fresh; mkdir -p "$root/srv/.a.natal-new"; echo evil > "$root/srv/.a.natal-new/plugin"
! run_agent apply --root "$root" --medium "$work/one" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ ! -e "$root/srv/a" ] && grep -qF 'make folder /srv/a as .a.natal-new: Directory not empty' "$work/said" || fail "$(cat "$work/said"; find "$root/srv")"
ok "a folder that is made begins empty"

# What the user alice puts into her home, as root sees it at the next medium.
[ "$(id -u)" = 0 ] || { ok "not root: a user's links are for root only"; exit 0; }
mkdir -p "$work/other"; cp -r "$work/seed/." "$work/other"
user_data "$work/other" <<'J'
{"hostname": "web-2", "users": [{"name": "alice", "ssh_authorized_keys": ["ssh-ed25519 B"]}, {"name": "carol"}], "write_files": [{"path": "/etc/motd", "content": "y"}]}
J
seal "$work/three" 3 "$work/other"
# victim TEXT COMMAND…: alice does that in her home; root says TEXT (none: it goes well), and /etc and /root have nothing new. She alone goes without what the
# next medium has for her.
victim() {
  local text=$1 before status=0; shift
  fresh
  run_agent apply --root "$root" --medium "$work/one" > /dev/null || fail "the first medium"
  mkdir "$root/etc/apt"; echo 'root:$6$secret' > "$root/etc/secret"; chmod 600 "$root/etc/secret"
  (cd "$root/home/alice" && "$@"); chown -hR 1000:1000 "$root/home/alice"
  before=$(cd "$root" && find etc/apt etc/secret root -printf '%y %m %U:%G %P\n' | sort)
  run_agent apply --root "$root" --medium "$work/two" > "$work/said" 2>&1 || status=$?
  [ "$(cd "$root" && find etc/apt etc/secret root -printf '%y %m %U:%G %P\n' | sort)" = "$before" ] || fail "$*: root wrote there"
  ! grep -rq secret "$root/home" || fail "$*: a secret of root's is in her home"
  if [ -n "$text" ]; then
    [ "$status" != 0 ] && grep -qF "$text" "$work/said" || fail "$*: '$text' was wanted: $status $(cat "$work/said")"
  else
    [ "$status" = 0 ] || fail "$*: $(cat "$work/said")"
  fi
  run_agent apply --root "$root" --medium "$work/three" > "$work/said" 2>&1 || [ "$?" = 10 ] || fail "$*: the third medium: $(cat "$work/said")"
  [ "$(cat "$root/etc/hostname" "$root/etc/motd")" = "$(printf 'web-2\ny')" ] && grep -q ^carol: "$root/etc/passwd" && [ -e "$root/home/carol/.bashrc" ] || fail "$*: hinders others: $(cat "$work/said")"
  ok "alice: $*"
}
victim '/home/alice/.ssh/authorized_keys is a symlink, a file is wanted' ln -sf /etc/secret .ssh/authorized_keys
victim '/home/alice/.ssh/authorized_keys is a symlink, a file is wanted' ln -sf ../../../etc/secret .ssh/authorized_keys
victim '/home/alice/.ssh is a symlink of user 1000: not followed' sh -c 'rm -r .ssh && ln -s /etc/apt .ssh'
victim '/home/alice/.ssh is a symlink of user 1000: not followed' sh -c 'rm -r .ssh && ln -s /root .ssh'
victim '' ln -s /etc/secret .ssh/.authorized_keys.natal-new
victim '' sh -c 'rm .bashrc && ln -s /etc/apt/new .bashrc'
victim '' sh -c 'rm -r .ssh'
victim 'Is a directory' sh -c 'rm .ssh/authorized_keys; mkdir -p .ssh/.authorized_keys.natal-new/x'
victim 'is a file, a folder is wanted' sh -c 'rm -r .ssh; : > .ssh'
victim 'authorized_keys' truncate -s 17M .ssh/authorized_keys
victim 'authorized_keys' sh -c 'rm .ssh/authorized_keys; mkdir .ssh/authorized_keys'
