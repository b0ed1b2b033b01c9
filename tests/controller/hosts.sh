#!/bin/bash
# hosts.sh - natal-hostd on a host of its own: joins, runs guests, is killed and comes back, as natald is; and gets nothing that is not its own.
. "$(dirname "$0")/lib.sh"
command -v python3 > /dev/null && command -v curl > /dev/null || { echo "python3 and curl are needed"; exit 77; }
can_run=0
command -v qemu-img > /dev/null && command -v swtpm_setup > /dev/null && can_run=1
H= D=
stop_all() {
  for v in $(n vm list -o name 2>/dev/null); do n vm stop "$v" --force; n vm delete "$v"; done > /dev/null 2>&1
  sleep 0.5
  for p in $H $H2 $D; do kill "$p" && wait "$p"; done 2>/dev/null
  ended
}
H2=
trap stop_all EXIT
port=$(free_ports)
natald_start() { : > "$T/natald.log"; "$B/natald" --state "$S" --listen "127.0.0.1:$port" 2>> "$T/natald.log" & D=$!; within 20 grep -q 'ready$' "$T/natald.log" || fail "natald: $(tail -3 "$T/natald.log")"; }
hostd_start() { : > "$T/$1.log"; NATAL_ACCEL=tcg "$B/natal-hostd" --state "$T/$1" "${@:2}" 2>> "$T/$1.log" & H=$!; within 20 grep -q ' found' "$T/$1.log" || fail "natal-hostd $1: $(tail -3 "$T/$1.log")"; }
# A process that nobody has reaped yet runs no more.
runs() { grep -q '^State:[[:space:]][^ZX]' "/proc/$1/status" 2>/dev/null; }
is() { [ "$(field "$1" "$2")" = "$3" ]; }
chmod 711 "$T"
# In QEMU's place a simulation, whose guest boots from the medium that comes to it and reports (tests/tools/fake_qemu.py).
mkdir "$T/bin"; printf '#!/bin/sh\nexec python3 %s %s %s "$@"\n' "$(realpath "$src/tests/tools/fake_qemu.py")" "$B/tests/tools/fake_guest" "$T/trust" > "$T/bin/qemu-system-x86_64"
chmod 755 "$T/bin" "$T/bin/qemu-system-x86_64"
PATH=$T/bin:$PATH
natald_start
n key init > /dev/null
url=https://127.0.0.1:$port

# Joining.
want 2 "this host has not joined a controller yet" "$B/natal-hostd" --state "$T/h1"
want 0 "host h1: this token lets in" n access grant host h1 --out "$T/h1.token"
[ "$(stat -c %a "$T/h1.token")" = 600 ] && grep -q '^natal1_' "$T/h1.token" && ok "the token is in its file" || fail "$(ls -l "$T/h1.token")"
want 2 "--join wants --server URL" "$B/natal-hostd" --state "$T/h1" --join "$T/h1.token"
want 2 "that is no token of natalctl access grant" "$B/natal-hostd" --state "$T/h1" --join /etc/hostname --server "$url"
n access grant reader rita --out "$T/rita.token" > /dev/null
want 2 "that token is not a host's: it lets in spiffe://" "$B/natal-hostd" --state "$T/h1" --join "$T/rita.token" --server "$url"
want 0 "/reader/rita" env XDG_DATA_HOME="$T/rita" "$B/natalctl" login "$url" --token "$(cat "$T/rita.token")" # it was not spent
want 2 "a host cannot be called 'local'" n access grant host local
hostd_start h1 --join "$T/h1.token" --server "$url"
want 7 "another natal-hostd holds the state folder" "$B/natal-hostd" --state "$T/h1"
there() { n host list --no-headers | grep -qE "^h1 +there +"; }
within 10 there && ok "natalctl host list shows it" || fail "$(n host list)"
[ "$(stat -c %a "$T/h1/identity.json")" = 600 ] && ok "its identity is its own" || fail "$(ls -l "$T/h1")"
kill $H; wait $H
hostd_start h1 --join "$T/h1.token"; ok "the same token once more changes nothing, and the address is remembered"

# A guest that others start, there where its host is.
want 6 "--host is local, h1 or none" n vm create web-1 --host h2 --channel "unix:$T/web-1.sock"
want 0 "'memory_mb' does not go with 'channel'" curl -sS --unix-socket "$S/natald.sock" -d '{"name":"x","host":"h1","channel":"unix:/x","memory_mb":64}' http://n/v1/vms
want 0 "" n vm create web-1 --host h1 --channel "unix:$T/web-1.sock" --medium-out "$T/web-1.iso"
[ -S "$T/web-1.sock" ] && fail "the socket is there too early"
guest web-1 > "$T/guest.log" 2>&1 && within 10 is web-1 state provisioned && ok "its report comes through its host, and its acknowledgements go back" || fail "$(field web-1 state): $(cat "$T/guest.log" "$T/h1.log")"
want 5 "has host 'h1' and no image: others start it" n vm start web-1

