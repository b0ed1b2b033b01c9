#!/bin/bash
# refuse - what must not be applied: each says why, and leaves the tree as it was.
. "$(dirname "$0")/lib.sh"
root=$work/root
make_root "$root"; mkdir -m 700 "$root/var/lib/natal"
other=22222222-2222-3333-4444-555555555555
user_data "$work/good" <<'J'
{"hostname": "web-1", "write_files": [{"path": "/srv/a", "content": "a"}]}
J
seal "$work/good.bundle" 5 "$work/good"
try() { "$agent" "${verb:-apply}" --root "$root" --medium "$1" --uuid "${2:-$uuid}"; }
# After a refusal the spool has its report, so each case says what verb plan says too: both must refuse.
both() { local text=$1; shift; verb=plan refused "$text" try "$@"; verb=apply; refused "$text" try "$@"; }

both "is for VM $uuid, this is $other" "$work/good.bundle" "$other"
seal "$work/expired" 5 "$work/good" not_before=1000 not_after=2000
both 'expired' "$work/expired"
seal "$work/early" 5 "$work/good" not_before=4000000000 not_after=4100000000
both 'is not valid before 4000000000' "$work/early"
both 'open medium /nowhere: No such file or directory' /nowhere
head -c 100 "$work/good.bundle" > "$work/short"; both 'bundle' "$work/short"
head -c 70000 /dev/urandom > "$work/noise"; both 'noise' "$work/noise"
cp "$work/good.bundle" "$work/flip"; printf 'X' | dd of="$work/flip" bs=1 seek=60 conv=notrunc status=none; both 'flip' "$work/flip"
cat "$work/good.bundle" - > "$work/long" <<<x; both 'long' "$work/long"
mkdir "$work/iso"; cp "$work/good.bundle" "$work/iso/natal.bundle"
if command -v genisoimage > /dev/null; then
  genisoimage -quiet -V OTHER -o "$work/other.iso" "$work/iso" 2> /dev/null; both 'NATAL' "$work/other.iso"
fi
refused 'no medium labelled NATAL appeared within 0 s' "$agent" apply --root "$root" --uuid "$uuid" --wait 0
refused 'hint: attach the medium that the controller made for this machine' "$agent" plan --root "$root" --uuid "$uuid" --wait 0
"$mk" key ed25519 "$work/foreign.pem" "$work/foreign.pub"
"$mk" bundle "$work/foreign" "$work/foreign.pem" "$uuid" 5 "user-data=$work/good/user-data"; both 'signed by unknown key' "$work/foreign"
seal "$work/badblob" 5 "$work/good" "other/thing=$work/key.pub"; both "blob 'other/thing' is of no kind that this agent knows" "$work/badblob"
mv "$root/etc/natal/trust.d/key.pub" "$work/held"; both 'trust.d' "$work/good.bundle"; mv "$work/held" "$root/etc/natal/trust.d/key.pub"

