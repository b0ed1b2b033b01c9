#!/bin/bash
# ground.sh - what changes the ground on which files lie comes first: a bootcmd that replaces a folder, a filesystem mounted over homes; and what comes behind it is
# planned of what is there then, staged there, and found again when the power goes in between.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "owners, chroot and mounts need root"
root=$work/root seed=$work/seed
mkdir -p "$seed"
tools="/bin/sh /usr/bin/mv /usr/bin/mkdir /usr/bin/ln /usr/bin/mount /usr/bin/chown"
fresh() {
  make_root "$root"; mkdir -p "$root"/{bin,srv,dev,proc,sys} "$root/usr/bin" "$root/data"
  for f in $tools "$@"; do cp -L --parents "$f" $(ldd "$f" | grep -o '/[^ )]*' | sort -u) "$root/"; done
  ln "$root/usr/bin/mv" "$root/bin/mv"
}
sequence=0
given() { sequence=$((sequence + 1)); printf '#cloud-config\n%s\n' "$1" > "$seed/user-data"; seal "$work/bundle" "$sequence" "$seed"; }
apply() { status=0; run_agent apply --root "$root" --medium "$work/bundle" > "$work/said" 2>&1 || status=$?; }
well() { [ "$status" = 0 ] || fail "status $status: $(cat "$work/said")"; }
staged() { find "$root" -name '*.natal-new'; }

# A folder that bootcmd replaces.
fresh; echo old > "$root/data/x"
given 'bootcmd: ["[ -e /data.old ] || { mv /data /data.old; mkdir /data; }"]
write_files: [{path: /data/x, content: "new\n"}, {path: /data/sub/y, content: "y\n"}]'
apply; well
[ "$(cat "$root/data/x" "$root/data/sub/y" "$root/data.old/x" | tr '\n' ' ')" = "new y old " ] && [ -z "$(staged)" ] || fail "$(find "$root/data"* -type f)"
ok "a folder that bootcmd replaces has what write_files puts there"

fresh; given 'bootcmd: ["echo foo > /etc/hostname", "echo 192.0.2.9 nine > /etc/hosts"]
hostname: bar
manage_etc_hosts: true'
apply; well
[ "$(cat "$root/etc/hostname")" = bar ] && ! grep -q nine "$root/etc/hosts" || fail "bootcmd has the last word: $(cat "$root/etc/hostname" "$root/etc/hosts")"
ok "the name of the guest comes behind bootcmd"

# What was right before is not taken for right behind it; owners that bootcmd makes, and folders that it makes, are known.
fresh; echo same > "$root/data/x"
given 'bootcmd: ["[ -e /data.old ] || { mv /data /data.old; mkdir /data; }", "[ -e /srv/own ] || { mkdir /srv/own; chown 7:7 /srv/own; }",
  "[ -e /maker ] || { echo maker:x:77:0::/:/bin/sh >> /etc/passwd; : > /maker; }"]
write_files: [{path: /data/x, content: "same\n"}, {path: /srv/own/f, content: a}, {path: /srv/m, content: m, owner: "maker:root"}]
users: [{name: alice}]'
apply; well
[ "$(cat "$root/data/x")" = same ] || fail "what was right before bootcmd was taken for right: $(cat "$work/said")"
[ "$(stat -c %u "$root/srv/own")" = 7 ] && [ "$(stat -c %u "$root/srv/m")" = 77 ] || fail "$(ls -ln "$root/srv")"
grep -q '^maker:' "$root/etc/passwd" && grep -q '^alice:' "$root/etc/passwd" || fail "an account that bootcmd made is gone: $(cat "$root/etc/passwd")"
ok "what comes behind bootcmd is planned of what it left"
run_agent plan --root "$root" --medium "$work/bundle" > "$work/said"
! grep -E '^(write_files|accounts|users)' "$work/said" || fail "a plan afterwards: $(cat "$work/said")"
ok "and is as wanted then"

