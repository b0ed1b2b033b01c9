#!/bin/bash
# delegate.sh - beside cloud-init: what it is handed and when, whose each module is, what its own words come to, and that it runs at no boot that natal-agent does not say so of.
. "$(dirname "$0")/lib.sh"
root=$work/root
nocloud=var/lib/cloud/seed/nocloud
policy() { echo "{\"mode\": \"delegate\"${1:+, $1}}" > "$root/etc/natal/policy.json"; }
# A guest with cloud-init in it, as a bake for mode delegate leaves it.
fresh() { make_root "$root"; mkdir -p "$root"/usr/bin "$root"/etc/cloud/cloud.cfg.d "$root"/run/cloud-init; printf '#!/usr/bin/python3\n' > "$root/usr/bin/cloud-init"; chmod 755 "$root/usr/bin/cloud-init"; policy "${1:-}"; }
plan() { run_agent plan --root "$root" --wait 0 --medium "$work/1" "$@"; }
early() { run_agent boot early --root "$root" --wait 0 "$@" > "$work/early" 2>&1; }
late() { local s=0; run_agent boot late --root "$root" --channel '' > "$work/late" 2>&1 || s=$?; echo $s; }
# cloud_says STAGE ERRORS [RECOVERABLE]: what cloud-init leaves, whole at once as it does; STAGE "" is its end.
cloud_says() {
  local stage=null; [ -z "$1" ] || stage="\"$1\""
  local row='"errors": [], "recoverable_errors": {}, "start": 1700000000.5, "finished": 1700000001.5'
  printf '{"v1": {"datasource": "DataSourceNoCloud [seed=/%s]", "init-local": {%s}, "init": {%s}, "modules-config": {%s}, "modules-final": {"errors": [], "recoverable_errors": {%s}, "start": 1700000002.0, "finished": %s}, "stage": %s}}' \
    "$nocloud" "$row" "$row" "$row" "${3:-}" "$([ -n "$1" ] && echo null || echo 1700000003.25)" "$stage" > "$work/json"
  mv "$work/json" "$root/run/cloud-init/status.json"
  rm -f "$root/run/cloud-init/result.json"
  [ -n "$1" ] || printf '{"v1": {"datasource": "DataSourceNoCloud [seed=/%s]", "errors": [%s]}}' "$nocloud" "$2" > "$work/json"
  [ -n "$1" ] || mv "$work/json" "$root/run/cloud-init/result.json"
}
reboot() { rm -rf "$root/run"; mkdir -p "$root/run/cloud-init"; }
status() { run_agent status --root "$root" -o json 2> /dev/null || true; }
# A bundle whose user-data natal would not take: part-handlers are cloud-init's business here.
mkdir -p "$work/seed/ssh" "$work/seed/tls"
cat > "$work/seed/user-data" <<'MIME'
Content-Type: multipart/mixed; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/part-handler

#part-handler
def list_types(): return []
def handle_part(*a): pass
--b
Content-Type: text/x-shellscript

#!/bin/sh
echo s3cr3t-planted
--b--
MIME
printf '#cloud-config\ntimezone: Europe/Berlin\n' > "$work/seed/vendor-data"
printf '{"version": 2, "ethernets": {"e": {"match": {"macaddress": "52:54:00:12:34:56"}, "dhcp4": true}}}\n' > "$work/seed/network-config"
head -c 32 /dev/urandom > "$work/seed/report-key"
ssh-keygen -q -t ed25519 -N '' -f "$work/seed/ssh/ssh_host_ed25519_key" -C host
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/seed/tls/key.pem" -out "$work/seed/tls/cert.pem" -subj /CN=d 2> /dev/null
seal "$work/1" 1 "$work/seed"

