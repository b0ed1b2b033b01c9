#!/bin/bash
# level: check
# controller-api.sh - the whole API through natalctl with host `none`: births, media, conflicts, reports, wiping. The guest is simulated (tests/tools/fake_guest.c).
set -u
for c in curl ssh-keygen python3; do command -v $c >/dev/null || { echo "$c is needed"; exit 77; }; done
B=${builddir:-build}
T=$(mktemp -d /tmp/natal-api.XXXXXX)
S=$T/s
n() { "$B/natalctl" --state "$S" "$@"; }
guest() { "$B/tests/tools/fake_guest" --medium "$T/$1.iso" --trust "$S/trust.d" --uuid "$(uuid "$1")" --channel "$T/$1.sock" "${@:2}"; }
uuid() { n vm show "$1" -o json | grep -o '"uuid":"[^"]*' | cut -d'"' -f4; }
state() { n vm show "$1" -o json | grep -o '"state":"[^"]*' | head -1 | cut -d'"' -f4; }
bad=0
ok() { echo "ok: $1"; }
fail() { echo "FAIL: $1"; bad=1; }
# want STATUS TEXT COMMAND…: it ends so, and says so
want() {
  local status=$1 text=$2 out rc; shift 2
  out=$("$@" 2>&1); rc=$?
  if [ $rc = "$status" ] && [[ $out == *"$text"* ]]; then ok "$* → $text"; else fail "$*: status $rc, wanted $status and '$text': $out"; fi
}
trap 'n daemon stop >/dev/null 2>&1; rm -rf "$T"' EXIT

want 6 "make one: natalctl key init" n vm create early --host none
want 0 "media-ed25519" n key init
want 0 "media-ecdsa-p256-sha256" n key init --alg ecdsa-p256-sha256
want 7 "there is a media key 'media-ed25519' already" n key init
want 5 "did you mean 'ed25519'?" n key init --alg ed25518
[ -s "$S/trust.d/media-ed25519.pub" ] && ok "trust.d holds the public key" || fail "trust.d is empty"
[ "$(stat -c %a "$S/natald.sock")" = 600 ] && ok "the socket is 0600" || fail "the socket's mode is $(stat -c %a "$S/natald.sock")"

# The socket opened by mistake: the peer is looked at all the same.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  chmod 711 "$T"; chmod 666 "$S/natald.sock"
  want 0 "this natald serves user 0 and root, not user 65534" setpriv --reuid 65534 --regid 65534 --clear-groups \
    curl -s --unix-socket "$S/natald.sock" http://n/v1/vms
  chmod 600 "$S/natald.sock"
fi
want 0 "ssh-ed25519     300" n pool fill 300
free=$(n pool status -o json | grep -o '"free":[0-9]*' | head -1)
[ "$free" = '"free":300' ] && ok "pool fill makes what was asked for" || fail "pool fill left $free"
want 3 "a pool of 100001 keys a kind: 100000 at most" n pool fill 100001

ssh-keygen -q -t ed25519 -N '' -f "$T/id"
want 0 "ready" n vm create web-1 --host none --channel "unix:$T/web-1.sock" --user alice --ssh-key "$T/id.pub" --address dhcp --medium-out "$T/web-1.iso"
want 7 "a VM named 'web-1' exists" n vm create web-1 --host none
want 0 "ready" n vm create web-1 --host none --if-not-exists
want 7 "exists" n vm create web-2 --host none --uuid "$(uuid web-1)"
want 2 "did you mean '--image'?" n vm create web-2 --imge x
want 2 "did you mean 'create'?" n vm creat web-2
want 6 "did you mean 'web-1'?" n vm show web-2
want 6 "there is no image 'debian-12'" n vm create web-2 --image debian-12
want 3 "is not a line of an OpenSSH public key" n vm create web-2 --host none --user bob --ssh-key /etc/hostname
want 2 "is a private key" n vm create web-2 --host none --user bob --ssh-key "$T/id"
want 3 "is not 'dhcp' or ADDRESS/PREFIX" n vm create web-2 --host none --address 10.0.0.300/24
want 5 "others start it" n vm start web-1
want 2 "--force and --grace: one of them" n vm stop web-1 --force --grace 3
want 2 "--grace 601: 0 to 600" n vm stop web-1 --grace 601
want 0 "ssh-ed25519 " n vm pin web-1 --known-hosts
want 0 "sha256//" n vm pin web-1 --curl

