#!/bin/bash
# tools.sh - the verbs that people look at a guest with: status --wait, query, analyze, clean, collect-logs.
. "$(dirname "$0")/lib.sh"
root=$work/root
left() { local s=0; "$@" > "$work/said" 2> "$work/err" || s=$?; echo $s; }
agent_in() { run_agent "$@" --root "$root"; }
given() { user_data "$work/seed"; seal "$work/bundle" "$1" "$work/seed"; }

# status --wait
make_root "$root"
given 1 <<< 'hostname: mole'
[ "$(left agent_in status --wait 1)" = 9 ] && grep -q 'late stage has not ended within 1 s' "$work/err" || fail "status --wait 1: $(cat "$work/said" "$work/err")"
[ "$(left agent_in status --wait=x)" = 2 ] || fail "--wait=x was taken"
agent_in boot early --medium "$work/bundle" 2> "$work/err" || fail "$(cat "$work/err")"
[ "$(left agent_in status --wait 1)" = 9 ] || fail "the early stage is not the end"
( sleep 1; agent_in boot late --channel '' > /dev/null 2>&1 ) & late=$!
[ "$(left agent_in status --wait --format json)" = 0 ] || fail "status --wait: $(cat "$work/err")"
wait $late
python3 - "$work/said" <<'END' || fail "$(cat "$work/said")"
import json, sys
s = json.load(open(sys.argv[1]))
assert s['ended'] is True and s['state'] == 'provisioned', s
END
ok "status --wait waits for the late stage's last word, --wait SECONDS no longer than that"
agent_in status --format text | grep -q '^state  *provisioned' && [ "$(left agent_in status --format xml)" = 2 ] || fail "--format"
ok "--format is -o"
given 2 <<< '{natal: {policy: {runcmd: degrade}}, runcmd: [[/bin/false]]}'
[ "$(left agent_in apply --medium "$work/bundle")" = 10 ] && [ "$(left agent_in status --wait)" = 10 ] || fail "degraded: $(cat "$work/said" "$work/err")"
ok "status leaves 10 where the guest is degraded"
given 3 <<< '{natal: {policy: {runcmd: fail}}, runcmd: [[/bin/false]]}'
want=$(left agent_in apply --medium "$work/bundle")
[ "$want" != 0 ] && [ "$(left agent_in status --wait)" = "$want" ] || fail "failed: $want: $(cat "$work/said" "$work/err")"
ok "status leaves what apply left where it failed"

# analyze
make_root "$root"
[ "$(left agent_in analyze show)" = 6 ] && grep -q 'no boot of this guest had anything to do' "$work/err" || fail "analyze of nothing: $(cat "$work/err")"
given 1 <<< '{hostname: mole, write_files: [{path: "/srv/<a> & \"b\"", content: x}, {path: /srv/ä, content: y}], runcmd: [[/bin/false]], natal: {policy: {runcmd: continue}}}'
agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
agent_in analyze show > "$work/show"; agent_in analyze blame > "$work/blame"; agent_in analyze plot > "$work/plot.svg"; agent_in analyze show -o json > "$work/show.json"
python3 - "$work" <<'END' || fail "$(cat "$work/show" "$work/blame")"
import json, re, sys, xml.etree.ElementTree as tree
work = sys.argv[1]
boots = json.load(open(work + '/show.json'))
items = boots[0]['items']
assert len(boots) == 1 and {i['stage'] for i in items} == {'early', 'late'}, items
names = [i['item'] for i in items]
assert names.index('hostname') < names.index('runcmd') and '' in names
shown = open(work + '/show').read()
assert re.search(r'^early: .* ms from .* s$', shown, re.M) and shown.index('hostname') < shown.index('late: ') < shown.index('failed   runcmd'), shown
times = [float(l.split()[0]) for l in open(work + '/blame') if l.startswith(' ')]
assert len(times) == len([n for n in names if n]) and times == sorted(times, reverse=True), times
svg = tree.parse(work + '/plot.svg').getroot()
ns = '{http://www.w3.org/2000/svg}'
bars = [r for r in svg.iter(ns + 'rect') if r.get('class')]
assert svg.tag == ns + 'svg' and len(bars) == len(items), len(bars)
assert any('/srv/<a>_&_"b"' in (t.text or '') for t in svg.iter(ns + 'title')) and any(r.get('class') == 'failed' for r in bars)
for r in bars:
    assert 330 <= float(r.get('x')) and float(r.get('x')) + float(r.get('width')) <= 330 + 820 + 2, r.attrib
