#!/bin/bash
# documents - what every client of the API stands on: problem documents, ETags and conditions, long-polls, pages, filters, keys that make a thing once.
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null && command -v python3 >/dev/null && command -v sqlite3 >/dev/null || { echo "curl, python3 and sqlite3 are needed"; exit 77; }
ask() { curl -sS --max-time 30 --unix-socket "$S/natald.sock" "$@"; }
code() { : > "$T/body"; ask -o "$T/body" -D "$T/head" -w '%{http_code}' "$@"; }
etag() { tr -d '\r' < "$T/head" | sed -n 's/^[Ee][Tt]ag: //p'; }
get() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1]))
for k in sys.argv[2].split("."): d=d[int(k)] if isinstance(d,list) else d[k]
print(d)' "$T/body" "$1"; }
# says CODE WHAT WANTED CURL-ARGUMENTS…: the status, and a member of the body ("" none)
says() {
  local wanted=$1 member=$2 text=$3 got value=; shift 3
  got=$(code "$@"); [ -z "$member" ] || value=$(get "$member" 2>/dev/null)
  if [ "$got" = "$wanted" ] && [[ $value == *"$text"* ]]; then ok "$wanted $member $text"; else fail "$*: $got, wanted $wanted and '$text' in $member: $(cat "$T/body")"; fi
}
V=http://n/v1/vms
n key init >/dev/null || { fail "no key"; exit 1; }

# ---- a refusal is a problem document (RFC 9457)
says 404 detail "there is no VM 'web-1'" $V/web-1
grep -qi '^content-type: application/problem+json' "$T/head" && ok "its type is application/problem+json" || fail "its type: $(cat "$T/head")"
[ "$(get status) $(get reason) $(get type)" = "404 not-found urn:natal:problem:not-found" ] && [ -n "$(get title)" ] && ok "type, title, status, detail, reason" || fail "$(cat "$T/body")"
says 400 detail "GET /v1/vms takes no stat" "$V?stat=failed"
[ "$(get hint)" = "did you mean 'state'?" ] && ok "an unknown parameter has its suggestion" || fail "$(cat "$T/body")"
says 400 detail "limit 'x' is no number" "$V?limit=x"
says 400 detail "a limit of 1001: 1 to 1000" "$V?limit=1001"
says 400 detail "is no cursor of this list" "$V?after=zz"
says 400 detail "there is no state 'faild'" "$V?state=faild"
says 400 detail "state is given twice" "$V?state=failed&state=ready"
says 400 detail "POST /v1/pool/fill takes no If-Match" -H 'If-Match: "1"' -d '{}' http://n/v1/pool/fill

