#!/bin/bash
# apply - vm apply: what a file says comes about, once, wholly or not at all; vm create --count; vm list --watch.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null && command -v script >/dev/null || { echo "python3 and script (bsdutils) are needed"; exit 77; }
n key init >/dev/null
apply() { n vm apply -f "$T/f.yaml" "$@"; }
ssh-keygen -q -t ed25519 -N '' -C alice -f "$T/id"; key=$(cat "$T/id.pub")

cat > "$T/f.yaml" <<END
# two machines, one file
name: web-1
host: none
hostname: web-1.example.com
users:
  - name: alice
    ssh_keys: ["$key"]
    sudo: yes
files:
  - path: /etc/motd
    content: |
      hello
      world
    mode: "0644"
---
{"name": "web-2", "host": "none", "timezone": "Europe/Berlin"}
---
END
want 0 "vm web-1: would be made" apply --dry-run
[ -z "$(n vm list -o name)" ] && ok "--dry-run makes nothing" || fail "$(n vm list)"
want 2 "nobody is there to be asked" apply
want 0 "2 of 2 VMs changed" apply --yes
want 0 "vm web-2: is as it should be" apply --yes
apply --yes | grep -q changed && fail "applied twice, changed twice" || ok "the second time there is nothing to do"
[ "$(n vm list --in-state ready -o name | tr '\n' ' ')" = "web-1 web-2 " ] && ok "both are there" || fail "$(n vm list)"
curl -sS --unix-socket "$S/natald.sock" http://n/v1/vms/web-1/spec | python3 -c 'import base64,json,sys; s=json.load(sys.stdin); assert base64.b64decode(s["files"][0]["content_b64"]) == b"hello\nworld\n" and s["users"][0]["sudo"] is True' && ok "a file's text went along" || fail "the spec of web-1"

# ---- a change in place, shown line by line
sed -i 's/alice$/&/; s/name: alice/name: bob/; s/hello/good bye/; s/web-1.example.com/www.example.com/; s/Berlin/Paris/' "$T/f.yaml"
apply --dry-run > "$T/said"
for line in 'vm web-1: would be changed' '  ~ hostname "web-1.example.com" → "www.example.com"' '  + user bob' '  - user alice' '  ~ file /etc/motd' '  ~ timezone "Europe/Berlin" → "Europe/Paris"'; do
  grep -qxF -- "$line" "$T/said" && ok "the diff: $line" || fail "no '$line' in: $(cat "$T/said")"
done
before=$(field web-1 sequence)
want 0 "2 of 2 VMs changed" apply --yes
[ "$(field web-1 sequence)" = $((before + 1)) ] && ok "a change is one new goal" || fail "sequence $before, then $(field web-1 sequence)"
want 0 "vm web-1: is as it should be" apply --yes

# ---- what cannot be changed in place is named, field by field, and nothing is half applied
cp "$T/f.yaml" "$T/kept.yaml"
sed -i 's/www.example.com/w3.example.com/; s/"timezone": "Europe.Paris"/"timezone": "Europe\/Rome", "uuid": "6f0c2a5e-0000-4000-8000-000000000001", "rsa": true/' "$T/f.yaml"
want 7 'VM web-2: this cannot be changed in place: uuid (nothing → "6f0c2a5e-0000-4000-8000-000000000001"), rsa (nothing → true)' apply --yes
want 7 "nothing was changed" apply --yes
[ "$(field web-1 sequence)" = $((before + 1)) ] && ok "and the other VM was left alone" || fail "web-1 was changed"
cp "$T/kept.yaml" "$T/f.yaml"; sed -i '/^hostname/d' "$T/f.yaml"
want 7 'hostname ("www.example.com" → nothing)' apply --yes

# ---- what is no VM, or no document, is said with its place
printf 'name: a\nhost: none\n---\nname: b\n  bad: [\n' > "$T/f.yaml"; want 3 "f.yaml:5:" apply --yes
printf 'name: a\nhost: none\n---\nhost: none\n' > "$T/f.yaml"; want 3 "document 2 is no VM: it has no name" apply --yes
printf 'name: a\nhost: none\n---\nname: a\nhost: none\n' > "$T/f.yaml"; want 3 "VM a stands twice" apply --yes
printf '%s\n' '---' '# nothing' > "$T/f.yaml"; want 3 "holds no document" apply --yes
printf 'name: a\nhost: none\nusres: []\n' > "$T/f.yaml"; want 3 "did you mean 'users'?" apply --yes
printf 'name: first\nhost: none\n---\nname: second\nhost: none\nusers: [{name: "Not A Name"}]\n' > "$T/f.yaml"; want 3 "VM second" apply --yes
n vm show first >/dev/null 2>&1 && fail "a file was half applied" || ok "where one would be refused, none is made"
want 2 "-f FILE is missing" n vm apply --yes
want 0 "1 of 1 VMs changed" bash -c 'printf "name: piped\nhost: none\n" | "$0" --state "$1" vm apply -f - --yes' "$B/natalctl" "$S"
# Somebody else was quicker: what was compared is what is changed, or nothing is.
printf 'name: web-2\nhost: none\ntimezone: Europe/Oslo\n' > "$T/f.yaml"
tty() { python3 - "$1" "${@:2}" <<'P'
import os, pty, select, subprocess, sys, time
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
seen, answered, end = "", False, time.time() + 30
while time.time() < end:
    if select.select([fd], [], [], 0.2)[0]:
        try: data = os.read(fd, 65536).decode(errors="replace")
        except OSError: break
        if not data: break
        seen += data
    if "[y/N]" in seen and not answered:
        answered = True
        how, _, command = sys.argv[1].partition(" ")
        if command: subprocess.run(command, shell=True)
        os.write(fd, how.encode() + b"\n")
print(seen.replace("\r", "")); sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
}
want 7 "has changed" tty "y curl -s -o /dev/null --unix-socket $S/natald.sock -d '{\"timezone\":\"Asia/Tokyo\"}' http://n/v1/vms/web-2/goal" "$B/natalctl" --state "$S" vm apply -f "$T/f.yaml"
want 0 "Apply to 1 VM? [y/N]" tty n "$B/natalctl" --state "$S" vm apply -f "$T/f.yaml"
n vm apply -f "$T/f.yaml" --dry-run | grep -q 'Asia/Tokyo' && ok "no is no" || fail "applied in spite of a no"
want 0 "1 of 1 VMs changed" tty y "$B/natalctl" --state "$S" vm apply -f "$T/f.yaml"
n vm apply -f "$T/f.yaml" --dry-run -o json | grep -q '"applied":false,"vms":\[{"name":"web-2","action":"none"' && ok "-o json" || fail "$(n vm apply -f "$T/f.yaml" --dry-run -o json)"