# Without such programs nothing is done by halves: a file that cannot be staged is met before anything has changed.
fresh; : > "$root/data/file"
given 'natal: {policy: {write_files: fail}}
hostname: early
write_files: [{path: /data/file/x, content: x}]'
apply; [ "$status" != 0 ] && [ ! -e "$root/etc/hostname" ] && [ -z "$(staged)" ] || fail "$status: $(cat "$work/said")"
ok "without such programs a file that cannot be staged is met before anything has changed"
given 'natal: {policy: {write_files: fail}}
bootcmd: ["mkdir -p /srv/ran"]
write_files: [{path: /srv/none, content: x}, {path: /data/file/x, content: x}]'
apply
[ "$status" != 0 ] && [ -d "$root/srv/ran" ] && [ ! -e "$root/srv/none" ] && [ -z "$(staged)" ] || fail "$status: $(cat "$work/said"; ls "$root/srv")"
ok "what fails behind bootcmd ends the run, with nothing of its round done, and nothing staged left"

# The power goes after each change: the next run ends with the same tree.
fresh; echo old > "$root/data/x"; pristine=$work/pristine; cp -a "$root" "$pristine"
given 'bootcmd: ["[ -e /data.old ] || { mv /data /data.old; mkdir /data; }"]
users: [{name: alice, ssh_authorized_keys: [ssh-ed25519 AAAA a]}]
write_files: [{path: /data/x, content: "new\n"}, {path: /data/sub/y, content: "y\n", owner: "alice:alice"}]'
NATAL_FAULT_COUNT=$work/count "$fault" apply --root "$root" --medium "$work/bundle" --uuid "$uuid" > /dev/null 2>&1 || fail "the run without a fault"
wanted=$(tree "$root"); n=$(cat "$work/count")
for ((k = 1; k <= n; k += 3)); do
  rm -rf "$root"; cp -a "$pristine" "$root"
  status=0; NATAL_FAULT_AT=$k "$fault" apply --root "$root" --medium "$work/bundle" --uuid "$uuid" > /dev/null 2>&1 || status=$?
  [ "$status" = 99 ] || fail "k=$k: status $status, not the fault's"
  apply; [ "$status" = 0 ] || fail "k=$k: the next run: $(cat "$work/said")"
  [ -z "$(staged)" ] && [ "$(tree "$root")" = "$wanted" ] || { diff <(echo "$wanted") <(tree "$root"); fail "k=$k: another tree"; }
done
ok "a fault after each third of $n changes, between the rounds too: the same tree"

# What destroys is done once, whenever the power goes behind its round: what lies on the disk by then is the guest's own.
if [ -x /usr/sbin/mkfs.ext4 ]; then
  fresh; mkdir -p "$root/usr/sbin"; truncate -s 32M "$root/dev/vdb"; /usr/sbin/mkfs.ext4 -q -F "$root/dev/vdb"
  printf '#!/bin/sh\necho ran >> /srv/ran\n' > "$root/usr/sbin/sfdisk"; printf '#!/bin/sh\n' > "$root/usr/bin/udevadm"; chmod 755 "$root/usr/sbin/sfdisk" "$root/usr/bin/udevadm"
  rm -rf "$pristine"; cp -a "$root" "$pristine"
  given 'disk_setup: {/dev/vdb: {table_type: gpt, layout: true, overwrite: true}}
write_files: [{path: /data/x, content: x}, {path: /data/y, content: y}]'
  NATAL_FAULT_COUNT=$work/count "$fault" apply --root "$root" --medium "$work/bundle" --uuid "$uuid" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
  [ "$(cat "$root/srv/ran")" = ran ] || fail "sfdisk did not run: $(cat "$work/said")"
  n=$(cat "$work/count"); looked=0
  for ((k = 1; k < n; k++)); do
    rm -rf "$root"; cp -a "$pristine" "$root"
    NATAL_FAULT_AT=$k "$fault" apply --root "$root" --medium "$work/bundle" --uuid "$uuid" > /dev/null 2>&1 || true
    grep -q .x.natal-new < <(ls -A "$root/data") || [ -e "$root/data/x" ] || continue
    looked=$((looked + 1)); apply; well
    [ "$(cat "$root/srv/ran")" = ran ] || fail "k=$k: the disk was divided twice"
  done
  [ $looked -gt 3 ] || fail "no fault behind the round"
  ok "what destroys is not done twice, though the power goes behind it ($looked times)"
fi

