#!/bin/bash
# listen - natald on the network: who is let in, who is not and what they are told; with real curl, openssl and natalctl over real TLS.
. "$(dirname "$0")/lib.sh"
for tool in curl openssl python3; do command -v $tool > /dev/null || { echo "$tool is needed"; exit 77; }; done
export NATAL_STATE=$S
"$B/natald" --state "$S" --listen 127.0.0.1:0 --listen '[::1]:0' --name natal.example 2> "$T/log" & N=$!
stop() { kill $N 2> /dev/null; wait $N 2> /dev/null; }
trap 'stop; ended' EXIT
within 20 grep -q ready "$T/log" || { echo "natald does not start: $(cat "$T/log")"; grep -q '::1' "$T/log" && exit 77; exit 1; }
port=$(sed -n 's/.*listen=127.0.0.1:\([0-9]*\).*/\1/p' "$T/log") port6=$(sed -n 's/.*listen=\[::1\]:\([0-9]*\).*/\1/p' "$T/log")
at=https://127.0.0.1:$port
l() { "$B/natalctl" --state "$S" "$@"; }                # by the unix socket
c() { env -u NATAL_STATE "$B/natalctl" "$@"; }          # by the current context
l ca show --out "$T/ca.pem"
get() { curl -sS -m 20 --cacert "$T/ca.pem" "$@"; }
token() { l access grant "$@" -o json | grep -o 'natal1_[^"]*'; }
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$T/$1.key" && openssl req -new -key "$T/$1.key" -subj /CN=x -out "$T/$1.csr"; }
body() { python3 -c 'import json,sys; print(json.dumps(dict(zip(sys.argv[1::2], [open(v[1:]).read() if v[0] == "@" else v for v in sys.argv[2::2]]))))' "$@"; }
# enrol TOKEN NAME: NAME.pem for NAME.key
enrol() { get "$at/v1/enrol" -d "$(body token "$1" csr "@$T/$2.csr")" > "$T/said" && python3 -c 'import json,sys; print(json.load(sys.stdin)["certificate"])' < "$T/said" > "$T/$2.pem" 2> /dev/null || cat "$T/said"; }
as() { local who=$1; shift; get --cert "$T/$who.pem" --key "$T/$who.key" "$@"; }
n key init > /dev/null

# ---- the certificate that is shown
openssl s_client -connect "127.0.0.1:$port" -CAfile "$T/ca.pem" -verify_return_error < /dev/null > "$T/shown" 2>&1 || fail "s_client: $(cat "$T/shown")"
text=$(openssl x509 -in "$T/shown" -noout -text)
id=$(l status -o json | grep -o '"controller_id":"[^"]*' | cut -d'"' -f4)
for has in "DNS:natal.example" "IP Address:127.0.0.1" "URI:spiffe://$id/controller/$(cat "$S/instance")" "TLS Web Server Authentication"; do
  [[ $text == *"$has"* ]] && ok "the certificate has $has" || fail "no $has in $text"
done
[[ $text == *"Client Authentication"* ]] && fail "a server's certificate is good for clients" || ok "it is a server's only"
[ "$(stat -c %a "$S/listener.key")" = 600 ] && ok "listener.key is 0600" || fail "listener.key: $(stat -c %a "$S/listener.key")"
openssl s_client -connect "127.0.0.1:$port" -tls1_1 -cipher ALL:@SECLEVEL=0 < /dev/null 2>&1 | grep -q 'Cipher is (NONE)' && ok "TLS 1.1 is refused" || fail "TLS 1.1"

# ---- who has no certificate
want 0 "for the role operator or reader, and you have no certificate" get "$at/v1/status"
want 0 "natalctl login URL" get "$at/v1/status"
want 0 '"reason":"not-found"' get "$at/v1/nothing"
head -c 300000 /dev/zero | tr '\0' x > "$T/big"
want 0 '"reason":"limit"' get "$at/v1/enrol" --data-binary "@$T/big"

