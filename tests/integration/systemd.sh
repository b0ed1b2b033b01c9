#!/bin/bash
# systemd - natald.service as `make install` leaves it, under a real systemd: PID 1 of a container of this machine's own programs. Its guests outlive
# a restart, a kill and a stop of the service, for KillMode=process; natald is ready when systemd thinks so.
# level: default
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "a container wants root"
for program in systemd-nspawn nsenter qemu-system-x86_64; do command -v $program > /dev/null || skip "$program is not here"; done
tree=$work/tree usr=$work/usr
mkdir -p "$tree"/{etc,var,proc,sys,dev,run,tmp,root,usr} "$usr"
for link in bin sbin lib lib64; do ln -s usr/$link "$tree/$link"; done
cp -L /etc/os-release "$tree/etc/os-release"
cp /etc/passwd /etc/group /etc/ld.so.cache "$tree/etc/"; : > "$tree/etc/machine-id"
[ ! -e /etc/alternatives ] || cp -a /etc/alternatives "$tree/etc/"
contain=(systemd-nspawn -q -D "$tree" --register=no --keep-unit --overlay-ro=/usr:"$usr":/usr)
"${contain[@]}" --as-pid2 /bin/true > "$work/try.log" 2>&1 < /dev/null || skip "systemd-nspawn does not run here: $(tail -n 1 "$work/try.log")"

controller
natalctl daemon stop > /dev/null
make -s -C "$build" install DESTDIR="$work/install" prefix=/usr exec_prefix=/usr sysconfdir=/etc localstatedir=/var > "$work/install.log" 2>&1 || { tail "$work/install.log"; fail "make install"; }
cp -a "$work/install/usr/." "$usr/"
unit=$(cd "$usr" && find . -name natald.service)
[ "$unit" = ./lib/systemd/system/natald.service ] && [ -x "$usr/sbin/natald" ] || fail "make install put the unit at '$unit'"
# A machine of nothing but natald.service and what it needs.
"${contain[@]}" --boot --console=pipe --bind="$NATAL_STATE":/var/lib/natal --bind-ro="$golden" systemd.unit=natald.service > "$work/boot.log" 2>&1 < /dev/null &
nspawn=$!; pids+=("$nspawn")
leader() { pgrep -P "$nspawn" | head -n 1; }
within 30 sh -c "pgrep -P $nspawn" || fail "no container: $(tail -n 3 "$work/boot.log")"
inside() { nsenter -t "$(leader)" -a "$@"; }
state() { inside systemctl show natald.service -p "$1" --value; }
is() { [ "$(state "$1")" = "$2" ]; }
within 60 is ActiveState active || { inside systemctl status --no-pager natald.service; tail -n 5 "$work/boot.log"; fail "natald.service is $(state ActiveState)"; }
inside systemd-analyze verify --man=no natald.service > "$work/verify" 2>&1 || true
[ ! -s "$work/verify" ] || { cat "$work/verify"; fail "systemd-analyze verify"; }
ok "the installed unit is one that systemd reads without a word"
[ "$(inside cat /proc/1/comm)" = systemd ] && is Type notify && ok "active under systemd as PID 1, by its own notification"
export NATALD=/bin/false                                       # nobody else starts one on this state folder
natalctl status > /dev/null || fail "natalctl does not reach it"

natalctl vm create web-1 --image golden --user alice --ssh-key "$work/id.pub" --address dhcp --forward 22
natalctl vm start web-1
run_of() { python3 -c 'import json,glob; print(json.load(open(glob.glob("'"$NATAL_STATE"'/host/*/run.json")[0]))["'"$1"'"])'; }
qemu=$(run_of main_pid) tpm=$(run_of tpm_pid)
inside grep -q natald.service "/proc/$qemu/cgroup" || fail "QEMU is not in the service's control group: $(inside cat "/proc/$qemu/cgroup")"
ok "QEMU is in the control group of natald.service"
same() { inside kill -0 "$qemu" && inside kill -0 "$tpm" && natalctl vm show web-1 -o json | grep -q '"running":true' && [ "$(run_of main_pid)" = "$qemu" ]; }

old=$(state MainPID)
inside systemctl restart natald.service || fail "restart"
[ "$(state MainPID)" != "$old" ] && within 20 same || fail "after a restart: $(natalctl vm show web-1)"
ok "systemctl restart in mid-boot: another natald, the same guest"
old=$(state MainPID)
inside systemctl kill --kill-whom=main -s KILL natald.service
again() { is ActiveState active && [ "$(state MainPID)" != "$old" ] && [ "$(state MainPID)" != 0 ]; }
within 30 again && within 20 same || fail "after a kill: $(state ActiveState) $(natalctl vm show web-1)"
ok "natald killed: systemd starts it again, the same guest"
natalctl vm wait web-1 --timeout 300 | tail -n 1
[ "$(vm_field web-1 state)" = provisioned ] || fail "state $(vm_field web-1 state)"
ok "and the guest that was born meanwhile is provisioned"
inside systemctl stop natald.service
is ActiveState inactive && inside kill -0 "$qemu" && inside kill -0 "$tpm" || fail "systemctl stop: $(state ActiveState)"
within 60 ssh_as web-1 "$(grep -o '{"host":[0-9]*,"guest":22}' "$NATAL_STATE"/host/vm-*/spec.json | grep -o '[0-9]*' | head -n 1)" true || fail "ssh while natald is stopped"
ok "systemctl stop: the guest runs on and answers ssh"
inside systemctl start natald.service && within 20 same || fail "after a start: $(natalctl vm show web-1)"
ok "systemctl start finds it"
natalctl vm delete web-1
gone() { ! inside kill -0 "$qemu" && ! inside kill -0 "$tpm"; }
within 20 gone || fail "processes left: $qemu $tpm"
left=$(inside sh -c 'grep -l natald.service /proc/[0-9]*/cgroup | wc -l')
[ "$left" = 2 ] || fail "$left processes in the control group, wanted natald and its signer"
ok "after vm delete nothing of it is left in the control group"
inside systemctl stop natald.service
kill "$nspawn"; wait "$nspawn" 2>/dev/null || true
