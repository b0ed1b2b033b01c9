#!/bin/bash
# starter - packaging/payload/start, as a guest without the agent runs it, into a folder: the agent is installed when its bytes are those that were named, once,
# and over nobody's own; else nothing of it is left, and the reason is a status frame.
. "$(dirname "$0")/lib.sh"
tar=$B/packaging/payload/agent.tar starter=$src/packaging/payload/start
tarsize=$(($(stat -c %s "$tar") / 2048 * 2048)); [ "$tarsize" = "$(stat -c %s "$tar")" ] || { cp "$tar" "$T/padded.tar"; truncate -s $((tarsize + 2048)) "$T/padded.tar"; tar=$T/padded.tar; tarsize=$((tarsize + 2048)); }
digest=$(sha256sum < "$tar" | cut -d' ' -f1)
# A medium: the archive begins at block 3.
medium() { { head -c 6144 /dev/zero; cat "$tar"; } > "$T/medium"; }
root() { rm -rf "$T/root"; mkdir -p "$T/root"/{usr/sbin,etc/cloud,run,dev}; : > "$T/port"; }
run() { # [DEVICE [SHA256]]
  { printf 'sha256=%s\nsize=%s\ndevice=%s\nblock=3       \n' "${2:-$digest}" "$tarsize" "${1-$T/medium}"; cat "$starter"; } > "$T/run.sh"
  NATAL_ROOT=$T/root NATAL_PORT=$T/port NATAL_WAIT=1 sh "$T/run.sh" > "$T/said" 2>&1
}
# What the guest told its host: the frame's head, and its finding.
told() { python3 - "$T/port" <<'P'
import json, struct, sys
f = open(sys.argv[1], 'rb').read()
magic, size, kind, seq, mac = f[:4], *struct.unpack('<IB7xQ', f[4:24]), f[24:56]
body = json.loads(f[56:])
assert (magic, kind, seq, mac) == (b'NTL1', 1, 1, bytes(32)) and size == len(f) - 56, f[:56]
assert body['phase'] == 'failed' and len(body['boot_id']) == 36 and len(body['digest']) == 64
print(body['findings'][0]['message'])
P
}
installed() { [ -e "$T/root/usr/lib/natal/natal-agent" ] || [ -e "$T/root/etc/systemd/system" ]; }
# refused TEXT: the last run ended with an error, left nothing, and said TEXT to the console and to the host.
refused() {
  local status=$1 text=$2
  [ "$status" = 1 ] && ! installed && [ ! -e "$T/root/run/natal/agent.tar" ] && grep -qF "natal: $text" "$T/said" && [[ $(told) == "$text"* ]] && ok "refused: $text" ||
    fail "status $status, wanted '$text': $(cat "$T/said"); told: $(told)"
}

medium; root; run; status=$?
[ $status = 0 ] && grep -q 'the agent is installed' "$T/said" && [ ! -s "$T/port" ] && ok "installed" || fail "status $status: $(cat "$T/said")"
[ "$(cat "$T/root/usr/lib/natal/carried")" = "$digest" ] && [ ! -e "$T/root/run/natal/agent.tar" ] && ok "the digest stays, the copy goes" || fail "carried, agent.tar"
[ -e "$T/root/etc/cloud/cloud-init.disabled" ] && ok "cloud-init leaves a guest of natal's alone" || fail "cloud-init is not disabled"
for link in etc/systemd/system/sysinit.target.wants/natal-early.service etc/systemd/system/multi-user.target.wants/natal-late.service; do
  [ -e "$T/root$(readlink "$T/root/$link")" ] || fail "$link leads nowhere"
done
# It needs nothing of the image: there is nothing else in this root.
if unshare -r chroot "$T/root" /usr/sbin/natal-agent --version > "$T/version" 2>&1; then
  printf '#cloud-config\nhostname: x\n' > "$T/root/ud"
  [ "$(unshare -r chroot "$T/root" /usr/sbin/natal-agent schema /ud)" = "/ud: valid" ] && ok "it runs on its own loader and libraries, those loaded later too" || fail "schema"
elif grep -qE 'unshare failed|reading executable name failed' "$T/version"; then
  echo "no user namespaces here, or a build with sanitizers, which reads /proc: not run in the root"
else
  fail "natal-agent in a bare root: $(cat "$T/version")"