# The same key of a client makes the same VM once.
want 0 "ready" n vm create once --host none --idempotency-key k1
want 0 "ready" n vm create once --host none --idempotency-key k1
want 7 "the idempotency key was used for another request" n vm create twice --host none --idempotency-key k1

long=$(printf 'k%.0s' $(seq 90))
want 0 '"reason":"limit"' curl -s --unix-socket "$S/natald.sock" -H "Idempotency-Key: ${long}1" -d '{"name":"long","host":"none"}' http://n/v1/vms
want 0 '"reason":"limit"' curl -s --unix-socket "$S/natald.sock" "http://n/v1/vms?project=$long"
mkdir "$T/img"; touch "$T/img/k" "$T/img/i" "$T/img/r"
printf '{"kernel":"k","initrd":"i","root":"r","cmdline":"","os":"t","built_at":1,"agent_version":"1","rsa":true}' > "$T/img/image.json"
want 0 "rsa-img" n image register rsa-img --from "$T/img"
rsa_free() { n pool status -o json | python3 -c 'import json,sys; print([k["free"] for k in json.load(sys.stdin)["kinds"] if "rsa" in k["kind"]][0])'; }
for i in $(seq 100); do [ "$(rsa_free)" -gt 0 ] && break; sleep 0.3; done
[ "$(rsa_free)" -gt 0 ] && ok "an image with RSA keys has them made ahead" || fail "no RSA keys are made ahead: $(n pool status)"
want 0 "ready" n vm create with-rsa --image rsa-img --idempotency-key k2
want 0 "with-rsa" n vm create with-rsa --image rsa-img --idempotency-key k2
want 0 "ssh-rsa " n vm pin with-rsa --known-hosts
n vm delete with-rsa; n image delete rsa-img

# The CA under another one.
want 0 "BEGIN NEW CERTIFICATE REQUEST" n ca csr --subject "natal at example"
n ca show --out "$T/ca.pem"
want 0 "" n ca install "$T/ca.pem"
if command -v openssl >/dev/null; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/root.key" -out "$T/root.pem" -subj '/CN=Example Root' -days 30 2>/dev/null
  n ca csr --subject 'natal at example' --out "$T/n.csr"
  printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n' > "$T/ext"
  openssl x509 -req -in "$T/n.csr" -CA "$T/root.pem" -CAkey "$T/root.key" -CAcreateserial -days 20 -extfile "$T/ext" -out "$T/n.pem" 2>/dev/null
  cat "$T/n.pem" "$T/n.pem" > "$T/twice.pem"; cat "$T/n.pem" "$T/root.pem" > "$T/chain.pem"
  want 4 "is not of natald's CA key" n ca install "$T/root.pem"
  want 4 "certificate 1 of the chain is not signed by certificate 2" n ca install "$T/twice.pem"
  want 0 "now issued under CN=Example Root" n ca install "$T/chain.pem"
  want 0 "CN=Example Root" n ca show
fi
printf 'no certificate\n' > "$T/junk.pem"
want 3 "certificate chain" n ca install "$T/junk.pem"

# A restart, clean or not, changes no byte of the medium.
n daemon stop
n status >/dev/null
curl -s -o "$T/again.iso" --unix-socket "$S/natald.sock" http://n/v1/vms/web-1/medium
cmp -s "$T/web-1.iso" "$T/again.iso" && ok "the medium is the same after a restart" || fail "the medium changed over a restart"
kill -9 "$(n status -o json | grep -o '"pid":[0-9]*' | cut -d: -f2)"
n status >/dev/null
curl -s -o "$T/again.iso" --unix-socket "$S/natald.sock" http://n/v1/vms/web-1/medium
cmp -s "$T/web-1.iso" "$T/again.iso" && ok "the medium is the same after kill -9" || fail "the medium changed over a kill"