# Many frames in one body; the last one is heard.
python3 - "$T/h1/identity.json" "$T/h1.pem" <<'P'
import json,sys; d=json.load(open(sys.argv[1])); open(sys.argv[2],"w").write(d["certificate"]+d["key"])
P
as() { curl -sSk --cert "$T/$1.pem" "${@:3}" "$url$2"; }
python3 - "$(field web-1 id)" "$T/frames" <<'P'
import json,struct,sys
def frame(kind, body): return b"NTL1"+struct.pack("<IB7xQ",len(body),kind,1)+bytes(32)+body
noise=frame(34,json.dumps({"vm_id":"vm-nobody","event":"exited","run_token":1,"detail":"x"*100}).encode())
last=frame(34,json.dumps({"vm_id":sys.argv[1],"event":"exited","run_token":0,"detail":""}).encode())
open(sys.argv[2],"wb").write(noise*3000+frame(35,b"\x05vm-no"+bytes(200000))+noise*500+last)
P
[ "$(stat -c %s "$T/frames")" -gt 900000 ] || fail "the body is small"
[ "$(as h1 /v1/host/frames -o /dev/null -w '%{http_code}' --data-binary "@$T/frames" -H 'Expect:')" = 200 ] && is web-1 reason "the guest powered off" && ok "a body of 3,502 frames is heard to its last" || fail "$(field web-1 reason)"
n vm delete web-1 > /dev/null
empty() { [ -z "$(ls "$T/h1/host" | grep ^vm-)" ]; }
within 10 empty && ok "a VM that is deleted goes from its host" || fail "$(ls "$T/h1/host")"

# Who may ask what.
n access grant host h2 --out "$T/h2.token" > /dev/null
H1=$H; hostd_start h2 --join "$T/h2.token" --server "$url"; H2=$H H=$H1
python3 - "$T/h2/identity.json" "$T/h2.pem" <<'P'
import json,sys; d=json.load(open(sys.argv[1])); open(sys.argv[2],"w").write(d["certificate"]+d["key"])
P
n vm create db-1 --host h1 --channel "unix:$T/db-1.sock" --medium-out "$T/db-1.iso" > /dev/null; id=$(field db-1 id)
want 0 "VM $id is none of host h2" as h2 "/v1/host/media/$id"
want 0 "VM $id is none of host h2" as h2 "/v1/host/carrier/$id"
want 0 "host h1 is not asked to start VM db-1" as h1 "/v1/host/media/$id"
want 0 "is for the role operator or reader, and you are host h2" as h2 /v1/vms
want 0 "is for the role host, and you are operator" curl -sS --unix-socket "$S/natald.sock" -X POST http://n/v1/host/frames
want 0 "600 seconds at most" as h1 "/v1/host/frames?wait=601" -X POST
python3 - "$id" "$T/frames" <<'P'
import json,struct,sys
def frame(kind, body): return b"NTL1"+struct.pack("<IB7xQ",len(body),kind,1)+bytes(32)+body
inner=frame(1,b"{}")
open(sys.argv[2],"wb").write(frame(35,bytes([len(sys.argv[1])])+sys.argv[1].encode()+inner)+frame(32,b'{"driver":"qemu","accel":"tcg","guests":[]}'))
P
as h2 /v1/host/frames --data-binary "@$T/frames"
grep -q "host=h2 frame type=35 dropped: host h2 carries a frame of VM db-1, which is of host h1" "$T/natald.log" && ok "what another host says of a guest is dropped" || fail "$(tail -3 "$T/natald.log")"
# What h2 says of its own guests, none, does not touch h1's.
[ "$(curl -sS --unix-socket "$S/natald.sock" http://n/v1/hosts | python3 -c 'import json,sys; print([h["guests"] for h in json.load(sys.stdin)["hosts"]])')" = "[0, 1, 0]" ] && ok "each host has its own guests" || fail "$(n host list)"
want 0 "is let in no more" n access revoke h2
within 60 grep -q 'reason=denied' "$T/h2.log" && ok "a revoked host is refused" || fail "$(tail -3 "$T/h2.log")"
want 0 "was revoked" as h2 "/v1/host/media/$id"
want 6 "there is no host 'h2'" n vm create x --host h2 --channel unix:/x
kill $H2; wait $H2 2>/dev/null; H2=

# The certificate is renewed on the way.
before=$(openssl x509 -noout -serial < "$T/h1.pem")
kill -HUP $H
within 10 grep -q "certificate renewed" "$T/h1.log" && sleep 0.5 && within 10 there && [ "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["certificate"])' "$T/h1/identity.json" | openssl x509 -noout -serial)" != "$before" ] &&
  ok "its certificate is renewed, and it goes on" || fail "$(tail -3 "$T/h1.log")"
n vm delete db-1 > /dev/null; within 10 empty || fail "db-1 is still there after the renewal"

