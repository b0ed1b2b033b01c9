#!/bin/bash
# units - a boot's transaction with natal's units in it: no ordering cycle, the order that is promised, ssh only with host keys.
. "$(dirname "$0")/lib.sh"
command -v systemd-analyze > /dev/null || skip "no systemd-analyze here"
units=$work/units; mkdir -p "$units"/{sysinit,multi-user}.target.wants "$units"/{ssh,sshd}.service.d
for u in early late delegate birth; do
  sed -e 's,^ExecStart=.*,ExecStart=/bin/true,' -e '/^Documentation=/d' "$src/agent/units/natal-$u.service" > "$units/natal-$u.service"
done
for s in ssh sshd; do cp "$src/agent/units/ssh.service.d/10-natal.conf" "$units/$s.service.d/"; done
# cloud-init's units as Debian 12 has them, as far as their order goes, with natal's condition.
cloud() { printf '[Unit]\nDefaultDependencies=%s\n%b[Service]\nType=oneshot\nExecStart=/bin/true\n' "$2" "$3" > "$units/$1.service"; mkdir -p "$units/$1.service.d"; cp "$src/agent/units/cloud-init.d/10-natal.conf" "$units/$1.service.d/"; }
cloud cloud-init-local no 'Wants=network-pre.target\nAfter=systemd-remount-fs.service\nBefore=NetworkManager.service network-pre.target shutdown.target sysinit.target\nConflicts=shutdown.target\n'
cloud cloud-init no 'Wants=cloud-init-local.service\nAfter=cloud-init-local.service systemd-networkd-wait-online.service networking.service\nBefore=network-online.target sshd.service ssh.service sysinit.target shutdown.target systemd-user-sessions.service\nConflicts=shutdown.target\n'
cloud cloud-config yes 'After=network-online.target cloud-init.service\nWants=network-online.target cloud-init.service\n'
cloud cloud-final yes 'After=network-online.target cloud-config.service multi-user.target\nWants=network-online.target cloud-config.service\n'
printf '[Unit]\nAfter=multi-user.target\nWants=cloud-init-local.service cloud-init.service cloud-config.service cloud-final.service\n' > "$units/cloud-init.target"
ln -s ../cloud-init.target "$units/multi-user.target.wants/"
for s in ssh sshd nginx apache2 httpd; do printf '[Unit]\nAfter=network.target\n[Service]\nExecStart=/bin/true\n' > "$units/$s.service"; ln -s "../$s.service" "$units/multi-user.target.wants/"; done
ln -s ../natal-early.service "$units/sysinit.target.wants/"
ln -s ../natal-late.service "$units/multi-user.target.wants/"
export SYSTEMD_UNIT_PATH=$units:/usr/lib/systemd/system:/lib/systemd/system
said=$(systemd-analyze verify --man=no --generators=no --recursive-errors=yes multi-user.target 2>&1) || true
grep -i 'cycle' <<<"$said" && fail "an ordering cycle"
! grep -E 'natal|ssh.service' <<<"$said" || fail "systemd finds fault with the units"
ok "no ordering cycle"
# The boot in which natal-early starts natal-birth: as if it were wanted from the beginning.
ln -s ../natal-birth.service "$units/multi-user.target.wants/"
said=$(systemd-analyze verify --man=no --generators=no --recursive-errors=yes multi-user.target 2>&1) || true
! grep -iE 'cycle|natal|ssh.service' <<<"$said" || fail "an ordering cycle where a guest is born without a medium"
rm "$units/multi-user.target.wants/natal-birth.service"
ok "none where a guest asks for its bundle"

# That the check can see one: ssh before natal-early would be.
printf '[Unit]\nBefore=natal-early.service\n' > "$units/ssh.service.d/99.conf"
said=$(systemd-analyze verify --man=no --generators=no multi-user.target 2>&1) || true
grep -qi cycle <<<"$said" || fail "this test does not see a cycle"
rm "$units/ssh.service.d/99.conf"
ok "a cycle would be seen"
want() { grep -qE "$2" "$src/agent/units/$1" || fail "$1 does not say $2"; }
want ssh.service.d/10-natal.conf '^After=natal-early.service natal-birth.service$'
want natal-late.service '^After=natal-early.service natal-birth.service '
want natal-birth.service '^After=natal-early.service network-online.target$'
# No boot with a medium waits for the network by it.
grep -q '^\[Install\]' "$src/agent/units/natal-birth.service" && fail "natal-birth.service is wanted by every boot"
grep -l network-online "$src"/agent/units/natal-{early,late}.service && fail "a boot with a medium waits for network-online"
want ssh.service.d/10-natal.conf '^ConditionPathExistsGlob=/etc/ssh/ssh_host_\*_key$'
want natal-early.service '^Before=.*network-pre.target.*systemd-networkd.service.*ssh.service'
# The services that the late stages look at, by all their names: what they present is seen when they are up.
for u in late delegate; do for s in ssh sshd nginx apache2 httpd; do want natal-$u.service "^After=natal-early.service.* $s[.]service( |\$)"; done; done
for s in ssh sshd; do grep -q "/$s[.]service[.]d\$" <(sed -n 's/^natalsshd*dir = //p' "$src/agent/local.mk") || fail "$s.service has no condition"; done
grep -q '^usr/lib/systemd/system/sshd.service.d/10-natal.conf$' "$src/packaging/deb/natal-agent.files" || fail "the package has no condition for sshd.service"
want natal-early.service '^Before=cloud-init-local.service cloud-init-main.service '
want natal-early.service '^Wants=.*natal-delegate.service'
want cloud-init.d/10-natal.conf '^ConditionPathExists=/run/natal/delegated$'
want natal-late.service '^ConditionPathExists=!/run/natal/delegated$'
want natal-delegate.service '^ConditionPathExists=/run/natal/delegated$'
! grep -qE 'multi-user|cloud-final.service .*$|^Before=|WantedBy' <(grep -v '^#' "$src/agent/units/natal-delegate.service") || fail "natal-delegate is ordered with what waits for it"
ok "cloud-init is behind the early stage and its word; the one late stage or the other, and nothing waits for the one that waits"
ok "ssh is behind the host keys, the early stage before the network, the late one behind the services"
