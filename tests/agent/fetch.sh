#!/bin/bash
# fetch.sh - #include and the source of write_files, from a web server of the test's own: what the image's policy lets be fetched, and what becomes of it.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null && command -v openssl >/dev/null || skip "python3 or openssl is missing"
root=$work/root web=$work/web seed=$work/seed
mkdir -p "$web" "$seed"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
spki=sha256//$(openssl x509 -pubkey -noout -in "$work/tls.crt" | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64)
wrong=sha256//$(head -c 32 /dev/zero | base64)
printf '#cloud-config\nhostname: one\n' > "$web/one"
printf '#cloud-config\ntimezone: Europe/Berlin\n' > "$web/two"
printf 'bytes as they are\n' > "$web/plain"
: > "$work/log"
python3 "$(dirname "$0")/web.py" "$work/tls.crt" "$work/tls.key" "$web" "$work/ports" "$work/log" & server=$!
trap 'status=$?; kill "$server" 2>/dev/null || true; chmod -R u+rwx "$work" 2>/dev/null || true; rm -rf "$work"; exit $status' EXIT
for _ in $(seq 200); do [ -e "$work/ports" ] && break; sleep 0.1; done
read -r https other http < "$work/ports"
sum() { sha256sum "$web/$1" | cut -d' ' -f1; }
policy() { echo "{\"fetch\": {\"timeout_s\": ${timeout:-20}, $1}}" > "$root/etc/natal/policy.json"; }
pinned() { policy "\"hosts\": [{\"name\": \"127.0.0.1\", \"port\": $https, \"spki\": \"${1:-$spki}\"}]${2:+, $2}"; }
sequence=0
# seed TEXT: the user-data, signed.
seed() { sequence=$((sequence + 1)); printf '%b' "$1" > "$seed/user-data"; seal "$work/bundle" "$sequence" "$seed" instance="${instance:-i-1}"; }
stage() { run_agent boot "$1" --root "$root" --channel "" --medium "$work/bundle" --wait 0 > "$work/$1" 2>&1; }
boot() { rm -rf "$root/run/natal"; stage early && stage late; }
asked() { grep -c -- "$1" "$work/log" || true; }
# fails TEXT: the boot does, with these words, and the early stage did not.
fails() {
  rm -rf "$root/run/natal"; stage early || fail "the early stage: $(cat "$work/early")"
  ! stage late || fail "it was taken, '$1' was wanted: $(cat "$work/late")"
  grep -qF -- "$1" "$work/late" || fail "'$1' was wanted: $(cat "$work/late")"
  run_agent status --root "$root" -o json > "$work/status" || true
  grep -q '"state": *"failed"' "$work/status" || fail "the state is not failed: $(cat "$work/status")"
  ok "failed: $1"
}
fresh() { make_root "$root"; : > "$work/log"; }
name() { cat "$root/etc/hostname" 2>/dev/null || echo none; }

# Refused, unless the policy says so.
fresh
seed "#include\nhttp://127.0.0.1:$http/files/one#sha256=$(sum one)\n"
refused "#include of http://127.0.0.1:$http/files/one is refused" run_agent plan --root "$root" --medium "$work/bundle" --wait 0
policy '"hash": false'
refused "is refused: it would be run unseen" run_agent plan --root "$root" --medium "$work/bundle" --wait 0
pinned
refused "the image's policy does not let it be fetched: it takes no digests" run_agent plan --root "$root" --medium "$work/bundle" --wait 0
policy '"hash": true'
seed "#include http://127.0.0.1:$http/files/one\n"
refused "it has no digest, and the server is none of its hosts" run_agent plan --root "$root" --medium "$work/bundle" --wait 0
seed "#include file:///etc/passwd#sha256=$(sum one)\n"
refused "'file:///etc/passwd': this is no address that begins with https:// or http://" run_agent plan --root "$root" --medium "$work/bundle" --wait 0
seed "#include http://u:p@127.0.0.1:$http/files/one#sha256=$(sum one)\n"
refused "a password would go over the network as it is" run_agent plan --root "$root" --medium "$work/bundle" --wait 0
echo '{"fetch": {"hosts": [{"name": "a", "spki": "sha1//AAAA"}]}}' > "$root/etc/natal/policy.json"
refused "fetch.hosts[0]: spki 'sha1//AAAA' is not sha256// and the base64 of 32 bytes" run_agent plan --root "$root" --medium "$work/bundle" --wait 0
[ "$(asked .)" = 0 ] || fail "something was asked for: $(cat "$work/log")"
ok "what is refused is not asked for"