# User-data: one wrong thing each. TEXT is what is said, with the place where it stands; JSON on the right.
bad() { user_data "$work/bad" <<<"$2"; seal "$work/bad.bundle" 5 "$work/bad"; verb=apply; refused "$1" try "$work/bad.bundle"; }
# What is said and taken all the same.
warned() { user_data "$work/bad" <<<"$2"; seal "$work/bad.bundle" 5 "$work/bad"; said_and_planned "$1"; }
said_and_planned() { local out; out=$("$agent" plan --root "$root" --uuid "$uuid" --medium "$work/bad.bundle" 2>&1) || fail "refused, but '$1' was to be said only: $out"; grep -qF -- "$1" <<<"$out" || fail "'$1' was wanted: $out"; ok "said and planned: $1"; }
warned "user-data:2:2: unknown key 'hostnam'" '{"hostnam": "a"}'
warned "did you mean 'hostname'?" '{"hostnam": "a"}'
warned 'byobu_by_default is ignored by natal' '{"byobu_by_default": "enable"}'
warned "user-data:2:14: users.0 has an unknown key 'shel'" '{"users": [ {"shel": "/bin/sh", "name": "a"}]}'
warned "did you mean 'shell'?" '{"users": [{"shel": "/bin/sh", "name": "a"}]}'
bad "hostname 'a b' is no host name" '{"hostname": "a b"}'
bad "'a/b' is no name of a user" '{"users": [{"name": "a/b"}]}'
bad 'users.a.passwd is not the hash of a password' '{"users": [{"name": "a", "passwd": "secret"}]}'
bad 'users.a.gecos holds a colon' '{"users": [{"name": "a", "gecos": "a:b"}]}'
bad "write_files.0.permissions is '644', not octal text" '{"write_files": [{"path": "/a", "permissions": 644}]}'
bad "write_files.0.path '/a/../b' is not an absolute path" '{"write_files": [{"path": "/a/../b"}]}'
bad "write_files.0.encoding 'b46' is not one" '{"write_files": [{"path": "/a", "encoding": "b46"}]}'
bad "did you mean 'b64'?" '{"write_files": [{"path": "/a", "encoding": "b46"}]}'
warned "user-data:2:2: ssh_pwauth is 'maybe': sshd's configuration is left as it is" '{"ssh_pwauth": "maybe"}'
warned "chpasswd.list: a line is not 'name:password', and is passed over" '{"chpasswd": {"list": "blah"}}'
bad "'localhos', not true, false or localhost" '{"hostname": "a", "manage_etc_hosts": "localhos"}'
bad "did you mean 'localhost'?" '{"hostname": "a", "manage_etc_hosts": "localhos"}'
bad "timezone '../x' is no name of a time zone" '{"timezone": "../x"}'
bad "'users' is 'stop', not fail, degrade or continue" '{"natal": {"policy": {"users": "stop"}}}'
bad "user-data:2:40: natal.policy: 'hostnam' is no module, and no item of one" '{"hostname": "a", "natal": {"policy": {"hostnam": "fail"}}}'
bad "natal.policy: 'hostname/x' is no item of this plan" '{"hostname": "a", "natal": {"policy": {"hostname/x": "fail"}}}'
bad '/etc/hostname is wanted twice: by hostname and by rsyslog' '{"hostname": "a", "rsyslog": {"configs": [{"filename": "/etc/hostname", "content": "x"}]}}'
bad 'user-data:3:1: did not find expected' 'hostname: [a'
warned "key 'hostname' stands twice: this one counts" '{"hostname": "a", "hostname": "b"}'
bad 'ed25519_private and ed25519_public go together' '{"ssh_keys": {"ed25519_private": "x"}}'
bad "does not hold '-----BEGIN CERTIFICATE-----'" '{"ca_certs": {"trusted": ["x"]}}'
bad "user 'a': another user has the number 1" '{"users": [{"name": "a", "uid": 1}]}'
bad "owner 'nobody-here' is no user of this guest" '{"write_files": [{"path": "/a", "owner": "nobody-here:root"}], "natal": {"policy": {"write_files": "fail"}}}'
printf 'hostname: a\n' > "$work/bad/user-data"; seal "$work/bad.bundle" 5 "$work/bad"; both "the first line" "$work/bad.bundle"

badnet() { rm -f "$work/bad/user-data"; echo "$2" > "$work/bad/network-config"; seal "$work/bad.bundle" 5 "$work/bad"; refused "$1" try "$work/bad.bundle"; }
warnednet() { rm -f "$work/bad/user-data"; echo "$2" > "$work/bad/network-config"; seal "$work/bad.bundle" 5 "$work/bad"; said_and_planned "$1"; }
warnednet "network-config:1:41: unknown key 'dhpc4' of an ethernet" '{"version": 2, "ethernets": {"e": {     "dhpc4": true}}}'
warnednet "did you mean 'dhcp4'?" '{"version": 2, "ethernets": {"e": {"dhpc4": true}}}'
warnednet "'192.0.2.7' has no prefix length: /24 is taken" '{"version": 2, "ethernets": {"e": {"addresses": ["192.0.2.7"]}}}'
badnet 'network config is of version 1 or 2' '{"version": 3, "config": []}'
badnet "interface 'a' stands on itself" '{"version": 2, "bonds": {"a": {"interfaces": ["a"]}}}'
badnet "macaddress '52:54' is no MAC address" '{"version": 2, "ethernets": {"e": {"match": {"macaddress": "52:54"}}}}'
badnet "gateway 'x' is not an address" '{"version": 2, "ethernets": {"e": {"routes": [{"to": "default", "via": "x"}]}}}'
warnednet "set-name renames nothing without a match" '{"version": 2, "ethernets": {"e": {"set-name": "x"}}}'
badnet "mtu 5 is less than 68" '{"version": 2, "ethernets": {"e": {"mtu": 5}}}'

