#!/bin/bash
# carried - images without the agent: their host brings it, by cloud-init, by systemd alone, by an initrd. Each is born like any other VM; an agent of other
# bytes than were named does not run, and the deployment ends with the reason.
# timeout: 2400
. "$(dirname "$0")/lib.sh"
# The agent as `make install` would leave it.
agent=$work/agent
export NATAL_AGENT_DIR=$agent
mkdir -p "$agent"
make -s -C "$build" agent-payload > "$work/payload.log" 2>&1 || { tail "$work/payload.log"; fail "make agent-payload"; }
cp "$build/packaging/payload/agent.tar" "$here"/packaging/payload/{start,hook,conf,natal-carry.service} "$agent/"
natalctl key init > /dev/null
ssh-keygen -q -t ed25519 -N '' -f "$work/id"
# Baked once for each version of natal-bake: nothing of natal is in them.
bare=$shared/bare
bake() { # NAME OPTION...
  local name=$1; shift
  local stamp; stamp=$(cat "$here/packaging/bake/natal-bake" <(echo "$@") | sha256sum | cut -c1-32)
  [ "$(cat "$bare/$name/stamp" 2> /dev/null)" != "$stamp" ] || return 0
  mkdir -p "$bare"; exec 8> "$bare/lock"; flock 8
  "$NATAL_BAKE" --out "$bare/$name" "$@" > "$work/bake-$name.log" 2>&1 || { tail -n 20 "$work/bake-$name.log"; fail "bake $name"; }
  echo "$stamp" > "$bare/$name/stamp"
  flock -u 8; exec 8>&-
}
bake plain --agent-by systemd
bake cloud --agent-by cloud-init
natalctl image register cloud-init --from "$bare/cloud"
natalctl image register systemd --from "$bare/plain"
natalctl image register initrd --from "$bare/plain" --agent-by initrd
! debugfs -R 'stat /usr/sbin/natal-agent' "$bare/plain/root.img" 2> /dev/null | grep -q Inode || fail "the plain image has an agent"
ok "two images without the agent"

born() { # WAY
  local vm=by-$1 port
  natalctl vm create "$vm" --image "$1" --user alice --ssh-key "$work/id.pub" --address dhcp --forward 22 --run 'echo ran >> /var/lib/ran'
  [ "$(vm_field "$vm" agent)" = medium ] && [ "$(vm_field "$vm" agent_by)" = "$1" ] || fail "vm show: $(vm_field "$vm" agent)"
  natalctl vm start "$vm"
  natalctl vm wait "$vm" --timeout "${CARRIED_WAIT:-420}" | tail -n 3
  [ "$(vm_field "$vm" state)" = provisioned ] || fail "$1: $(vm_field "$vm" state): $(vm_field "$vm" reason)"
  port=$(forward_of "$vm" 22)
  within 60 ssh_as "$vm" "$port" true || fail "$1: ssh"
  [ "$(ssh_as "$vm" "$port" 'hostname; cat /var/lib/ran' | paste -sd,)" = "$vm,ran" ] || fail "$1: host name and runcmd"
  ok "$1: provisioned, and ssh knows its host key"
  ssh_as "$vm" "$port" 'test -L /usr/sbin/natal-agent && test -s /usr/lib/natal/carried && systemctl is-enabled natal-early.service natal-late.service' > "$work/units" || fail "$1: the agent is not installed: $(cat "$work/units")"
  ok "$1: the agent is installed"
  # The guest's view is looked at after its reboot (birth.sh).
  qemu=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["main_pid"])' "$NATAL_STATE/host/$(vm_field "$vm" id)/run.json")
  ! ls -l "/proc/$qemu/fd" | grep -q memfd:natal-medium || fail "$1: QEMU still holds a medium"
  ok "$1: both media are out of QEMU's hands"
}
again() { # WAY: the second boot has no medium, and the agent looks at what it made.
  local vm=by-$1
  natalctl vm stop "$vm"; natalctl vm start "$vm"
  natalctl vm wait "$vm" --timeout "${CARRIED_WAIT:-420}" | tail -n 1
  [ "$(vm_field "$vm" report.phase)" = unchanged ] || fail "$1: phase of the second boot: $(vm_field "$vm" report.phase)"
  within 60 ssh_as "$vm" "$(forward_of "$vm" 22)" true || fail "$1: ssh after the second boot"
  [ "$(ssh_as "$vm" "$(forward_of "$vm" 22)" 'wc -l < /var/lib/ran')" = 1 ] || fail "$1: runcmd ran again"
  ok "$1: the second boot, without the medium, is unchanged"
}
# One byte of the archive changes between natald and QEMU: what was sealed is copied first, by what stands in QEMU's place.
tampered() {
  local vm=tampered
  mkdir -p "$work/bin"
  cat > "$work/bin/qemu-system-x86_64" <<END
#!/bin/bash
[ ! -e /proc/self/fd/25 ] || python3 - <<'P' && exec 25< tampered
v = bytearray(open('/proc/self/fd/25', 'rb').read())
at = v.index(b'ustar') + 300000
v[at] ^= 1
open('tampered', 'wb').write(v)
P
exec $(command -v qemu-system-x86_64) "\$@"
END
  chmod 755 "$work/bin/qemu-system-x86_64"
  natalctl daemon stop > /dev/null
  NATAL_BOOT_DEADLINE_S=150 PATH=$work/bin:$PATH natalctl daemon start > /dev/null
  natalctl vm create "$vm" --image "$1" --user alice --ssh-key "$work/id.pub" --address dhcp --start
  natalctl vm wait "$vm" --timeout 300 > "$work/wait-$vm" 2>&1 && fail "it was provisioned: $(cat "$work/wait-$vm")"
  [ -s "$NATAL_STATE/host/$(vm_field "$vm" id)/run/tampered" ] || fail "nothing was changed"
  # The claim ends the wait; what nothing proves decides nothing, and the deadline does.
  failed() { [ "$(vm_field "$vm" state)" = failed ]; }
  within 240 failed || fail "after the deadline: $(vm_field "$vm" state): $(vm_field "$vm" reason)"
  [[ $(vm_field "$vm" reason) == "no report within 150 s; what came proves nothing, and says: agent: the agent on the medium is not the one that was named"* ]] || fail "state $(vm_field "$vm" state): $(vm_field "$vm" reason)"
  [ "$(vm_field "$vm" state)" = failed ] && ok "$1: other bytes than were named do not run, and the deployment ends with that reason"
  natalctl vm logs "$vm" | grep -q 'the agent on the medium is not the one that was named' || fail "the console does not say it"
  ! natalctl vm logs "$vm" | grep -q 'the agent is installed' && ok "$1: nothing of it was installed"
  natalctl vm delete "$vm"
}
# The three at level full; else one, and the one that was tampered with.
ways="systemd initrd cloud-init"
[ "${NATAL_TEST_LEVEL:-}" = full ] || ways=cloud-init
for way in ${CARRIED:-$ways}; do
  born "$way"
  # cloud-init is the one that would begin again.
  if [ "$way" = cloud-init ] || [ "${NATAL_TEST_LEVEL:-}" = full ]; then again "$way"; fi
  natalctl vm delete "by-$way"
done
# $CARRIED names the ways of a run that is to be short; empty, $CARRIED_TAMPERED leaves this out.
tampered=${CARRIED_TAMPERED-systemd}
[ -z "$tampered" ] || tampered "$tampered"