# By its digest: early without, late with everything.
fresh; policy '"hash": true'
seed "#include\n# two of them\nhttp://127.0.0.1:$http/files/one#sha256=$(sum one)\nhttp://127.0.0.1:$http/files/two#sha256=$(sum two)\n"
rm -rf "$root/run/natal"; stage early || fail "$(cat "$work/early")"
[ "$(asked .)" = 0 ] && [ "$(name)" = none ] || fail "before the network: $(cat "$work/log"; name)"
grep -qF "http://127.0.0.1:$http/files/one is not here yet: user-data is not applied without it" "$work/early" || fail "$(cat "$work/early")"
[ -e "$root/etc/machine-id" ] && [ -s "$root/etc/machine-id" ] || fail "the early stage has not done what it can"
stage late || fail "$(cat "$work/late")"
[ "$(name)" = one ] && [ -L "$root/etc/localtime" ] || fail "what was included has no effect: $(cat "$work/late")"
ok "the early stage goes without it, the late one brings it and applies all"
[ "$(stat -c %a "$root/var/lib/natal/fetched" "$root/var/lib/natal/fetched/sha256-$(sum one)" | paste -sd' ')" = "700 600" ] || fail "$(ls -la "$root/var/lib/natal/fetched")"
boot || fail "$(cat "$work/early" "$work/late")"
[ "$(asked .)" = 2 ] || fail "a boot with nothing new asked again"
ok "a boot with nothing new asks nobody"
seed "#include\nhttp://127.0.0.1:$http/files/one#sha256=$(sum one)\n"
boot || fail "$(cat "$work/early" "$work/late")"
[ "$(asked .)" = 2 ] || fail "what is kept was asked for"
ok "what is kept by its digest is not asked for again: the early stage has it"
echo changed >> "$root/var/lib/natal/fetched/sha256-$(sum one)"
seed "#include\nhttp://127.0.0.1:$http/files/one#sha256=$(sum one)\n"
boot || fail "$(cat "$work/early" "$work/late")"
[ "$(asked /one)" = 2 ] || fail "what was changed on the disk was taken"
ok "a kept text that was changed is fetched again"
[ ! -e "$root/var/lib/natal/fetched/sha256-$(sum two)" ] || fail "two is still kept"
ok "what nothing names any more goes"

fresh; policy '"hash": true'
seed "#include http://127.0.0.1:$http/files/one?token=s3cret#sha256=$(sum two)\n"
fails "http://127.0.0.1:$http/files/one?…: its SHA-256 is"
[ "$(name)" = none ] || fail "it was applied"
[ ! -e "$root/var/lib/natal/fetched" ] || [ -z "$(ls "$root/var/lib/natal/fetched")" ] || fail "it was kept"
seed "#include https://127.0.0.1:$https/files/one#sha256=$(sum one)\n"
fails "https://127.0.0.1:$https/files/one: "
grep -q 'error\[untrusted\]' "$work/late" || fail "$(cat "$work/late")"
ok "a digest does not make up for a certificate that nobody knows"
seed "#include http://127.0.0.1:$http/missing#sha256=$(sum one)\n"
fails "http://127.0.0.1:$http/missing: the server answers 404"
seed "#include http://127.0.0.1:$http/round#sha256=$(sum one)\n"
fails "more than 5 addresses, each leading to the next"
seed "#include http://127.0.0.1:$http/big#sha256=$(sum one)\n"
fails "http://127.0.0.1:$http/big: it is larger than 16777216 bytes"
timeout=3; policy '"hash": true'; timeout=
seed "#include http://127.0.0.1:$http/slow#sha256=$(sum one)\n"
start=$SECONDS
fails "http://127.0.0.1:$http/slow: "
[ $((SECONDS - start)) -le 10 ] || fail "it took $((SECONDS - start)) s"
ok "a slow server is waited for as long as the policy says"
seed "#include http://127.0.0.1:1/x#sha256=$(sum one)\n"
fails "http://127.0.0.1:1/x: "
grep -q 'fetch=retry' "$work/late" || fail "$(cat "$work/late")"
ok "no connection is tried again until the deadline"
policy '"hash": true'
seed "#include http://127.0.0.1:$http/busy#sha256=$(sum one)\n"
boot || fail "$(cat "$work/early" "$work/late")"
[ "$(name)" = one ] && [ "$(asked /busy)" = 3 ] || fail "$(cat "$work/late" "$work/log")"
ok "a server that is busy is asked again, and a guest that had failed is provisioned"

