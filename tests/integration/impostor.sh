#!/bin/bash
# impostor - another VM, with other keys and the same name, takes the address: ssh, curl and natal-verify refuse it.
. "$(dirname "$0")/lib.sh"
controller
natalctl vm create web-1 --image golden --user alice --ssh-key "$work/id.pub" --address dhcp --forward 22 --forward 443
natalctl vm create impostor --image golden --user alice --ssh-key "$work/id.pub" --address dhcp --hostname web-1 --forward 22 --forward 443
natalctl vm start impostor
natalctl vm wait impostor --timeout 240 | tail -n 1
port=$(forward_of impostor 22) tls=$(forward_of impostor 443)
[ "$(ssh_as impostor "$port" hostname)" = web-1 ] || fail "the impostor is not there"
ok "the impostor answers, and says its name is web-1"
want 'Host key verification failed' ssh_as web-1 "$port" hostname
want 'curl: (60)' https_as web-1 "$tls"        # its certificate is for another name
want 'does not match pinned public key' curl -sS -k --max-time 20 --pinnedpubkey "$(natalctl vm pin web-1 --curl)" "https://127.0.0.1:$tls/"
want 'the pin record of web-1 has' natal-verify tls "127.0.0.1:$tls" --vm web-1
# The same address is re-pointed while both exist: a fixed port that belonged to web-1.
wport=$(forward_of web-1 22)
natalctl vm start impostor --forward "22:$wport"
within 30 ssh_as impostor "$wport" true || fail "the forward was not re-pointed"
want 'Host key verification failed' ssh_as web-1 "$wport" hostname
natal-verify known-hosts web-1 > "$work/kh"; [ -s "$work/kh" ] || fail "no known_hosts lines"
want 'names no-such-vm' natal-verify known-hosts no-such-vm