[ $can_run = 1 ] || { untried "qemu-img and swtpm are not here: no guest is started"; exit $bad; }
mkdir "$T/image"; echo x > "$T/image/initrd"; truncate -s 1M "$T/image/root.img"; kernel > "$T/image/vmlinuz"
echo '{"kernel":"vmlinuz","initrd":"initrd","root":"root.img"}' > "$T/image/image.json"
cp -r "$S/trust.d" "$T/trust"; chmod -R a+rX "$T/trust"
n image register i --from "$T/image" > /dev/null
want 0 "" n vm create run-1 --image i --memory 96 --host h1
start=$(date +%s%N)
want 0 "" n vm start run-1
within 20 is run-1 state provisioned && ok "fetched its medium, booted from it, reported: $((($(date +%s%N) - start) / 1000000)) ms" || fail "$(n vm show run-1 | head -5) $(cat "$T"/h1/host/vm-*/{qemu.log,run/guest.log})"
wiped() { [ "$(field run-1 bundle.wiped_at)" != 0 ]; }
within 20 wiped && ok "the medium is ejected there, and the private halves are wiped" || fail "not wiped: $(field run-1 reason)"
main=$(grep -ho '"main_pid":[0-9]*' "$T"/h1/host/vm-*/run.json | cut -d: -f2)
runs "$main" && ok "a guest runs on its host" || fail "no process: $(cat "$T"/h1/host/vm-*/run.json)"
want 0 "fake_qemu: a simulation" n vm logs run-1
console() { printf 'ls -l\n\033[A' | n vm console "$1" --for 3; }
[[ $(console run-1) == *"fake_qemu: a simulation"*"typed: ls -l"*$'\033[A'* ]] && ok "its console is typed into and read, through its host" || fail "console: $(console run-1 2>&1)"
# Goals of its power are its host's.
want 0 "run-1: goal 0.2, stopped" n vm change run-1 --goal stopped
gone_main() { ! runs "$main"; }
is run-1 running False && is run-1 state stopped && within 5 gone_main && ok "a goal of stopped is done by its host" || fail "$(field run-1 state): $(field run-1 reason)"
want 0 "run-1: goal 0.3, running" n vm change run-1 --goal running
main=$(grep -ho '"main_pid":[0-9]*' "$T"/h1/host/vm-*/run.json | cut -d: -f2)
is run-1 running True && runs "$main" && ok "and one of running" || fail "$(field run-1 state): $(field run-1 reason)"
id=$(field run-1 id)
want 0 "host h1 is not asked to start VM run-1" as h1 "/v1/host/media/$id"

# kill -9, of the host and of natald: the guest does not notice, and what was asked meanwhile is done.
kill -9 $H; wait $H 2>/dev/null
runs "$main" && ok "natal-hostd is killed, its guest runs on" || fail "the guest has gone"
n vm stop run-1 --force > "$T/stop" 2>&1 & stop=$!
sleep 1
kill -9 $D; wait $D 2>/dev/null; wait $stop
natald_start
runs "$main" || fail "the guest ended though nobody was there to end it"
hostd_start h1
stopped() { is run-1 running False; }
within 20 stopped && ! runs "$main" 2>/dev/null && ok "a stop that was asked for before both were killed is done after" || fail "$(n vm show run-1 | head -5)"
# A start that is asked of a host that is away is done when it is back: with another medium, since the first was wiped.
kill -9 $H; wait $H 2>/dev/null
want 0 "" n vm reissue run-1
n vm start run-1 > "$T/start" 2>&1 & start=$!
sleep 1; [ -z "$(cat "$T/start")" ] || fail "started with its host away: $(cat "$T/start")"
hostd_start h1
wait $start && within 20 is run-1 state provisioned && ok "a start waits for its host" || fail "$(cat "$T/start") $(field run-1 reason)"
main=$(grep -ho '"main_pid":[0-9]*' "$T"/h1/host/vm-*/run.json | cut -d: -f2)

# natald goes alone; the host finds it again.
kill -9 $D; wait $D 2>/dev/null; sleep 1; : > "$T/h1.log"
natald_start
within 40 grep -q " found" "$T/h1.log" && is run-1 running True && ok "natald was killed: the host comes back to it, and the guest runs" || fail "$(tail -3 "$T/h1.log"): $(field run-1 reason)"
# The guest goes while its host is away: it is seen when that is back.
kill -9 $H; wait $H 2>/dev/null; kill -9 "$main"
hostd_start h1
within 20 stopped && [[ $(field run-1 reason) =~ "it was not running any more when its host came back"|"the guest powered off" ]] && ok "what ended meanwhile is seen" || fail "$(field run-1 reason)"
n vm delete run-1 > /dev/null; within 10 empty && ok "and deleted" || fail "$(ls "$T/h1/host")"
[ $bad = 0 ] || tail -n 20 "$T/natald.log" "$T/h1.log"
exit $bad