# Whose the modules are.
fresh
plan > "$work/plan" 2>&1 || fail "$(cat "$work/plan")"
grep -qx 'natal-agent does: report_key, quarantine, machine_id, ssh_host_keys, tls_identity, cloud_init, key_services, absent, goal' "$work/plan" && grep -q '^cloud-init does: boothooks, .*users.*write_files.*runcmd' "$work/plan" || fail "$(cat "$work/plan")"
! grep -q s3cr3t-planted "$work/plan" || fail "the plan shows user-data"
plan -o json > "$work/plan.json"
python3 - "$work/plan.json" <<'END' || fail "$(cat "$work/plan.json")"
import json, sys
p = json.load(open(sys.argv[1]))
own = p['owners']
assert set(own.values()) == {'natal-agent', 'cloud-init'} and own['users'] == own['network'] == own['sshd'] == 'cloud-init' and own['ssh_host_keys'] == 'natal-agent', own
assert {i['key'] for i in p['items']} == {'report_key', 'machine_id', 'ssh_host_keys', 'tls_identity', 'cloud_init'}
assert all(own[i['key']] == 'natal-agent' for i in p['items'])
END
ok "each module has one owner, and the plan says which"
rm "$root/etc/natal/policy.json"
user_data "$work/plain" <<< 'hostname: h'; seal "$work/plain.natal" 1 "$work/plain"
run_agent plan --root "$root" --medium "$work/plain.natal" > "$work/plan" 2>&1 || fail "$(cat "$work/plan")"
grep -q '^natal-agent does: report_key, quarantine, machine_id, ssh_host_keys, .*power_state$' "$work/plan" && ! grep -q '^cloud-init does' "$work/plan" || fail "$(cat "$work/plan")"
ok "in mode provision every module is natal-agent's"
refused "a part handler is refused" run_agent plan --root "$root" --medium "$work/1"

# What is handed over.
fresh
early --medium "$work/1" || fail "$(cat "$work/early")"
for f in user-data vendor-data network-config; do cmp "$work/seed/$f" "$root/$nocloud/$f" || fail "$f is not what was verified"; done
[ "$(stat -c %a "$root/$nocloud"/* | sort -u)" = 600 ] && [ "$(stat -c %a "$root/$nocloud")" = 700 ] || fail "$(ls -la "$root/$nocloud")"
python3 - "$root/$nocloud/meta-data" <<'END' || fail "meta-data: $(cat "$root/$nocloud/meta-data")"
import json, sys
m = json.load(open(sys.argv[1]))
assert m['instance-id'] and m['local-hostname'] and len(m) == 2, m
END
cmp "$work/seed/ssh/ssh_host_ed25519_key" "$root/etc/ssh/ssh_host_ed25519_key" && [ ! -e "$root/etc/ssh/ssh_host_rsa_key" ] && [ -s "$root/etc/natal/tls/cert.pem" ] || fail "keys and certificates"
[ -e "$root/run/natal/delegated" ] && [ ! -e "$root/run/cloud-init/disabled" ] && [ ! -e "$root/home/alice" ] || fail "cloud-init may not run"
ok "verified documents are handed over as they are, with mode 0600; keys and certificates are natal's"
grep -qx 'datasource_list: \[ NoCloud \]' "$root/etc/cloud/cloud.cfg.d/99-natal.cfg" || fail "99-natal.cfg"
diff "$root/etc/cloud/cloud.cfg.d/99-natal.cfg" <(sed -n '/<<.CFG.$/,/^CFG$/p' "$src/packaging/bake/natal-bake" | sed '1d;$d') || fail "natal-bake writes another 99-natal.cfg"
ok "the bake writes the same configuration of cloud-init"
if /usr/bin/python3 -c 'import cloudinit' 2> /dev/null; then
  /usr/bin/python3 - "$root/etc/cloud/cloud.cfg.d/99-natal.cfg" "$root/$nocloud/meta-data" <<'END' || fail "cloud-init reads it otherwise"