END
[ -z "${SAVE_PLOT:-}" ] || cp "$work/plot.svg" "$SAVE_PLOT"
ok "analyze: in order, by time, and an SVG"
[ "$(stat -c %a "$root/var/lib/natal/timings.json")" = 600 ] || fail "times are readable by all"
before=$(cat "$root/var/lib/natal/timings.json"); rm -rf "$root/run"; mkdir "$root/run"
agent_in boot early --medium "$work/bundle" > /dev/null 2>&1; agent_in boot late > /dev/null 2>&1
[ "$(cat "$root/var/lib/natal/timings.json")" = "$before" ] || fail "a boot without anything to do wrote times"
ok "a boot without anything to do leaves no times"
python3 - "$root/var/lib/natal/timings.json" <<'END'
import json, sys
t = json.load(open(sys.argv[1]))
t['boots'] = [dict(t['boots'][0], boot_id='older-%d' % i) for i in range(20)]
json.dump(t, open(sys.argv[1], 'w'))
END
given 2 <<< 'hostname: vole'
agent_in apply --medium "$work/bundle" > /dev/null 2>&1 && [ "$(agent_in analyze show | grep -c '^boot ')" = 8 ] || fail "$(agent_in analyze show | grep -c '^boot ') boots are kept"
ok "of eight boots, no more"
echo 'no JSON' > "$root/var/lib/natal/timings.json"
[ "$(left agent_in analyze plot)" = 3 ] || fail "plotted: $(cat "$work/said")"
given 3 <<< 'hostname: shrew'
agent_in apply --medium "$work/bundle" > /dev/null 2>&1 && [ "$(agent_in analyze show | grep -c '^boot ')" = 1 ] || fail "a broken file of times stays"
ok "what cannot be read is begun anew"
before=$(cat "$root/var/lib/natal/timings.json")
agent_in apply --medium "$work/bundle" > /dev/null 2>&1 && [ "$(cat "$root/var/lib/natal/timings.json")" = "$before" ] || fail "what is as wanted left times"
ok "what is as wanted leaves no times"

# query
make_root "$root"; chmod 755 "$work"
printf 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' > "$root/etc/os-release"
secret=s3cr3t-planted-$RANDOM$RANDOM
secrets() { cat <<END
{ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIuHkUKT4cKyf2/ZbIVUhJJlq8nUnvVxl0Xo3pXvNT7C eve], password: $secret-password,
 chpasswd: {expire: false, users: [{name: root, type: text, password: $secret-root}]},
 write_files: [{path: /srv/token, content: $secret-file, permissions: '0600'}], runcmd: [[echo, $secret-runcmd]], bootcmd: [[echo, $secret-bootcmd]],
 natal: {policy: {bootcmd: continue, runcmd: continue}}}
END
}
secrets | given 1
agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
# asked KEY VALUE
asked() { [ "$(agent_in query "$1" 2>&1)" = "$2" ] || fail "query $1: $(agent_in query "$1" 2>&1)"; }
id=$(agent_in query v1.instance_id)
[ -n "$id" ] && [ "$id" != null ] || fail "v1.instance_id is $id"
asked instance_id "$id"; asked ds.meta_data.instance-id "$id"; asked instance-id "$id"
asked v1.local_hostname "$(agent_in query ds.meta_data.local-hostname)"; asked v1.distro debian; asked distro_release bookworm; asked v1.distro_version 12
asked v1.region null; asked uuid "$uuid"; asked natal.uuid "$uuid"; asked sequence 1; asked state provisioned; asked items.0.state ok; asked natal.signed true
[ "$(agent_in query v1.public_ssh_keys | tr -d ' \n')" = '[]' ] || fail "public keys are the source's, as in cloud-init"
[ "$(agent_in query v1.distro -o json)" = '"debian"' ] && agent_in query | python3 -c 'import json, sys; assert {"v1", "ds", "items", "pins"} <= set(json.load(sys.stdin))' || fail "query -o json"
ok "query: cloud-init's names and the journal's"
for k in userdata vendor_data v1.instance_i items.99 v1..distro '' v1.distro.x; do
  [ "$(left agent_in query "$k")" = 6 ] && grep -q "nothing is known by the name" "$work/err" || fail "query '$k': $(cat "$work/said" "$work/err")"
