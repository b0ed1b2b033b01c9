#!/bin/bash
# disk.sh - the disks of natald, of a guest and of a PostgreSQL are full, one after the other: what needs room is refused with the reason and a way out, what was acknowledged
# is there, what only reads is answered, and each goes on by itself when there is room again.
[ "${1:-}" = inside ] || {
  [ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null || { echo "needs root and a mount namespace"; exit 77; }
  exec unshare -m bash "$0" inside
}
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../tools/pg.sh"
command -v curl > /dev/null || { echo "curl is needed"; exit 77; }
agent=$B/natal-agent guestd=$B/natal-guestd root=$T/root pids=()
stop_all() { for p in "${pids[@]}"; do kill "$p" && wait "$p"; done 2> /dev/null; n daemon stop > /dev/null 2>&1; pg_end a QUIT; umount "$S" "$root/var/lib/natal" "$PG" "$T/host" 2> /dev/null; rm -rf "${PG:-$T/none}" /tmp/"${PG##*/}".a.log; ended; }
trap stop_all EXIT
small() { mkdir -p "$1" && mount -t tmpfs -o "size=$2,${3:-mode=700}" none "$1" || exit 77; }
# fill FOLDER [BYTES]: but for so many.
fill() {
  dd if=/dev/zero of="$1/filler" bs=4k 2> /dev/null; [ "$(df --output=avail -B1 "$1" | tail -1)" -lt 65536 ] || fail "$1 is not full: $(df "$1")"
  [ -z "${2-}" ] || truncate -s "$(($(stat -c %s "$1/filler") - $2))" "$1/filler"
}
port=$(free_ports)
small "$S" 16M
touch "$T/log"; "$B/natald" --state "$S" --listen "127.0.0.1:$port" 2> "$T/log" & D=$!; pids+=($D)
within 20 grep -q 'ready$' "$T/log" || { fail "natald: $(cat "$T/log")"; exit 1; }
n key init > /dev/null && n pool fill 60 > /dev/null || exit 1

# ---- natald's: the store, records of pins, the audit
n vm create web-1 --host none --user alice --medium-out "$T/web-1.iso" > /dev/null || exit 1
uuid=$(field web-1 uuid)
guest_root "$root"
"$agent" apply --root "$root" --medium "$T/web-1.iso" --uuid "$uuid" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
fill "$S" 500000
names=() refused=
for i in $(seq 200); do
  if n vm create "f-$i" --host none > "$T/said" 2>&1; then names+=("f-$i"); else refused=$(cat "$T/said"); break; fi
done
case $refused in
  *"the disk of the store $S/natal.db is full"*"hint: free some of its space and ask again"*) ok "${#names[@]} creates later: $refused";;
  *"VM f-$i is defined, and its bundle could not be signed yet"*"is its disk full"*) ok "${#names[@]} creates later: $refused";;
  *) fail "no refusal of a full disk: '$refused'";;
