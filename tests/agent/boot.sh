#!/bin/bash
# boot - the two stages of a boot with a controller at the other end of the channel: frames, MACs, acknowledgements, the spool; drift.
. "$(dirname "$0")/lib.sh"
command -v python3 > /dev/null || skip "the controller of this test is python3"
[ "$(id -u)" = 0 ] || skip "owners and chroot need root"
root=$work/root; make_root "$root"
mkdir -p "$work/seed/ssh" "$work/seed/tls"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/seed/ssh/ssh_host_ed25519_key"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/seed/tls/key.pem" -out "$work/seed/tls/cert.pem" -subj /CN=f 2>/dev/null
head -c 32 /dev/urandom > "$work/seed/report-key"
user_data "$work/seed" <<<'{"hostname": "web-1", "users": [{"name": "alice"}], "runcmd": ["exit 7"], "natal": {"policy": {"runcmd": "continue"}}}'
seal "$work/bundle" 3 "$work/seed"

controller_pid=
controller() { # MODE
  [ -z "$controller_pid" ] || { kill "$controller_pid"; wait "$controller_pid" 2>/dev/null || true; }
  rm -f "$work/sock"
  "$src/tests/agent/controller.py" "$work/sock" "$work/frames" "$work/seed/report-key" "$1" & controller_pid=$!
  for _ in $(seq 100); do [ ! -S "$work/sock" ] || return 0; sleep 0.05; done
  fail "the test's controller does not start"
}
trap 'status=$?; [ -z "$controller_pid" ] || kill "$controller_pid" 2>/dev/null; rm -rf "$work"; exit $status' EXIT
last() { python3 -c '
import json,sys
d = max(map(json.loads, open(sys.argv[1])), key=lambda f: f["seq"])      # frames come again until they are acknowledged
for k in sys.argv[2].split("."):
    d = d[int(k)] if isinstance(d, list) else d[k]
print(d if isinstance(d, str) else json.dumps(d))' "$work/frames" "$1"; }
stage() { "$agent" boot "$1" --root "$root" --uuid "$uuid" --channel "$work/sock" "${@:2}"; }
spooled() { find "$root/var/lib/natal/spool" -type f -size +0 2>/dev/null | wc -l; }

# First boot. The script of runcmd cannot run here: the root has no shell.
controller ack
stage early --medium "$work/bundle"
[ "$(spooled)" = 1 ] || fail "the early stage leaves no spool"
stage late 2> "$work/said" || fail "late: $(cat "$work/said")"
[ "$(spooled)" = 0 ] || fail "acknowledged frames are still in the spool"
[ "$(last phase)" = provisioned ] && [ "$(last mac)" = ok ] || fail "the last frame: $(tail -n 1 "$work/frames")"
[ "$(last findings.0.item)" = runcmd ] && [ "$(last findings.0.level)" = warning ] || fail "runcmd's failure is not told: $(last findings)"
ok "first boot: frames with a MAC, acknowledged, the spool is empty; policy continue tells and goes on"
python3 - "$work/frames" <<'P' || fail "the sequence of frames"
import json, sys, hashlib
frames = [json.loads(l) for l in open(sys.argv[1])]
seen = {}
for f in frames:
    seen[f["seq"]] = f
assert sorted(seen) == list(range(1, len(seen) + 1)), sorted(seen)
assert all(f["mac"] == "ok" for f in frames if f["phase"] != "found"), [f["mac"] for f in frames]
end = seen[max(seen)]
lines = sorted("%s %s %s\n" % tuple(i) for i in end["items"])
text = "natal-result-v1\nbundle %s\n" % end["digest"] + "".join(lines)
assert hashlib.sha256(text.encode()).hexdigest() == end["result"], "result digest"
assert end["keys"]["tls_spki"] and end["keys"]["ssh"]["ssh-ed25519"], end["keys"]
assert [f["step"] for f in frames if f["phase"] == "applying"].count("users/alice") >= 1
P
ok "sequence without a gap, the result digest is that of the document, installed keys are named"

# Again with nothing new; then with no medium, which is not waited for.
: > "$work/frames"; rm -rf "$root/run/natal"
stage early --medium "$work/bundle"; stage late
[ "$(last phase)" = unchanged ] || fail "unchanged: $(tail -n 1 "$work/frames")"
ok "an unchanged medium: unchanged"
: > "$work/frames"; rm -rf "$root/run/natal"
start=$(date +%s%N); stage early; took=$((($(date +%s%N) - start) / 1000000))
stage late
[ "$(last phase)" = unchanged ] && [ "$(last mac)" = ok ] || fail "no medium: $(tail -n 1 "$work/frames")"
[ "$took" -lt 2000 ] || fail "no medium after provisioning was waited for: $took ms"
ok "no medium after provisioning: not waited for, unchanged"

# Drift on disk.
: > "$work/frames"; rm -rf "$root/run/natal"
cp "$root/etc/ssh/ssh_host_ed25519_key.pub" "$work/pub"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/other"; cp "$work/other.pub" "$root/etc/ssh/ssh_host_ed25519_key.pub"
stage early; status=0; stage late 2> /dev/null || status=$?
[ "$status" = 11 ] && [ "$(last phase)" = drifted ] || fail "drift: status $status, $(tail -n 1 "$work/frames")"
last findings.0.message | grep -q 'the ssh-ed25519 host key on disk has digest .*, installed was' || fail "drift: $(last findings)"
cp "$work/pub" "$root/etc/ssh/ssh_host_ed25519_key.pub"
ok "a host key changed on disk: drifted, with both digests"

# Nobody acknowledges, or somebody who has not the key: the spool keeps it all, and the next boot sends it.
for mode in mute forge; do
  controller $mode
  : > "$work/frames"; rm -rf "$root/run/natal" "$root/var/lib/natal/spool"
  stage early; timeout 3 "$agent" boot late --root "$root" --uuid "$uuid" --channel "$work/sock" > /dev/null 2>&1 || true
  [ "$(spooled)" = 1 ] || fail "$mode: the spool has forgotten what nobody acknowledged"
  ok "controller $mode: the report stays in the spool"
done
controller ack
: > "$work/frames"
stage late
[ "$(last phase)" = unchanged ] && [ "$(spooled)" = 0 ] || fail "not sent again"
ok "sent again, acknowledged, gone"

# Early failures arrive too.
: > "$work/frames"; rm -rf "$root/run/natal" "$root/var/lib/natal"
status=0; "$agent" boot early --root "$root" --channel "$work/sock" --uuid 22222222-2222-3333-4444-555555555555 --medium "$work/bundle" 2> /dev/null || status=$?
[ "$status" = 8 ] || fail "a foreign medium: status $status"
stage late || true
[ "$(last phase)" = failed ] && [ "$(last mac)" = zero ] && [ "$(last findings.0.reason)" = denied ] || fail "a foreign medium: $(tail -n 1 "$work/frames")"
[ "$(last digest)" = "$(printf '0%.0s' $(seq 64))" ] || fail "a digest of nothing verified"
ok "a foreign medium: the failure is reported, with no MAC and no digest"
: > "$work/frames"; rm -rf "$root/run/natal" "$root/var/lib/natal"
user_data "$work/seed" <<<'{"manage_etc_hosts": "localhos", "hostname": "x"}'; seal "$work/bad" 4 "$work/seed"
status=0; stage early --medium "$work/bad" 2> /dev/null || status=$?
[ "$status" = 3 ] && stage late && [ "$(last phase)" = failed ] && [ "$(last mac)" = ok ] || fail "bad user-data: $status $(tail -n 1 "$work/frames")"
last findings.0.message | grep -q "user-data:2:2: manage_etc_hosts is 'localhos'" && [ "$(last findings.0.hint)" = "did you mean 'localhost'?" ] || fail "$(last findings)"
ok "bad user-data: the failure is reported under the bundle's key, with place and hint"
