#!/bin/bash
# instance.sh - instance-data: what query shows, templates see, each name of it; what is sensitive, templates alone see.
. "$(dirname "$0")/lib.sh"
root=$work/root
agent_in() { run_agent "$@" --root "$root" --wait 0; }
secret=s3cr3t-planted-$RANDOM$RANDOM
fresh() {
  make_root "$root"
  printf 'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\nVERSION="9 (Blue Moon)"\n' > "$root/etc/os-release"
  echo '{"waive": {"sources": ["nocloud", "configdrive"]}}' > "$root/etc/natal/policy.json"
}

# names SHOWN: a template of each name that query shows, with its number, and what is to come out; v1's by themselves, too.
cat > "$work/names.py" <<'END'
import json, sys
shown, template, wanted = json.load(open(sys.argv[1])), open(sys.argv[2], "w"), open(sys.argv[3], "w")
word = lambda v: "None" if v is None else str(v)
rows = []

def walk(path, value):
    if isinstance(value, dict):
        for k, v in value.items():
            walk(path + "[" + json.dumps(k) + "]", v)
            if k.isidentifier():
                rows.append((path + "." + k, v)) if not isinstance(v, (dict, list)) else walk(path + "." + k, v)
            elif k.replace("-", "_").isidentifier() and k.replace("-", "_") not in value:
                walk(path + "." + k.replace("-", "_"), v)
    elif isinstance(value, list):
        rows.append((path + "|join(',')", ",".join(map(word, value))))
        for i, v in enumerate(value):
            walk(path + "[%d]" % i, v)
    else:
        rows.append((path, value))

for k, v in shown.items():
    walk(k, v)
for k, v in shown["v1"].items():
    walk(k.replace("-", "_"), v)
template.write("## template: jinja\n#cloud-config\nwrite_files:\n- path: /srv/names\n  content: |\n")
for n, (path, value) in enumerate(rows):
    if "redacted" in word(value):
        continue
    template.write("    %d %s = {{ %s }}\n" % (n, path, path))
    wanted.write("%d %s = %s\n" % (n, path, word(value)))
assert len(rows) > 40, rows
END
# everything NAME ARGUMENTS...: a template of the names that query shows after one run, applied by the next, has what query shows after that.
everything() {
  local name=$1 shown=$root/run/natal/instance-data.json; shift
  python3 "$work/names.py" "$shown" "$work/template" "$work/before" || fail "$name: the names"
  "$@" || fail "$name"
  python3 "$work/names.py" "$shown" "$work/again" "$work/wanted" || fail "$name: the names"
  cmp "$work/template" "$work/again" || fail "$name: other names than before"
  diff "$work/wanted" "$root/srv/names" || fail "$name: a template sees another value"
  ok "$name: a template sees each of $(grep -c . "$work/wanted") names that query shows"
}

# A signed medium.
fresh
signed() { cp "$work/template" "$work/seed/user-data"; seal "$work/bundle" 2 "$work/seed"; agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || { cat "$work/said"; return 1; }; }
user_data "$work/seed" <<< '{}'; seal "$work/bundle" 1 "$work/seed"
agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
everything "a signed medium" signed
asked() { [ "$(agent_in query "$1" 2>&1)" = "$2" ] || fail "query $1: $(agent_in query "$1" 2>&1)"; }
asked v1.cloud_name natal; asked v1.distro centos; asked v1.variant centos; asked v1.distro_release 'Blue Moon'; asked v1.machine "$(uname -m)"
asked sys_info.system Linux; asked sys_info.platform "Linux-$(uname -r)-$(uname -m)"; asked sys_info.release "$(uname -r)"; asked sys_info.variant centos
listed() { [ "$(agent_in query "$1" -o json | python3 -c 'import json, sys; print("|".join(json.load(sys.stdin)))')" = "$2" ] || fail "query $1: $(agent_in query "$1" 2>&1)"; }
listed sys_info.dist 'centos|9|Blue Moon'; listed sys_info.uname "$(for w in s n r v m; do uname -$w; done | paste -sd'|')|"
printf '## template: jinja\n#cloud-config\nwrite_files: [{path: /srv/s, content: "{{ sys_info.platform }} {{ sys_info.dist[2] }}"}]\n' > "$work/seed/user-data"; seal "$work/bundle" 3 "$work/seed"
agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ "$(cat "$root/srv/s")" = "Linux-$(uname -r)-$(uname -m) Blue Moon" ] || fail "$(cat "$root/srv/s")"
ok "sys_info is there, but for Python's version"
[ "$(agent_in query -o json | python3 -c 'import json, sys; print(*sorted(json.load(sys.stdin)))')" = \
  "$(python3 -c 'import json, sys; print(*sorted(set(json.load(open(sys.argv[1]))) | set(json.load(open(sys.argv[2])))))' "$root/run/natal/instance-data.json" <(agent_in status -o json))" ] ||
  fail "query shows more than instance data and the status"
