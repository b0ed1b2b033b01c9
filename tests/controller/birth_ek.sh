#!/bin/bash
# birth_ek.sh - first boot without a medium, by the EK of a TPM: a real natald, a real natal-agent, a real TPM (swtpm).
. "${srcdir:-.}/tests/controller/lib.sh"
for tool in swtpm swtpm_setup openssl python3 curl; do command -v $tool > /dev/null || { echo "$tool is needed"; exit 77; }; done
agent=$B/natal-agent guestd=$B/natal-guestd
pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$T"; }
trap stop_all EXIT
port=$(free_ports)
natald_start() { : > "$T/natald.log"; "$B/natald" --state "$S" --listen "127.0.0.1:$port" 2>> "$T/natald.log" & D=$!; pids+=($D); within 20 grep -q "ready$" "$T/natald.log" || fail "natald does not answer: $(tail -3 "$T/natald.log")"; }
natald_start
n key init > /dev/null
pin=$(n ca show -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["spki_sha256"])')
# tpm NAME [OPTION…]: a TPM of its own, with an EK and its certificate; it listens on $T/NAME.tpm
tpm() {
  local d=$T/$1.state; shift; mkdir -p "$d/ca"
  printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\ncertserial = %s/certserial\n' "$d/ca" "$d/ca" "$d/ca" "$d/ca" > "$d/ca.conf"
  printf 'create_certs_tool = swtpm_localca\ncreate_certs_tool_config = %s/ca.conf\ncreate_certs_tool_options = /dev/null\n' "$d" > "$d/setup.conf"
  swtpm_setup --tpm2 --tpmstate "$d" --config "$d/setup.conf" --create-ek-cert --pcr-banks sha256 --write-ek-cert-files "$d" --overwrite "$@" > "$d/log" 2>&1 || { cat "$d/log"; return 1; }
  openssl x509 -inform DER -in "$d"/ek-rsa2048.crt -out "$d/ek.pem"
}
tpm_on() { swtpm socket --tpm2 --tpmstate dir="$T/$1.state" --server type=unixio,path="$T/$1.tpm" --flags not-need-init,startup-clear > "$T/$1.swtpm" 2>&1 & pids+=($!); within 5 test -S "$T/$1.tpm" || fail "swtpm: $(cat "$T/$1.swtpm")"; }
root() {
  local r=$T/$1
  guest_root "$r"
  echo "{\"birth\":{\"server\":\"https://127.0.0.1:$port\",\"pin\":\"$pin\",\"timeout_s\":5}}" > "$r/etc/natal/policy.json"
}
# born ROOT TPM UUID
born() { "$agent" apply --root "$T/$1" --uuid "$3" --tpm "unix:$T/$2.tpm" --channel= > "$T/$1.said" 2>&1; }
refused() { if born "$1" "$2" "$3"; then fail "$5: it was let in"; elif grep -qF -- "$4" "$T/$1.said"; then ok "$5: $4"; else fail "$5, wanted '$4': $(cat "$T/$1.said")"; fi; }
events() { curl -sS --unix-socket "$S/natald.sock" "http://n/v1/vms/$1/events?after=0" | python3 -c 'import json,sys
for e in json.load(sys.stdin)["events"]:
    if e["kind"] == "birth": print(e["what"], e["proof"], e.get("why", ""))'; }
tpm mine && tpm_on mine || exit 1
tpm other && tpm_on other || exit 1

# ---- what is asked for is judged at the keyboard
want 3 "wants the machine's ek" n vm create x --host none --birth ek
want 3 "neither a certificate nor a public key" n vm create x --host none --birth ek --ek "$T/natald.log"
want 3 "an ek without birth 'ek'" n vm create x --host none --birth token --ek "$T/mine.state/ek.pem"
want 2 "--medium-out does not go with --birth" n vm create x --host none --birth ek --ek "$T/mine.state/ek.pem" --medium-out "$T/x.iso"

# ---- born by its TPM, once
n vm create web-1 --host none --user alice --birth ek --ek "$T/mine.state/ek.pem" > /dev/null || exit 1
uuid=$(field web-1 uuid)
sum=$(openssl x509 -in "$T/mine.state/ek.pem" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64)
[ "$(field web-1 ek_sha256)" = "$sum" ] && ok "the VM is bound to its EK" || fail "ek $(field web-1 ek_sha256), not $sum"
want 7 "is born by its TPM's EK, not by a token" n vm birth-token web-1
root a
refused a other "$uuid" "no machine with UUID $uuid and this TPM's EK waits to be born" "another TPM"
refused a mine 11111111-2222-4333-8444-555555555555 "no machine with UUID 11111111" "another machine with the TPM"
born a mine "$uuid" && grep -q ^alice: "$T/a/etc/passwd" && ok "born by its TPM" || fail "not born: $(cat "$T/a.said" "$T/mine.swtpm")"
events web-1 | grep -q "^asked ek" && ok "an event of the VM says so" || fail "events: $(events web-1)"

# ---- its disk was lost before it had said a word: the same TPM has its bundle again; when it has reported, nobody has
root b
born b mine "$uuid" && ok "the same TPM with another disk is answered until its guest has reported" || fail "not again: $(cat "$T/b.said")"
"$guestd" --root "$T/b" --channel https --agent "$agent" --uuid "$uuid" 2>> "$T/guestd.log" & pids+=($!); G=$!
want 0 "" n vm wait web-1 --timeout 20
[ "$(field web-1 state)" = provisioned ] && [ "$(field web-1 bundle.wiped_at)" -gt 0 ] && ok "reported, and wiped here" || fail "$(field web-1 state): $(cat "$T/guestd.log")"
kill $G
root c
refused c mine "$uuid" "is born: its guest has its bundle" "once its guest has reported"
events web-1 | grep -q "^refused ek VM web-1 is born" && ok "and that is an event" || fail "events: $(events web-1)"

# ---- an EK is public: to know it is not to have it
n vm create web-2 --host none --birth ek --ek "$T/other.state/ek.pem" > /dev/null; two=$(field web-2 uuid)
openssl x509 -in "$T/other.state/ek.pem" -noout -pubkey > "$T/other.pub"
python3 - "$src/tests/tools/ek.py" "$T/other.pub" "https://127.0.0.1:$port" "$two" > "$T/impostor" <<'END'
import json, ssl, subprocess, sys, urllib.request, urllib.error
tool, pub, at, uuid = sys.argv[1:]
ek = subprocess.run([tool, pub], capture_output=True, text=True, check=True).stdout.strip()
context = ssl._create_unverified_context()
def post(path, doc):
    try:
        with urllib.request.urlopen(urllib.request.Request(at + path, json.dumps(doc).encode()), context=context) as r:
            return r.status, json.loads(r.read())
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read())
base = {"format": 1, "uuid": uuid, "nonce": "a1" * 32, "ek": ek, "ak_name": "000b" + "00" * 32}
status, challenge = post("/v1/birth/challenge", base)
print(status, sorted(challenge))
again = post("/v1/birth/challenge", base)[1]
print("differ" if again["encrypted"] != challenge["encrypted"] and again["credential"] != challenge["credential"] else "same")
for secret, until in (("00" * 32, challenge["until"]), ("00" * 32, 1), ("ff" * 32, 2 ** 40)):
    print(*(lambda s, d: (s, d["detail"]))(*post("/v1/birth", dict(base, secret=secret, until=until))))
