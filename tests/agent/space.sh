#!/bin/bash
# space - a full disk and a read-only root during apply: the error says what, no item is half applied, the next run heals.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "mounts need root"
if [ "${1:-}" != inside ]; then
  unshare -m true 2>/dev/null || skip "no private mount namespace here"
  rm -rf "$work"
  exec unshare -m "$0" inside
fi
mount -t tmpfs none "$work" 2>/dev/null || skip "no tmpfs in a private mount namespace here"
"$mk" key ed25519 "$work/key.pem" "$work/key.pub"
trap 'status=$?; umount -l "$work/root" "$work" 2>/dev/null; rm -rf "$work"; exit $status' EXIT
root=$work/root; mkdir "$root"
mount -t tmpfs -o size=640k none "$root"
make_root "$work/image"; mkdir -m 700 "$work/image/var/lib/natal"

head -c 200000 /dev/zero | tr '\0' x > "$work/big"
mkdir -p "$work/seed"
{ echo '#cloud-config'
  printf '{"hostname": "web-1", "users": [{"name": "alice"}], "write_files": [{"path": "/srv/small", "content": "s"}, {"path": "/srv/big", "content": "%s"}, {"path": "/srv/later", "content": "l"}]%s}\n' "$(cat "$work/big")" "${policy:-}"
} > "$work/seed/user-data"
seal "$work/bundle" 1 "$work/seed"
fill() { find "$root" -mindepth 1 -delete; cp -a "$work/image/." "$root/"; head -c 400000 /dev/zero > "$root/ballast"; }

# The file that does not fit is of policy degrade: the others are applied, it is not there at all.
fill
status=0; run_agent apply --root "$root" --medium "$work/bundle" > "$work/said" 2>&1 || status=$?
[ "$status" = 10 ] || fail "a full disk, policy degrade: status $status: $(cat "$work/said")"
grep -q 'item=write_files/srv/big outcome=failed.*write /srv/big: No space left on device' "$work/said" || fail "what was said: $(cat "$work/said")"
[ ! -e "$root/srv/big" ] && [ -e "$root/srv/later" ] && grep -q alice "$root/etc/passwd" || fail "others were not applied, or it was"
[ -z "$(find "$root" -name '*natal-new*')" ] || fail "left behind: $(find "$root" -name '*natal-new*')"
ok "a full disk, policy degrade: says which item, no half of it, the others are applied"
rm "$root/ballast"
run_agent apply --root "$root" --medium "$work/bundle" > /dev/null || fail "the next run does not heal"
cmp -s "$root/srv/big" "$work/big" || fail "not healed"
ok "the next run heals it"

# Of policy fail: nothing is applied.
sed -i 's/\]}$/], "natal": {"policy": {"write_files": "fail"}}}/' "$work/seed/user-data"
seal "$work/bundle" 1 "$work/seed"
fill
before=$(tree "$root")
status=0; run_agent apply --root "$root" --medium "$work/bundle" > "$work/said" 2>&1 || status=$?
[ "$status" = 1 ] || fail "a full disk, policy fail: status $status"
grep -q 'write /srv/big: No space left on device' "$work/said" && grep -q 'hint: make room on the filesystem of /srv/big' "$work/said" || fail "what was said: $(cat "$work/said")"
rm -f "$root/var/lib/natal/journal"     # it says what was tried
[ "$(tree "$root")" = "$before" ] || { diff <(echo "$before") <(tree "$root"); fail "something was applied"; }
ok "a full disk, policy fail: says what and the way out, nothing is applied"

fill; rm "$root/ballast"; before=$(tree "$root")
mount -o remount,ro "$root"
status=0; run_agent apply --root "$root" --medium "$work/bundle" > "$work/said" 2>&1 || status=$?
[ "$status" = 1 ] && grep -q 'Read-only file system' "$work/said" && grep -q 'hint: .*read-only: remount it writable' "$work/said" || fail "a read-only root: $status $(cat "$work/said")"
[ "$(tree "$root")" = "$before" ] || fail "a read-only root has changed"
ok "a read-only root: says what and the way out"
mount -t tmpfs none "$root/run"
"$agent" boot early --root "$root" --uuid "$uuid" --medium "$work/bundle" > /dev/null 2>&1 && fail "early on a read-only root"
[ -n "$(find "$root/run/natal/spool" -type f -size +0)" ] || fail "the report of the failure is kept nowhere"
umount "$root/run"
ok "a read-only root: the report of the failure waits in /run"
mount -o remount,rw "$root"
run_agent apply --root "$root" --medium "$work/bundle" > /dev/null || fail "the next run does not heal"
run_agent plan --root "$root" --medium "$work/bundle" | grep -q ' 0 to do in 0 actions' || fail "a plan afterwards is not empty"
ok "the next run heals it"