# The same text at two addresses: that one has not is not held against the other.
fresh; policy '"hash": true'; missing=http://127.0.0.1:$http/missing
seed "#include\n$missing#sha256=$(sum one)\nhttp://127.0.0.1:$http/files/one#sha256=$(sum one)\n"
boot || fail "$(cat "$work/early" "$work/late")"
[ "$(name)" = one ] && [ "$(asked /missing)" = 1 ] || fail "$(cat "$work/late" "$work/log")"
ok "a text that one server has not is taken from the next"
seed "#cloud-config\nwrite_files:\n- {path: /srv/a, source: {uri: '$missing#sha256=$(sum plain)'}}\n- {path: /srv/b, source: {uri: 'http://127.0.0.1:$http/files/plain#sha256=$(sum plain)'}}\n"
boot || fail "$(cat "$work/early" "$work/late")"
cmp "$web/plain" "$root/srv/a" && cmp "$web/plain" "$root/srv/b" || fail "$(cat "$work/late")"
ok "what any server has is every file's of that digest"
timeout=6; policy '"hash": true'; timeout=; rm -r "$root/var/lib/natal/fetched"
seed "#include\nhttp://127.0.0.1:$http/slow#sha256=$(sum two)\nhttp://127.0.0.1:$http/later/two#sha256=$(sum two)\n"
boot || fail "$(cat "$work/early" "$work/late")"
[ -L "$root/etc/localtime" ] || fail "$(cat "$work/late")"
ok "a server that does not answer leaves time for the next"
seed "#include\n$missing#sha256=$(sum one)\n$missing?2#sha256=$(sum one)\n"
fails "$missing?…: the server answers 404"

# From a server whose key is known.
fresh; pinned
seed "#include https://127.0.0.1:$https/files/one\n"
boot || fail "$(cat "$work/early" "$work/late")"
[ "$(name)" = one ] || fail "$(cat "$work/late")"
ok "a server by its key"
seed "#include https://127.0.0.1:$https/near\n"
boot || fail "$(cat "$work/early" "$work/late")"
ok "a redirect on the same server"
seed "#include https://127.0.0.1:$https/away\n"
fails "leads to https://127.0.0.1:$other/files/one: another server than the one whose key is known"
[ "$(grep -c '^other' "$work/log" || true)" = 0 ] || fail "it was followed"
seed "#include https://127.0.0.1:$other/files/one\n"
refused "the server is none of its hosts" run_agent plan --root "$root" --medium "$work/bundle" --wait 0
pinned "$wrong"
seed "#include https://127.0.0.1:$https/files/one?n=2\n"; before=$(asked .)
fails "the server's key is not the one that the image's policy has for it"
[ "$(asked .)" = "$before" ] || fail "the server was asked before its key was looked at"
pinned
seed "#include https://u:p%2Fw@127.0.0.1:$https/private?token=s3cret\n"
boot || fail "$(cat "$work/early" "$work/late")"
seed "#include https://u:wr0ng@127.0.0.1:$https/private?token=s3cret\n"
fails "https://127.0.0.1:$https/private?…: the server answers 401"
! grep -rqE 's3cret|p%2Fw|p/w|wr0ng' "$work/early" "$work/late" "$root/var/lib/natal/journal" "$root/var/lib/natal/spool" "$root/run" "$root/var/log" 2>/dev/null ||
  fail "a secret is in a log: $(grep -rlE 's3cret|p%2Fw|p/w|wr0ng' "$work" "$root")"
run_agent status --root "$root" -o json > "$work/status" || true; ! grep -qE 's3cret|wr0ng' "$work/status" || fail "in the status"
ok "user, password and query of an address are in no message, journal or status"