ok "what query shows besides is the status"

# NoCloud, with meta-data of its own.
fresh; seed=$root/var/lib/cloud/seed/nocloud; mkdir -p "$seed"
cat > "$seed/meta-data" <<END
instance-id: i-7
local-hostname: web.example.org
public-keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIuHkUKT4cKyf2/ZbIVUhJJlq8nUnvVxl0Xo3pXvNT7C eve]
availability-zone: z-1
region: r-1
cloud-name: mine
role: db
rack-number: 7
spare: null
primary: true
disks: [{name: vda, size: 8}, {name: vdb, size: 16}]
deep: {a: {b-c: {d: e}}}
db_password: $secret-password
Private-Key: '$secret-key'
security-credentials: {token: $secret-token, more: [$secret-more]}
random_seed: !!binary aGVsbG8=
END
cp "$seed/meta-data" "$work/meta-data"
printf '#cloud-config\n{}\n' > "$seed/user-data"
nocloud() { cp "$work/template" "$seed/user-data"; agent_in apply > "$work/said" 2>&1 || { cat "$work/said"; return 1; }; }
agent_in apply > "$work/said" 2>&1 || fail "$(cat "$work/said")"
everything "a NoCloud seed" nocloud
asked v1.cloud_name mine; asked v1.platform nocloud; asked v1.region r-1; asked availability_zone z-1; asked v1.local_hostname web
asked ds.meta_data.local-hostname web.example.org; asked ds.meta_data.rack_number 7; asked ds.meta_data.disks.1.name vdb; asked v1.instance_id i-7
ok "meta-data is ds.meta_data; region, availability-zone and cloud-name of it are v1's"

# What is sensitive is in no file that query reads, and a template has it.
asked ds.meta_data.db_password 'redacted: natal keeps no copy of it'
[ "$(agent_in query sensitive_keys -o json | tr -d ' \n')" = '["ds/meta_data/db_password","ds/meta_data/Private-Key","ds/meta_data/security-credentials","ds/meta_data/random_seed"]' ] || fail "$(agent_in query sensitive_keys)"
! grep -rl "$secret" "$root/run" "$root/var/lib/natal" || fail "a secret of meta-data is kept"
printf '## template: jinja\n#cloud-config\nwrite_files: [{path: /srv/s, permissions: "0600", content: "{{ ds.meta_data.db_password }} {{ ds.meta_data.security_credentials.token }}"}]\n' > "$seed/user-data"
agent_in apply > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ "$(cat "$root/srv/s")" = "$secret-password $secret-token" ] || fail "$(cat "$root/srv/s")"
! grep -rl "$secret" "$root/run" "$root/var/lib/natal" || fail "a secret of meta-data is kept"
ok "what is sensitive is for templates alone"
printf '## template: jinja\n#cloud-config\nhostname: {{ ds.meta_data.nobody }}\n' > "$seed/user-data"
refused "user-data:3:27: template: 'nobody' is undefined" agent_in plan

