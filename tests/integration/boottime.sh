#!/bin/bash
# boottime - how long a guest is busy until sshd answers: with nobody provisioning it, by natal, by cloud-init. Time is counted in instructions (QEMU's -icount), so that the machine's load is none of it.
# level: full
# timeout: 1800
. "$(dirname "$0")/lib.sh"
. "$here/tests/integration/collected.sh"
. "$here/tests/differential/image.sh"
differential_image

# What natal gives a guest: its name, a user, host keys made before.
mkdir -p "$work/seed"
printf 'instance-id: i-time-1\nlocal-hostname: guest-time\n' > "$work/seed/meta-data"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/key"
{
  printf '#cloud-config\nusers:\n- name: alice\n  ssh_authorized_keys: ["%s alice"]\nssh_keys:\n  ed25519_public: %s\n  ed25519_private: |\n' "$(cat "$work/key.pub")" "$(cat "$work/key.pub")"
  sed 's/^/    /' "$work/key"
} > "$work/seed/user-data"
guest_seed "$work/seed" "$work/seed.iso"

export GUEST_ACCEL="-accel tcg,thread=single,tb-size=512 -icount shift=0,align=off,sleep=off" GUEST_SECONDS=900
busy() { # NAME KERNEL-WORDS: seconds
  guest_collected "$image" "$work/$1" "$work/seed.iso" "given-keys $2"
  python3 -c 'import json, sys
# proc(5), stat: user nice system idle iowait irq softirq, in hundredths of a second. Neither idle nor waiting for a disk is busy.
user, nice, system, idle, iowait, irq, softirq = map(int, json.loads(open(sys.argv[1], "rb").read().split(b"\0")[0])["ssh_up"].split()[1:8])
print("%.2f" % ((user + nice + system + irq + softirq) / 100))' "$work/$1.json" > "$work/$1.busy"
}
busy cloud-init "$NATAL_ASLEEP" & one=$!
busy nobody "$NATAL_ASLEEP $CLOUD_ASLEEP"
busy natal "$CLOUD_ASLEEP"
wait "$one" || fail "cloud-init's guest"
nobody=$(cat "$work/nobody.busy") natal=$(cat "$work/natal.busy") cloud=$(cat "$work/cloud-init.busy")
echo "busy until sshd answers: nobody $nobody s, natal $natal s, cloud-init $cloud s"
python3 -c 'import sys
nobody, natal, cloud = map(float, sys.argv[1:])
print("natal adds %.1f %%, cloud-init %.1f %%" % ((natal / nobody - 1) * 100, (cloud / nobody - 1) * 100))
sys.exit(natal > nobody * 1.05)' "$nobody" "$natal" "$cloud" || fail "a guest that natal provisions is more than 5 % later than one that nobody does"
ok "sshd answers within 5 % of a boot without provisioning"