import sys
from cloudinit import util
c = util.load_yaml(open(sys.argv[1]).read())
assert c['datasource_list'] == ['NoCloud'] and c['datasource']['NoCloud'].get('fs_label', 'cidata') is None and c['ssh_deletekeys'] is False
assert util.get_cfg_option_list(c, 'ssh_genkeytypes', ['rsa']) == ['ed25519']
assert util.load_yaml(open(sys.argv[2]).read())['instance-id']
END
  { echo '#cloud-config'; cat "$root/etc/cloud/cloud.cfg.d/99-natal.cfg"; } > "$work/schema"
  ! command -v cloud-init > /dev/null || cloud-init schema --config-file "$work/schema" > "$work/said" 2>&1 || fail "its schema: $(cat "$work/said")"
  ok "as cloud-init's own reader and schema have it"
fi

# What becomes of it.
cloud_says modules-config ''
( sleep 1; cloud_says '' '' ) & says=$!
[ "$(late)" = 0 ] || fail "$(cat "$work/late")"
wait $says
grep -q 'item=cloud_init/modules-final outcome=running\|item=cloud_init/modules-config outcome=running' "$work/late" || fail "no stage was told: $(cat "$work/late")"
status | grep -q '"state": *"provisioned"' || fail "$(status)"
ok "cloud-init's end is waited for, its stages are told, and the guest is provisioned"
reboot; cloud_says '' ''
early || fail "$(cat "$work/early")"
[ -e "$root/run/natal/delegated" ] || fail "a provisioned guest's cloud-init does not run at its next boot"
[ "$(late)" = 0 ] && status | grep -q '"boot": *"unchanged"' || fail "$(cat "$work/late")"
run_agent plan --root "$root" --wait 0 > "$work/plan" 2>&1; grep -q '^cloud-init does: boothooks' "$work/plan" || fail "$(cat "$work/plan")"
ok "the next boot: cloud-init runs, natal-agent says unchanged, and still whose what is"

# fails NAME STATUS TEXT: the late stage ends so, with that in a finding.
fails() {
  local got; got=$(late)
  [ "$got" = "$2" ] || fail "$1: $got: $(cat "$work/late")"
  status > "$work/status"; grep -qF -- "$3" "$work/status" || fail "$1: $(cat "$work/status")"
  ok "$1"
}
again() { fresh "${1:-}"; early --medium "$work/1" || fail "$(cat "$work/early")"; }
again; cloud_says '' "\"('scripts-user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))\""
fails "an error of cloud-init's is a failure, in its own words" 7 "Runparts: 1 failures (runcmd)"
status | grep -q '"state": *"failed"' || fail "$(status)"
again; cloud_says '' '' '"WARNING": ["Invalid cloud-config provided"], "DEPRECATED": ["old"]'
fails "a recoverable error is degraded" 10 "Invalid cloud-config provided"
status | grep -q '"state": *"degraded"' || fail "$(status)"
again '"cloud_init_wait_s": 1'; cloud_says init ''
fails "a cloud-init that is late" 9 "cloud-init has not ended within 1 s: there is no /run/cloud-init/result.json, its last stage was modules-final"
grep -q 'journalctl -u cloud-init-local' "$work/status" || fail "no unit is named: $(cat "$work/status")"
# The generator runs before any unit.
fresh; : > "$root/run/cloud-init/disabled"
! early --medium "$work/1" && grep -qF "cloud-init's generator has disabled it in this boot: /run/cloud-init/disabled" "$work/early" && [ ! -e "$root/$nocloud" ] && [ ! -e "$root/run/natal/delegated" ] || fail "$(cat "$work/early")"
ok "a cloud-init that is disabled is handed nothing"
again; cloud_says '' ''; [ "$(late)" = 0 ] || fail "$(cat "$work/late")"
reboot; : > "$root/run/cloud-init/disabled"; early || fail "$(cat "$work/early")"
fails "nor is it waited for at a later boot" 9 "cloud-init is disabled in this boot: /run/cloud-init/disabled"
again; echo 'no JSON' > "$root/run/cloud-init/result.json"
fails "what is no JSON" 3 "/run/cloud-init/result.json:1:"
again; cloud_says '' "$(for i in $(seq 40); do printf '"e%s",' "$i"; done)\"last\""
fails "many errors" 7 "cloud-init: 25 more, which are in /run/cloud-init/status.json"
# At a later boot it is that boot's word, and no reason to be provisioned anew.
again; cloud_says '' ''; [ "$(late)" = 0 ] || fail "$(cat "$work/late")"
reboot; cloud_says '' '"boom"'; early || fail "$(cat "$work/early")"
fails "a later boot's error" 7 boom
status | grep -q '"state": *"provisioned"' || fail "$(status)"
reboot; early && [ -e "$root/run/natal/delegated" ] || fail "$(cat "$work/early")"
ok "a later boot's error is that boot's: the guest stays provisioned"

