#!/bin/bash
# compat.sh - in cloud-init's stead: its files, its command, its exit statuses; cloud-init's own reader understands them, where it is installed here.
. "$(dirname "$0")/lib.sh"
root=$work/root
ln -s "$agent" "$work/cloud-init"
ci() { "$work/cloud-init" "$@" --root "$root"; }
left() { local s=0; "$@" > "$work/said" 2> "$work/err" || s=$?; echo $s; }
agent_in() { run_agent "$@" --root "$root"; }
given() { user_data "$work/seed"; seal "$work/bundle" "$1" "$work/seed"; }
# A guest with the package: as natal-deb makes it.
fresh() { make_root "$root"; mkdir -p "$root/usr/bin"; ln -s ../sbin/natal-agent "$root/usr/bin/cloud-init"; chmod 755 "$work" "$root" "$root/run" "$root/var" "$root/var/lib"; }
early() { agent_in boot early --wait 0 "$@" > "$work/early" 2>&1; }
late() { agent_in boot late --channel '' > "$work/late" 2>&1; }
# v1 FILE EXPRESSION: true of v1 of status.json or result.json
v1() { python3 -c 'import json, sys; v1 = json.load(open(sys.argv[1]))["v1"]; sys.exit(0 if eval(sys.argv[2]) else 1)' "$root/run/cloud-init/$1.json" "$2" || fail "$2: $(cat "$root/run/cloud-init/$1.json")"; }

# From the beginning of a boot to its end.
fresh; given 1 <<< '{hostname: mole, runcmd: [[/bin/true]], natal: {policy: {runcmd: continue}}}'
[ "$(left ci status)" = 0 ] && grep -qx 'status: not started' "$work/said" || fail "$(cat "$work/said" "$work/err")"
early --medium "$work/bundle" || fail "$(cat "$work/early")"
v1 status 'v1["stage"] == "modules-config" and v1["init-local"]["finished"] and v1["init"]["finished"] and not v1["modules-final"]["start"] and v1["datasource"] == "DataSourceNatal [signed medium]"'
[ ! -e "$root/run/cloud-init/result.json" ] && [ ! -e "$root/var/lib/cloud/instance/boot-finished" ] || fail "ended too soon"
[ "$(left ci status --long)" = 0 ] && grep -qx 'status: running' "$work/said" && grep -qx 'detail: modules-config' "$work/said" || fail "$(cat "$work/said" "$work/err")"
( sleep 1; late ) & job=$!
[ "$(left ci status --wait)" = 0 ] && tail -n 1 "$work/said" | grep -qx 'status: done' && grep -q '^\.' "$work/said" || fail "$(cat "$work/said" "$work/err")"
wait $job
v1 status 'v1["stage"] is None and all(v1[s]["start"] and v1[s]["finished"] and v1[s]["errors"] == [] for s in ("init-local", "init", "modules-config", "modules-final"))'
v1 result 'v1 == {"datasource": "DataSourceNatal [signed medium]", "errors": []}'
[ -s "$root/var/lib/cloud/instance/boot-finished" ] && [ "$(stat -c %a "$root"/run/cloud-init/{status,result}.json | sort -u)" = 644 ] || fail "$(ls -la "$root/run/cloud-init")"
python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["v1"]["cloud_name"] == "natal"' "$root/run/cloud-init/instance-data.json" || fail "instance data"
ok "status.json and result.json go with the boot, in cloud-init's form"
[ "$(left ci status --wait --format json)" = 0 ] || fail "$(cat "$work/said" "$work/err")"
python3 - "$work/said" <<'END' || fail "$(cat "$work/said")"
import json, sys
s = json.load(open(sys.argv[1]))
assert s['status'] == s['extended_status'] == 'done' and s['errors'] == [] and s['recoverable_errors'] == {} and s['datasource'] == 'natal' and s['last_update'].endswith('+0000'), s
END
ok "status --wait waits for the boot's last word: text and JSON"
if [ "$(id -u)" = 0 ]; then
  s=0; setpriv --reuid 65534 --regid 65534 --clear-groups "$work/cloud-init" status --root "$root" > "$work/said" 2>&1 || s=$?
  [ "$s" = 0 ] && grep -qx 'status: done' "$work/said" || fail "nobody asks: $(cat "$work/said")"
  ok "everybody may ask"
fi
rm -rf "$root/run"; mkdir -m 755 "$root/run"; early || fail "$(cat "$work/early")"
[ ! -e "$root/var/lib/cloud/instance/boot-finished" ] && v1 status 'v1["stage"] == "modules-config"' && late && [ -s "$root/var/lib/cloud/instance/boot-finished" ] || fail "the next boot"
v1 result 'v1["errors"] == []'
ok "the next boot begins anew"

# As cloud-init's own command reads them.
oracle() { /usr/bin/python3 - "$root/run/cloud-init" <<'END'
import sys
from cloudinit.cmd import status
from cloudinit.helpers import Paths
d = status.get_status_details(Paths({'run_dir': sys.argv[1], 'cloud_dir': '/nonexistent'}))
print(d.status.value, len(d.errors), d.datasource)
END
}
if /usr/bin/python3 -c 'from cloudinit.cmd import status' 2> /dev/null; then
  read -r word errors source < <(oracle)
  case $word in done | disabled) ;; *) fail "cloud-init reads $word";; esac
  [ "$errors" = 0 ] && [ "$source" = natal ] || fail "cloud-init reads $word $errors $source"
  ok "cloud-init's own status reads them so"