fi
mkdir -p "$T/root/etc/natal"; echo mine > "$T/root/etc/natal/policy.json"; printf x | dd of="$T/medium" bs=1 seek=10000 conv=notrunc 2> /dev/null
run && [ "$(cat "$T/root/etc/natal/policy.json" "$T/root/usr/lib/natal/carried")" = "mine
$digest" ] && ok "a second boot with a medium, even another one, changes nothing" || fail "the second run: $(cat "$T/said")"

# One byte, wherever it is.
for at in 0 1 600 100000 $((tarsize - 1)); do
  medium; root
  python3 -c 'import sys; f=open(sys.argv[1],"r+b"); f.seek(6144+int(sys.argv[2])); b=f.read(1); f.seek(-1,1); f.write(bytes([b[0]^1]))' "$T/medium" "$at"
  run; refused $? "the agent on the medium is not the one that was named: sha256 $(tail -c +6145 "$T/medium" | sha256sum | cut -d' ' -f1), $digest was wanted"
done
medium; truncate -s 1M "$T/medium"; root; run; refused $? "the agent on the medium is not the one that was named"
root; run "$T/nothing"; refused $? "the medium with the agent is not there: $T/nothing"
root; run ""; refused $? "the agent is not there"

# natald takes that frame for what it is: a claim, shown and not believed.
if command -v socat > /dev/null; then
  n key init > /dev/null; n vm create claimed --host none --channel "unix:$T/claimed.sock" > /dev/null
  socat -u "FILE:$T/port" "UNIX-LISTEN:$T/claimed.sock" & listener=$!
  claimed() { n vm show claimed | grep -qx '  error: agent: the agent is not there: .*'; }
  within 10 claimed && n vm show claimed | grep -q '^last claim: failed, step 0 of 0 agent (unauthenticated' && [ "$(field claimed state)" = ready ] && ok "natald shows it, and decides nothing by it" || fail "$(n vm show claimed)"
  kill $listener 2> /dev/null; n vm delete claimed > /dev/null
fi

# Brought by an initrd: the file lies where the guest's own copy would.
brought() { root; mkdir -p "$T/root/run/natal"; cp "$tar" "$T/root/run/natal/agent.tar"; }
brought; run "" && installed && [ ! -e "$T/root/run/natal/agent.tar" ] && ok "brought by an initrd" || fail "by initrd: $(cat "$T/said")"
brought; printf x >> "$T/root/run/natal/agent.tar"; run ""; refused $? "the agent on the medium is not the one that was named"

# An image that has an agent, or anchors, keeps them.
medium; root; echo own > "$T/root/usr/sbin/natal-agent"; run
[ $? = 0 ] && [ "$(cat "$T/root/usr/sbin/natal-agent")" = own ] && ! installed && grep -q 'an agent of its own' "$T/said" && ok "an image's own agent stays" || fail "own agent: $(cat "$T/said")"
root; mkdir -p "$T/root/etc/natal/trust.d"; run; refused $? "this image has trust anchors of its own in /etc/natal/trust.d, and no agent"
root; mkdir -p "$T/root/etc/natal"; echo mine > "$T/root/etc/natal/policy.json"; run; refused $? "this image has a policy of its own in /etc/natal/policy.json, and no agent"
root; ln -s /opt/natal-agent "$T/root/usr/sbin/natal-agent"; run
[ $? = 0 ] && [ "$(readlink "$T/root/usr/sbin/natal-agent")" = /opt/natal-agent ] && ! installed && ok "an image's own link stays" || fail "own link: $(cat "$T/said")"
# What an earlier try left half done is done again.
root; mkdir -p "$T/root/etc/natal/trust.d"; ln -s ../lib/natal/natal-agent "$T/root/usr/sbin/natal-agent"; run && [ -s "$T/root/usr/lib/natal/carried" ] && ok "a try that was cut off is repeated" || fail "repeat: $(cat "$T/said")"

# The initramfs's part, and the kernel's: the archive behind an initrd is unpacked over it. klibc's tools are the least there is: no cp.
for word in cp install rsync; do ! grep -qw "$word" "$src"/packaging/payload/{hook,conf} || fail "hook and conf use $word"; done
ok "the hook needs no more than mkdir, cat and ln"
exit $bad