# Host keys that user-data had cloud-init replace.
again; cloud_says '' ''; rm "$root"/etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N '' -f "$root/etc/ssh/ssh_host_ed25519_key" -C other
[ "$(late)" = 11 ] && grep -q 'outcome=drifted' "$work/late" || fail "$(cat "$work/late")"
ok "host keys that cloud-init replaced are a drift"

# Not verified, not handed over.
fresh; mkdir -p "$root/$nocloud"; echo '#cloud-config' > "$root/$nocloud/user-data"; echo 'instance-id: x' > "$root/$nocloud/meta-data"
! early || fail "taken without a medium"
[ ! -e "$root/run/natal/delegated" ] && [ -e "$root/run/cloud-init/disabled" ] || fail "cloud-init may run"
ok "without a medium cloud-init is not let run, whatever seed there is"
cp "$work/1" "$work/bad"; printf X | dd of="$work/bad" bs=1 seek=200 conv=notrunc 2> /dev/null
fresh; ! early --medium "$work/bad" || fail "taken"
[ ! -e "$root/$nocloud" ] && [ ! -e "$root/run/natal/delegated" ] && [ -e "$root/run/cloud-init/disabled" ] || fail "a broken medium was handed over"
ok "a medium that does not verify is not handed over"
run_agent apply --root "$root" --wait 0 --medium "$work/1" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ -e "$root/run/natal/delegated" ] && [ ! -e "$root/run/cloud-init/disabled" ] || fail "natal's own word stays"
ok "a good one by hand, in the same boot: natal takes its own word back"
again; cloud_says '' ''; [ "$(late)" = 0 ] || fail "$(cat "$work/late")"
reboot; ! "$agent" boot early --root "$root" --wait 0 --uuid 99999999-2222-3333-4444-555555555555 > "$work/early" 2>&1 || fail "a clone is provisioned"
[ ! -e "$root/run/natal/delegated" ] && [ -e "$root/run/cloud-init/disabled" ] && [ -z "$(ls "$root/$nocloud")" ] || fail "a clone's cloud-init: $(ls "$root/$nocloud")"
ok "a clone's cloud-init does not run, and the seed of its origin is gone"
again; rm "$work/seed/vendor-data" "$work/seed/network-config"; seal "$work/2" 2 "$work/seed" instance=i-2
reboot; early --medium "$work/2" || fail "$(cat "$work/early")"
[ "$(ls "$root/$nocloud" | xargs)" = "meta-data user-data" ] || fail "left: $(ls "$root/$nocloud")"
ok "what the next bundle has not, the seed has not"

# A guest that forgets leaves nothing of what it was handed.
run_agent clean --root "$root" > "$work/said" || fail "$(cat "$work/said")"
[ ! -e "$root/$nocloud" ] && [ ! -e "$root/run/natal/delegated" ] || fail "clean left $(ls -A "$root/$nocloud")"
ok "clean takes back what cloud-init was handed"