esac
refusals=0
for i in 1 2 3 4 5; do n vm create "no-$i" --host none > "$T/said" 2>&1 || { grep -q "the disk of the store $S/natal.db is full" "$T/said" && grep -q "hint: free some of its space" "$T/said" && refusals=$((refusals + 1)); }; done
[ $refusals = 5 ] && ok "5 of 5 more are refused: $(head -1 "$T/said")" || fail "$refusals of 5 were refused so: $(cat "$T/said")"
problem=$(curl -sS -m 20 --unix-socket "$S/natald.sock" -d '{"name":"no-6","host":"none"}' http://n/v1/vms)
[[ $problem == *'"status":503'* && $problem == *'"reason":"unavailable"'* && $problem == *"is full"* ]] && ok "as a problem: 503, unavailable" || fail "problem: $problem"
touch "$T/guestd.log"; "$guestd" --root "$root" --channel https --agent "$agent" --uuid "$uuid" 2> "$T/guestd.log" & G=$!; pids+=($G)
sleep 2; reads=0
for k in 1 2 3; do (while [ ! -e "$T/enough" ]; do curl -s -m 20 -o /dev/null --unix-socket "$S/natald.sock" -d "{\"name\":\"no-$k$RANDOM\",\"host\":\"none\"}" http://n/v1/vms; done) & pids+=($!); done
asked=0; for i in $(seq 40); do n vm show web-1 > "$T/said" 2>&1 && asked=$((asked + 1)); done
[ $asked = 40 ] && ok "beside those who want to write, 40 of 40 questions are answered" || fail "$asked of 40 questions were answered: $(cat "$T/said")"
for what in "vm list" "vm show web-1" "key list" "pool status" "status" "audit verify" "vm pin web-1 --known-hosts"; do n $what > "$T/said" 2>&1 && reads=$((reads + 1)) || fail "$what: $(cat "$T/said")"; done
[ $reads = 7 ] && ok "7 of 7 questions are answered meanwhile"
# What a guest has to say is kept by the guest.
kill -0 $G && if [ "$(field web-1 state)" = provisioned ]; then ok "the guest's report found room"; else ok "the guest's report is not taken, and kept by it"; fi || fail "natal-guestd has ended"
touch "$T/enough"; sleep 0.3; half=$(n vm list -o name | grep -c '^no-')
kill -0 $D && rm "$S/filler" && began=$SECONDS
after() { n vm create after --host none > "$T/said" 2>&1 || grep -q "there is a" "$T/said"; }
within 10 after && kill -0 $D && ok "with room, the same natald goes on within $((SECONDS - began)) s" || fail "$(cat "$T/said")"
is() { [ "$(field "$1" state)" = "$2" ]; }
within 60 is web-1 provisioned && ok "the guest's report is delivered $((SECONDS - began)) s later" || fail "the guest is $(field web-1 state): $(tail -3 "$T/guestd.log")"
lost=0
for v in "${names[@]}"; do n vm pin "$v" --known-hosts > /dev/null 2>&1 || lost=$((lost + 1)); done
[ $lost = 0 ] && ok "all of ${#names[@]} that were acknowledged are there, with their bundles" || fail "$lost of ${#names[@]} are lost"
files() { for v in "${names[@]}" after web-1; do [ -s "$S/pins/$v.pin" ] || return 1; done; }
within 30 files && ok "each has its record of pins" || fail "records: $(ls "$S/pins" | wc -l) of $((${#names[@]} + 2)): $(tail -3 "$T/log")"
[ "$half" = 0 ] && ok "nothing that was refused is half there" || fail "$half were refused, and are there"
want 0 "" n audit verify
want 0 "" n store check

# ---- a guest's: what natal-agent and natal-guestd keep
kill $G; wait $G 2> /dev/null; mv "$root/var/lib/natal" "$T/kept"; small "$root/var/lib/natal" 2M; cp -a "$T/kept/." "$root/var/lib/natal/"
"$guestd" --root "$root" --channel https --agent "$agent" --uuid "$uuid" 2>> "$T/guestd.log" & G=$!; pids+=($G)
sleep 1; fill "$root/var/lib/natal"
n vm change web-1 --user bob > /dev/null; gen=$(field web-1 goal.gen); sleep 4
is web-1 provisioned && [ "$(field web-1 goal.guest.gen)" = "$gen" ] && grep -q ^bob: "$root/etc/passwd" && how="is followed all the same" || how="waits: $(field web-1 state), $(field web-1 reason)"
kill -0 $G && ok "a goal of a guest whose disk is full $how" || fail "natal-guestd has ended: $(tail -3 "$T/guestd.log")"
rm "$root/var/lib/natal/filler"
follows() { is web-1 provisioned && [ "$(field web-1 goal.guest.gen)" = "$(field web-1 goal.gen)" ]; }
# A goal that failed stands until there is another.
is web-1 failed && { n vm change web-1 --user carol > /dev/null; }
within 30 follows && kill -0 $G && grep -q ^bob: "$root/etc/passwd" && ok "with room, the same natal-guestd follows the next one" ||
  fail "$(field web-1 state) $(field web-1 reason): $(tail -5 "$T/guestd.log")"
kill $G; wait $G 2> /dev/null; umount "$root/var/lib/natal"

# ---- a host's, at the moment at which it joins: its token is not lost by that
n access grant host h1 --out "$T/h1.token" > /dev/null
small "$T/host" 64k; fill "$T/host"
want 1 "No space left on device" "$B/natal-hostd" --state "$T/host" --join "$T/h1.token" --server "https://127.0.0.1:$port"
rm "$T/host/filler"; : > "$T/hostd.log"
"$B/natal-hostd" --state "$T/host" --join "$T/h1.token" --server "https://127.0.0.1:$port" 2> "$T/hostd.log" & H=$!; pids+=($H)
there() { n host list --no-headers | grep -qE "^h1 +there +"; }
within 15 there && ok "with room, it joins by the same token" || fail "$(n host list): $(tail -3 "$T/hostd.log")"
kill $H; wait $H 2> /dev/null
kill $D; wait $D 2> /dev/null; pids=()

# ---- a PostgreSQL's
pg_there && grep -q '^#define PQ_SONAME' "$B/config.h" || { untried "no PostgreSQL server is installed, or it was built without libpq: its disk is not looked at"; exit $bad; }
pg_folder && small "$PG" 160M "mode=700,uid=postgres,gid=postgres" && pg_start a -c fsync=off -c min_wal_size=64MB -c max_wal_size=64MB -c autovacuum=off || exit 1
umount "$S"; mkdir -p "$S"; pg_url a > "$T/url"; chmod 600 "$T/url"; : > "$T/log"
"$B/natald" --state "$S" --store "@$T/url" 2> "$T/log" & D=$!; pids+=($D)
within 20 grep -q 'ready$' "$T/log" || { fail "natald: $(cat "$T/log")"; exit 1; }
n key init > /dev/null && n pool fill 100 > /dev/null
fill "$PG" 1000000; names=() refused=
for i in $(seq 300); do
  if n vm create "p-$i" --host none > "$T/said" 2>&1; then names+=("p-$i"); else refused=$(cat "$T/said"); break; fi
done
[[ $refused == *"the disk of the store "*" is full"*"No space left on device"*"hint: free some of the server's space"* || $refused == *"VM p-$i is defined, and its bundle could not be signed yet"* ]] && ok "${#names[@]} creates later: $refused" ||
  fail "PostgreSQL's disk: '$refused': $(tail -3 "/tmp/${PG##*/}.a.log")"
for i in $(seq 60); do n vm create "no-$i" --host none > "$T/said" 2>&1 || ! grep -q "the disk of the store .* is full: .*No space left on device" "$T/said" || break; done
grep -q "hint: free some of the server's space and ask again" "$T/said" && ok "and: $(head -1 "$T/said")" || fail "PostgreSQL's disk: $(cat "$T/said")"
want 0 "p-1 " n vm list
rm "$PG/filler"; within 20 after && kill -0 $D && ok "with room, natald goes on" || fail "$(cat "$T/said")"
lost=0
for v in "${names[@]}"; do n vm pin "$v" --known-hosts > /dev/null 2>&1 || lost=$((lost + 1)); done
[ $lost = 0 ] && ok "all of ${#names[@]} that were acknowledged are there" || fail "$lost of ${#names[@]} are lost"
exit $bad
