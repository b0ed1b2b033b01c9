#!/bin/bash
# kills - natald is killed (kill -9) again and again at random moments while over 1,000 requests are in flight; the history of what clients were told is judged: nothing
# acknowledged is lost, nothing is handed out twice; and a guest that runs all the while does not notice.
# timeout: 1500
export srcdir; srcdir=$(realpath "$(dirname "$0")/../..")
export builddir=${NATAL_TEST_BUILD:-$srcdir/out/tests/build}
. "$srcdir/tests/controller/lib.sh"
ok() { echo "ok $1"; }
kills=10; [ "${NATAL_TEST_LEVEL:-default}" = full ] && kills=50
KILLS=${NATAL_TEST_KILLS:-$kills} CLIENTS=3000 agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root pids=()
stop_all() { touch "$T/until"; for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; ended; }
trap stop_all EXIT
ulimit -n 8192 2>/dev/null || ulimit -n "$(ulimit -Hn)"
n key init > /dev/null && n pool fill 3000 > /dev/null || exit 1

# A guest that runs all the while.
n vm create guest --host none --user alice --channel "unix:$T/guest.sock" --medium-out "$T/guest.iso" > /dev/null || exit 1
guest_root "$root"
: > "$T/port"; "$srcdir/tests/tools/port.py" "$T/guest.sock" "$T/port.sock" > "$T/port" & pids+=($!)
within 10 grep -q ready "$T/port" || fail "no port"
"$agent" apply --root "$root" --medium "$T/guest.iso" --uuid "$(field guest uuid)" --channel "$T/port.sock" > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
born() { [ "$(field guest state)" = provisioned ]; }
within 20 born || { fail "the guest is $(field guest state)"; exit 1; }
"$guestd" --root "$root" --channel "$T/port.sock" --agent "$agent" --uuid "$(field guest uuid)" 2> "$T/guestd.log" & G=$!; pids+=($G)

"$srcdir/tests/tools/history.py" run --socket "$S/natald.sock" --clients $CLIENTS --out "$T/history" --until "$T/until" --kills "$T/killed" 2> "$T/clients.log" & R=$!; pids+=($R)
sleep 4
longest=0
for k in $(seq "$KILLS"); do
  sleep "$(awk -v s="$RANDOM" 'BEGIN { printf "%.3f", 0.3 + 2.2 * s / 32768 }')"
  pid=$(natald_pid); [ -n "$pid" ] || { fail "no natald to kill, round $k"; break; }
  echo "$k" >> "$T/killed"; sleep 0.03
  kill -9 "$pid"; at=$(date +%s%N)
  until n status > /dev/null 2>&1; do sleep 0.05; [ $(($(date +%s%N) - at)) -lt 30000000000 ] || { fail "natald did not come back, round $k: $(tail -3 "$S/natald.log")"; break 2; }; done
  took=$((($(date +%s%N) - at) / 1000000)); [ $took -le $longest ] || longest=$took
done
sleep 3; touch "$T/until"; wait $R || fail "the clients ended with $?: $(tail -3 "$T/clients.log")"
said=$("$srcdir/tests/tools/history.py" judge "$T/history") && ok "$KILLS kills: $said" || fail "$said"
median=$(grep -o 'in flight [0-9]*' <<< "$said" | cut -d' ' -f3)
[ "${median:-0}" -ge 1000 ] && ok "over 1,000 requests were in flight ($median)" || fail "$median requests were in flight"
ok "back after $longest ms at the longest"
n vm change guest --user bob > /dev/null; has_bob() { grep -q ^bob: "$root/etc/passwd"; }
within 60 has_bob && within 20 born && kill -0 $G && ok "the guest follows its goal, by the same natal-guestd" || fail "the guest: $(field guest state) $(field guest reason): $(tail -3 "$T/guestd.log")"
n store check > "$T/check" 2>&1 && ok "the store is whole" || fail "$(tail -2 "$T/check")"
n pool status > /dev/null && ok "the pool's books are right" || fail "$(n pool status 2>&1 | tail -2)"
[ "$bad" = 0 ] || cp "$T/history" "${NATAL_TEST_OUT:-/tmp}/kills.history" 2> /dev/null
exit $bad
