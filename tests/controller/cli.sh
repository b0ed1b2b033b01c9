#!/bin/bash
# cli - natalctl: a document of JSON from every verb, exit codes from the one table, suggestions, the live line of `vm wait`.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null && command -v script >/dev/null || { echo "python3 and script (bsdutils) are needed"; exit 77; }

# ---- -o json: each verb of the table, on a VM that is born, reports and goes. What a verb prints is one document, or for `wait` one a line.
verbs='key init|key init
key list|key list
key export|key export
key show|key show media-ed25519
key rotate|key rotate media-ed25519
key revoke|key revoke media-ed25519
ca show|ca show
ca csr|ca csr
ca install|ca install CHAIN
pool status|pool status
pool fill|pool fill 10
pool marks|pool marks --low 5 --high 20 --kind ssh-ed25519
image register|image register debian-12 --from IMAGE
image list|image list
image show|image show debian-12
image delete|image delete debian-12
vm create|vm create web-1 --host none --channel unix:CHANNEL --medium-out MEDIUM
vm list|vm list
vm apply|vm apply -f SPEC --yes
vm show|vm show web-1
vm medium|vm medium web-1 --out SECOND
vm pin|vm pin web-1
vm wait|vm wait web-1 --timeout 20
vm change|vm change web-1 --hostname other
vm rotate-keys|vm rotate-keys web-1
vm drain|vm drain web-1
vm quarantine|vm quarantine web-1
vm release|vm release web-1
vm reissue|vm reissue web-1
vm birth-token|vm birth-token newborn
vm delete|vm delete web-1
lint|lint USERDATA
audit list|audit list
audit verify|audit verify
access grant|access grant reader rita
access list|access list
access revoke|access revoke rita
host list|host list
context list|context list
context use|context use local
status|status
backup|backup BACKUP
store check|store check
store backup|store backup BACKUP2
daemon start|daemon start
version|version
daemon stop|daemon stop'
# These have no document: what they print is for a shell, for a person, or a program's own output; or they need a hypervisor, or a
# listener (listen.sh).
none='login
context delete
context export
image bake
vm start
vm stop
store restore
store migrate
completion bash
completion zsh
completion fish
help
vm console
vm logs'
printf "#cloud-config\nhostname: a\n" > "$T/user-data"
mkdir "$T/image"; for f in root.img vmlinuz initrd; do echo x > "$T/image/$f"; done
echo '{"kernel":"vmlinuz","initrd":"initrd","root":"root.img","cmdline":"root=LABEL=x","os":"debian-12","built_at":1700000000,"agent_version":"0"}' > "$T/image/image.json"
printf "name: applied\nhost: none\n" > "$T/spec.yaml"
documents() { python3 -c 'import json,sys
lines=[l for l in sys.stdin.read().split("\n") if l]
docs=[json.loads(l) for l in lines]
sys.exit(0 if docs and all(isinstance(d,dict) for d in docs) and (len(docs)==1 or sys.argv[1]=="vm wait") else 1)' "$1"; }
while IFS='|' read -r verb call; do
  call=${call//IMAGE/$T/image}; call=${call//CHANNEL/$T/web-1.sock}; call=${call//MEDIUM/$T/web-1.iso}; call=${call//SECOND/$T/second.iso}; call=${call//CHAIN/$T/ca.pem}; call=${call//SPEC/$T/spec.yaml}; call=${call//BACKUP/$T/backup} call=${call//USERDATA/$T/user-data}
  [ "$verb" = "ca install" ] && n ca show --out "$T/ca.pem"
  [ "$verb" = "vm birth-token" ] && n vm create newborn --host none --birth token > /dev/null
  if [ "$verb" = "vm wait" ]; then guest web-1 >/dev/null 2>&1 & G=$!; fi
  # shellcheck disable=SC2086
  out=$(n $call -o json 2>"$T/err" < /dev/null); rc=$?
  if [ $rc = 0 ] && documents "$verb" <<<"$out"; then ok "$verb -o json"; else fail "natalctl $call -o json: status $rc: $out $(cat "$T/err")"; fi
done <<<"$verbs"
all=$({ cut -d'|' -f1 <<<"$verbs"; echo "$none"; } | sort)
help=$(n help | sed -n 's/^  \([a-z]*\( [a-z-]*\)\{0,1\}\)\( \[*[A-Z]*\]*\)\{0,2\}  .*/\1/p' | sed 's/ *$//' | sort)
[ "$all" = "$help" ] && ok "every verb of the help is tried" || { fail "verbs tried and verbs of the help differ:"; diff <(echo "$all") <(echo "$help"); }

# ---- exit codes: one a reason, as natalctl(1) lists them
n daemon stop >/dev/null 2>&1; n key init >/dev/null 2>&1; n vm create web-1 --host none >/dev/null
want 2 "has no verb 'creat'" n vm creat web-2
want 3 "is not 'dhcp' or ADDRESS/PREFIX" n vm create web-2 --host none --address 1.2.3
n ca show --out "$T/ca.pem"; sed '2s/.*/MIIB/' "$T/ca.pem" > "$T/bad.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/root.key" -out "$T/root.pem" -subj '/CN=Example Root' -days 30 2>/dev/null
cat "$T/root.pem" "$T/root.key" > "$T/both.pem"
want 3 "CA certificate 1 has something else behind it: -----BEGIN PRIVATE KEY-----" n vm create web-2 --host none --ca-cert "$T/both.pem"
want 4 "is not of natald's CA key" n ca install "$T/root.pem"
want 5 "others start it" n vm start web-1
want 6 "there is no VM 'web-9'" n vm show web-9
want 7 "a VM named 'web-1' exists" n vm create web-1 --host none
want 9 "is ready after 1 s" n vm wait web-1 --timeout 1
want 1 "write to standard output: No space left on device" bash -c '"$0" --state "$1" help > /dev/full' "$B/natalctl" "$S"
want 6 "" n vm show web-9 -o json
n vm show web-9 -o json >"$T/out" 2>/dev/null; [ -s "$T/out" ] && fail "an error stands on standard output" || ok "errors are not on standard output"

# ---- suggestions: nouns, verbs, options, values, names
want 2 "did you mean 'vm'?" n vn list
want 2 "did you mean 'list'?" n vm lst
want 2 "did you mean '--hostname'?" n vm create web-2 --hostnam x
want 2 "did you mean 'json'?" n vm list -o jsn
want 5 "did you mean 'ed25519'?" n key init --alg ed2551
want 6 "did you mean 'web-1'?" n vm show web1
want 6 "did you mean 'debian-12'?" bash -c '"$0" --state "$1" image register debian-12 --from "$2" >/dev/null && exec "$0" --state "$1" vm create x --image debian12' "$B/natalctl" "$S" "$T/image"

# ---- the socket: 0600, and its peer is looked at
[ "$(stat -c %a "$S/natald.sock")" = 600 ] && ok "the socket is 0600" || fail "the socket's mode is $(stat -c %a "$S/natald.sock")"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && command -v curl >/dev/null; then
  chmod 711 "$T"
  nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups curl -sS -m 5 --unix-socket "$S/natald.sock" "$@"; }
  want 7 "" nobody http://n/v1/vms                                                 # the mode keeps it out
  chmod 666 "$S/natald.sock"
  want 0 "this natald serves user 0 and root, not user 65534" nobody http://n/v1/vms
  want 0 "not user 65534" nobody -X DELETE http://n/v1/vms/web-1
  chmod 600 "$S/natald.sock"
  want 0 "web-1" n vm show web-1
fi

# ---- vm wait: a line a step in a pipe; on a terminal one line, rewritten in place
follow() {   # NAME: creates it, and a guest that reports
  n vm create "$1" --host none --channel "unix:$T/$1.sock" --medium-out "$T/$1.iso" >/dev/null
  (sleep 0.5; guest "$1") >/dev/null 2>&1 &
}
follow plain; n vm wait plain --timeout 20 > "$T/plain" 2>&1 || fail "vm wait plain: $(cat "$T/plain")"
grep -q "$(printf '\r')" "$T/plain" && fail "a carriage return in a pipe" || ok "no carriage return in a pipe"
for step in ssh/hostkeys users/alice tls/certificate; do grep -q "$step" "$T/plain" || fail "no line of $step: $(cat "$T/plain")"; done
[ "$(grep -c '3/3\|2/3\|1/3' "$T/plain")" -ge 2 ] && ok "a line for each step in a pipe" || fail "the steps: $(cat "$T/plain")"
follow live; script -qec "'$B/natalctl' --state '$S' vm wait live --timeout 20" "$T/live" > /dev/null 2>&1 < /dev/null || fail "vm wait live: $(cat "$T/live")"
grep -aqP '\r\e\[K  2/3   users/alice' "$T/live" && ok "a live line on a terminal" || fail "no live line: $(cat -v "$T/live")"
[ "$(grep -aP '\r\e\[K  1/3 .*\r\e\[K  3/3 ' -c "$T/live")" = 1 ] && ok "rewritten in place" || fail "not rewritten: $(cat -v "$T/live")"
# ---- a name that would be another path is none, for every verb that puts one into a path
n key init --name spec >/dev/null 2>&1
for name in a2/spec 'a2%2fspec' 'a2?x=y' 'a2#x' .. $'a\nb' 'a\b'; do
  for verb in "vm show" "vm start" "vm stop" "vm delete" "vm reissue" "vm drain" "vm quarantine" "vm release" "vm rotate-keys" "vm birth-token" "vm logs" "vm pin" "vm wait" \
    "vm console" "vm change --hostname x" "vm medium --out $T/none.iso" "image show" "image delete" "key show" "key rotate" "key revoke" "access revoke"; do
    out=$(n $verb "$name" 2>&1 < /dev/null); [ $? = 2 ] && [[ $out == *"is no name: a name has no"* ]] || fail "$verb $name: $out"
  done
done
ok "names that are paths are refused"
# ---- where a key's public half is: a file of the default project's, and of another project's none
want 0 "its public half is $S/trust.d/home.pub" n key init --name home
[ -s "$S/trust.d/home.pub" ] || fail "trust.d: $(ls "$S/trust.d")"
want 0 "natalctl --project nope key export away --out DIR" n --project nope key init --name away
[ ! -e "$S/trust.d/away.pub" ] || fail "trust.d/away.pub is there"

# ---- modes that let others at keys: natald does not start, and says what to do
n daemon stop > /dev/null
cp "$S/store.key" "$T/loose.key"; chmod 644 "$T/loose.key"
want 8 "the store key $T/loose.key has mode 0644: others may read it" "$B/natald" --state "$S" --store-key-file "$T/loose.key"
chmod 644 "$S/store.key"
want 8 "natald did not start: the store key $S/store.key has mode 0644: others may read it" n status
want 8 "hint: chmod go-rwx $S/store.key" n status
chmod 620 "$S/store.key"; want 8 "others may write to it" n status
chmod 640 "$S/store.key"; want 0 "natald" n status              # a group of its own may read it
chmod 600 "$S/store.key"; n daemon stop > /dev/null
mode=$(stat -c %a "$S"); chmod o+w "$S"
want 8 "others may write to it" n status
want 8 "hint: chmod go-w $S" n status
chmod "$mode" "$S"; want 0 "natald" n status
n daemon stop > /dev/null

# ---- a natald that lies: nothing of what it says commands a terminal, ends natalctl by an assertion, or holds it for ever
L=$T/liar; mkdir "$L"
python3 "$(dirname "$0")/liar.py" "$L/natald.sock" > "$T/liar.log" 2>&1 & liar=$!
within 10 grep -q ready "$T/liar.log" || fail "liar: $(cat "$T/liar.log")"
l() { "$B/natalctl" --state "$L" "$@"; }
on_tty() { script -qec "$B/natalctl --state $L $*" /dev/null < /dev/null | tr -d '\r'; }
for verb in "vm show evil" "vm list" "vm list -o wide" "vm list -o name" "key list"; do
  l $verb > "$T/said" 2>&1 || fail "$verb: $(cat "$T/said")"
  [ -s "$T/said" ] && ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' "$T/said" && ok "$verb has no commands in it" || fail "$verb: $(cat -v "$T/said")"
done
[ "$(l vm list --no-headers | wc -l)" = 1 ] && l vm show evil | grep -q 'ready?forged line' && ok "a field is one line" || fail "$(l vm show evil)"
[ "$(l vm logs evil)" = "$(printf 'login:\033[31m red\r\nnext\ttab\302\233\r')" ] && ok "vm logs to a pipe is what the guest wrote" || fail "$(l vm logs evil | cat -v)"
[ "$(on_tty vm logs evil)" = "$(printf 'login:?[31m red\nnext\ttab??')" ] && ok "vm logs to a terminal has no commands in it" || fail "$(on_tty vm logs evil | cat -v)"
for name in three null list text; do want 1 "natald's reply is no object" l vm show "$name"; done
want 2 "is no name" l key export --out "$T"
want 3 "more than 16 HTTP replies that say only that one follows" l vm show interim
want 1 "the page after 'here' is followed by itself" l audit list
want 1 "does not go on" l access list
printf 'name: odd\nhost: none\nusers: [{name: alice}]\nfiles: []\n' > "$T/other.yaml"
for verb in "vm show odd" "vm wait odd --timeout 2" "vm logs odd" "vm pin odd" "vm start odd" "vm stop odd" "vm reissue odd" "vm change odd --hostname x" "vm birth-token odd" "vm console odd --for 0" \
  "vm apply -f $T/other.yaml --yes" "vm create odd --host none" "pool status" "pool fill 1" "pool marks --low 1" "ca show" "ca csr" "image list" "image show odd" "host list" "status" "key show odd" \
  "key rotate odd" "key revoke odd" "key init" "access grant reader odd" "access revoke odd" "backup $T/odd"; do
  timeout 20 "$B/natalctl" --state "$L" $verb > "$T/said" 2>&1 < /dev/null; rc=$?
  [ $rc -lt 10 ] || fail "natalctl $verb ends with $rc: $(tail -n 3 "$T/said")"
done
ok "no type in a reply ends natalctl but by itself"
script -qec "$B/natalctl --state $L vm show silent 2>&1" /dev/null < /dev/null > "$T/slow.log" 2>&1 & slow=$!
within 12 grep -q "natald has not answered for 5 s; waiting on, 130 s at most" "$T/slow.log" && ok "who waits is told" || fail "slow: $(cat "$T/slow.log")"
# First who waits: left by his natald he would start another.
kill "$slow"; wait "$slow" 2>/dev/null; kill "$liar"; wait "$liar" 2>/dev/null

# ---- words
want 6 "--out: there is no folder $T/none" n key export --out "$T/none"
[ ! -e "$T/none" ] || fail "key export makes its folder"
want 2 "is not NATALD:N:HASH" n audit verify --head foo
want 2 "is not NATALD:N:HASH" n audit verify --head a:0:00
want 2 "hint: one of defined, ready, booting" n vm list --in-state bogus
n vm create plain --host none > /dev/null
want 5 "others start it, and have its console" n vm logs plain
want 5 "others start it, and have its console" n vm console plain < /dev/null
want 0 "--token - < FILE" n access grant reader ida --out "$T/ida"
want 0 "--token TOKEN" n access grant reader ira
printf 'name: twice\nhost: none\nname: again\n' > "$T/twice.yaml"
want 3 "twice.yaml:3:1: the key 'name' stands twice" n vm apply -f "$T/twice.yaml" --yes
printf 'name: odd\nhost: none\nzzzzzzzzzzzz: 1\n' > "$T/odd.yaml"
want 3 "vm has no 'zzzzzzzzzzzz'" n vm apply -f "$T/odd.yaml" --yes
want 3 "hint: one of name, " n vm apply -f "$T/odd.yaml" --yes

# ---- the document that natalctl(1) shows is one
sed -n '/^\.Sh DOCUMENTS/,/^\.Ed/p' "$src/controller/cli/natalctl.1" | sed '1,/^\.Bd/d; /^\.Ed/d' > "$T/shown.yaml"
ssh-keygen -q -t ed25519 -N '' -C alice -f "$T/shown"; sed -i "s|ssh-ed25519 AAAA... alice|$(cat "$T/shown.pub")|; s/^name: web-1/name: shown/" "$T/shown.yaml"
want 0 "vm shown: would be made" n vm apply -f "$T/shown.yaml" --dry-run
want 0 "vm shown: is made" n vm apply -f "$T/shown.yaml" --yes
want 0 "vm shown: is as it should be" n vm apply -f "$T/shown.yaml" --dry-run
exit $bad
