#!/bin/bash
# drift - after provisioning: another host key, another certificate. The next boot says so, and clients refuse; a reissue gives a new identity.
. "$(dirname "$0")/lib.sh"
controller
# The guest does it itself, at its second boot, so that nobody needs to log in as root.
cat > "$work/spoil" <<'S'
[Unit]
ConditionPathExists=/var/lib/spoil
Before=ssh.service natal-late.service
After=natal-early.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'rm -f /etc/ssh/ssh_host_ed25519_key* && ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key'
[Install]
WantedBy=multi-user.target
S
natalctl vm create web-1 --image golden --user alice --ssh-key "$work/id.pub" --address dhcp --forward 22 \
  --file "$work/spoil:/etc/systemd/system/spoil.service" --run 'systemctl enable spoil.service; touch /var/lib/spoil'
natalctl vm start web-1
natalctl vm wait web-1 --timeout 300 | tail -n 1
port=$(forward_of web-1 22)
within 60 ssh_as web-1 "$port" true || fail "ssh before the drift"
natalctl vm stop web-1 --force
natalctl vm start web-1
status=0; natalctl vm wait web-1 --timeout 300 > "$work/wait" 2>&1 || status=$?
[ "$status" = 4 ] || fail "a drifted guest: wait ended with $status: $(cat "$work/wait")"
grep -q 'ssh-ed25519 host key that sshd presents' "$work/wait" || fail "wait does not say what drifted: $(cat "$work/wait")"
[ "$(vm_field web-1 state)" = drifted ] || fail "state $(vm_field web-1 state)"
ok "a changed host key is seen on disk and in what sshd really presents, and reported as drift"
want 'verification failed' ssh_as web-1 "$port" -o HostKeyAlgorithms=ssh-ed25519 true
