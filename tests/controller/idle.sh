#!/bin/bash
# idle.sh - natal-guestd where nothing happens: no wake-ups but its poll's own, over the port and over HTTPS, and 6 MiB resident at most.
. "${srcdir:-.}/tests/controller/lib.sh"
agent=$B/natal-agent guestd=$B/natal-guestd port=$(free_ports) pids=() for_s=30
stop_all() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; ended; }
trap stop_all EXIT
n daemon start --listen "127.0.0.1:$port" > /dev/null && n key init > /dev/null || exit 1
: > "$T/port"
n vm create by-port --host none --user alice --channel "unix:$T/host.sock" --medium-out "$T/by-port.iso" > /dev/null &&
  n vm create by-https --host none --user alice --medium-out "$T/by-https.iso" > /dev/null || exit 1
"${srcdir:-.}/tests/tools/port.py" "$T/host.sock" "$T/guest.sock" > "$T/port" & pids+=($!)
within 10 grep -q ready "$T/port" || fail "no port"
# guest_begin NAME CHANNEL
declare -A pid
guest_begin() {
  guest_root "$T/$1"
  "$agent" apply --root "$T/$1" --medium "$T/$1.iso" --uuid "$(field "$1" uuid)" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
  "$guestd" --root "$T/$1" --channel "$2" --agent "$agent" --uuid "$(field "$1" uuid)" > "$T/$1.log" 2>&1 & pid[$1]=$!; pids+=($!)
}
guest_begin by-port "$T/guest.sock"; guest_begin by-https https
born() { [ "$(field "$1" state)" = provisioned ]; }
for g in by-port by-https; do
  within 30 born $g && within 10 grep -q "controller found" "$T/$g.log" || { fail "$g: $(field $g state): $(cat "$T/$g.log")"; exit 1; }
done
sleep 8  # an answer that does not come is asked for again after 5 s

# How often it, and the process that starts natal-agent for it, have waited and were woken.
woken() { local p=$1; awk '/^voluntary_ctxt/ { sum += $2 } END { print sum }' "/proc/$p/status" $(sed 's/\([0-9]\+\) */\/proc\/\1\/status /g' "/proc/$p/task/$p/children"); }
heard() { curl -sS --unix-socket "$S/natald.sock" http://n/metrics | awk '/^natald_requests_total.*route="\/v1\/guest\/frames"/ { sum += $2 } END { print sum + 0 }'; }
p0=$(woken "${pid[by-port]}") h0=$(woken "${pid[by-https]}") r0=$(heard)
sleep $for_s
p=$(($(woken "${pid[by-port]}") - p0)) h=$(($(woken "${pid[by-https]}") - h0)) r=$(($(heard) - r0))
# Over the port a heartbeat each 60 s; over HTTPS a wait of 55 s, that is one answer, in three pieces at most.
[ $p -le 2 ] && ok "over the port it wakes $p times in $for_s s" || fail "over the port it wakes $p times in $for_s s, one heartbeat in 60 s is its due"
[ $h -le 3 ] && [ $r -le 1 ] && ok "over HTTPS it wakes $h times in $for_s s, for $r answers" || fail "over HTTPS it wakes $h times in $for_s s, for $r answers; one wait in 55 s is its due"
# That they slept, and were not gone.
for g in by-port by-https; do
  grep -q "^State:.S" "/proc/${pid[$g]}/status" || fail "$g: natal-guestd does not sleep: $(tail -3 "$T/$g.log")"
  small_enough "${pid[$g]}" 6144
  n vm change $g --user bob > /dev/null 2>&1; has_bob() { grep -q ^bob: "$T/$1/etc/passwd"; }
  within 20 has_bob $g && ok "and is told of its goal at once ($g)" || fail "$g does not follow its goal: $(tail -3 "$T/$g.log")"
done
exit $bad