# The running system's mounts, in a namespace of its own: its root is the test's, its /usr the machine's.
apart="unshare --mount --uts --ipc --pid --fork"
if ! $apart true 2> /dev/null || [ ! -e /usr/bin/systemctl ] || [ ! -L /bin ]; then ok "no namespace can be made here, or it is no merged /usr: mounts are left out"; exit 0; fi
make_root "$root"; rm -rf "$root/usr"; mkdir -p "$root"/{usr,proc,sys,dev,data} "$root/home/old"
for l in bin sbin lib lib64; do [ ! -L "/$l" ] || ln -s "$(readlink "/$l")" "$root/$l"; done
echo old > "$root/data/kept"; cp "$agent" "$root/agent"
printf '#!/bin/sh\nexit 0\n' > "$work/systemctl"; chmod 755 "$work/systemctl"
cat > "$work/enter" <<'END'
set -e
mount --make-rprivate /
mount --bind "$1" "$1"; mount --rbind /usr "$1/usr"; mount --bind "$2" "$1/usr/bin/systemctl"
mount -t proc proc "$1/proc"; mount -t tmpfs none "$1/dev"; : > "$1/dev/null"; chmod 666 "$1/dev/null"
exec chroot "$1" /bin/sh -ec "$3"
END
live() { $apart /bin/sh "$work/enter" "$root" "$work/systemctl" "$1" > "$work/said" 2>&1 || fail "$(cat "$work/said")"; }
given 'growpart: {mode: off}
resize_rootfs: false
mounts: [[tmpfs, /home, tmpfs, "mode=0755", "0", "0"], [none, /data, tmpfs, "mode=0755", "0", "0"]]
users: [{name: alice, ssh_authorized_keys: [ssh-ed25519 AAAA a]}]
write_files: [{path: /data/x, content: "x\n", owner: "alice:alice"}, {path: /data/kept, content: "old\n"}, {path: /srv/beside, content: "b\n"}]'
cp "$work/bundle" "$root/bundle"
live "/agent apply --uuid $uuid --medium /bundle --channel ''
  grep -q ' /home tmpfs ' /proc/mounts
  ls -ln /home /home/alice/.ssh; cat /home/alice/.ssh/authorized_keys /data/x /data/kept; ls -ln /data
  /agent plan --uuid $uuid --medium /bundle
  umount /home /data; echo below: \$(ls /home /data)"
grep -q '^ssh-ed25519 AAAA a$' "$work/said" && grep -q '^x$' "$work/said" && grep -q '^old$' "$work/said" && grep -q 'alice$' "$work/said" || fail "$(cat "$work/said")"
grep -qx 'below: /data: kept /home: old' "$work/said" || fail "what was mounted over was written to: $(cat "$work/said")"
grep -q ' 0 to do in 0 actions' "$work/said" || fail "a plan afterwards: $(cat "$work/said")"
ok "homes, keys and files lie on what was mounted, not below it"