# ---- a token enrols a key, once
key alice; key other
t=$(token operator alice --all-projects)
want 2 "nobody is granted the role 'guest'" l access grant guest gary
want 2 "there is no role 'operater'" l access grant operater gary
want 0 "that is no token" get "$at/v1/enrol" -d "$(body token x csr "@$T/alice.csr")"
want 0 "there is no such token" get "$at/v1/enrol" -d "$(body token "${t%?????}AAAAA" csr "@$T/alice.csr")"
want 0 "not a certificate request in PEM" get "$at/v1/enrol" -d "$(body token "$t" csr x)"
openssl req -in "$T/alice.csr" -outform DER | python3 -c 'import sys; d = bytearray(sys.stdin.buffer.read()); d[-1] ^= 1; sys.stdout.buffer.write(d)' | openssl req -inform DER -out "$T/forged.csr"
want 0 "does not prove that you have its key" get "$at/v1/enrol" -d "$(body token "$t" csr "@$T/forged.csr")"
openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=x -out "$T/rsa.csr" 2> /dev/null
want 0 "is no ECDSA key on P-256" get "$at/v1/enrol" -d "$(body token "$t" csr "@$T/rsa.csr")"
enrol "$t" alice
want 0 '"controller_id"' as alice "$at/v1/status"
want 0 '"controller_id"' get --cert "$T/alice.pem" --key "$T/alice.key" "https://[::1]:$port6/v1/status"
first=$(openssl x509 -in "$T/alice.pem" -noout -serial)
enrol "$t" alice
[ "$(openssl x509 -in "$T/alice.pem" -noout -serial)" = "$first" ] && ok "the same token and key give the same certificate again" || fail "another serial"
want 0 "was used already, with another key" get "$at/v1/enrol" -d "$(body token "$t" csr "@$T/other.csr")"
want 7 "there is a 'alice' already" l access grant operator alice --all-projects
t=$(token reader late); python3 -c 'import sqlite3,sys; d = sqlite3.connect(sys.argv[1], timeout=10); d.execute("UPDATE access SET token_until = 1 WHERE name = ?", ("late",)); d.commit()' "$S/natal.db"
want 0 "the token of reader late has expired" get "$at/v1/enrol" -d "$(body token "$t" csr "@$T/other.csr")"

# ---- roles and projects
key rita; enrol "$(token reader rita)" rita; key blue; enrol "$(token operator blue --project blue)" blue
want 0 '"vms"' as rita "$at/v1/vms"
want 0 "is for the role operator, and you are reader rita of project default" as rita "$at/v1/keys" -d '{}'
want 0 "is for the role operator, and you are reader rita" as rita "$at/v1/vms/x/medium"
want 0 "project default is not yours: you are operator blue of project blue" as blue "$at/v1/vms?project=default"
want 0 '"vms":[]' as blue "$at/v1/vms"
want 0 '"state":"active"' as blue "$at/v1/keys" -d '{}'
want 0 '"state":"ready"' as blue "$at/v1/vms" -d '{"name":"b-1","host":"none"}'
want 0 "project blue has no certificate authority of its own, it uses that of project default" curl -sS --unix-socket "$S/natald.sock" "http://n/v1/ca/csr?project=blue" -d '{}'
as blue -X DELETE "$at/v1/vms/b-1" > /dev/null
want 0 "is of all projects, and you are operator blue of project blue" as blue -d '' "$at/v1/daemon/stop"
want 0 "cannot let anybody in to all of them" as blue "$at/v1/access" -d '{"role":"reader","name":"x","all_projects":true}'
as blue "$at/v1/access" | grep -q rita && fail "blue sees who is in project default" || ok "a project's operator sees its own people"
want 0 "is for the role operator" as rita -d '' "$at/v1/access/alice/revoke"

