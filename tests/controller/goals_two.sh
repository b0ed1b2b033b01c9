#!/bin/bash
# goals_two.sh - two natald on one PostgreSQL: a guest waits at the one, its goal is decided at the other; the one goes, and the guest finds the other.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../tools/pg.sh"
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root one= two= G=
stop_all() { for p in $G $one $two; do kill "$p" && wait "$p"; done 2>/dev/null; pg_clean; rm -rf "$T"; }
trap stop_all EXIT
pg_start a -c fsync=off || exit 1
pg_url a > "$T/url"; chmod 600 "$T/url"
read -r p1 p2 < <(python3 -c 'import socket
s=[socket.socket() for _ in range(2)]
for x in s: x.bind(("127.0.0.1",0))
print(*(x.getsockname()[1] for x in s))')
mkdir -p "$S" "$T/two"; touch "$T/one.log" "$T/two.log" "$T/guestd.log"
"$B/natald" --state "$S" --store "@$T/url" --listen "127.0.0.1:$p1" 2> "$T/one.log" & one=$!
within 20 grep -q 'ready$' "$T/one.log" || { cat "$T/one.log"; fail "no first natald"; }
cp "$S/store.key" "$T/two/"
"$B/natald" --state "$T/two" --store "@$T/url" --listen "127.0.0.1:$p2" 2> "$T/two.log" & two=$!
within 20 grep -q 'ready$' "$T/two.log" || { cat "$T/two.log"; fail "no second natald"; }
n2() { "$B/natalctl" --state "$T/two" "$@"; }
n key init > /dev/null
n vm create web-1 --host none --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
mkdir -p "$root"/etc/{natal/trust.d,ssh,ssl/certs} "$root"/{var/lib,run,tmp,usr/sbin}
cp "$S"/trust.d/*.pub "$root/etc/natal/trust.d/"
printf 'root:x:0:0:root:/root:/bin/bash\n' > "$root/etc/passwd"; printf 'root:x:0:\n' > "$root/etc/group"
printf 'root:*:19000:0:99999:7:::\n' > "$root/etc/shadow"; printf 'root:*::\n' > "$root/etc/gshadow"; : > "$root/etc/machine-id"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
"$guestd" --root "$root" --channel https --agent "$agent" --uuid "$uuid" 2> "$T/guestd.log" & G=$!
within 30 grep -q "controller found" "$T/guestd.log" || fail "no controller: $(cat "$T/guestd.log")"
n vm wait web-1 --timeout 20 > /dev/null || fail "not provisioned: $(tail -3 "$T/guestd.log")"
has() { [ "$(n2 vm show web-1 -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["goal"]["guest"]["gen"])')" = "$1" ]; }
sleep 1; start=$SECONDS
want 0 "goal 0.2" n2 vm change web-1 --user bob
within 20 has 2 && grep -q ^bob: "$root/etc/passwd" && ok "decided at one natald, heard at the other within $((SECONDS - start)) s" || fail "$(n2 vm show web-1): $(tail -5 "$T/guestd.log")"
[ $((SECONDS - start)) -le 8 ] || fail "by the news it takes a second or two, not $((SECONDS - start))"
# Who is connected is asked again where another certificate counts, and not by each goal.
cert_news() { pg_sql a "SELECT count(*) FROM news WHERE noun = 'cert'"; }
[ "$(cert_news)" = 0 ] || fail "a goal with the certificate of before has everybody asked again"
want 0 "" n2 vm rotate-keys web-1
[ "$(cert_news)" -ge 1 ] && ok "a kept certificate is no news, another one is" || fail "another certificate is told to nobody"
exit $bad