# The power goes when they are staged on what a bootcmd has mounted; at the next run the mount is not there until bootcmd has run.
rm -rf "$root"/var/lib/natal "$root"/etc/fstab; mkdir "$root/disk"
given 'growpart: {mode: off}
resize_rootfs: false
bootcmd: ["mount --bind /disk /data"]
write_files: [{path: /data/one, content: "1\n"}, {path: /data/two, content: "2\n"}]'
cp "$work/bundle" "$root/bundle"; cp "$fault" "$root/fault"
given 'growpart: {mode: off}
resize_rootfs: false
bootcmd: ["mount --bind /disk /data", "true"]
hostname: other
preserve_hostname: true'
cp "$work/bundle" "$root/bundle2"; found=0
for ((k = 10; k < 400; k++)); do
  rm -rf "$root"/var/lib/natal "$root"/disk/.[a-z]* "$root"/disk/*
  $apart /bin/sh "$work/enter" "$root" "$work/systemctl" "NATAL_FAULT_AT=$k /fault apply --uuid $uuid --medium /bundle --channel ''" > "$work/said" 2>&1 && break
  [ -e "$root/disk/.two.natal-new" ] || continue
  found=$((found + 1))
  # And again it ends too early, when its own list is there and the mount is not.
  for ((j = 8; found == 1 && j < 40; j++)); do
    $apart /bin/sh "$work/enter" "$root" "$work/systemctl" "NATAL_FAULT_AT=$j /fault apply --uuid $uuid --medium /bundle2 --channel ''" > "$work/said" 2>&1 || true
    [ -e "$root/disk/.two.natal-new" ] || break
  done
  live "/agent apply --uuid $uuid --medium /bundle2 --channel ''"
  [ ! -e "$root/disk/.two.natal-new" ] && [ ! -e "$root/disk/.one.natal-new" ] || fail "k=$k: left behind: $(ls -A "$root/disk") $(cat "$work/said")"
  [ $found -lt 3 ] || break
done
[ $found -gt 0 ] || fail "no fault left anything on what is mounted later"
ok "what a run without an end left on what is mounted later is taken away then"

# A run that ends early has not done what comes behind: passwords, which the accounts' item writes, and what waits for the late stage.
password='chpasswd: {expire: false, users: [{name: root, password: "$6$abc$def", type: hash}]}'
done_later() { # NAME
  [ "$status" != 0 ] && ! grep -q abc "$root/etc/shadow" || fail "$1: it should have failed: $(cat "$work/said")"
  case $1 in *folder*) rm "$root/data/file" ;; *) rm -r "$root/var/lib/natal/intent" ;; esac
  apply; well
  grep -qF 'root:$6$abc$def:' "$root/etc/shadow" && [ -e "$root/srv/runcmd" ] || fail "$1: never made up for: $(cat "$root/etc/shadow" "$work/said")"
  ok "what a run did not come to is done by the next: $1"
}
fresh /usr/bin/touch; : > "$root/data/file"
given "natal: {policy: {write_files: fail}}
bootcmd: ['true']
$password
write_files: [{path: /data/file/x, content: x}]
runcmd: ['touch /srv/runcmd']"
apply; done_later "a folder that is none"
fresh /usr/bin/touch /usr/bin/rm
given "bootcmd: ['[ -e /srv/once ] || { rm -f /var/lib/natal/intent; mkdir -p /var/lib/natal/intent/x; touch /srv/once; }']
$password
write_files: [{path: /data/x, content: x}]
runcmd: ['touch /srv/runcmd']"
apply; done_later "an error between two rounds"

# What destroys is done once, on a copied disk too, wherever the power goes. The disk is not blank: a blank one is divided in any case.
PATH=$PATH:/usr/sbin:/sbin
command -v mke2fs > /dev/null || skip "mke2fs is missing"
fresh; given 'hostname: first'; apply; well
sed -i 's/11111111-2222-3333-4444-555555555555/99999999-2222-3333-4444-555555555555/' "$root/var/lib/natal/journal"
mkdir -p "$root/usr/sbin"; truncate -s 32M "$root/dev/vdb"; mke2fs -q -F "$root/dev/vdb"
printf '#!/bin/sh\necho ran >> /srv/ran\n' > "$root/usr/sbin/sfdisk"; printf '#!/bin/sh\n' > "$root/usr/bin/udevadm"; chmod 755 "$root/usr/sbin/sfdisk" "$root/usr/bin/udevadm"
given 'disk_setup: {/dev/vdb: {table_type: gpt, layout: true, overwrite: true}}
write_files: [{path: /data/x, content: x}, {path: /data/y, content: y}]'
cp -a "$root" "$work/copied"; cut=0
for ((k = 10; k < 200; k++)); do
  rm -rf "$root"; cp -a "$work/copied" "$root"
  NATAL_FAULT_AT=$k "$fault" apply --root "$root" --medium "$work/bundle" --uuid "$uuid" > "$work/said" 2>&1 && break
  [ -e "$root/data/.x.natal-new" ] || continue
  cut=$((cut + 1)); apply; well
  [ "$(cat "$root/srv/ran")" = ran ] || fail "k=$k: the disk was divided again: $(cat "$root/srv/ran")"
  [ $cut -lt 3 ] || break
done
[ $cut -gt 0 ] || fail "the power never went behind sfdisk: $(cat "$work/said")"
ok "a disk is divided once on a copied disk too, wherever the power goes"
