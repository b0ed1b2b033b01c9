#!/bin/bash
# birth_two.sh - two natald on one PostgreSQL: a machine that one has made is born at the other, within the second; a lost answer is had again at the first.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/two.sh"
agent=$B/natal-agent guestd=$B/natal-guestd
n key init > /dev/null
pin=$(n ca show -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["spki_sha256"])')
# root NAME PORT
root() {
  local r=$T/$1
  guest_root "$r"
  echo "{\"birth\":{\"server\":\"https://127.0.0.1:$2\",\"pin\":\"$pin\",\"timeout_s\":30}}" > "$r/etc/natal/policy.json"
}
born() { "$agent" apply --root "$T/$1" --uuid "$2" --channel= > "$T/$1.said" 2>&1; }

n vm create web-1 --host none --user alice --birth token > /dev/null || exit 1
uuid=$(field web-1 uuid); n vm birth-token web-1 --out "$T/token" > /dev/null
root a "$p2"; cp "$T/token" "$T/a/etc/natal/birth-token"
nonce=$(printf 'a1%.0s' {1..32}); mkdir -p "$T/a/var/lib/natal"; echo "$nonce" > "$T/a/var/lib/natal/birth-nonce"
ask() { curl -sSk -o "$T/$1" -w '%{http_code}' "https://127.0.0.1:$2/v1/birth" -d "{\"format\":1,\"uuid\":\"$uuid\",\"nonce\":\"$nonce\",\"token\":\"$(cat "$T/token")\"}"; }
start=$(date +%s%N)
born a "$uuid" || fail "not born: $(cat "$T/a.said" "$T/two.log")"
ms=$((($(date +%s%N) - start) / 1000000))
[ $ms -lt 5000 ] && grep -q ^alice: "$T/a/etc/passwd" && ok "made at one natald, born at the other in $ms ms" || fail "$ms ms"
[ "$(ask said1 "$p1")" = 200 ] && [ "$(ask said2 "$p2")" = 200 ] && cmp -s "$T/said1" "$T/said2" && ok "asked again, both say the same" || fail "two answers"
"$guestd" --root "$T/a" --channel https --agent "$agent" --uuid "$uuid" 2> "$T/guestd.log" & G=$!
n vm wait web-1 --timeout 20 > /dev/null || fail "not provisioned: $(tail -3 "$T/guestd.log")"
[ "$(field web-1 bundle.wiped_at)" -gt 0 ] && ok "reported, and wiped without a host" || fail "$(n vm show web-1)"
[ "$(ask said1 "$p1")" = 409 ] && ok "and nobody is answered any more" || fail "answered: $(head -c 300 "$T/said1" | tr -d "\0")"
# Two that come with one token at once: one of them is born.
n vm create web-2 --host none --birth token > /dev/null; uuid=$(field web-2 uuid); n vm birth-token web-2 --out "$T/token" > /dev/null
for k in 1 2; do root "race$k" "$([ $k = 1 ] && echo "$p1" || echo "$p2")"; cp "$T/token" "$T/race$k/etc/natal/birth-token"; done
born race1 "$uuid" & R1=$!; born race2 "$uuid" & R2=$!
wait $R1; s1=$?; wait $R2; s2=$?
[ $((!s1 + !s2)) = 1 ] && cat "$T"/race*.said | grep -q "used already, by another asker" && ok "of two at once, at two natald, one is born" || fail "ended with $s1 and $s2: $(cat "$T"/race*.said)"
exit $bad