# Once is once for an instance; without it, each run asks.
fresh; pinned
seed "#include-once https://127.0.0.1:$https/files/one\n"
boot && seed "#include-once\nhttps://127.0.0.1:$https/files/one\n" && boot || fail "$(cat "$work/early" "$work/late")"
[ "$(asked /files/one)" = 1 ] || fail "#include-once was asked for $(asked /files/one) times"
instance=i-2; seed "#include-once https://127.0.0.1:$https/files/one\n"; instance=; boot || fail "$(cat "$work/late")"
[ "$(asked /files/one)" = 2 ] || fail "another instance took what was kept"
seed "#include https://127.0.0.1:$https/files/one\n"; boot && seed "#include\n\nhttps://127.0.0.1:$https/files/one\n"; boot || fail "$(cat "$work/late")"
[ "$(asked /files/one)" = 4 ] || fail "#include was asked for $(($(asked /files/one) - 2)) times"
[ -z "$(ls "$root/var/lib/natal/fetched")" ] || fail "kept: $(ls "$root/var/lib/natal/fetched")"
ok "#include-once is asked for once an instance, #include by each run that needs it"

# Half of a configuration is none.
fresh; pinned
seed "#cloud-config-archive\n- \"#cloud-config\\\\nhostname: half\\\\nusers: []\"\n- \"#include https://127.0.0.1:$https/files/two\"\n"
rm -rf "$root/run/natal"; stage early || fail "$(cat "$work/early")"
[ "$(name)" = none ] && ! grep -q ^debian "$root/etc/passwd" || fail "half of it was applied before the network: $(name)"
stage late || fail "$(cat "$work/late")"
[ "$(name)" = half ] && [ -L "$root/etc/localtime" ] || fail "$(cat "$work/late")"
ok "what stands beside an include waits for it"

# Inside one another.
printf '#include https://127.0.0.1:%s/files/loop\n' "$https" > "$web/loop"
printf '#include\nhttps://127.0.0.1:%s/files/one\nhttps://127.0.0.1:%s/files/two\n' "$https" "$https" > "$web/both"
fresh; pinned
seed "#include https://127.0.0.1:$https/files/both\n"; boot || fail "$(cat "$work/late")"
[ "$(name)" = one ] && [ -L "$root/etc/localtime" ] || fail "$(cat "$work/late")"
ok "an include that includes"
seed "#include https://127.0.0.1:$https/files/loop\n"
fails "nested more than 8 deep"
printf '## template: jinja\n#cloud-config\nhostname: "{{ v1.instance_id }}"\n' > "$web/template"
seed "#include https://127.0.0.1:$https/files/template\n"; boot || fail "$(cat "$work/late")"
[ "$(name)" = i-1 ] || fail "the template gave $(name)"
ok "a template that was fetched is filled in"

# Files.
fresh; pinned
seed "#cloud-config\nhostname: host\nwrite_files:\n- {path: /etc/a, source: {uri: 'https://127.0.0.1:$https/header', headers: {X-Token: t0ken}}}\n- {path: /etc/b, content: inside, source: {uri: 'https://127.0.0.1:$https/missing'}}\n- {path: /etc/c, source: {uri: 'https://127.0.0.1:$https/missing'}}\n"
rm -rf "$root/run/natal"; stage early || fail "$(cat "$work/early")"
[ "$(name)" = host ] && [ ! -e "$root/etc/a" ] || fail "early: $(cat "$work/early")"
ok "a file whose source is not here is left out, the rest is applied"
status=0; stage late || status=$?
[ "$status" = 10 ] || fail "status $status: $(cat "$work/late")"
cmp -s "$root/etc/a" "$web/plain" || fail "/etc/a: $(cat "$work/late")"
[ "$(cat "$root/etc/b")" = inside ] || fail "/etc/b"
[ ! -e "$root/etc/c" ] || fail "/etc/c"
grep -q "item=write_files/etc/c outcome=failed policy=degrade reason=not-found" "$work/late" || fail "$(cat "$work/late")"
! grep -rq t0ken "$work/early" "$work/late" "$root/var/lib/natal/journal" "$root/run" || fail "a header's value is in a log"
ok "a file by its source, with a header; the content where it fails; degraded where there is none"

