#!/bin/bash
# endure - natald on the network under those who mean no good, and through its own restarts: 2,000 connections that dribble are dropped by their
# deadlines while others are served; where somebody else holds the listening socket, no connection is refused. LORIS says how many.
. "$(dirname "$0")/lib.sh"
for tool in curl openssl python3; do command -v $tool > /dev/null || { echo "$tool is needed"; exit 77; }; done
export NATAL_STATE=$S
count=${LORIS:-2000}
ulimit -n "$(ulimit -Hn)" 2> /dev/null
[ "$(ulimit -n)" -ge $((count + 500)) ] || { echo "$(ulimit -n) open files are too few for $count connections"; exit 77; }
"$B/natald" --state "$S" --listen 127.0.0.1:0 2> "$T/log" & N=$!
stop() { kill $N 2> /dev/null; wait $N 2> /dev/null; }
trap 'stop; ended' EXIT
within 20 grep -q ready "$T/log" || { echo "natald does not start: $(cat "$T/log")"; exit 1; }
port=$(sed -n 's/.*listen=127.0.0.1:\([0-9]*\).*/\1/p' "$T/log")
n ca show --out "$T/ca.pem"
openssl ecparam -name prime256v1 -genkey -noout -out "$T/alice.key" && openssl req -new -key "$T/alice.key" -subj /CN=x -out "$T/alice.csr"
t=$(n access grant operator alice --all-projects -o json | grep -o 'natal1_[^"]*')
python3 -c 'import json,sys; print(json.dumps({"token": sys.argv[1], "csr": open(sys.argv[2]).read()}))' "$t" "$T/alice.csr" > "$T/enrol"
curl -sS --cacert "$T/ca.pem" "https://127.0.0.1:$port/v1/enrol" -d "@$T/enrol" | python3 -c 'import json,sys; print(json.load(sys.stdin)["certificate"])' > "$T/alice.pem" || fail "alice is not let in"
python3 "$(dirname "$0")/listen.py" loris "$T" "$port" alice "$count" || bad=1
files=$(find /proc/$N/fd -mindepth 1 2> /dev/null | wc -l)
[ "$files" -lt 100 ] && ok "natald has let go of all of them ($files files)" || fail "natald still has $files files"
stop
python3 "$(dirname "$0")/listen.py" restarts "$T" "$B/natald" "$S" alice 3 || bad=1
exit $bad
