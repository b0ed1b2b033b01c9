#!/bin/bash
# behind.sh - what is made behind the boot: the guest is provisioned without it, it is no drift while it is to come, and what fails there is in the status.
. "$(dirname "$0")/lib.sh"
root=$work/root seed=$root/var/lib/cloud/seed/nocloud
make_root "$root"; mkdir -p "$seed" "$root/usr/bin"
echo '{"waive": {"sources": ["nocloud"]}}' > "$root/etc/natal/policy.json"
# It cannot be run, in any root.
echo 'no program' > "$root/usr/bin/ssh-keygen"; chmod 755 "$root/usr/bin/ssh-keygen"
rm -f "$root"/etc/ssh/ssh_host_rsa_key*; ssh-keygen -q -t ed25519 -N '' -C '' -f "$root/etc/ssh/ssh_host_ed25519_key"
printf 'instance-id: i-1\n' > "$seed/meta-data"
printf '#cloud-config\nssh_deletekeys: false\nssh_genkeytypes: [ed25519, rsa]\nssh_publish_hostkeys: {enabled: false}\n' > "$seed/user-data"
stage() { local s=0; run_agent boot "$@" > "$work/$1" 2>&1 || s=$?; echo $s; }

[ "$(stage early --root "$root" --wait 0)" = 0 ] && [ "$(stage late --root "$root" --channel '')" = 0 ] || fail "$(cat "$work/early" "$work/late")"
run_agent status --root "$root" > "$work/status" && grep -q '^state *provisioned' "$work/status" && grep -qx 'pending *ssh_host_keys/rsa' "$work/status" || fail "$(cat "$work/status")"
ok "a guest is provisioned before its RSA key is made"

# A try that was cut off between the key and the journal.
ssh-keygen -q -t rsa -b 2048 -N '' -C '' -f "$root/etc/ssh/ssh_host_rsa_key"; rm -rf "$root/run"; mkdir "$root/run"
[ "$(stage early --root "$root" --wait 0)" = 0 ] && [ "$(stage late --root "$root" --channel '')" = 0 ] || fail "$(cat "$work/early" "$work/late")"
ok "a key that is still to be made is no drift"
rm "$root"/etc/ssh/ssh_host_rsa_key*

stage behind --root "$root" > "$work/exit"; grep -q '^item=ssh_host_keys/rsa outcome=failed policy=continue' "$work/behind" || fail "$(cat "$work/exit" "$work/behind")"
run_agent status --root "$root" > "$work/status" && grep -q '^warning: ssh_host_keys/rsa: ' "$work/status" && grep -q '^state *provisioned' "$work/status" || fail "$(cat "$work/status")"
ok "what fails behind the boot is in the status, and the verdict stays"