# Lies: shown, refused, nothing wiped.
for lie in key result bundle; do
  n vm create lie-$lie --host none --channel "unix:$T/lie-$lie.sock" --medium-out "$T/lie-$lie.iso" >/dev/null
  guest lie-$lie --lie $lie >/dev/null
  want 9 "its report is not what was signed" n vm wait lie-$lie --timeout 5
done
# However it ended, it has the keys that were signed for it, or it is not believed.
n vm create lie-degraded --host none --channel "unix:$T/lie-degraded.sock" --medium-out "$T/lie-degraded.iso" >/dev/null
guest lie-degraded --lie key --as degraded >/dev/null
want 9 "its report is not what was signed" n vm wait lie-degraded --timeout 5
want 0 "" n vm medium lie-degraded --out "$T/lie-degraded.iso"
n vm create lie-drifted --host none --channel "unix:$T/lie-drifted.sock" --medium-out "$T/lie-drifted.iso" >/dev/null
guest lie-drifted --lie key --as drifted >/dev/null
want 4 "is drifted: its report is not what was signed: the guest installed TLS key" n vm wait lie-drifted --timeout 5
n vm create weak --host none --channel "unix:$T/weak.sock" --medium-out "$T/weak.iso" >/dev/null
guest weak --as degraded >/dev/null
want 9 "VM weak is degraded: items failed that the guest can do without" n vm wait weak --timeout 5
sleep 0.5
n vm show weak -o json | grep -q '"wiped_at":[1-9]' && ok "a degraded guest with the right keys has them alone" || fail "weak: $(n vm show weak -o json)"
n vm create lie-mac --host none --channel "unix:$T/lie-mac.sock" --medium-out "$T/lie-mac.iso" >/dev/null
want 9 "was not acknowledged" guest lie-mac --lie mac
[ "$(state lie-mac)" = ready ] && ok "a frame with a wrong MAC moves nothing" || fail "a frame with a wrong MAC made it $(state lie-mac)"
n vm create lie-nomac --host none --channel "unix:$T/lie-nomac.sock" --medium-out "$T/lie-nomac.iso" >/dev/null
guest lie-nomac --lie nomac >/dev/null 2>&1
[ "$(state lie-nomac)" = ready ] && ok "a report without MAC moves nothing" || fail "a report without MAC made it $(state lie-nomac)"
want 0 "unauthenticated" n vm show lie-nomac
want 0 "4 reports with a wrong MAC were dropped" n vm show lie-mac
# Nor does it cover what was proven, or fill the store.
for i in 1 2 3; do guest weak --lie nomac --boot "99999999-0000-4000-8000-0000000000$((10 + i))" >/dev/null 2>&1; done
n vm show weak -o json | python3 -c 'import json,sys; d=json.load(sys.stdin); sys.exit(not (d["report"]["authenticated"] and d["report"]["items"] and not d["unproven"]["authenticated"]))' \
  && ok "a claim does not cover a proven report" || fail "the proven report is gone: $(n vm show weak -o json)"
claims=$(curl -s --unix-socket "$S/natald.sock" "http://n/v1/vms/weak/events" | grep -o '"kind":"unauthenticated"' | wc -l)
[ "$claims" = 8 ] && ok "a handful of claims are kept" || fail "$claims claims are kept"
n vm create broken --host none --channel "unix:$T/broken.sock" --medium-out "$T/broken.iso" >/dev/null
guest broken --as failed >/dev/null
want 9 "hint: make the root disk larger" n vm wait broken --timeout 5
want 0 "users/alice: no space left on device" n vm show broken

