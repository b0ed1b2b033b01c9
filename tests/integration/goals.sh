#!/bin/bash
# goals - a real guest with natal-guestd follows goals while it runs: over its port, then over HTTPS; drained, quarantined and released.
# timeout: 900
. "$(dirname "$0")/lib.sh"
controller
natalctl daemon stop > /dev/null
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
# The guest's user network has this machine at 10.0.2.2 (QEMU, "user" netdev).
natald --listen "127.0.0.1:$port" --name 10.0.2.2 2> "$work/natald.log" & pids+=($!)
within 20 grep -q 'ready$' "$work/natald.log" || fail "natald: $(cat "$work/natald.log")"
natalctl vm create web-1 --image golden --user alice --ssh-key "$work/id.pub" --sudo --address dhcp --forward 22
natalctl vm start web-1 > /dev/null
natalctl vm wait web-1 --timeout 300 > "$work/wait.txt" || fail "not provisioned: $(tail -n 3 "$work/wait.txt")"
ssh_port=$(forward_of web-1 22)
within 60 ssh_as web-1 "$ssh_port" true || fail "no ssh"
console() { printf '\r' | natalctl vm console web-1 --for 5 | grep -q 'login:'; }
within 60 console && ok "its console answers who types there" || fail "no login on the console: $(printf '\r' | natalctl vm console web-1 --for 5 | tail -n 3)"
in_guest() { ssh_as web-1 "$ssh_port" "$@"; }
within 120 in_guest systemctl is-active natal-guestd || fail "natal-guestd: $(in_guest systemctl status natal-guestd)"
ok "natal-guestd runs beside the services"
# What it is bounded by on this kernel (natal-guestd(8)): the mounts that it may write to, but for those that came later with our logins.
written=$(in_guest 'sudo cat /proc/$(systemctl show -p MainPID --value natal-guestd)/mountinfo' | awk '$6 ~ /^rw/ && $5 !~ "^/run/user/" { print $5 }' | sort | tr '\n' ' ')
[ "$written" = "/run/natal/incoming /run/natal/spool /var/lib/natal/spool " ] || fail "natal-guestd may write below: $written"
! in_guest 'sudo journalctl -u natal-guestd' | grep -E 'no Landlock|no read-only mounts' || fail "natal-guestd is not bounded"
ok "natal-guestd sees a file system to be read, but for its goal and the spool"
answered() { [ "$(vm_field web-1 goal.guest.gen)" = "$1" ] && [ "$(vm_field web-1 state)" = provisioned ]; }

echo hello > "$work/motd"; chmod 644 "$work/motd"
natalctl vm change web-1 --user bob --ssh-key "$work/id.pub" --file "$work/motd:/etc/motd.natal"
within 120 answered 2 || fail "generation 2: $(natalctl vm show web-1)"
in_guest 'id bob && grep -q hello /etc/motd.natal' > /dev/null || fail "user or file are missing"
ok "a user and a file come to a guest that runs"
natalctl vm change web-1 --remove-user bob --remove-file /etc/motd.natal
within 120 answered 3 || fail "generation 3: $(natalctl vm show web-1)"
in_guest '! id bob 2> /dev/null && test ! -e /etc/motd.natal && test -d /home/bob' || fail "user or file are there"
ok "and go again; the home stays"

before=$(natalctl vm pin web-1 --known-hosts | sha256sum)
natalctl vm rotate-keys web-1
within 120 answered 4 || fail "generation 4: $(natalctl vm show web-1)"
[ "$before" != "$(natalctl vm pin web-1 --known-hosts | sha256sum)" ] || fail "the pin record has the old keys"
within 60 in_guest true || fail "no strict ssh by the rotated keys"
ok "host keys rotate, and strict ssh goes on"

in_guest 'sudo mkdir -p /etc/natal/drain.d && printf "#!/bin/sh\necho drained > /run/drained\n" | sudo tee /etc/natal/drain.d/10 > /dev/null && sudo chmod 755 /etc/natal/drain.d/10'
natalctl vm drain web-1
within 120 answered 5 || fail "draining: $(natalctl vm show web-1)"
[ "$(in_guest cat /run/drained)" = drained ] || fail "nothing was drained"
ok "drained"
natalctl vm quarantine web-1
within 120 answered 6 || fail "quarantine: $(natalctl vm show web-1)"
! in_guest true 2> /dev/null || fail "a guest in quarantine is reached by ssh"
natalctl vm release web-1
within 120 answered 7 || fail "release: $(natalctl vm show web-1)"
within 30 in_guest true || fail "a guest that was released is not reached"
ok "in quarantine it is heard over its port and reached by nobody; released, it is reached"

# The guest's own connection, in the place of its port.
in_guest 'sudo systemctl stop natal-guestd && sudo systemd-run --unit=by-https /usr/sbin/natal-guestd --channel https' 2> /dev/null
within 60 in_guest 'sudo journalctl -u by-https | grep -q "controller found"' || fail "over HTTPS: $(in_guest 'sudo journalctl -u by-https | tail -n 5')"
natalctl vm change web-1 --timezone Europe/Berlin
within 120 answered 8 || fail "generation 8: $(natalctl vm show web-1)"
in_guest 'readlink /etc/localtime' | grep -q Berlin || fail "the time zone is the old one"
rss=$(in_guest "awk '/VmRSS/ { print \$2 }' /proc/\$(systemctl show -p MainPID --value by-https)/status")
[ "$rss" -le 6144 ] || fail "natal-guestd has $rss KiB resident: 6144 are allowed"
ok "over HTTPS, with the certificate of the bundle: $rss KiB resident"

# At its next boot it is what the last goal said, and the medium is long gone.
natalctl vm stop web-1 > /dev/null; natalctl vm start web-1 > /dev/null
natalctl vm wait web-1 --timeout 300 > "$work/wait2.txt" || fail "the second boot: $(tail -n 3 "$work/wait2.txt")"
[ "$(vm_field web-1 report.phase)" = unchanged ] && answered 8 || fail "after a boot: $(natalctl vm show web-1)"
ok "a boot changes nothing"
natalctl vm delete web-1
