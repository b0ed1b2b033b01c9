#!/bin/bash
# carried - the agent that a host brings: which images want it, what QEMU is given then, what is said where something is missing. No guest comes up here.
. "$(dirname "$0")/lib.sh"
command -v qemu-system-x86_64 > /dev/null && command -v swtpm_setup > /dev/null && command -v python3 > /dev/null || { echo "QEMU, swtpm and python3 are needed"; exit 77; }
mkdir "$T/image" "$T/agent"; chmod 711 "$T"
printf 'x12' > "$T/image/initrd"; truncate -s 1M "$T/image/root.img"; kernel > "$T/image/vmlinuz"
describe() { echo "{\"kernel\":\"vmlinuz\",\"initrd\":\"initrd\",\"root\":\"root.img\"$1}" > "$T/image/image.json"; }
NATAL_ACCEL=tcg NATAL_AGENT_DIR=$T/agent NATAL_BOOT_DEADLINE_S=4 n daemon start > /dev/null
n key init --name media > /dev/null

# Images say how they take an agent.
describe ',"agent_by":"systemd"'
n image register by-systemd --from "$T/image" > /dev/null
n image show by-systemd | grep -qx 'agent_by *systemd' && ok "image.json says how" || fail "image show: $(n image show by-systemd)"
for way in cloud-init initrd; do n image register "by-$way" --from "$T/image" --agent-by "$way" > /dev/null; done
[ "$(n image show by-initrd -o json | grep -o '"agent_by":"[^"]*"')" = '"agent_by":"initrd"' ] && ok "--agent-by says it too" || fail "by-initrd"
want 3 "an image takes an agent by cloud-init, systemd or initrd, not by 'cloudinit'" n image register x --from "$T/image" --agent-by cloudinit
want 3 "did you mean 'cloud-init'?" n image register x --from "$T/image" --agent-by cloudinit
describe ',"agent_by":"floppy"'; want 3 "not by 'floppy'" n image register x --from "$T/image"
describe ',"agent_version":"1"'; n image register own --from "$T/image" > /dev/null
describe ',"agent_version":"1","agent_by":"initrd"'; n image register both --from "$T/image" > /dev/null
want 2 "--require does not go with --agent-by" n image bake x --agent-by initrd --require media

# Who gets it.
want 2 "agent 'disk': it is in the image, or on the medium" n vm create x --image own --agent disk
want 7 "image 'own' does not say how an agent from the medium is started in it" n vm create x --image own --agent medium
want 7 "natalctl image register own --from DIR --agent-by" n vm create x --image own --agent medium
want 7 "image 'by-systemd' has no agent" n vm create x --image by-systemd --agent image
want 2 "--agent does not go with --host none" n vm create x --host none --agent medium
agent() { n vm create "$@" --memory 96 > /dev/null && n vm show "$1" -o json | grep -o '"agent[_by]*":"[^"]*"' | paste -sd,; }
says() { [ "$2" = "$3" ] && ok "$1: $2" || fail "$1: '$2', wanted '$3'"; }
says "an image with the agent" "$(agent own --image own)" '"agent":"image"'
says "one that has it and could take it" "$(agent both --image both)" '"agent":"image"'
says "the same, asked for" "$(agent asked --image both --agent medium)" '"agent":"medium","agent_by":"initrd"'
says "one without" "$(agent systemd --image by-systemd)" '"agent":"medium","agent_by":"systemd"'
says "one without, by its initrd" "$(agent initrd --image by-initrd --agent medium)" '"agent":"medium","agent_by":"initrd"'
says "one without, with cloud-init" "$(agent cloud --image by-cloud-init)" '"agent":"medium","agent_by":"cloud-init"'

n vm show cloud | grep -qx 'agent_by *cloud-init' && n vm show own | grep -qx 'agent *image' && ok "vm show says it" || fail "vm show: $(n vm show cloud)"

# Where the agent's files are not installed: which, and what to do. The image's own agent needs none.
want 6 "the agent for images without one is not installed: there is no $T/agent/agent.tar" n vm start systemd
want 6 "make agent-payload install puts it there" n vm start systemd
says "the VM may be started later" "$(field systemd state)" ready
want 0 "booting" n vm start own
cp "$src"/packaging/payload/{start,natal-carry.service,hook,conf} "$T/agent/"; echo 'no archive' > "$T/agent/agent.tar"
want 3 "$T/agent/agent.tar: the archive holds no file" n vm start systemd
cp "$B/packaging/payload/agent.tar" "$T/agent/"

# What QEMU is given.
pid() { grep -o '"main_pid":[0-9]*' "$S/host/$(field "$1" id)/run.json" | cut -d: -f2; }
words() { tr '\0' '\n' < "/proc/$(pid "$1")/cmdline"; }
for vm in systemd initrd cloud; do want 0 "booting" n vm start $vm; done
words own | grep -q -e cd1 -e smbios && fail "a VM whose image has the agent is given another" || ok "an image with the agent gets none"
words systemd | grep -qx 'scsi-cd,id=cd1,bus=scsi0.0,drive=agent' && words systemd | grep -q '^type=11,value=io.systemd.credential.binary:tmpfiles.extra=' && ok "systemd: a volume and a string" || fail "$(words systemd)"
words cloud | grep -qx 'scsi-cd,id=cd1,bus=scsi0.0,drive=agent' && ! words cloud | grep -q smbios && ok "cloud-init: a volume" || fail "$(words cloud)"
! words initrd | grep -q -e cd1 -e smbios && ok "initrd: neither" || fail "$(words initrd)"
# The volume is the same for both; in it is the archive that its user-data names, with this project's key.
# Its descriptor is QEMU's own copy: the medium's is the small one.
volume() { local f; for f in "/proc/$(pid "$1")"/fd/*; do [[ $(readlink "$f") != *memfd:natal-medium* ]] || [ "$(stat -Lc %s "$f")" -lt 4000000 ] || { cat "$f"; return; }; done; }
volume systemd > "$T/volume"; [ -s "$T/volume" ] && cmp -s "$T/volume" <(volume cloud) && ok "one volume for all" || fail "the volumes differ"
python3 - "$T/volume" "$T/user-data" "$T/brought.tar" <<'P' && ok "the archive in the volume has the digest that its user-data names" || fail "the volume"
import hashlib, json, re, sys
volume = open(sys.argv[1], 'rb').read()
at = volume.index(b'#cloud-config-archive\n')
text = volume[at:volume.index(b'\0', at)]
open(sys.argv[2], 'wb').write(text)
hook = json.loads(text.split(b'\n', 1)[1])[1]['content']
size, block = (int(re.search(rf'^{k}=(\d+) *$', hook, re.M)[1]) for k in ('size', 'block'))
tar = volume[block * 2048:block * 2048 + size]
open(sys.argv[3], 'wb').write(tar)
sys.exit(hashlib.sha256(tar).hexdigest() != re.search(r'^sha256=([0-9a-f]{64})$', hook, re.M)[1])
P
mkdir "$T/un"; tar -xf "$T/brought.tar" -C "$T/un"
mkdir "$T/keys"; n key export media --out "$T/keys" > /dev/null; cmp -s "$T/keys/media.pub" "$T/un/etc/natal/trust.d/media.pub" && [ "$(ls "$T/un/etc/natal/trust.d")" = media.pub ] && ok "its anchors are the project's media keys" || fail "anchors: $(ls "$T/un/etc/natal/trust.d")"
python3 -c 'import json,sys,time; p=json.load(open(sys.argv[1])); assert p["clock"]=="warn" and p["require"]==[] and abs(time.time()-p["built_at"])<2*86400 and "waive" not in p, p' "$T/un/etc/natal/policy.json" && ok "and its policy waives nothing" || fail "policy"
! grep -rqsa 'PRIVATE KEY' "$T/un/etc" && ok "no private key is in it" || fail "a private key"
if python3 -c 'import cloudinit' 2> /dev/null; then
  python3 - "$T/user-data" <<'P' && ok "cloud-init itself takes it for a boothook and a configuration" || fail "cloud-init's reading of user-data"
import sys
from cloudinit import user_data as ud
parts = [(p.get_content_type(), p.get_payload(decode=True)) for p in ud.UserDataProcessor({}).process(open(sys.argv[1], 'rb').read()).walk() if not p.is_multipart()]
assert [t for t, _ in parts] == ['text/cloud-config', 'text/cloud-boothook'], parts
assert parts[1][1].startswith(b'#!/bin/sh\nsha256='), parts[1][1][:80]
P
fi
# The initrd is the image's own, zeros to a multiple of four, and the archive, which cpio reads.
head -c 4 "/proc/$(pid initrd)/fd/21" | cmp -s - <(printf 'x12\0') && ok "the image's initrd comes first" || fail "initrd"
if command -v cpio > /dev/null; then
  (mkdir "$T/early"; cd "$T/early" && tail -c +5 "/proc/$(pid initrd)/fd/21" | cpio -idm --quiet)
  cmp -s "$T/early/natal/agent.tar" "$T/brought.tar" && cmp -s "$T/early/natal/hook" "$src/packaging/payload/hook" && ok "then what the host brings" || fail "$(find "$T/early")"
fi
[ "$(cat "/proc/$(pid initrd)/cmdline" | tr '\0' '\n' | grep -c 'fd=2[45],')" = 1 ] && ok "its medium is in the drive as ever" || fail "fdsets of initrd"

# Silence ends with its reason, whatever nobody proved.
failed() { [ "$(field systemd state)" = failed ]; }
within 30 failed && [[ $(field systemd reason) == "no report within 4 s"* ]] && ok "a guest whose agent does not come is failed" || fail "$(field systemd state): $(field systemd reason)"
n vm stop systemd --force > /dev/null; n vm start systemd > /dev/null && words systemd | grep -q cd1 && ok "it is given again while the medium is" || fail "second start"
for vm in own both asked systemd initrd cloud; do n vm delete $vm > /dev/null; done
[ $bad = 0 ] || tail -n 20 "$S/natald.log"
exit $bad