done
left agent_in query v1.instance_i > /dev/null; grep -q "did you mean 'instance_id'" "$work/err" || fail "$(cat "$work/err")"
left agent_in query userdata > /dev/null; grep -q 'natal keeps no copy' "$work/err" || fail "$(cat "$work/err")"
ok "query: what is not there, with the nearest name; user-data is not kept"
agent_in query > "$work/all"; ! grep -r "$secret" "$work/all" "$root/run" "$root/var/lib/natal/instance-data.json" || fail "query shows a secret"
if [ "$(id -u)" = 0 ]; then
  as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
  chmod 755 "$root" "$root/run"
  [ "$(as_nobody "$agent" query v1.instance_id --root "$root")" = "$id" ] || fail "nobody cannot query"
  [ "$(left as_nobody "$agent" query items --root "$root")" = 6 ] && grep -q 'root alone' "$work/err" || fail "nobody reads the journal: $(cat "$work/said" "$work/err")"
  [ -z "$(as_nobody find "$root/run/natal" -type f -readable ! -name instance-data.json)" ] || fail "nobody reads $(as_nobody find "$root/run/natal" -type f -readable)"
fi
ok "query: what everybody may know, no secret, the journal for root alone"
rm -rf "$root/run"; mkdir -m 755 "$root/run"
rm "$work/bundle"; agent_in boot early --wait 0 > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ "$(stat -c %a "$root/run/natal/instance-data.json" "$root/run/natal")" = $'644\n755' ] || fail "no instance data of a boot without a medium"
asked v1.instance_id "$id"
ok "query: at a boot without a medium too"

# collect-logs
make_root "$root"; mkdir -p "$root/lib/systemd/system"; cp "$src"/agent/units/natal-*.service "$root/lib/systemd/system/"
echo '{"min_format": 1}' > "$root/etc/natal/policy.json"
secrets > "$work/seed/user-data"; sed -i '1i #cloud-config' "$work/seed/user-data"
mkdir -p "$work/seed/tls"; head -c 32 /dev/urandom > "$work/seed/report-key"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/seed/tls/key.pem" -out "$work/seed/tls/cert.pem" -subj /CN=f 2> /dev/null
seal "$work/bundle" 1 "$work/seed"
agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || [ $? = 10 ] || fail "$(cat "$work/said")"
mkdir -p -m 700 "$root/var/log/natal"; echo "$secret-runcmd" > "$root/var/log/natal/output.log"
agent_in collect-logs --medium "$work/bundle" --to "$work/logs.tar" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ "$(stat -c %a "$work/logs.tar")" = 600 ] && tar -tf "$work/logs.tar" > "$work/names" && grep -q '^natal-logs/status.json$' "$work/names" || fail "$(cat "$work/names")"
python3 - "$work/logs.tar" <<'END' || fail "$(cat "$work/names")"
import json, sys, tarfile
with tarfile.open(sys.argv[1]) as t:
    names = {m.name: m for m in t.getmembers()}
    read = lambda n: t.extractfile('natal-logs/' + n).read()
    for n in ('status.json', 'plan.json', 'boot.json', 'instance-data.json', 'timings.json', 'policy.json'):
        json.loads(read(n))
    assert b'natal-agent ' in read('versions.txt') and b'ExecStart' in read('units/natal-late.service') and read('missing.txt').count(b'os-release') == 2
    assert 'natal-logs/output.log' not in names and all(m.mode == 0o600 and m.isfile() for m in names.values())
    assert json.loads(read('plan.json'))['items'] and json.loads(read('status.json'))['state'] == 'provisioned'
