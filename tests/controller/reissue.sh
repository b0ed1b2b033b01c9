#!/bin/bash
# reissue - the identity of a VM, twice: media fetched from natald, applied by the real agent below a folder, its keys served and checked by clients.
. "$(dirname "$0")/lib.sh"
for c in python3 openssl curl ssh-keygen; do command -v $c >/dev/null || { echo "$c is needed"; exit 77; }; done
verify=$B/natal-verify agent=$B/natal-agent root=$T/root
export NATAL_STATE=$S
n key init >/dev/null && n vm create web-1 --host none --medium-out "$T/1.iso" >/dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
apply() { "$agent" apply --root "$root" --medium "$1" --uuid "$uuid"; }
tree() { (cd "$root" && find . -path ./var/lib/natal/spool -prune -o -path ./run -prune -o -type f -print0 | sort -z | xargs -0 sha256sum); }
# Of its TLS service: the keys that the agent installed, behind an openssl server.
serve() {
  port=$(free_ports)
  openssl s_server -quiet -accept "127.0.0.1:$port" -www -key "$root/etc/natal/tls/key.pem" -cert "$root/etc/natal/tls/cert.pem" -cert_chain "$root/etc/natal/tls/chain.pem" > "$T/server" 2>&1 < /dev/null & P=$!
  within 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null || fail "no server: $(cat "$T/server")"
}
hush() { kill $P; wait $P 2>/dev/null; }
client() { curl -sS -o /dev/null --max-time 10 --cacert "$T/ca.pem" --connect-to "web-1:443:127.0.0.1:$port" "$@" https://web-1/; }
n ca show --out "$T/ca.pem"

want 0 "" apply "$T/1.iso"
n vm pin web-1 --record "$T/1.pin"; n vm pin web-1 --known-hosts > "$T/1.known"; curl1=$(n vm pin web-1 --curl)

# What `vm pin` says is what the machine has: the record, the lines, the pin for curl.
want 0 "web-1" "$verify" pin "$T/1.pin"
cmp -s "$T/1.pin" "$S/pins/web-1.pin" && ok "vm pin --record is the record of the state folder" || fail "two records"
for f in "$root"/etc/ssh/ssh_host_*_key.pub; do
  key=$(cut -d' ' -f1,2 "$f")
  grep -qF "$key" "$T/1.known" && ok "known_hosts lines hold ${key%% *} as installed" || fail "known_hosts has not $key"
done
[ "$(ssh-keygen -lf "$T/1.known" | wc -l)" = "$(ls "$root"/etc/ssh/ssh_host_*_key.pub | wc -l)" ] && ok "ssh-keygen reads every line" || fail "ssh-keygen: $(ssh-keygen -lf "$T/1.known")"
serve
want 0 "" client --pinnedpubkey "$curl1"
want 90 "SSL: public key does not match pinned public key" client --pinnedpubkey "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
want 0 "" "$verify" tls "127.0.0.1:$port" --pin "$T/1.pin"
want 0 "" "$verify" tls "127.0.0.1:$port" --vm web-1
hush

# A new bundle: a higher sequence, other keys, a signed record that succeeds the one before.
before=$(field web-1 sequence)
n vm reissue web-1 --medium-out "$T/2.iso" >/dev/null || fail "reissue"
[ "$(field web-1 sequence)" -gt "$before" ] && ok "the sequence grows: $before, $(field web-1 sequence)" || fail "sequence $(field web-1 sequence) after $before"
n vm pin web-1 --record "$T/2.pin"; curl2=$(n vm pin web-1 --curl)
[ "$curl1" != "$curl2" ] && ok "another TLS key" || fail "the reissue kept the TLS key"
want 0 "" "$verify" pin "$T/2.pin"
sequence_of() { grep -ao '"sequence":[0-9]*' "$1" | head -1 | cut -d: -f2; }
[ "$(sequence_of "$T/2.pin")" -gt "$(sequence_of "$T/1.pin")" ] && ok "the pin record's sequence grows" || fail "pin sequences $(sequence_of "$T/1.pin") $(sequence_of "$T/2.pin")"
previous=$(grep -ao '"previous":"[0-9a-f]*"' "$T/2.pin" | cut -d'"' -f4)
# PIN.md: the digest of the record's signed form, DSSE's pre-authentication encoding around the payload.
digest=$(python3 - "$T/1.pin" <<'P'
import hashlib, json, sys
b = open(sys.argv[1], "rb").read()
at = b.index(b'{"format"')
end = json.JSONDecoder().raw_decode(b[at:].decode("latin-1"))[1]      # signatures may hold any byte
p = b[at:at + end]; t = b"application/vnd.natal.pin.v1+json"
print(hashlib.sha256(b"DSSEv1 %d %s %d " % (len(t), t, len(p)) + p).hexdigest())
P
)
[ -n "$previous" ] && [ "$previous" = "$digest" ] && ok "the pin record names the one before" || fail "previous '$previous', the record before is $digest"

# The machine, between the two: clients that have the new record refuse the old keys; then it takes the new medium, and never the old again.
serve
want 4 "the TLS key presented is" "$verify" tls "127.0.0.1:$port" --pin "$T/2.pin"
hush
want 0 "" apply "$T/2.iso"
serve
want 0 "" "$verify" tls "127.0.0.1:$port" --pin "$T/2.pin"
want 0 "" client --pinnedpubkey "$curl2"
want 90 "" client --pinnedpubkey "$curl1"
hush
held=$(tree)
want 8 "sequence $before is older than" apply "$T/1.iso"
[ "$(tree)" = "$held" ] && ok "refused, untouched: the medium before the reissue" || fail "the old medium touched the tree"
want 0 "" apply "$T/2.iso"
exit $bad
