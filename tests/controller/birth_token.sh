#!/bin/bash
# birth_token.sh - first boot without a medium, by a token: a real natald and a real natal-agent, which has the controller's pin and nothing else.
. "${srcdir:-.}/tests/controller/lib.sh"
agent=$B/natal-agent guestd=$B/natal-guestd
pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$T"; }
trap stop_all EXIT
port=$(free_ports)
natald_start() { : > "$T/natald.log"; "$B/natald" --state "$S" --listen "127.0.0.1:$port" 2>> "$T/natald.log" & D=$!; pids+=($D); within 20 grep -q "ready$" "$T/natald.log" || fail "natald does not answer: $(tail -3 "$T/natald.log")"; }
natald_start
n key init > /dev/null
pin=$(n ca show -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["spki_sha256"])')
# root NAME [PIN] [SECONDS] [PORT]: a guest's disk, as its image is baked
root() {
  local r=$T/$1
  guest_root "$r"
  echo "{\"birth\":{\"server\":\"https://127.0.0.1:${4:-$port}\",\"pin\":\"${2:-$pin}\",\"timeout_s\":${3:-5}}}" > "$r/etc/natal/policy.json"
}
born() { "$agent" apply --root "$T/$1" --uuid "$2" --channel= > "$T/$1.said" 2>&1; }
# refused ROOT UUID TEXT WHAT: it fails, and says so
refused() { if born "$1" "$2"; then fail "$4: it was let in"; elif grep -qF -- "$3" "$T/$1.said"; then ok "$4: $3"; else fail "$4, wanted '$3': $(cat "$T/$1.said")"; fi; }
spki() { openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64; }
events() { curl -sS --unix-socket "$S/natald.sock" "http://n/v1/vms/$1/events?after=0" | python3 -c 'import json,sys
for e in json.load(sys.stdin)["events"]:
    if e["kind"] == "birth": print(e["what"], e["proof"], e.get("why", ""))'; }

# ---- born, once
n vm create web-1 --host none --user alice --birth token > /dev/null || exit 1
uuid=$(field web-1 uuid)
[ "$(field web-1 reason)" = "waits for its guest to ask" ] && ok "a VM waits for its guest" || fail "$(field web-1 reason)"
want 7 "is born without a medium" n vm medium web-1 --out "$T/x.iso"
root a
refused a "$uuid" "it has neither a token nor a TPM" "without a proof"
want 6 "this guest is not born yet" "$agent" plan --root "$T/a" --uuid "$uuid"
n vm birth-token web-1 --out "$T/token" > /dev/null && [ "$(stat -c %a "$T/token")" = 600 ] && ok "a token is written for its owner alone" || fail "token: $(ls -l "$T/token")"
cp "$T/token" "$T/a/etc/natal/birth-token"
born a "$uuid" || fail "not born: $(cat "$T/a.said")"
grep -q ^alice: "$T/a/etc/passwd" && ok "born: its user is there" || fail "no alice: $(cat "$T/a.said")"
[ "$(spki "$T/a/etc/natal/tls/cert.pem")" = "$(field web-1 bundle.keys.tls_spki)" ] && ok "with the certificate that was made before" || fail "another certificate"
[ ! -e "$T/a/etc/natal/birth-token" ] && [ ! -e "$T/a/var/lib/natal/birth-nonce" ] && ok "token and nonce are gone" || fail "left: $(ls "$T/a/etc/natal" "$T/a/var/lib/natal")"
[ "$(field web-1 reason)" = "its guest has asked for its bundle" ] && [ "$(field web-1 birth.asked_at)" -gt 0 ] && ok "natald says who asked" || fail "$(field web-1 reason)"
"$guestd" --root "$T/a" --channel https --agent "$agent" --uuid "$uuid" 2>> "$T/guestd.log" & pids+=($!); G=$!
want 0 "" n vm wait web-1 --timeout 20
n vm wait web-1 > "$T/waited" && grep -q "^birth  *asked by 127.0.0.1, token" "$T/waited" && n vm show web-1 | grep -q "^birth.*by token" && ok "wait and show say so" || fail "$(cat "$T/waited"; n vm show web-1)"
[ "$(field web-1 state)" = provisioned ] && [ "$(field web-1 bundle.wiped_at)" -gt 0 ] && ok "its report is heard, and its private keys are wiped here" || fail "$(field web-1 state) $(field web-1 reason): $(cat "$T/guestd.log")"
n vm change web-1 --user bob > /dev/null
goal() { grep -q ^bob: "$T/a/etc/passwd"; }
within 20 goal && ok "goals reach it as any other" || fail "no bob: $(tail -3 "$T/guestd.log")"
kill $G; wait $G 2>/dev/null
mkdir -p "$T/a/proc"; echo "root=LABEL=x natal.birth_token=$(cat "$T/token") quiet" > "$T/a/proc/cmdline"
"$agent" collect-logs --root "$T/a" --uuid "$uuid" --to "$T/logs.tar" > /dev/null 2>&1; grep -qa 'natal.birth_token=\*\*\*\* *' "$T/logs.tar" && ! grep -qa "$(cat "$T/token")" "$T/logs.tar" && ok "no token stands in collected logs" || fail "collect-logs shows the token"
born a "$uuid" && grep -q unchanged "$T/a.said" && ok "asks nobody at its next boot" || fail "again: $(cat "$T/a.said")"

# ---- anybody else is refused, and the VM's events say so
root b; cp "$T/token" "$T/b/etc/natal/birth-token"
refused b "$uuid" "used already, by another asker" "the token of a guest that is born"
n vm create web-2 --host none --birth token > /dev/null; two=$(field web-2 uuid)
n vm birth-token web-2 --out "$T/token2" > /dev/null
cp "$T/token2" "$T/b/etc/natal/birth-token"
refused b 11111111-2222-4333-8444-555555555555 "the token is VM web-2's, whose machine has another UUID" "a wrong machine"
[ -e "$T/b/etc/natal/birth-token" ] && ok "a token that was refused stays" || fail "the token is gone"
ask() { # ask NONCE TOKEN: the reply's status; its body in $T/reply
  curl -sSk -o "$T/reply" -w '%{http_code}' "https://127.0.0.1:$port/v1/birth" -d "{\"format\":1,\"uuid\":\"$two\",\"nonce\":\"$1\",\"token\":\"$2\"}" "${@:3}"; }
nonce=$(printf 'a1%.0s' {1..32}) other=$(printf 'b2%.0s' {1..32})
[ "$(ask "$nonce" "$(cat "$T/token2")")" = 200 ] && cp "$T/reply" "$T/first" && ok "the first asker is answered" || fail "$(cat "$T/reply")"
[ "$(ask "$nonce" "$(cat "$T/token2")")" = 200 ] && cmp -s "$T/reply" "$T/first" && ok "asked again with the same nonce, natald says the same, byte for byte" || fail "another answer"
audited() { n audit list -o json | grep -o '"POST /v1/birth' | wc -l; }
before=$(audited); for i in {1..5}; do ask "$nonce" "$(cat "$T/token2")" > /dev/null; done
[ "$before" -gt 0 ] && [ "$(audited)" = "$before" ] && [ "$(events web-2 | grep -c ^asked)" = 1 ] && ok "and writes nothing for it" || fail "audited $before, then $(audited)"
grep -qa "\"nonce\":\"$nonce\"" "$T/first" && ok "the nonce is signed" || fail "no nonce in the bundle"
[ "$(ask "$other" "$(cat "$T/token2")")" = 409 ] && grep -q "used already, by another asker" "$T/reply" && ok "another asker is refused" || fail "$(cat "$T/reply")"
refused b "$two" "used already, by another asker" "a second machine with the same token"
events web-2 > "$T/events"
grep -q "^asked token" "$T/events" && grep -q "^refused token the token is VM web-2's" "$T/events" && grep -q "^refused token the token of VM web-2 was used already" "$T/events" &&
  ok "each of them is an event of the VM" || fail "events: $(cat "$T/events")"
n audit list -o json | grep -q "POST /v1/birth" && ok "and stands in the audit" || fail "not in the audit: $(n audit list | tail -3)"
want 0 "chain" n audit verify
for i in {1..12}; do ask "$other" "$(cat "$T/token2")" > /dev/null; done
[ "$(events web-2 | grep -c ^refused)" -le 8 ] && [ "$(field web-2 birth.refused)" = 8 ] && ok "who asks on and on fills nothing" || fail "$(events web-2 | wc -l) events"
ask "$other" "$(cat "$T/token2")" --interface 127.0.0.8 > /dev/null
[ "$(field web-2 birth.refused)" = 9 ] && ok "and keeps nobody else's refusal from being told" || fail "$(field web-2 birth.refused) refusals"
[ "$(ask "$nonce" "$(cat "$T/token2" | sed 's/.....$/AAAAA/')")" = 403 ] && grep -q "there is no such token" "$T/reply" && ok "a token that nobody made" || fail "$(cat "$T/reply")"

# ---- what was signed for one asker is no medium for another
root c
"$agent" apply --root "$T/c" --uuid "$two" --medium "$T/first" --channel= > "$T/c.said" 2>&1 && fail "a bundle of another asker was applied" || grep -q "this one did not ask" "$T/c.said" && ok "replayed as a medium it is refused" || fail "replay: $(cat "$T/c.said")"

# ---- a new token in the place of the one before; a reply that was lost; kill -9 between answer and apply
n vm birth-token web-2 --out "$T/token3" > /dev/null
[ "$(ask "$nonce" "$(cat "$T/token2")")" = 403 ] && ok "the token before counts no more" || fail "$(cat "$T/reply")"
root d; cp "$T/token3" "$T/d/etc/natal/birth-token"; mkdir -p "$T/d/var/lib/natal"; echo "$other" > "$T/d/var/lib/natal/birth-nonce"
[ "$(ask "$other" "$(cat "$T/token3")")" = 200 ] && kill -9 $D; wait $D 2>/dev/null
natald_start
born d "$two" && ok "the answer was lost: the same guest has it once more, from a natald that was killed meanwhile" || fail "lost: $(cat "$T/d.said")"

# ---- another controller, an expired token, a controller that is away and comes back
n vm create web-3 --host none --birth token > /dev/null; three=$(field web-3 uuid)
n vm birth-token web-3 --out "$T/token4" > /dev/null
wrong=$(printf 'cd%.0s' {1..32})
root e "$wrong"; cp "$T/token4" "$T/e/etc/natal/birth-token"
refused e "$three" "is not the controller that it should be" "a controller with another key"
grep -q "${wrong:0:16}" "$T/e.said" && grep -q "${pin:0:16}" "$T/e.said" && ok "both keys are named" || fail "keys: $(cat "$T/e.said")"
[ "$(field web-3 birth.asked_at)" = 0 ] && ok "it was told nothing" || fail "the token went to another controller"
root f; cp "$T/token4" "$T/f/etc/natal/birth-token"
kill $D; wait $D 2>/dev/null
refused f "$three" "connect to 127.0.0.1 port $port" "a controller that is away"
grep -q 'asked for 5 s' "$T/f.said" && [ "$(grep -c birth=waiting "$T/f.said")" -ge 2 ] && ok "asked again until its time was over" || fail "no retries: $(cat "$T/f.said")"
root f "$pin" 60
born f "$three" & F=$!
within 10 grep -q birth=waiting "$T/f.said" || fail "does not wait: $(cat "$T/f.said")"
natald_start
wait $F && ok "away and back: born all the same" || fail "not born: $(cat "$T/f.said")"
n vm create web-4 --host none --birth token > /dev/null; four=$(field web-4 uuid)
n vm birth-token web-4 --out "$T/token5" > /dev/null
n daemon stop > /dev/null 2>&1; wait $D 2>/dev/null
python3 - "$S/natal.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("UPDATE newborn SET token_until = 1 WHERE asked_at = 0"); db.commit()
END
natald_start
root g; cp "$T/token5" "$T/g/etc/natal/birth-token"
refused g "$four" "the token of VM web-4 has expired" "an expired token"
exit $bad
