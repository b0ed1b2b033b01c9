#!/bin/bash
# backup - a copy of all that natald holds: it works elsewhere with the store's key, and holds neither that key nor a private key in the clear.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null && command -v openssl >/dev/null || { echo "python3 and openssl are needed"; exit 77; }
needles() { "$B/tests/tools/needles" --medium "$T/$1.iso" --trust "$S/trust.d" --uuid "$(field "$1" uuid)" "${@:2}"; }
n key init >/dev/null && n ca show --out "$T/ca.pem" || exit 1
for vm in web-1 web-2; do n vm create $vm --host none --channel "unix:$T/$vm.sock" --medium-out "$T/$vm.iso" >/dev/null || exit 1; done
guest web-1 >/dev/null && n vm wait web-1 --timeout 20 >/dev/null || fail "web-1 is not provisioned"
# A guest that would run here: its vTPM is made without starting it.
local_vm=
if command -v swtpm_setup >/dev/null; then
  mkdir "$T/image"; for f in root.img vmlinuz initrd; do echo x > "$T/image/$f"; done
  echo '{"kernel":"vmlinuz","initrd":"initrd","root":"root.img","cmdline":"root=LABEL=x","os":"debian-12","built_at":1700000000,"agent_version":"0"}' > "$T/image/image.json"
  n image register debian-12 --from "$T/image" >/dev/null && n vm create db-1 --image debian-12 >/dev/null || fail "no local VM"
  want 7 "image 'debian-12' is that of VM db-1" n image delete debian-12
  ek() { [ -n "$(field db-1 ek_sha256)" ]; }
  within 60 ek && local_vm=$(field db-1 id) || fail "db-1 has no vTPM: $(n vm show db-1)"
  # Recorded at creation, before anything was started: in the row, and in the signed record.
  for c in "$S/host/$local_vm/run/tpm"/ek-*.crt; do
    openssl x509 -inform der -in "$c" -pubkey -noout | openssl pkey -pubin -outform der | sha256sum | cut -d' ' -f1
  done > "$T/eks"
  grep -qxF "$(field db-1 ek_sha256)" "$T/eks" && ok "the EK in the row is that of the vTPM's certificate" || fail "EK $(field db-1 ek_sha256), certificates $(cat "$T/eks")"
  recorded() { grep -aqF "\"ek_sha256\":\"$(field db-1 ek_sha256)\"" "$S/pins/db-1.pin"; }
  within 10 recorded && ok "and in the pin record" || fail "the pin record has no EK: $(grep -ao '"ek_sha256":"[^"]*"' "$S/pins/db-1.pin")"
else
  untried "swtpm_setup is not here: a vTPM's state is not looked at"
fi

mkdir "$T/full"; echo x > "$T/full/x"
want 7 "$T/full is not empty" n backup "$T/full"
want 7 "hint: each backup wants a folder of its own" n backup "$T/full"
[ "$(ls "$T/full")" = x ] && ok "refused, untouched" || fail "the folder was touched"
want 2 "DIR is missing" n backup
want 1 "Not a directory" n backup "$T/full/x"
want 0 "backup in $T/b" n backup "$T/b"
want 7 "$T/b is not empty" n backup "$T/b"
[ "$(stat -c %a "$T/b")" = 700 ] && ok "for its owner only" || fail "mode $(stat -c %a "$T/b")"
(cd "$T" && "$B/natalctl" --state "$S" backup c -o json) | grep -q "\"dir\":\"$T/c\"" && [ -s "$T/c/natal.db" ] && ok "a relative folder is the caller's" || fail "no $T/c"
[ -z "$(find "$T/b" -name '*.part' -o -name '*-wal' -size +0)" ] && ok "nothing half done lies in it" || fail "$(ls -lR "$T/b")"

# No private key of a guest in the clear, and not the key that opens them.
mapfile -t files < <(find "$T/b" -type f -size +0)
want 0 "" needles web-1 "${files[@]}"
want 0 "" needles web-2 "${files[@]}"
python3 - "$S/store.key" "${files[@]}" <<'P' && ok "the store's key is not in it" || fail "the store's key is in the backup"
import sys
key = open(sys.argv[1], "rb").read(); raw = bytes.fromhex(key.decode().strip()) if len(key) >= 64 else key
for f in sys.argv[2:]:
    b = open(f, "rb").read()
    if raw in b or raw.hex().encode() in b.lower(): sys.exit(f)
P
[ ! -e "$T/b/store.key" ] && ok "nor its file" || fail "store.key is in the backup"
grep -rqa "PRIVATE KEY" "$T/b" && fail "a private key in PEM: $(grep -rla "PRIVATE KEY" "$T/b")" || ok "no PEM of a private key"

# Elsewhere, with the key: the same machines, the same media and records.
free=$(n pool status -o json | grep -o '"free":[0-9]*' | head -1)
n vm list > "$T/list"; n vm pin web-1 > "$T/pin1"; first=$(natald_pid)
cp "$S/store.key" "$T/b/store.key"
S0=$S S=$T/b
n vm list | diff - "$T/list" > "$T/diff" && ok "the same VMs" || fail "VMs differ: $(cat "$T/diff")"
[ "$(natald_pid)" != "$first" ] || fail "that was the first natald"
n vm pin web-1 | cmp -s - "$T/pin1" && ok "the same pin record" || fail "another pin record"
n vm medium web-2 --out "$T/again.iso" && cmp -s "$T/web-2.iso" "$T/again.iso" && ok "the same medium, byte for byte" || fail "another medium"
want 7 "it is not handed out twice" n vm medium web-1 --out "$T/no.iso"
n ca show --out "$T/ca2.pem" && cmp -s "$T/ca2.pem" "$T/ca.pem" && want 0 "ready" n vm create web-3 --host none || fail "another CA"
if [ -n "$local_vm" ]; then
  (cd "$S0/host/$local_vm/run/tpm" && find . -maxdepth 1 -type f ! -name '.*' -print0 | sort -z | xargs -0 sha256sum) > "$T/tpm"
  grep -q permall "$T/tpm" && (cd "$S/host/$local_vm/run/tpm" && sha256sum --quiet -c "$T/tpm") && ok "the vTPM's state is in it" || fail "the vTPM's state differs"
  [ "$(stat -c '%u %a' "$S0/host/$local_vm/run/tpm/tpm2-00.permall")" = "$(stat -c '%u %a' "$S/host/$local_vm/run/tpm/tpm2-00.permall")" ] && ok "with its owner" || fail "its owner"
  [ "$(field db-1 ek_sha256)" = "$(S=$S0 field db-1 ek_sha256)" ] && ok "the same EK" || fail "another EK"
fi
# No pooled key is delivered here and there: none that was free came along.
keys() { grep -aoE '(ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/=]+' "$1"/pins/web-3.pin; }
keys "$S" > "$T/keys"
S=$S0; n vm create web-3 --host none >/dev/null; keys "$S" >> "$T/keys"
[ "$(wc -l < "$T/keys")" = 4 ] && [ -z "$(sort "$T/keys" | uniq -d)" ] && ok "no key is delivered here and there" || fail "keys delivered twice: $(cat "$T/keys")"
[ "$free" != '"free":0' ] || fail "the pool was empty: nothing was shown"
S=$T/b; n pool status >/dev/null && ok "the copy's books are right" || fail "the copy's books"
n daemon stop; rm "$S/store.key"; head -c 32 /dev/urandom > "$T/other.key" && chmod 600 "$T/other.key"
want 4 "does not open with this store key" "$B/natald" --state "$S" --store-key-file "$T/other.key"
S=$S0
exit $bad