# An older sequence, and the same one with other content.
run_agent apply --root "$root" --medium "$work/good.bundle" > /dev/null
seal "$work/old" 4 "$work/good"; both 'sequence 4' "$work/old"
user_data "$work/twin" <<<'{"hostname": "other"}'
seal "$work/twin.bundle" 5 "$work/twin"; both 'sequence 5' "$work/twin.bundle"
echo '{' > "$root/var/lib/natal/journal"; both 'journal' "$work/good.bundle"

# Two at once.
rm -f "$root/var/lib/natal/journal"
exec 8< "$root"; flock 8
refused "another natal-agent is at work on $root" try "$work/good.bundle"
exec 8<&-

# What schema says of a file at its end; a byte order mark, which all verbs pass over and cloud-init does not.
printf '#cloud-config\nfoo: 1\nbar: 1\nhostname: [a]\napt_mirror: x\n' > "$work/many"
out=$("$agent" schema "$work/many") && fail "valid: $out"
grep -qx "$work/many: not valid: 1 error, 3 unknown keys" <<<"$out" && grep -q 'hint: write apt: {primary: .*; it is taken as that' <<<"$out" || fail "$out"
printf '#cloud-config\napt_update: true\n' > "$work/many"; out=$("$agent" schema --strict "$work/many") && fail "valid: $out"
grep -qx "$work/many: not valid: 1 deprecation" <<<"$out" || fail "$out"
ok "schema says of what a file is not valid"
# What is most often meant by what is written.
hints() { printf '#cloud-config\n%b' "$1" > "$work/meant"; out=$("$agent" schema "$work/meant" 2>&1) && fail "valid: $out"; case $out in *"hint: $2"*) ;; *) fail "'$2' was wanted: $out";; esac; }
hints 'runcmd:\n- echo foo: bar\n' "where a line with ': ' in it is meant: put the whole of it in quotes"
hints 'hostname: {{ x }}\n' "where {{ … }} of a template is meant"
hints 'users:\n\t- x\n' "YAML is indented with blanks, and here is a tab"
ok "schema says what was meant by a colon, a template and a tab"
printf '\xef\xbb\xbf#cloud-config\nhostname: marked\n' > "$work/marked"
for v in schema 'userdata merge' 'userdata parts'; do
  "$agent" $v "$work/marked" > "$work/out" 2>&1 || fail "$v: $(cat "$work/out")"
  grep -q 'marked begins with a byte order mark, which is passed over' "$work/out" || fail "$v: $(cat "$work/out")"
done
"$agent" userdata merge "$work/marked" 2> /dev/null | grep -q '"hostname": "marked"' || fail "merge of a marked text"
ok "a byte order mark is passed over, and said"

# The command line.
said() { local text=$1 out; shift; out=$("$agent" "$@" 2>&1) && fail "succeeded: $*"; grep -qF -- "$text" <<<"$out" || fail "'$text' was wanted from $*: $out"; ok "command line: $text"; }
said "unknown verb 'aply'" aply
said "'-h' is no merger" userdata merge "$work/marked" --how -h
said "did you mean 'apply'?" aply
said "unknown verb 'erly'" boot erly
said "did you mean 'early'?" boot erly
said "boot: which, early, birth, late or behind?" boot
said "analyze: which, show, blame or plot?" analyze
said "net: which, render?" net
said "plan: unexpected argument 'seed.iso'" plan seed.iso
said "unknown option '--mediun'" apply --mediun x
said "did you mean '--medium'?" apply --mediun x
said "--root wants a value: DIR" apply --root
said "--wait 'x' is not a number of seconds" apply --wait x
said "unknown format 'jsno'" plan -o jsno
said "'x' is not a UUID" plan --root "$root" --uuid x