# ---- many at once
want 0 "40 VMs made" n vm create --count 40 --name-template 'many-%03d' --host none
[ "$(n vm list --prefix many- -o name | wc -l)" = 40 ] && [ "$(n vm list --prefix many- -o name | sed -n '1p;40p' | tr '\n' ' ')" = "many-001 many-040 " ] && ok "by their template" || fail "$(n vm list --prefix many- -o name | head -3)"
want 7 "40 of 41 VMs were not made; the first: a VM named 'many-0" n vm create --count 41 --name-template 'many-%03d' --host none
want 0 "42 VMs made" n vm create --count 42 --name-template 'many-%03d' --host none --if-not-exists
want 0 '{"created":3,"failed":0}' n vm create box --count 3 --host none -o json
[ "$(n vm list --prefix box -o name | tr '\n' ' ')" = "box-1 box-2 box-3 " ] && ok "NAME-%d by default" || fail "$(n vm list --prefix box)"
want 2 "is not a name with one %d in it" n vm create --count 3 --name-template 'x-%s' --host none
want 2 "is not a name with one %d in it" n vm create --count 3 --name-template 'x-%d-%d' --host none
want 2 "--uuid is one VM's" n vm create x --count 3 --host none --uuid 6f0c2a5e-0000-4000-8000-000000000001
want 2 "NAME is missing" n vm create --host none
script -qec "$B/natalctl --state $S vm create --count 12 --name-template bar-%d --host none" /dev/null > "$T/bar"
grep -q '12 of 12 VMs' "$T/bar" && grep -q '\[########################################\]' "$T/bar" && ok "a bar on a terminal" || fail "$(cat -v "$T/bar")"

# ---- watch: a line for each change, or a table that is drawn anew
timeout 20 "$B/natalctl" --state "$S" vm list --watch --prefix w > "$T/watch" & W=$!
touch "$T/watch"; within 10 grep -q '^is  *web-2' "$T/watch" || fail "the watch shows nothing: $(cat "$T/watch")"
n vm create w-new --host none >/dev/null; within 10 grep -q '^new  *w-new' "$T/watch" || fail "no line for what is new: $(cat "$T/watch")"
within 10 grep -q 'w-new  ready' "$T/watch" && ok "watch: what is new, and what becomes of it" || fail "$(cat "$T/watch")"
n vm delete w-new >/dev/null; within 10 grep -q '^gone  *w-new' "$T/watch" && ok "watch: what is gone" || fail "$(cat "$T/watch")"
lines=$(wc -l < "$T/watch"); n vm create other --host none >/dev/null; sleep 0.7
[ "$(wc -l < "$T/watch")" = "$lines" ] && ok "watch: what the filter leaves out is no news" || fail "$(tail -n 2 "$T/watch")"
# natald ends, stays away for a while and begins again: the watch, which may not start it, says so once and goes on.
NATAL_START=no timeout 40 "$B/natalctl" --state "$S" vm list --watch --prefix w > "$T/watch2" 2> "$T/watch2.err" & W2=$!
within 10 grep -q '^is  *web-2' "$T/watch2" || fail "the second watch shows nothing"
kill $W; wait $W 2>/dev/null
n daemon stop > /dev/null; sleep 2; n vm create w-after --host none > /dev/null
within 20 grep -q '^new  *w-after' "$T/watch2" && ok "watch: over a restart of natald" || fail "$(tail -n 3 "$T/watch2" "$T/watch2.err")"
[ "$(grep -c 'it is asked again until it answers' "$T/watch2.err")" = 1 ] && grep -q 'natald answers again' "$T/watch2.err" && ok "watch: says that it waits" || fail "$(cat "$T/watch2.err")"
[ "$(grep -c '^is  *web-2' "$T/watch2")" = 1 ] && ok "watch: what was known is no news" || fail "$(cat "$T/watch2")"
kill $W2; wait $W2 2>/dev/null
(sleep 1; n vm create w-tty --host none >/dev/null) & timeout 6 script -qec "$B/natalctl --state $S vm list --watch --prefix w-" /dev/null > "$T/watch" 2>&1 < /dev/null
[ "$(grep -c $'\033\\[H\033\\[J' "$T/watch")" -ge 2 ] && grep -q w-tty "$T/watch" && ok "watch: a terminal is drawn anew" || fail "$(cat -v "$T/watch")"
exit $bad
