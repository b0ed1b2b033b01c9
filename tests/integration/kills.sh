#!/bin/bash
# kills - natald is killed (kill -9) again and again at random moments while over 1,000 requests are in flight; the history of what clients were told is judged: nothing
# acknowledged is lost, nothing is handed out twice; and a guest that runs all the while does not notice. On SQLite by the unix socket; kills-served.sh: on PostgreSQL by HTTPS,
# the clients with an operator's certificate on connections that they keep.
# timeout: 1500
export srcdir; srcdir=$(realpath "$(dirname "$0")/../..")
export builddir=${NATAL_TEST_BUILD:-$srcdir/out/tests/build}
. "$srcdir/tests/controller/lib.sh"
ok() { echo "ok $1"; }
served=${NATAL_TEST_SERVED:-} kills=7 full=50 CLIENTS=3500
[ -z "$served" ] || kills=3 full=25 CLIENTS=1400
[ "${NATAL_TEST_LEVEL:-default}" = full ] && kills=$full
KILLS=${NATAL_TEST_KILLS:-$kills} agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root D='' pids=()
[ -z "$served" ] || . "$srcdir/tests/tools/pg.sh"
stop_all() {
  touch "$T/until"; for p in "${pids[@]}" $D; do kill "$p" 2>/dev/null; done
  [ -z "$served" ] || { wait $D 2>/dev/null; pg_clean; }
  ended
}
trap stop_all EXIT
ulimit -n 8192 2>/dev/null || ulimit -n "$(ulimit -Hn)"
# natald_begin: where it is served, the script starts it; else natalctl does.
natald_begin() {
  [ -n "$served" ] || return 0
  : > "$T/natald.log"
  "$B/natald" --state "$S" --store "@$T/url" --listen "127.0.0.1:$port" 2>> "$T/natald.log" & D=$!
  within 30 grep -q 'ready$' "$T/natald.log" || { tail -5 "$T/natald.log"; fail "natald does not start"; return 1; }
}
if [ -n "$served" ]; then
  pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
  grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
  unset NATAL_STORE
  port=$(free_ports); mkdir -p "$S"
  pg_start a -c fsync=off || exit 1           # it is natald that is killed
  pg_url a > "$T/url"; chmod 600 "$T/url"
  natald_begin || exit 1
fi
n key init > /dev/null && n pool fill 3000 > /dev/null || exit 1

# A guest that runs all the while.
channel=https how=(--medium-out "$T/guest.iso")
[ -n "$served" ] || { channel=$T/port.sock; how+=(--channel "unix:$T/guest.sock"); }
n vm create guest --host none --user alice "${how[@]}" > /dev/null || exit 1
guest_root "$root"
if [ -z "$served" ]; then
  : > "$T/port"; "$srcdir/tests/tools/port.py" "$T/guest.sock" "$T/port.sock" > "$T/port" & pids+=($!)
  within 10 grep -q ready "$T/port" || fail "no port"
fi
"$agent" apply --root "$root" --medium "$T/guest.iso" --uuid "$(field guest uuid)" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
"$guestd" --root "$root" --channel "$channel" --agent "$agent" --uuid "$(field guest uuid)" > "$T/guestd.log" 2>&1 & G=$!; pids+=($G)
born() { [ "$(field guest state)" = provisioned ]; }
within 30 born || { fail "the guest is $(field guest state): $(tail -3 "$T/guestd.log")"; exit 1; }

where=(--socket "$S/natald.sock")
if [ -n "$served" ]; then
  n ca show --out "$T/ca.pem" && openssl ecparam -name prime256v1 -genkey -noout -out "$T/alice.key" && openssl req -new -key "$T/alice.key" -subj /CN=x -out "$T/alice.csr" || exit 1
  n access grant operator alice --all-projects --out "$T/token" > /dev/null
  python3 -c 'import json,sys; print(json.dumps({"token": open(sys.argv[1]).read().strip(), "csr": open(sys.argv[2]).read()}))' "$T/token" "$T/alice.csr" |
    curl -sS --cacert "$T/ca.pem" "https://127.0.0.1:$port/v1/enrol" -d @- | python3 -c 'import json,sys; print(json.load(sys.stdin)["certificate"])' > "$T/alice.pem" || { fail "alice is not let in"; exit 1; }
  where=(--port "$port" --ca "$T/ca.pem" --cert "$T/alice.pem" --key "$T/alice.key")
fi
"$srcdir/tests/tools/history.py" run "${where[@]}" --clients $CLIENTS --out "$T/history" --until "$T/until" --kills "$T/killed" --flight "$T/flight" 2> "$T/clients.log" & R=$!; pids+=($R)
# A moment by chance, of those when they all have come back and were told something since the last kill.
many() { [ -e "$T/flight" ] && read -r flight known answered < "$T/flight" && [ "$flight" -ge 1000 ] && [ "$answered" -ge $((told + 1000)) ]; }
# A machine that is slow has fewer: the median of all kills is judged at the end.
back() { rm -f "$T/flight"; within 30 many || echo "fewer than 1,000 in flight, round $k"; }
seen() { [ -e "$T/flight" ] && read -r flight known told < "$T/flight" && [ "$known" -ge "$k" ]; }
sleep 4
longest=0 told=0
for k in $(seq "$KILLS"); do
  back
  sleep "$(awk -v s="$RANDOM" 'BEGIN { printf "%.3f", 0.3 + 2.2 * s / 32768 }')"
  back
  pid=${D:-$(natald_pid)}; [ -n "$pid" ] || { fail "no natald to kill, round $k"; break; }
  echo "$k" >> "$T/killed"; within 20 seen || fail "the clients do not look, round $k"       # what is in flight is counted, and then it is killed
  kill -9 "$pid"; at=$(date +%s%N)
  [ -z "$served" ] || { wait "$pid" 2>/dev/null; natald_begin || break; }
  until n status > /dev/null 2>&1; do sleep 0.05; [ $(($(date +%s%N) - at)) -lt 30000000000 ] || { fail "natald did not come back, round $k: $(tail -3 "$S/natald.log" "$T/natald.log" 2>/dev/null)"; break 2; }; done
  took=$((($(date +%s%N) - at) / 1000000)); [ $took -le $longest ] || longest=$took
done
[ "$bad" = 0 ] || { kill $R 2>/dev/null; exit 1; }         # without natald they would ask for ever
sleep 3; touch "$T/until"; wait $R || fail "the clients ended with $?: $(tail -3 "$T/clients.log")"
said=$("$srcdir/tests/tools/history.py" judge "$T/history") && ok "$KILLS kills: $said" || fail "$said"
median=$(grep -o 'in flight [0-9]*' <<< "$said" | cut -d' ' -f3)
[ "${median:-0}" -ge 1000 ] && ok "over 1,000 requests were in flight ($median)" || fail "$median requests were in flight"
ok "back after $longest ms at the longest"
n vm change guest --user bob > /dev/null; has_bob() { grep -q ^bob: "$root/etc/passwd"; }
within 60 has_bob && within 20 born && kill -0 $G && ok "the guest follows its goal, by the same natal-guestd" || fail "the guest: $(field guest state) $(field guest reason): $(tail -3 "$T/guestd.log")"
[ -z "$served" ] || export NATAL_STORE="@$T/url"
n store check > "$T/check" 2>&1 && ok "the store is whole" || fail "$(tail -2 "$T/check")"
n pool status > /dev/null && ok "the pool's books are right" || fail "$(n pool status 2>&1 | tail -2)"
[ "$bad" = 0 ] || cp "$T/history" "${NATAL_TEST_OUT:-/tmp}/kills.history" 2> /dev/null
exit $bad