print(*(lambda s, d: (s, d["detail"]))(*post("/v1/birth", dict(base, secret="00" * 32))))
print(*(lambda s, d: (s, d["detail"]))(*post("/v1/birth/challenge", dict(base, ek="AAAA"))))
END
grep -q "200 \['credential', 'encrypted', 'until'\]" "$T/impostor" && grep -q differ "$T/impostor" && ok "who says an EK is given a challenge, another each time" || fail "$(cat "$T/impostor")"
[ "$(grep -c "403 who asks for VM web-2's bundle has not opened the challenge" "$T/impostor")" = 3 ] && ok "who guesses what is in it is refused" || fail "$(cat "$T/impostor")"
grep -q "400 birth: one proof is wanted, and here is a part of one" "$T/impostor" && grep -q "400 ek: says 0 bytes and has 1" "$T/impostor" && ok "half a proof, and no EK, are none" || fail "$(cat "$T/impostor")"
[ "$(events web-2 | grep -c "^refused ek who asks")" = 3 ] && [ "$(field web-2 birth.asked_at)" = 0 ] && ok "each of them is an event" || fail "events: $(events web-2)"

# ---- a TPM without an EK at the usual place makes it anew, and it is the same; natald is killed while it works
"$src/tests/tools/evict_ek.py" "$T/other.tpm" || fail "the EK stays"
root d
kill -9 $D; wait $D 2>/dev/null
born d other "$two" && fail "born of nobody" || grep -q "connect to 127.0.0.1 port $port" "$T/d.said" && ok "a controller that is away is named" || fail "$(cat "$T/d.said")"
natald_start
born d other "$two" && ok "the EK that the TPM makes anew is the same" || fail "not born: $(cat "$T/d.said")"
want 1 "connect to the TPM unix:$T/none" "$agent" apply --root "$T/c" --uuid "$two" --tpm "unix:$T/none" --channel=
exit $bad