fi

# Failures and what is less than well.
fresh; given 2 <<< '{natal: {policy: {runcmd: fail}}, runcmd: [[/bin/false]]}'
early --medium "$work/bundle" || fail "$(cat "$work/early")"
! late || fail "it did not fail"
[ "$(left ci status --long)" = 1 ] && grep -qx 'status: error' "$work/said" && grep -q '^	- runcmd: ' "$work/said" || fail "$(cat "$work/said" "$work/err")"
v1 result 'len(v1["errors"]) == 1 and v1["errors"][0].startswith("runcmd: ")'
[ ! -e /usr/lib/python3/dist-packages/cloudinit ] || { read -r word errors _ < <(oracle); [ "$word $errors" = "error 1" ] || fail "cloud-init reads $word $errors"; }
ok "a failed guest: status 1, with the error"
fresh; given 3 <<< '{natal: {policy: {runcmd: degrade}}, runcmd: [[/bin/false]]}'
early --medium "$work/bundle" || fail "$(cat "$work/early")"
late || [ $? = 10 ] || fail "$(cat "$work/late")"
[ "$(left ci status --format json)" = 2 ] && grep -q '"extended_status": *"degraded done"' "$work/said" && grep -q '"status": *"done"' "$work/said" || fail "$(cat "$work/said" "$work/err")"
v1 result 'v1["errors"] == []'
ok "a degraded guest: status 2"
fresh; ! early || fail "provisioned without a medium"
[ "$(left ci status --wait)" = 1 ] && v1 result 'any("no medium" in e for e in v1["errors"])' || fail "$(cat "$work/said" "$work/err")"
ok "a boot that fails in its early stage ends then"
echo '[' > "$root/run/cloud-init/status.json"; [ "$(left ci status)" = 1 ] && grep -q '/run/cloud-init/status.json:' "$work/err" || fail "$(cat "$work/said" "$work/err")"
ok "a file that is no JSON is named"

# query and schema.
fresh; printf 'ID=debian\n' > "$root/etc/os-release"; given 1 <<< '{hostname: mole}'
early --medium "$work/bundle" && late || fail "$(cat "$work/early" "$work/late")"
id=$(agent_in query v1.instance_id)
[ "$(ci query instance_id)" = "$id" ] && [ "$(ci query v1.distro)" = debian ] && [ "$(ci query ds.meta_data.instance-id)" = "$id" ] || fail "query: $(ci query instance_id)"
ci query --all | python3 -c 'import json, sys; assert {"v1", "ds"} <= set(json.load(sys.stdin))' || fail "query --all"
ci query --list-keys > "$work/keys"; grep -qx v1 "$work/keys" && grep -qx instance_id "$work/keys" && sort -c "$work/keys" && [ "$(ci query -l ds)" = meta_data ] || fail "$(cat "$work/keys")"
[ "$(ci query --format 'i={{ v1.instance_id }} {{ distro|upper }}')" = "i=$id DEBIAN" ] || fail "query --format: $(ci query --format '{{ v1.instance_id }}')"
[ "$(left ci query v1.instance_i)" = 1 ] && grep -q "did you mean 'instance_id'" "$work/err" && [ "$(left ci query userdata)" = 1 ] && grep -q 'keeps no copy' "$work/err" || fail "$(cat "$work/err")"
[ "$(left ci query)" = 2 ] && [ "$(left ci query a b)" = 2 ] || fail "query's usage"
ok "query: a value, all, names, a template"
printf '#cloud-config\nhostname: h\n' > "$work/right"; printf '#cloud-config\nusers: 3\n' > "$work/wrong"
[ "$(left ci schema --config-file "$work/right")" = 0 ] && grep -qx "Valid schema $work/right" "$work/said" && [ "$(left ci schema -c "$work/wrong")" = 1 ] && grep -q 'wrong:2:' "$work/said" || fail "schema: $(cat "$work/said" "$work/err")"
ok "schema: right and wrong"
for words in "init --local" modules single clean collect-logs analyze features devel "schema --system" "schema --annotate" "query --user-data=x k"; do
  # shellcheck disable=SC2086
  [ "$(left ci $words)" = 1 ] && grep -q "natal-agent's, and has no cloud-init" "$work/err" && grep -q 'hint: ' "$work/err" || fail "$words: $(cat "$work/said" "$work/err")"
done
[ "$(left ci frob)" = 2 ] && [ "$(left ci status --fro)" = 2 ] && [ "$(left ci status --format xml)" = 2 ] && [ "$(left "$work/cloud-init")" = 2 ] && "$work/cloud-init" --version | grep -q natal-agent || fail "usage"
ok "what it does not do is refused, with what does it here"

# Elsewhere nothing is written.
make_root "$root"; given 4 <<< '{hostname: mole}'; agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ ! -e "$root/run/cloud-init" ] && [ ! -e "$root/var/lib/cloud" ] || fail "written without the package"
mkdir -p "$root/usr/bin"; ln -s /usr/bin/true "$root/usr/bin/cloud-init"; agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ ! -e "$root/run/cloud-init" ] || fail "written for another's link"
ok "without the package nothing is written"