# What does not go.
not_handed() {
  ! early --medium "$work/1" || fail "succeeded, but '$1' was wanted"
  grep -qF -- "$1" "$work/early" && [ ! -e "$root/$nocloud" ] && [ ! -e "$root/run/natal/delegated" ] && [ ! -e "$root/etc/natal/tls" ] || fail "'$1' was wanted: $(cat "$work/early")"
  ok "not handed over: $1"
}
fresh '"waive": {"sources": ["nocloud"]}'
refused "mode is delegate, and waive lets sources in that nobody signed" plan
fresh; rm "$root/usr/bin/cloud-init"
not_handed "cloud-init is not installed: there is no program /usr/bin/cloud-init"
ln -s ../sbin/natal-agent "$root/usr/bin/cloud-init"
not_handed "cloud-init is not installed"
fresh; : > "$root/etc/cloud/cloud-init.disabled"
not_handed "/etc/cloud/cloud-init.disabled keeps cloud-init from running"
fresh; mkdir -p "$root/proc" "$root/sys/class/dmi/id"; echo 'quiet ds=nocloud;s=http://10.0.0.1/ ro' > "$root/proc/cmdline"
not_handed "the kernel's command line says 'ds=…', which cloud-init would follow: nobody signed it"
echo quiet > "$root/proc/cmdline"; echo 'ds=nocloud-net;s=http://10.0.0.1/' > "$root/sys/class/dmi/id/product_serial"
not_handed "the firmware's serial number says 'ds=…'"
echo 'VMware-56 4d words=2' > "$root/sys/class/dmi/id/product_serial"
plan > "$work/plan" 2>&1 || fail "$(cat "$work/plan")"
! grep -q 'cannot be' "$work/plan" || fail "$(cat "$work/plan")"
ok "an ordinary serial number leads nowhere"

# Mode provision, and cloud-init is installed: it does not run.
fresh; echo '{}' > "$root/etc/natal/policy.json"
early --medium "$work/plain.natal" || fail "$(cat "$work/early")"
[ ! -e "$root/run/natal/delegated" ] && [ -e "$root/run/cloud-init/disabled" ] && [ ! -e "$root/$nocloud" ] && [ ! -e "$root/etc/cloud/cloud.cfg.d/99-natal.cfg" ] || fail "cloud-init is let run"
ok "in mode provision cloud-init is not let run"
fresh; echo '{}' > "$root/etc/natal/policy.json"; ln -s ../../var/lib/cloud/data/status.json "$root/run/cloud-init/status.json"
early --medium "$work/plain.natal" || fail "$(cat "$work/early")"
[ ! -e "$root/run/cloud-init/disabled" ] || fail "a cloud-init that runs is said to be disabled"
ok "a cloud-init that runs already, and brought the agent, is not said to be disabled"
fresh; echo '{"waive": {"sources": ["nocloud"]}}' > "$root/etc/natal/policy.json"; mkdir -p "$root/$nocloud"
printf '#cloud-config\nhostname: once\n' > "$root/$nocloud/user-data"; printf 'instance-id: i\n' > "$root/$nocloud/meta-data"
early || fail "$(cat "$work/early")"
grep -qx once "$root/etc/hostname" && [ ! -e "$root/run/natal/delegated" ] && [ -e "$root/run/cloud-init/disabled" ] && [ -e "$root/$nocloud/user-data" ] || fail "twice: $(cat "$work/early")"
ok "a waived NoCloud guest is provisioned once, by natal-agent"
fresh; echo '{}' > "$root/etc/natal/policy.json"; rm "$root/usr/bin/cloud-init"; rmdir "$root/run/cloud-init"; early --medium "$work/plain.natal" || fail "$(cat "$work/early")"
[ ! -e "$root/run/cloud-init" ] || fail "a guest without cloud-init has its folder"
ok "a guest without cloud-init sees nothing of it"