# ---- ETag, If-None-Match, If-Match
says 201 name web-1 -d '{"name":"web-1","host":"none"}' $V
made=$(etag)
says 200 name web-1 $V/web-1
[ -n "$made" ] && [ "$(etag)" = "$made" ] && ok "a document that did not change has the ETag it was made with" || fail "ETags '$made' and '$(etag)'"
tag=$(etag)
[ "$(code -H "If-None-Match: $tag" $V/web-1)" = 304 ] && [ ! -s "$T/body" ] && ok "304 to who knows it, and no body" || fail "$(cat "$T/head" "$T/body")"
[ "$(code -H "If-None-Match: \"x\", W/$tag" $V/web-1)" = 304 ] && ok "304 by a list of ETags" || fail "$(cat "$T/head")"
[ "$(code -H "If-None-Match: ${tag%\"}0\"" $V/web-1)" = 200 ] && ok "an ETag that only begins like it is another" || fail "$(cat "$T/head")"
says 412 detail "'web-1' has changed: its ETag is" -X DELETE -H 'If-Match: "0-0-x"' $V/web-1
[ "$(get reason)" = stale ] && [ "$(get hint)" = "read it again, and decide again" ] && ok "412 says what next" || fail "$(cat "$T/body")"
says 412 detail "has changed" -X DELETE -H "If-Match: W/$tag" $V/web-1
says 412 detail "there is no 'gone' any more" -X DELETE -H "If-Match: $tag" $V/gone
[ "$(code $V/web-1)" = 200 ] && ok "what was refused changed nothing" || fail "web-1 is gone"
says 200 "" "" -X POST -H "If-Match: $tag" $V/web-1/reissue
new=$(etag); [ "$new" != "$tag" ] && ok "a change has another ETag" || fail "the ETag is $new as before"
says 412 detail "has changed" -X DELETE -H "If-Match: $tag" $V/web-1

# ---- long-poll: 304 when the time is over, the news when there are some
start=$(date +%s%N)
[ "$(code -H "If-None-Match: $new" "$V/web-1?wait=1")" = 304 ] && took=$((($(date +%s%N) - start) / 1000000)) && [ $took -ge 950 ] && [ $took -lt 5000 ] && ok "a wait of 1 s ends with 304 after $took ms" || fail "the wait: $(cat "$T/head")"
(sleep 0.5; ask -o /dev/null -X POST $V/web-1/reissue) & W=$!
start=$(date +%s%N)
[ "$(code -H "If-None-Match: $new" "$V/web-1?wait=20")" = 200 ] && took=$((($(date +%s%N) - start) / 1000000)) && [ $took -lt 10000 ] && [ "$(etag)" != "$new" ] && ok "news end a wait: after $took ms" || fail "the wait for news: $(cat "$T/head")"
wait $W
code $V >/dev/null; list=$(etag)
(sleep 0.5; ask -o /dev/null -d '{"name":"web-2","host":"none"}' $V) & W=$!
[ "$(code -H "If-None-Match: $list" "$V?wait=20")" = 200 ] && [ "$(get vms.1.name)" = web-2 ] && ok "a list is waited for too" || fail "$(cat "$T/body")"
wait $W
# A name that was given anew is not the machine of before, though both count from the same revision.
code $V/web-2 >/dev/null; tag=$(etag)
code -X DELETE $V/web-2 >/dev/null; code -d '{"name":"web-2","host":"none"}' $V >/dev/null
says 412 detail "has changed" -X DELETE -H "If-Match: $tag" $V/web-2
code -X DELETE $V/web-2 >/dev/null

# ---- pages and filters
for i in $(seq -w 1 25); do ask -o /dev/null -d "{\"name\":\"p-$i\",\"host\":\"none\"}" $V & done; wait $(jobs -p)
names() { python3 -c 'import json,sys
for v in json.load(open(sys.argv[1]))["vms"]: print(v["name"])' "$T/body"; }
: > "$T/all"; after=
for page in $(seq 9); do
  code "$V?limit=10&after=$after" >/dev/null; names >> "$T/all"; after=$(get next 2>/dev/null) || break
done
ask "$V?limit=1000" > "$T/body"; names > "$T/whole"
[ $page = 3 ] && [ "$(wc -l < "$T/whole")" = 26 ] && cmp -s "$T/all" "$T/whole" && sort -c "$T/all" && ok "26 machines in three pages of ten, each once, in order" || fail "pages: $page; $(cat "$T/all")"
code "$V?limit=10&prefix=p-" >/dev/null; after=$(get next); ask -o /dev/null -X DELETE $V/p-10; ask -o /dev/null -d '{"name":"p-105","host":"none"}' $V
code "$V?limit=3&prefix=p-&after=$after" >/dev/null
[ "$(names | tr '\n' ' ')" = "p-105 p-11 p-12 " ] && ok "a page goes on where the one before ended, whatever came and went" || fail "$(names)"
code "$V?prefix=p-2" >/dev/null; [ "$(names | wc -l)" = 6 ] && ok "by a prefix of the name" || fail "$(names)"
code "$V?prefix=p-2&limit=6" >/dev/null; get next >/dev/null 2>&1 && fail "a last page has a next" || ok "the last page has no next"
code "$V?state=failed" >/dev/null; [ -z "$(names)" ] && ok "none is in state failed" || fail "$(names)"
code "$V?state=ready&host=none&limit=1000" >/dev/null; [ "$(names | wc -l)" = 26 ] && ok "by state and host" || fail "$(names | wc -l)"
code "$V?host=local" >/dev/null; [ -z "$(names)" ] && ok "none on host local" || fail "$(names)"
code "$V?image=x" >/dev/null; [ -z "$(names)" ] && ok "none of image x" || fail "$(names)"
[ "$(n vm list -o json | grep -o '"name"' | wc -l)" = 26 ] && ok "natalctl shows all pages" || fail "natalctl vm list"

# ---- keys, access and the pool in pages as well
for i in 1 2 3 4 5; do code -d "{\"name\":\"k-$i\",\"alg\":\"ed25519\"}" http://n/v1/keys > /dev/null; code -d "{\"role\":\"reader\",\"name\":\"same-$i\"}" http://n/v1/access > /dev/null; done
code -d '{"role":"reader","name":"same-1","all_projects":true}' http://n/v1/access > /dev/null
paged() { # PATH KEY FIELD LIMIT: each page's values, a line each; "-" between two pages
  local after=
  while [ "$(code "http://n$1?limit=$4&after=$after")" = 200 ]; do
    python3 -c 'import json,sys
for x in json.load(open(sys.argv[1]))[sys.argv[2]]: print(*(x[f] for f in sys.argv[3].split(",")))' "$T/body" "$2" "$3"
    after=$(get next 2>/dev/null); [ -n "$after" ] || return 0
    echo -
  done
}
same() { # PATH KEY FIELD LIMIT
  paged "$1" "$2" "$3" 1000 > "$T/whole"; paged "$@" > "$T/pages"
  [ "$(grep -c -- '^-$' "$T/pages")" -ge 2 ] && [ "$(wc -l < "$T/whole")" -ge 4 ] && cmp -s "$T/whole" <(grep -v '^-$' "$T/pages") && ok "$1 in pages of $4: each once, in order" || fail "$1: $(cat "$T/whole") in pages: $(cat "$T/pages")"
}
same /v1/keys keys name 2
same /v1/access access project,name 2
same /v1/pool kinds kind 1
for h in a-host m-host z-host; do code -d "{\"role\":\"host\",\"name\":\"$h\"}" http://n/v1/access > /dev/null; done
same /v1/hosts hosts name 1
head -1 "$T/whole" | grep -qx local && [ "$(code "http://n/v1/hosts?limit=1001")" = 400 ] && ok "natald's own host is the first" || fail "$(cat "$T/whole")"
unsent() { # LIST: the pool may be filling
  code "http://n/v1/$1" > /dev/null; local tag; tag=$(sed -n 's/^[Ee][Tt]ag: //p' "$T/head" | tr -d '\r')
  [ -n "$tag" ] && [ "$(code -H "If-None-Match: $tag" "http://n/v1/$1")" = 304 ]
}
for list in keys access pool; do
  within 10 unsent $list && ok "/v1/$list that has not changed is not sent again" || fail "/v1/$list: $(cat "$T/head")"
  [ "$(code "http://n/v1/$list?limit=0")" = 400 ] && [[ $(get detail) == *"a limit of 0: 1 to 1000"* ]] && ok "/v1/$list: a limit is 1 to 1000" || fail "$(cat "$T/body")"
done
[ "$(code "http://n/v1/access?after=616263")" = 400 ] && [[ $(get detail) == *"is no cursor of this list"* ]] && ok "a cursor of nobody" || fail "$(cat "$T/body")"
[ "$(n key list -o json | grep -o '"name"' | wc -l)" -ge 5 ] && [ "$(n access list -o name | wc -l)" = 9 ] && [ "$(n host list -o name | wc -l)" = 4 ] && ok "natalctl shows all of them" || fail "natalctl: $(n access list)"

# ---- Idempotency-Key: made once, whoever asks how often
key() { code -H "Idempotency-Key: $1" "${@:2}"; }
[ "$(key k1 -d '{"name":"once","host":"none"}' $V)" = 201 ] && id=$(get id) && ok "made: $id" || fail "$(cat "$T/body")"
[ "$(key k1 -d '{"name":"once", "host":"none"}' $V)" = 201 ] && [ "$(get id)" = "$id" ] && grep -qi '^idempotency-replayed: true' "$T/head" && ok "the same again: the same answer, and it says so" || fail "$(cat "$T/head" "$T/body")"
[ "$(key k1 -d '{"name":"twice","host":"none"}' $V)" = 409 ] && [[ $(get detail) == *"used for another request"* ]] && ok "another body: conflict" || fail "$(cat "$T/body")"
[ "$(key k1 -d '{}' http://n/v1/keys)" = 409 ] && ok "another route: conflict" || fail "$(cat "$T/body")"
[ "$(key k2 -d '{"alg":"ecdsa-p256-sha256","name":"k2"}' http://n/v1/keys)" = 200 ] && cp "$T/body" "$T/first" && [ "$(key k2 -d '{"alg":"ecdsa-p256-sha256","name":"k2"}' http://n/v1/keys)" = 200 ] && cmp -s "$T/first" "$T/body" && ok "a key is made once, byte for byte the same answer" || fail "$(cat "$T/body")"
[ "$(key k3 -X POST $V/once/reissue)" = 200 ] && s=$(get sequence) && [ "$(key k3 -X POST $V/once/reissue)" = 200 ] && [ "$(get sequence)" = "$s" ] && ok "reissued once" || fail "$(cat "$T/body")"
[ "$(key k4 -d '{"name":"once","host":"none"}' $V)" = 409 ] && ask -o /dev/null -X DELETE $V/once && [ "$(key k4 -d '{"name":"once","host":"none"}' $V)" = 201 ] && ok "a request that was refused does not use its key up" || fail "$(cat "$T/body")"
[ "$(key k1 -d '{"name":"once","host":"none"}' $V)" = 409 ] && [[ $(get detail) == *"was deleted"* ]] && ok "what was made and deleted is not made again by its key" || fail "$(cat "$T/body")"
# What changes a goal, fills the pool, or shows a token once takes a key too: the same token again, and in the store it is sealed.
[ "$(key k5 -d '{"timezone":"Europe/Vienna"}' $V/p-01/goal)" = 200 ] && s=$(get sequence) && [ "$(key k5 -d '{"timezone":"Europe/Vienna"}' $V/p-01/goal)" = 200 ] && [ "$(get sequence)" = "$s" ] && [ "$(key k5 -d '{"timezone":"UTC"}' $V/p-01/goal)" = 409 ] && ok "a goal is changed once" || fail "$(cat "$T/body")"
[ "$(key k6 -d '{"state":"absent"}' $V/p-02/goal)" = 200 ] && [ "$(key k6 -d '{"state":"absent"}' $V/p-02/goal)" = 200 ] && [ "$(get name)" = p-02 ] && ok "a machine goes once, and who asks again hears that it did" || fail "$(cat "$T/body")"
[ "$(key k7 -d '{"role":"reader","name":"rita"}' http://n/v1/access)" = 200 ] && token=$(get token) && [ "$(key k7 -d '{"role":"reader","name":"rita"}' http://n/v1/access)" = 200 ] && [ "$(get token)" = "$token" ] &&
  [ "$(code -d '{"role":"reader","name":"rita"}' http://n/v1/access)" != 200 -o "$(get token)" != "$token" ] && ok "access is granted once: the same token" || fail "$(cat "$T/body")"
! grep -qa "$(printf %s "$token" | tail -c 30)" "$S"/natal.db* && ok "and the store does not show it" || fail "a token lies in the store"
[ "$(key k8 -d '{"count":1}' http://n/v1/pool/fill)" = 200 ] && cp "$T/body" "$T/first" && [ "$(key k8 -d '{"count":1}' http://n/v1/pool/fill)" = 200 ] && cmp -s "$T/first" "$T/body" && ok "the pool is filled once" || fail "$(cat "$T/body")"
code -d '{"name":"tok","host":"none","birth":"token"}' $V > /dev/null
[ "$(key k10 -d '{}' $V/tok/birth-token)" = 200 ] && token=$(get token) && [ "$(key k10 -d '{}' $V/tok/birth-token)" = 200 ] && [ "$(get token)" = "$token" ] && ok "a birth token is made once" || fail "$(cat "$T/body")"
# A key is its client's: another one's is another key.
n access grant operator alice --out "$T/alice" > /dev/null
port=$(free_ports)
n daemon stop > /dev/null; n daemon start --listen "127.0.0.1:$port" > /dev/null || fail "no listener"
n login "https://127.0.0.1:$port" --token "$(cat "$T/alice")" --name alice > /dev/null || fail "no login"
n context use local > /dev/null
[ "$(key mine -d '{"name":"mine","host":"none"}' $V)" = 201 ] && n --context alice vm create hers --host none --idempotency-key mine > "$T/hers" 2>&1 && n vm show hers > /dev/null && ok "two clients chose one key, and each has what he asked for" || fail "$(cat "$T/hers" "$T/body")"
n daemon stop > /dev/null; n status > /dev/null
# A kill between the change and the answer: who asks again hears of the one that was made.
for i in 1 2 3 4 5; do
  P=$(natald_pid)
  curl -sS --max-time 5 --unix-socket "$S/natald.sock" -H "Idempotency-Key: crash$i" -d "{\"name\":\"crash-$i\",\"host\":\"none\"}" $V >/dev/null 2>&1 & C=$!
  sleep 0.00$i; kill -9 "$P"; wait $C
  n status >/dev/null
  got=$(key crash$i -d "{\"name\":\"crash-$i\",\"host\":\"none\"}" $V)
  [ "$got" = 201 ] && [ "$(n vm list -o json | grep -o "\"name\":\"crash-$i\"" | wc -l)" = 1 ] || fail "after a kill: $got $(cat "$T/body")"
done
ok "five kills around a create: its key finds the one machine"
# Keys are forgotten after a day, and another by which a clock may be ahead.
n daemon stop >/dev/null
sqlite3 "$S/natal.db" "UPDATE idempotency SET at_s = at_s - 180000 WHERE idem_key LIKE '%k2'"
n status >/dev/null; key k9 -d '{"name":"nine","host":"none"}' $V >/dev/null
[ "$(sqlite3 "$S/natal.db" "SELECT count(*) FROM idempotency WHERE idem_key LIKE '%k2' OR idem_key LIKE '%k9'")" = 1 ] && ok "keys older than two days are forgotten" || fail "k2 is there still"
exit $bad