# Before the confirmation the medium holds the keys (which proves the search), afterwards no file of natald's does.
needles() { "$B/tests/tools/needles" --medium "$T/web-1.iso" --trust "$S/trust.d" --uuid "$(uuid web-1)" "$@"; }
want 1 "holds a part of ssh/" needles "$T/web-1.iso"
# The store holds them sealed: those very bytes, of the bundle and of the pool's rows, are in its files before and in none after.
sealed() {   # keep | count FILE…: of the runs that were kept, how many are in these files
  python3 - "$T/sealed" "$S/natal.db" "$(n vm show web-1 -o json | grep -o '"id":"[^"]*' | head -1 | cut -d'"' -f4)" "$@" <<'P'
import sqlite3, sys
keep, db, vm, what, files = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
if what == "keep":
    d = sqlite3.connect(db, timeout=10)
    blobs = [r[0] for q in ("SELECT secrets FROM bundle_secret WHERE vm_id = ?", "SELECT sealed FROM pool_key WHERE vm_id = ? AND sealed IS NOT NULL") for r in d.execute(q, (vm,))]
    with open(keep, "w") as f:
        for b in blobs: f.writelines(b[i:i + 24].hex() + "\n" for i in range(0, len(b) - 24, 24))
    print("blobs", len(blobs)); sys.exit()
runs = [bytes.fromhex(l) for l in open(keep)]
data = b"\0".join(open(f, "rb").read() for f in files)
print("runs", len(runs), "found", sum(r in data for r in runs))
P
}
blobs=$(sealed keep)
[ "${blobs#blobs }" -ge 1 ] && ok "what is sealed: $blobs" || fail "nothing is sealed: $blobs"
mapfile -t files < <(find "$S" -type f -size +0)
read -r _ runs _ found < <(sealed count "${files[@]}")
[ "$found" -gt 0 ] && [ $((10 * found)) -ge $((9 * runs)) ] && ok "$found of $runs runs of it are in the store" || fail "the search finds $found of $runs runs: it proves nothing"
want 0 "ack 4" guest web-1
want 0 "private keys wiped here" n vm wait web-1 --timeout 10
sleep 0.3
mkdir "$T/backup" && cp -r "$S/." "$T/backup/" 2>/dev/null
mapfile -t files < <(find "$S" "$T/backup" -type f -size +0)
want 0 "" needles "${files[@]}"
read -r _ runs _ found < <(sealed count "${files[@]}")
[ "$runs" -gt 0 ] && [ "$found" = 0 ] && ok "none of its $runs runs is left" || fail "$found of $runs runs are left after the wipe"
want 7 "it is not handed out twice" n vm medium web-1 --out "$T/twice.iso"
want 7 "natalctl vm reissue web-1 makes a new one" n vm medium web-1 --out "$T/twice.iso"
n daemon stop
n status >/dev/null; sleep 0.3
[ "$(state web-1)" = provisioned ] && ok "a restart leaves it provisioned" || fail "a restart made it $(state web-1)"
# A reissue: another bundle, other keys, a successor of the pin record.
n vm pin web-1 --known-hosts > "$T/before"
want 0 "ready" n vm reissue web-1 --medium-out "$T/web-1b.iso"
n vm pin web-1 --known-hosts > "$T/after"
cmp -s "$T/before" "$T/after" && fail "the reissue kept the keys" || ok "the reissue has other keys"
n pool status -o json | grep -q '"wiped":[1-9]' && ok "the wiped keys are counted" || fail "no wiped keys are counted"
want 0 "" n vm delete web-1
want 6 "there is no VM 'web-1'" n vm show web-1
[ -e "$S/pins/web-1.pin" ] && fail "the pin record of a deleted VM lies around" || ok "its pin record is gone"

# Tables for people, documents for programs, exit codes from the one table; natald on demand.
want 0 "NAME " n vm list
want 0 '{"vms":[' n vm list -o json
want 2 "-o 'jsn' is none of table, wide, json, name" n vm list -o jsn
n daemon stop
[ -S "$S/natald.sock" ] && fail "natald stopped and left its socket" || ok "daemon stop takes the socket away"
want 9 "natald did not start" env NATALD=/bin/false "$B/natalctl" --state "$S" status
want 0 "controller" n status
ok "natalctl starts natald on demand"

# A second natald, a wrong store key, a corrupt store.
want 7 "another natald holds the state folder" "$B/natald" --state "$S"
n daemon stop
head -c 32 /dev/urandom > "$T/other.key" && chmod 600 "$T/other.key"
want 4 "does not open with this store key" "$B/natald" --state "$S" --store-key-file "$T/other.key"
printf 'not a database, and long enough to look like one ............................' > "$T/garbage"
dd if="$T/garbage" of="$S/natal.db" conv=notrunc status=none
want 3 "is corrupt" n vm list
want 3 "backup" n vm list
exit $bad