# What the early stage ran at this boot is not run twice, and what is there only late is run all the same.
shell() { fresh; for f in /bin/sh; do cp -L --parents "$f" $(ldd "$f" | grep -o '/[^ )]*' | sort -u) "$root/"; done; pinned; }
shell; seed "#cloud-config\nbootcmd: ['echo ran >> /ran']\nwrite_files:\n- {path: /etc/a, source: {uri: 'https://127.0.0.1:$https/files/plain'}}\n"
boot || fail "$(cat "$work/early" "$work/late")"
cmp -s "$root/etc/a" "$web/plain" || fail "$(cat "$work/late")"
[ "$(grep -c ran "$root/ran")" = 1 ] || fail "bootcmd ran $(grep -c ran "$root/ran") times"
boot || fail "$(cat "$work/early" "$work/late")"
[ "$(grep -c ran "$root/ran")" = 2 ] || fail "bootcmd ran $(grep -c ran "$root/ran") times in two boots"
printf "#cloud-config\nbootcmd: ['echo ran >> /ran']\nruncmd: ['echo late >> /ran']\n" > "$web/commands"
shell; seed "#include https://127.0.0.1:$https/files/commands\n"
rm -rf "$root/run/natal"; stage early || fail "$(cat "$work/early")"
[ ! -e "$root/ran" ] || fail "run before it was there"
stage late || fail "$(cat "$work/late")"
[ "$(paste -sd' ' "$root/ran")" = "ran late" ] || fail "$(cat "$root/ran")"
ok "bootcmd runs once a boot, and before runcmd where both are fetched"
source="write_files: [{path: /etc/a, source: {uri: 'https://127.0.0.1:$https/files/plain'}}]"
shell; seed "#cloud-config\nbootcmd: ['echo old >> /ran']\nwrite_files: [{path: /old, content: x}]\n"; boot || fail "$(cat "$work/early" "$work/late")"
seed "#include https://127.0.0.1:$https/files/commands\n"
run_agent apply --root "$root" --medium "$work/bundle" -o json > "$work/said" 2>&1 || fail "$(cat "$work/said")"
[ "$(paste -sd' ' "$root/ran")" = "old ran late" ] || fail "by hand: $(cat "$root/ran" "$work/said")"
grep -q '"bootcmd": *"done"' "$work/said" && ! grep -q write_files/old "$work/said" || fail "outcomes that are not this run's: $(cat "$work/said")"
ok "apply by hand runs what it includes, whatever the boot has run"
shell; seed "#cloud-config\nbootcmd: ['echo old >> /ran']\n$source\n"; rm -rf "$root/run/natal"; stage early || fail "$(cat "$work/early")"
seed "#cloud-config\nbootcmd: ['echo new >> /ran']\n$source\n"; stage late || fail "$(cat "$work/late")"
[ "$(paste -sd' ' "$root/ran")" = "old new" ] || fail "$(cat "$root/ran" "$work/late")"
ok "other commands by the same name are run"

# A source that nobody signed.
fresh; echo "{\"waive\": {\"sources\": [\"nocloud\"], \"refuse\": [\"fetch\"]}, \"fetch\": {\"hash\": true}}" > "$root/etc/natal/policy.json"
mkdir -p "$root/var/lib/cloud/seed/nocloud"; echo 'instance-id: i' > "$root/var/lib/cloud/seed/nocloud/meta-data"
printf '#include http://127.0.0.1:%s/files/one#sha256=%s\n' "$http" "$(sum one)" > "$root/var/lib/cloud/seed/nocloud/user-data"
refused "what a source that nobody signed wants fetched is refused by the image's policy" run_agent plan --root "$root" --wait 0
echo "{\"waive\": {\"sources\": [\"nocloud\"]}, \"fetch\": {\"hash\": true}}" > "$root/etc/natal/policy.json"
run_agent apply --root "$root" --wait 0 > "$work/said" 2>&1 || [ $? = 10 ] || fail "$(cat "$work/said")"
[ "$(name)" = one ] || fail "$(cat "$work/said")"
ok "a source that nobody signed may include what the policy lets be fetched"

# The verbs that read files ask nobody.
printf '#include https://user:s3cret@127.0.0.1:%s/files/one?x=s3cret\n' "$https" > "$work/file"; : > "$work/log"
for verb in "userdata merge" "userdata parts"; do
  ! "$agent" $verb "$work/file" > "$work/said" 2>&1 || fail "$verb took it"
  grep -qF "#include of https://127.0.0.1:$https/files/one?… is refused" "$work/said" || fail "$verb: $(cat "$work/said")"
  ! grep -q s3cret "$work/said" || fail "$verb shows a secret"
done
"$agent" schema "$work/file" > "$work/said" 2>&1 || fail "$(cat "$work/said")"
grep -qF "is fetched only where the image's policy lets it be" "$work/said" || fail "$(cat "$work/said")"
! grep -q s3cret "$work/said" || fail "schema shows a secret"
[ "$(asked .)" = 0 ] || fail "a verb asked the server"
ok "schema says that an include wants the policy, merge and parts refuse it, none asks"
