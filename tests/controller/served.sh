#!/bin/bash
# served.sh - README's "From one machine to a fleet", its five commands as they stand there: what was embedded is served, and stays so.
. "$(dirname "$0")/lib.sh"
command -v python3 > /dev/null || { echo "python3 is needed"; exit 77; }
H=
stop_all() { [ -z "$H" ] || { kill "$H"; wait "$H"; } 2>/dev/null; ended; }
trap stop_all EXIT
export NATAL_STATE=$S NATAL_HOSTD_STATE=$T/hostd NATAL_ACCEL=tcg PATH=$B:$PATH
port=$(free_ports)
natalctl key init > /dev/null && natalctl vm create before --host none > /dev/null || fail "nothing embedded"
first=$(natald_pid)

awk '/^```sh served$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$src/README.md" | sed "s/ *#.*//; s/0\\.0\\.0\\.0/127.0.0.1/; s/8443/$port/g" > "$T/commands"
[ "$(wc -l < "$T/commands")" = 5 ] && ok "five commands" || fail "$(cat "$T/commands")"
cd "$T" || exit 1
while read -r line; do
  case $line in
    natal-hostd*) ${line} 2> "$T/hostd.log" & H=$!; within 20 grep -q ' found' "$T/hostd.log" && ok "$line" || fail "$line: $(cat "$T/hostd.log")";;
    *) eval "$line" > "$T/said" 2>&1 && ok "$line" || fail "$line: $(cat "$T/said")";;
  esac
done < "$T/commands"
unset NATAL_STATE                       # alice has none: the context that she logged in to is the current one
grep -q "you are spiffe://.*/operator/alice" "$T/said" && ok "alice is in" || fail "$(cat "$T/said")"
[ "$(natald_pid)" != "$first" ] && natalctl vm show before > /dev/null && ok "natald was started anew, and what was there is there" || fail "before: $(natalctl vm list)"
there() { natalctl host list --no-headers | grep -qE '^rack-1 +there '; }
within 10 there && ok "alice sees the host" || fail "$(natalctl host list)"
natalctl vm create web-3 --host rack-1 --channel "unix:$T/web-3.sock" --medium-out "$T/web-3.iso" > /dev/null && guest web-3 > "$T/said" 2>&1 && natalctl vm wait web-3 --timeout 20 > /dev/null &&
  ok "a VM of the host's is born, asked for over the network" || fail "web-3: $(cat "$T/said")"

# Whoever starts natald the next time, it listens.
n daemon stop && n status > /dev/null && natalctl status > /dev/null && ok "natald that natalctl starts on demand serves the network too" || fail "$(natalctl status 2>&1)"
want 2 "--name without --listen" n daemon start --name x
want 2 "natald did not start" n daemon start --listen nowhere
NATAL_START=no natalctl status > /dev/null && ok "and then it serves as before" || fail "natald does not serve any more"
want 0 "and https://127.0.0.1:$port" n daemon start --listen "127.0.0.1:$port"
# What speaks HTTPS itself gets certificate and key out of a context.
natalctl access grant reader prom --all-projects --out prom.token > /dev/null; natalctl login "https://127.0.0.1:$port" --token - --name prom < prom.token > /dev/null; mkdir keys
want 0 "reader/prom" natalctl context export prom --out keys
natalctl --context prom ca show --out keys/ca.pem
[ "$(stat -c %a keys/prom.key)" = 600 ] && curl -sS --cacert keys/ca.pem --cert keys/prom.pem --key keys/prom.key "https://127.0.0.1:$port/metrics" > metrics && grep -q ^natald_ metrics && ok "curl reads /metrics" || fail "metrics: $(head -3 metrics)"
want 2 "is the unix socket, and has no certificate" natalctl context export local --out keys
want 6 "there is no folder keys/none" natalctl context export prom --out keys/none
# And it listens no more.
want 2 "one of them" n daemon start --listen "127.0.0.1:$port" --no-listen
want 0 "natald serves $S/natald.sock" n daemon start --no-listen
want 9 "Connection refused" natalctl --context prom status
n daemon stop && n status > /dev/null; want 9 "Connection refused" natalctl --context prom status
exit $bad
