#!/bin/bash
# resumed.sh - TLS sessions of one natald are resumed at another, before and after a restart (kill -9) of the first; so is natal-guestd's own when it finds the other. Where the
# certificate was revoked at the one, the other resumes the session and refuses the request.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../tools/pg.sh"
for tool in openssl python3 socat; do command -v $tool > /dev/null || { echo "$tool is needed"; exit 77; }; done
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root one= two= G= R=
stop_all() { for p in $G $R $one $two; do kill "$p" && wait "$p"; done 2> /dev/null; pg_clean; rm -rf "$T"; }
trap stop_all EXIT
pg_start a -c fsync=off || exit 1
pg_url a > "$T/url"; chmod 600 "$T/url"
# One name for both: 127.0.0.1, where a relay brings to the one or the other.
port=$(free_ports)
relay() { [ -z "$R" ] || { kill $R; wait $R 2> /dev/null; }; socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" "TCP:$1:$port" & R=$!; }
mkdir -p "$S" "$T/two"
serve() { : > "$T/$1.log"; "$B/natald" --state "$2" --store "@$T/url" --listen "$3:$port" --name 127.0.0.1 2> "$T/$1.log" 8>&- & }
ready() { within 20 grep -q 'ready$' "$T/$1.log" || fail "no natald $1: $(cat "$T/$1.log")"; }
serve one "$S" 127.0.0.2; one=$!; ready one
cp "$S/store.key" "$T/two/"
serve two "$T/two" 127.0.0.3; two=$!; ready two
n2() { "$B/natalctl" --state "$T/two" "$@"; }
n key init > /dev/null; n ca show --out "$T/ca.pem"
cat > "$T/sessions.py" <<'P2'
"""FOLDER FROM TO PORT COUNT: so many sessions of TLS 1.2 and 1.3 begun at FROM; "-": those that are kept. Offered at TO: how many are resumed and let in."""
import pickle, socket, ssl, sys
sys.path.insert(0, sys.argv[1])
from listen import ask, context
folder, port, count = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
def connect(ctx, where, session=None):
    return ctx.wrap_socket(socket.create_connection((where, port)), session=session)
kept = []
for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    ctx = context(folder, "rita", version)
    ctx.minimum_version = version
    for _ in range(count):
        s = connect(ctx, "127.0.0.2")
        assert ask(s, "/v1/vms")[0] == 200
        kept.append((ctx, s.session, version.name))
        s.close()
for line in sys.stdin:                  # WHERE
    seen = {}
    for i, (ctx, session, version) in enumerate(kept):
        s = connect(ctx, line.strip(), session)
        status, _, text = ask(s, "/v1/vms")
        key = f"{version} {'resumed' if s.session_reused else 'new'} {status}" + (" was revoked" if "was revoked" in text else "")
        seen[key] = seen.get(key, 0) + 1
        s.close()
    print(", ".join(f"{k}: {v}" for k, v in sorted(seen.items())), flush=True)
P2
openssl ecparam -name prime256v1 -genkey -noout -out "$T/rita.key" && openssl req -new -key "$T/rita.key" -subj /CN=x -out "$T/rita.csr"
n access grant reader rita --out "$T/rita.token" > /dev/null
python3 -c 'import json,sys; print(json.dumps({"token": open(sys.argv[1]).read().strip(), "csr": open(sys.argv[2]).read()}))' "$T/rita.token" "$T/rita.csr" |
  curl -sS --cacert "$T/ca.pem" --connect-to "127.0.0.1:$port:127.0.0.2:$port" "https://127.0.0.1:$port/v1/enrol" -d @- | python3 -c 'import json,sys; print(json.load(sys.stdin)["certificate"])' > "$T/rita.pem" || fail "rita"
mkfifo "$T/go"; python3 "$T/sessions.py" "$(realpath "$(dirname "$0")")" "$T" "$port" 20 < "$T/go" > "$T/seen" 2>&1 & P=$!
exec 8> "$T/go"; lines=0
offer() { # WHERE WANTED WHAT
  lines=$((lines + 1)); echo "$1" >&8
  said() { [ "$(wc -l < "$T/seen")" -ge $lines ]; }
  within 30 said && [ "$(sed -n ${lines}p "$T/seen")" = "$2" ] && ok "$3: $2" || fail "$3: wanted '$2': $(cat "$T/seen")"
}
all="TLSv1_2 resumed 200: 20, TLSv1_3 resumed 200: 20"
offer 127.0.0.3 "$all" "sessions of the first natald, at the second"
kill -9 $one; wait $one 2> /dev/null
offer 127.0.0.3 "$all" "with the first killed"
serve one "$S" 127.0.0.2; one=$!; ready one
offer 127.0.0.2 "$all" "at the first, begun again"
offer 127.0.0.3 "$all" "and at the second once more"
n access revoke rita > /dev/null; sleep 2.5
offer 127.0.0.3 "TLSv1_2 resumed 403 was revoked: 20, TLSv1_3 resumed 403 was revoked: 20" "revoked at the first, at the second"
exec 8>&-; wait $P

# ---- natal-guestd itself
relay 127.0.0.2
n vm create web-1 --host none --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
mkdir -p "$root"/etc/{natal/trust.d,ssh,ssl/certs} "$root"/{var/lib,run,tmp,usr/sbin}
cp "$S"/trust.d/* "$root/etc/natal/trust.d/"
printf 'root:x:0:0:root:/root:/bin/bash\n' > "$root/etc/passwd"; printf 'root:x:0:\n' > "$root/etc/group"
printf 'root:*:19000:0:99999:7:::\n' > "$root/etc/shadow"; printf 'root:*::\n' > "$root/etc/gshadow"; : > "$root/etc/machine-id"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
touch "$T/guestd.log"; "$guestd" --root "$root" --channel https --agent "$agent" --uuid "$uuid" 2>> "$T/guestd.log" & G=$!
is() { [ "$(n2 vm show web-1 -o json | grep -o '"state":"[a-z]*' | head -1 | cut -d'"' -f4)" = "$1" ]; }
within 30 is provisioned || fail "the guest is not provisioned: $(tail -3 "$T/guestd.log")"
sleep 1; : > "$T/guestd.log"
# Nobody is there for a moment: it notices, and begins with a greeting.
kill -9 $one; wait $one 2> /dev/null; kill $R; wait $R 2> /dev/null; R=; began=$SECONDS; sleep 1.5; relay 127.0.0.3
within 40 grep -q "session=resumed" "$T/guestd.log" && ok "natal-guestd is at the other natald $((SECONDS - began)) s after kill -9 of its own, with the session that it had" || fail "natal-guestd: $(cat "$T/guestd.log")"
n2 vm change web-1 --user bob > /dev/null; has_bob() { grep -q ^bob: "$root/etc/passwd" && is provisioned; }
within 30 has_bob && ok "and follows its goals there" || fail "no goal: $(tail -3 "$T/guestd.log")"
exit $bad