# ---- who waits is asked again who he is, when what he waits for comes
key vera; enrol "$(token reader vera)" vera
etag=$(as vera "$at/v1/vms" -o /dev/null -D - | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
as vera -H "If-None-Match: $etag" "$at/v1/vms?wait=15" > "$T/waited" & W=$!
sleep 1; l access revoke vera > /dev/null; l vm create secret-1 --host none > /dev/null; wait $W
grep -q "was revoked" "$T/waited" && ok "a reader who was revoked while he waited is told nothing" || fail "$(cat "$T/waited")"
l vm delete secret-1 > /dev/null

# ---- certificates that do not count
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/self.key" -out "$T/self.pem" -subj /CN=alice -addext "subjectAltName=URI:spiffe://$id/operator/alice" 2> /dev/null
want 0 "the certificate was not issued by this controller" as self "$at/v1/status"
cp "$T/shown" "$T/served.pem"; cp "$S/listener.key" "$T/served.key"
want 0 "is not made for clients" as served "$at/v1/status"

# ---- renewed: two overlap, the one before them does not count
cp "$T/alice.pem" "$T/alice1.pem"; cp "$T/alice.key" "$T/alice1.key"
renew() { as alice "$at/v1/access/renew" -d "$(body csr "@$T/alice.csr")" | python3 -c 'import json,sys; print(json.load(sys.stdin)["certificate"])' > "$T/next" && mv "$T/next" "$T/alice.pem"; }
renew
want 0 '"controller_id"' as alice "$at/v1/status"
want 0 '"controller_id"' as alice1 "$at/v1/status"
renew
want 0 "was replaced by a newer one" as alice1 "$at/v1/status"

# ---- natalctl
want 0 "you are spiffe://$id/operator/bob" c login "$at" --token "$(token operator bob --all-projects)" --name prod
want 0 "$id" c status
want 0 "*" c context list
[ "$(stat -c %a "$XDG_CONFIG_HOME/natal/contexts.json")" = 600 ] && ok "contexts.json is 0600" || fail "contexts.json"
want 0 "ready" c vm create web-1 --host none
want 0 "you are spiffe://$id/project/blue/reader/rob" c login "https://[::1]:$port6" --token "$(token reader rob --project blue)"
want 0 "" c vm list
want 8 "project default is not yours" c vm list --project default
want 8 "is for the role operator, and you are reader rob of project blue" c key init
want 6 "there is no context 'prd'" c context use prd
want 6 "did you mean 'prod'?" c context use prd
c context use prod
# ---- what names a state folder is about that folder's natald, whatever the current context is; so quickstart's demo never touches another's VMs.
Q=$T/q
mkdir -p "$Q/out/build" "$Q/out/state" && cp "$src/quickstart" "$Q/" && ln -s "$B/natalctl" "$Q/out/build/natalctl"
want 0 '"vms":[]' env NATAL_STATE="$Q/out/state" "$B/natalctl" vm list -o json
want 0 '"name":"web-1"' env NATAL_STATE="$Q/out/state" "$B/natalctl" --context prod vm list -o json
want 0 '"vms":[]' env NATAL_STATE="$Q/out/state" "$B/natalctl" --context local vm list -o json
want 0 "NATAL_STATE is set and goes before the current context" env NATAL_STATE="$Q/out/state" "$B/natalctl" context use prod
want 2 "is for the natald of this machine, not for a controller elsewhere" c --context prod daemon stop
want 2 "cannot be deleted" c context delete local
want 0 "local	the unix socket" c __complete context use ""
want 0 "local	the unix socket" c __complete --context ""
env NATAL_STATE="$Q/out/state" "$B/natalctl" key init > /dev/null
want 0 "" env NATAL_STATE="$Q/out/state" "$B/natalctl" vm create demo --host none
want 0 "" env -u NATAL_STATE "$Q/quickstart" clean
[ ! -e "$Q/out" ] && c vm show web-1 > /dev/null && ok "quickstart clean left the VMs of the current context's controller alone" || fail "quickstart clean: $(c vm list)"
want 0 "images that hold its public half trust its media: natalctl --context prod key export far --out DIR" c --context prod key init --name far
want 0 "let in no more" l access revoke bob
want 8 "the access of operator bob was revoked" c status
want 8 "hint: an operator lets you in again" c status
want 0 "" c context delete prod
want 0 "* " c context list
want 0 "$id" "$B/natalctl" status
want 2 "--token: that is no token" c login "$at" --token natal1_x
want 2 "is no address of a controller" c login "http://127.0.0.1" --token x
want 9 "Connection refused" c login "https://127.0.0.1:1" --token "$(token reader r1)"
want 9 "natal-no-such-host" c login "https://natal-no-such-host.invalid" --token "$(token reader r2)"

# A file of contexts that is none: said with its path and what to do, by every verb that reads it; --context local goes by without it.
file=$XDG_CONFIG_HOME/natal/contexts.json; cp -p "$file" "$T/contexts.kept"
for text in 3 '{' '"x"' '[]' null '{"contexts":3}' '{"contexts":[]}' '{"contexts":{"prod":3}}' '{"current":3}' '{"current":null}' '{"contexts":{"prod":null}}' ''; do
  echo "$text" > "$file"
  for verb in status "context list" "context use prod" "context delete prod"; do
    out=$(c $verb 2>&1); [ $? = 3 ] && [[ $out == *"$file: "* || $out == *"$file:"[12]":"* ]] && [[ $out == *"mend it or move it away"* ]] || fail "contexts.json '$text', $verb: $out"
  done
  "$B/natalctl" --state "$S" --context local status > /dev/null || fail "--context local reads contexts.json '$text'"
done
echo '{"contexts":{"prod":{"url":3}},"current":"prod"}' > "$file"
want 3 "contexts.json: context 'prod': context.url is not a string" c status
cp -p "$T/contexts.kept" "$file"
# It holds private keys: where others may read it, it is not used, as ssh does.
chmod 644 "$file"
want 8 "$file has mode 0644: others may read it" c status
want 8 "hint: chmod go-rwx $file" c context list
want 0 "$id" "$B/natalctl" --context local status
chmod 600 "$file"

# A certificate that ends soon is renewed on the way, by a command that was for something else.
want 0 "operator/rena" c login "$at" --token "$(token operator rena --all-projects)" --name rena
ctx() { python3 - "$XDG_CONFIG_HOME/natal/contexts.json" "$@" <<'P'
import json, sys, time
path, do = sys.argv[1:3]; d = json.load(open(path)); x = d["contexts"]["rena"]
if do == "age": x["not_after"] = int(time.time()) + 1000; json.dump(d, open(path, "w"))
else: print(x["certificate"] if do == "cert" else int(x["not_after"] - time.time()) // 86400)
P
}
ctx cert > "$T/rena1"; ctx age
want 0 "$id" c status
[ "$(ctx days)" -ge 89 ] && ! cmp -s "$T/rena1" <(ctx cert) && ok "renewed on the way" || fail "not renewed: $(ctx days) days"
want 0 "$id" c status
[ "$(stat -c %a "$XDG_CONFIG_HOME/natal/contexts.json")" = 600 ] && ok "contexts.json stays 0600" || fail "contexts.json"
# One name may stand in a project and for all of them: revoked, neither lets in.
want 0 "operator/dora" c login "$at" --token "$(token operator dora --all-projects)" --name dora
token operator dora > /dev/null
l access revoke dora > /dev/null
want 8 "the access of operator dora was revoked" c status
c context use local

# ---- a server that is not who it should be, under a CA whose pin is in the token
python3 "$(dirname "$0")/listen.py" impostors "$T" > "$T/impostors" || { fail "impostors"; cat "$T/impostors"; }
while IFS='|' read -r name says; do
  : > "$T/where"
  python3 "$(dirname "$0")/listen.py" impostor "$T" "$name" > "$T/where" & V=$!
  within 10 test -s "$T/where"
  want 4 "$says" c login "https://127.0.0.1:$(cat "$T/where")" --token "$(cat "$T/$name.token")"
  kill $V; wait $V 2> /dev/null
done < "$T/impostors"

# ---- revoked while a connection is open, and on a resumed one; buckets; deadlines; restarts
python3 "$(dirname "$0")/listen.py" revoked "$T" "$port" rita "$B/natalctl" "$S" || bad=1
key greta; enrol "$(token operator greta --all-projects)" greta
python3 "$(dirname "$0")/listen.py" flood "$T" "$port" greta || bad=1
python3 "$(dirname "$0")/listen.py" shake "$T" "$port" greta || bad=1
# common/http, which natalctl and natal-guestd use: a connection is kept, a session resumed, across a restart of natald too; one that natald has
# closed meanwhile is opened anew; a wait is polled for.
pin=$(l ca show -o json | grep -o '"spki_sha256":"[^"]*' | cut -d'"' -f4)
mkfifo "$T/steps"
"$B/tests/tools/http_get" 127.0.0.1 "$port" "$pin" "$T/greta.pem" "$T/greta.key" /v1/status < "$T/steps" > "$T/got" 2>&1 & H=$!
exec 9> "$T/steps"
more_than() { [ "$(wc -l < "$T/got")" -gt "$1" ]; }
step() { local n; n=$(wc -l < "$T/got"); echo "$1" >&9; [ -z "${2-}" ] || { within 20 more_than "$n"; [ "$(tail -n 1 "$T/got")" = "$2" ] && ok "common/http: $1: $2" || fail "common/http: $1: wanted $2: $(cat "$T/got")"; }; }
step get "200 new"; step get "200 kept"; step hang-up; step get "200 resumed"
step "wait /v1/vms/web-1/events?after=9999999&wait=1" "200 kept"
for v in tls1_2 tls1_3; do
  (printf 'GET / HTTP/1.1\r\nHost: n\r\n\r\n'; sleep 0.4) | openssl s_client -connect "127.0.0.1:$port" -$v -sess_out "$T/$v" 2>&1 | grep -q '^New,' || fail "$v: no session"
done
stop
: > "$T/log"
"$B/natald" --state "$S" --listen "127.0.0.1:$port" 2> "$T/log" 9>&- & N=$!
within 20 grep -q ready "$T/log" || fail "natald does not start again: $(cat "$T/log")"
step get "200 kept"; step hang-up; step get "200 resumed"
exec 9>&-; wait $H && ok "common/http: the end" || fail "http_get: $(cat "$T/got")"
for v in tls1_2 tls1_3; do
  (sleep 0.3) | openssl s_client -connect "127.0.0.1:$port" -$v -sess_in "$T/$v" 2>&1 | grep -q '^Reused,' && ok "$v: resumed across a restart" || fail "$v: not resumed"
done
want 7 "another natald holds" "$B/natald" --state "$S" --listen "127.0.0.1:$port"
want 9 "another program listens there" "$B/natald" --state "$T/s2" --listen "127.0.0.1:$port"
want 2 "is not ADDRESS:PORT" "$B/natald" --state "$T/s2" --listen 8443
want 2 "is no address" "$B/natald" --state "$T/s2" --listen localhost:8443
want 2 "--name without --listen" "$B/natald" --state "$T/s2" --name x
exit $bad