END
ok "collect-logs: an archive that tar and Python read"
python3 - "$work" "$secret" <<'END' || fail "a secret is in the archive"
import base64, sys
work, secret = sys.argv[1:]
text = open(work + '/logs.tar', 'rb').read()
key, tls = open(work + '/seed/report-key', 'rb').read(), open(work + '/seed/tls/key.pem', 'rb').read()
for planted in (secret.encode(), key, key.hex().encode(), base64.b64encode(key)[:40], tls.splitlines()[1]):
    assert planted not in text, planted
END
agent_in collect-logs --to - --with-output | tar -xOf - natal-logs/output.log | grep -q "$secret-runcmd" || fail "--with-output has no output"
(cd "$work" && "$agent" collect-logs --root "$root" --uuid "$uuid" --wait 0 > /dev/null 2>&1 && tar -xOf natal-logs.tar natal-logs/missing.txt | grep -q 'plan.json: no medium') || fail "the default name"
ok "collect-logs: no secret, what scripts said only where it is asked for"

# clean
for f in scripts/x deferred/y/z random-passwords.sh publish-keys.sh .timings.json.natal-new; do mkdir -p "$(dirname "$root/var/lib/natal/$f")"; echo x > "$root/var/lib/natal/$f"; done
mkdir -p "$root/var/lib/cloud/seed/nocloud" "$work/kept"; echo x > "$root/var/lib/cloud/seed/nocloud/user-data"; ln -s "$work/kept" "$root/var/lib/natal/scripts/link"; echo x > "$work/kept/x"
echo "another program's" > "$root/var/lib/natal/pins"; users=$(cat "$root/etc/passwd")
flock "$root" sleep 2 & holder=$!; sleep 0.5
[ "$(left agent_in clean)" = 9 ] && grep -q 'another natal-agent is at work' "$work/err" && [ -e "$root/var/lib/natal/journal" ] || fail "cleaned while another was at work"
wait $holder
ok "clean is refused while another natal-agent is at work"
agent_in clean > "$work/said" 2>&1 || fail "$(cat "$work/said")"
grep -qx 'removed /var/lib/natal/journal' "$work/said" && grep -qx 'removed /var/lib/natal/report-key' "$work/said" && grep -qx 'removed /var/lib/natal/scripts' "$work/said" || fail "$(cat "$work/said")"
[ "$(ls -A "$root/var/lib/natal")" = pins ] && [ -e "$work/kept/x" ] || fail "left: $(ls -A "$root/var/lib/natal")"
[ -z "$(find "$root/run/natal" -type f)" ] && [ -e "$root/var/log/natal/output.log" ] && [ -e "$root/var/lib/cloud/seed/nocloud/user-data" ] && [ -s "$root/etc/machine-id" ] && [ "$(cat "$root/etc/passwd")" = "$users" ] || fail "more was removed than was asked for"
agent_in clean --logs --seed --machine-id > "$work/said" || fail "$(cat "$work/said")"
[ ! -e "$root/var/log/natal" ] && [ ! -e "$root/var/lib/cloud/seed" ] && [ -e "$root/etc/machine-id" ] && [ ! -s "$root/etc/machine-id" ] && grep -qx 'emptied /etc/machine-id' "$work/said" || fail "$(cat "$work/said")"
agent_in clean | grep -q 'nothing to remove' || fail "a second clean"
agent_in apply --medium "$work/bundle" > "$work/said" 2>&1 || [ $? = 10 ] || fail "$(cat "$work/said")"
asked state provisioned
ok "clean: what natal knows of this guest is gone, the rest stays, and the guest can be provisioned again"

# What comes through a pipe is waited for.
{ sleep 0.3; printf '#cloud-config\nhostname: x\n'; } | "$agent" schema - > "$work/said" 2>&1 && grep -qx 'standard input: valid' "$work/said" || fail "a slow pipe: $(cat "$work/said")"
mkfifo "$work/fifo"; { sleep 0.3; printf '#cloud-config\nhostnam: x\n' > "$work/fifo"; } & "$agent" schema "$work/fifo" > "$work/said" 2>&1 && fail "a FIFO is taken for empty"
grep -q "unknown key 'hostnam'" "$work/said" || fail "a FIFO: $(cat "$work/said")"
ok "verbs wait for what comes through a pipe"