# Secrets by other names, and what is none; whatever a key is made of, query reads it, and nothing of it commands a terminal.
{ cat "$work/meta-data"; cat << END
adminPass: $secret
rootPWD: $secret
wifi-psk: $secret
pass: $secret
passphrase: $secret
api_key: $secret
apikey: $secret
apiKeys: [$secret]
authkey: $secret
key: $secret
ssh_private: $secret
db: {dsn: $secret, at: ['postgres://me:$secret@db/x', 'see https://a.example/ and http://u:$secret@b.example']}
passthrough: shown-1
keyboard: shown-2
sshKey: ssh-ed25519 AAAA shown-3
public_keys: {deploy-key: shown-4}
keys: [{data: shown-5, type: ssh}]
url: https://db.example:5432/@shown-6
"a\\"b\\\\": "shown-7"
"\\e[2J": "x\\e[2J\\u009by\\nz"
END
} > "$seed/meta-data"; printf '#cloud-config\n{}\n' > "$seed/user-data"
agent_in apply > "$work/said" 2>&1 || fail "$(cat "$work/said")"
! grep -rho "[^ ]*$secret" "$root/run" "$root/var/lib/natal" || fail "a secret of meta-data is kept"
agent_in query ds -o json > "$work/shown" || fail "$(cat "$work/shown")"
for i in 1 2 3 4 5 6 7; do grep -q "shown-$i" "$work/shown" || fail "shown-$i is hidden: $(cat "$work/shown")"; done
ok "secrets are known by many names, public keys stay"
asked 'ds.meta_data.a"b\' shown-7; asked $'ds.meta_data.\e[2J' $'x?[2J??y\nz'
ok "a key may be of any characters, and a text is printed without those that command a terminal"
for odd in '"a\0b": 1' "deep: $(printf '[%.0s' {1..40})$(printf ']%.0s' {1..40})" "many: {$(printf 'k%d: 1, ' {1..1100})}"; do
  { cat "$work/meta-data"; echo "$odd"; } > "$seed/meta-data"
  agent_in apply > "$work/said" 2>&1 || fail "$(cat "$work/said")"
  asked v1.region r-1; [[ $(agent_in query ds.meta_data) = 'not shown: '* ]] || fail "$odd: $(agent_in query ds.meta_data)"
done
ok "meta-data that query cannot read is left out, and said so"

# ConfigDrive: the whole of meta_data.json.
if command -v genisoimage > /dev/null; then
  fresh; mkdir -p "$work/cd/openstack/latest"
  cat > "$work/cd/openstack/latest/meta_data.json" <<END
{"uuid": "u-1", "hostname": "cd.example.org", "availability_zone": "nova", "project_id": "p-1", "admin_pass": "$secret", "random_seed": "$secret",
 "public_keys": {"k": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIuHkUKT4cKyf2/ZbIVUhJJlq8nUnvVxl0Xo3pXvNT7C eve"}, "meta": {"role": "web"}, "launch_index": 0}
END
  drive() { cp "$work/template" "$work/cd/openstack/latest/user_data"
    genisoimage -quiet -output "$work/cd.iso" -volid config-2 -joliet -rock "$work/cd" 2> /dev/null
    agent_in apply --medium "$work/cd.iso" > "$work/said" 2>&1 || { cat "$work/said"; return 1; }; }
  printf '#cloud-config\n{}\n' > "$work/template"; drive || fail "ConfigDrive"
  everything "a ConfigDrive" drive
  asked v1.availability_zone nova; asked ds.meta_data.meta.role web; asked ds.meta_data.uuid u-1; asked v1.local_hostname cd
  ! grep -rl "$secret" "$root/run" "$root/var/lib/natal" || fail "a secret of meta_data.json is kept"
  ok "ConfigDrive's meta_data.json is ds.meta_data"
fi
