#!/bin/bash
# peers.sh - certificates of the wrong role or project, at every route; expired ones, and such as are not valid yet, on new connections, resumed ones and open ones. Clocks are moved
# for that, by natald's alone; its own certificate is renewed on the way.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../tools/clock.sh"
for tool in curl openssl python3; do command -v $tool > /dev/null || { echo "$tool is needed"; exit 77; }; done
clock_there || exit 77
at natald 0; touch "$T/log"
(clocked natald "$B/natald" --state "$S" --listen 127.0.0.1:0 2> "$T/log") & N=$!
stop() { kill $N 2> /dev/null; wait $N 2> /dev/null; }
trap 'stop; ended' EXIT
within 20 grep -q ready "$T/log" || { echo "natald does not start: $(cat "$T/log")"; exit 1; }
port=$(sed -n 's/.*listen=127.0.0.1:\([0-9]*\).*/\1/p' "$T/log") at=https://127.0.0.1:$port
n key init > /dev/null
n ca show --out "$T/ca.pem"
get() { curl -sS -m 20 --cacert "$T/ca.pem" "$@"; }
enrol() { # NAME WHAT-TO-GRANT…
  local who=$1; shift
  openssl ecparam -name prime256v1 -genkey -noout -out "$T/$who.key" && openssl req -new -key "$T/$who.key" -subj /CN=x -out "$T/$who.csr"
  n access grant "$@" --out "$T/$who.token" > /dev/null
  python3 -c 'import json,sys; print(json.dumps({"token": open(sys.argv[1]).read().strip(), "csr": open(sys.argv[2]).read()}))' "$T/$who.token" "$T/$who.csr" |
    get "$at/v1/enrol" -d @- | python3 -c 'import json,sys; print(json.load(sys.stdin)["certificate"])' > "$T/$who.pem" || fail "$who is not let in"
}
enrol alice operator alice --all-projects; enrol oscar operator oscar --project blue; enrol rita reader rita --project blue; enrol vera verifier vera; enrol h1 host h1
# A guest's certificate is its bundle's.
n vm create web-1 --host none --medium-out "$T/web-1.iso" > /dev/null || fail "no web-1"
guest_root "$T/root"
"$B/natal-agent" apply --root "$T/root" --medium "$T/web-1.iso" --uuid "$(field web-1 uuid)" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
cat "$T/root"/etc/natal/tls/{cert,chain}.pem > "$T/guest.pem"; cp "$T/root/etc/natal/tls/key.pem" "$T/guest.key"
get "$at/openapi.json" --cert "$T/alice.pem" --key "$T/alice.key" > "$T/openapi" 2> /dev/null; grep -q x-natal-roles "$T/openapi" || "$B/natald" --openapi > "$T/openapi"
python3 "$(dirname "$0")/peers.py" "$T" "$port" "$T/openapi" rita=reader@blue oscar=operator@blue vera=verifier h1=host guest=guest@default || bad=1
[ "$(n vm list -o name)" = web-1 ] && ok "nothing was changed by any of that" || fail "$(n vm list)"
as() { local who=$1; shift; get --cert "$T/$who.pem" --key "$T/$who.key" "$@"; }

# ---- a connection that is open while its certificate ends; a session that is resumed after
cat > "$T/open.py" <<'P2'
import sys
sys.path.insert(0, sys.argv[1])
from listen import ask, connect, context
folder, port = sys.argv[2], int(sys.argv[3])
import ssl
ctx = context(folder, "alice", ssl.TLSVersion.TLSv1_2)
s = connect(ctx, port)
print(ask(s, "/v1/status")[0], flush=True)
sys.stdin.readline()
print(*ask(s, "/v1/status")[::2], flush=True)
r = connect(ctx, port, s.session)
print(*ask(r, "/v1/status")[::2], r.session_reused, flush=True)
P2
mkfifo "$T/go"; python3 "$T/open.py" "$(realpath "$(dirname "$0")")" "$T" "$port" < "$T/go" > "$T/open" 2>&1 & O=$!
exec 8> "$T/go"; began() { grep -q 200 "$T/open" 2> /dev/null; }; within 10 began || fail "$(cat "$T/open")"
at natald $((91 * DAY))
echo >&8; exec 8>&-; wait $O
sed -n 2p "$T/open" | grep -q '^403 .*has expired' && ok "an open connection whose certificate ends is refused: $(sed -n 2p "$T/open" | cut -c1-160)" || fail "open: $(cat "$T/open")"
sed -n 3p "$T/open" | grep -q '^403 .*has expired' && ok "so is one that resumes its session, or begins anew" || fail "resumed: $(cat "$T/open")"
want 0 "the certificate has expired at " get -k --cert "$T/rita.pem" --key "$T/rita.key" "$at/v1/vms"
want 0 "natalctl access grant, natalctl login" get -k --cert "$T/rita.pem" --key "$T/rita.key" "$at/v1/vms"
ends() { openssl s_client -connect "127.0.0.1:$port" < /dev/null 2> /dev/null | openssl x509 -noout -checkend $((100 * DAY)) > /dev/null; }
within 70 ends && ok "natald's own certificate, of 30 days, was renewed meanwhile" || fail "natald's certificate: $(openssl s_client -connect "127.0.0.1:$port" < /dev/null 2> /dev/null | openssl x509 -noout -dates)"
at natald $((-4 * DAY))
want 0 "the certificate is valid from " get -k --cert "$T/rita.pem" --key "$T/rita.key" "$at/v1/vms"
want 0 "one of the two clocks is wrong" get -k --cert "$T/rita.pem" --key "$T/rita.key" "$at/v1/vms"
at natald 0
here() { as rita "$at/v1/vms?project=blue" 2> /dev/null | grep -q '"vms"'; }
within 25 here && ok "with the clock right again, natald's certificate is one of today, and rita is let in" || fail "$(as rita "$at/v1/vms?project=blue" 2>&1)"
exit $bad
