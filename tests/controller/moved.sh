#!/bin/bash
# moved - natalctl store: a store is checked, copied, put back, moved to a PostgreSQL and served from there by two natald.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../tools/pg.sh"
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
stop_all() { for p in "${two_pid:-}"; do [ -z "$p" ] || { kill "$p"; wait "$p"; }; done 2>/dev/null; ended; pg_clean; }
trap stop_all EXIT
unset NATAL_STORE
pg_start a -c fsync=off || exit 1
sums() { n store check "$@" | grep -v '^every'; }
n key init >/dev/null && n pool fill 5 >/dev/null || exit 1
for i in 1 2 3; do n vm create "web-$i" --host none --medium-out "$T/web-$i.iso" >/dev/null || exit 1; done

# A natald is at work: looked at and copied, but not moved.
want 0 "every row can be read" n store check
n store check -o json | python3 -c 'import json,sys; t={x["name"]: x["rows"] for x in json.load(sys.stdin)["tables"]}; assert t["vm"] == 3, t; assert "migration" not in t' &&
  ok "as JSON" || fail "as JSON"
want 0 "keep it apart" n store backup "$T/copy.db"
want 7 "is there already" n store backup "$T/copy.db"
want 7 "another natald holds the state folder" n store migrate --to "$(pg_url a)"
want 2 "a password in it" n store migrate --to "postgresql://natal:secret@127.0.0.1/natal"
n daemon stop

# Moved: the same rows, and the file is put aside.
sums > "$T/before"
want 0 "moved; start natald with --store" n store migrate --to "$(pg_url a)"
pg_url a > "$T/url"; chmod 600 "$T/url"
sums --store "@$T/url" | diff "$T/before" - > "$T/diff" && ok "the same rows on PostgreSQL" || fail "rows differ: $(cat "$T/diff")"
[ ! -e "$S/natal.db" ] && [ -s "$S/natal.db.moved" ] && ok "the file is put aside" || fail "natal.db: $(ls "$S")"
want 9 "is not there, but $(pg_url a)" n store migrate --to "$(pg_url a)"
# Nobody begins an empty store where the moved one was: not natalctl on its way, not natald; and what is in the folder stays.
held() { ls "$S"/pins/*.pin "$S"/trust.d/*; }
held > "$T/held"; [ "$(grep -c 'pins/web' "$T/held")" = 3 ] || fail "pins: $(cat "$T/held")"
want 9 "natald did not start: the store of $S is not there, but $(pg_url a)" n vm list
want 9 "start natald with --store and that address, or with it in NATAL_STORE" n vm list
want 9 "is not there, but" "$B/natald" --state "$S"
[ ! -e "$S/natal.db" ] && held | diff "$T/held" - && ok "nothing was begun and nothing erased" || fail "begun: $(ls "$S")"
mv "$S/store.at" "$T/note"
want 9 "was moved to a server (natal.db.moved is what it was)" n vm list
mv "$T/note" "$S/store.at"
cp "$S/natal.db.moved" "$T/again.db"
want 7 "is not empty" n store restore "$T/again.db" --store "@$T/url"

# Served from there: the same machines, media and records; and by a second natald too.
export NATAL_STORE=@$T/url
n vm list > "$T/list" && grep -q web-3 "$T/list" && ok "the same VMs" || fail "VMs: $(cat "$T/list")"
n vm medium web-2 --out "$T/again.iso" && cmp -s "$T/web-2.iso" "$T/again.iso" && ok "the same medium, byte for byte" || fail "another medium"
mkdir "$T/else"; want 7 "is held by a natald" "$B/natalctl" --state "$T/else" store restore "$T/copy.db"
mkdir -p "$T/two" && cp "$S/store.key" "$T/two/" || exit 1
"$B/natald" --state "$T/two" --store "@$T/url" > "$T/two.log" 2>&1 & two_pid=$!
within 20 grep -q ready "$T/two.log" || { cat "$T/two.log"; fail "no second natald"; }
grep -q "$(grep -o 'controller=[^ ]*' "$S/natald.log" | tail -1)" "$T/two.log" && ok "both are the same controller" || fail "controllers: $(cat "$T/two.log")"
n2() { "$B/natalctl" --state "$T/two" "$@"; }
want 0 "web-4" n2 vm create web-4 --host none
want 0 "ready" n vm show web-4
want 7 "exists" n vm create web-4 --host none
n2 key init --name later > /dev/null && within 10 test -s "$S/trust.d/later.pub" && ok "a key that one makes is in the other's trust.d" || fail "trust.d: $(ls "$S/trust.d" "$T/two/trust.d")"
(for i in $(seq 20); do n vm create "a-$i" --host none || echo failed; done) > "$T/a" 2>&1 & A=$!
(for i in $(seq 20); do n2 vm create "b-$i" --host none || echo failed; done) > "$T/b" 2>&1; wait $A
[ "$(grep -c ready "$T/a")" = 20 ] && [ "$(grep -c ready "$T/b")" = 20 ] && ok "40 VMs by both at once" || fail "at once: $(grep -h -A1 error "$T/a" "$T/b" | head -5)"
[ "$(n vm list --no-headers | wc -l)" = 44 ] && ok "both see all" || fail "$(n vm list --no-headers | wc -l) VMs"
for i in $(seq 20); do echo "a-$i"; echo "b-$i"; done | while read -r name; do n vm pin "$name" --known-hosts 2>/dev/null || n2 vm pin "$name" --known-hosts; done |
  awk '{print $NF}' | sort > "$T/keys"
uniq -d "$T/keys" > "$T/twice"
[ "$(uniq "$T/keys" | wc -l)" -ge 80 ] && [ ! -s "$T/twice" ] && ok "no key was handed out twice" || fail "$(wc -l < "$T/keys") keys, twice: $(head -3 "$T/twice")"
n pool status >/dev/null && n2 pool status >/dev/null && ok "the books are right" || fail "the books: $(n pool status 2>&1 | tail -2)"

# Every connection is cut, the signers' too, again and again; at worst a create says that its bundle is signed later, and asked again it is.
made() { n vm create "$1" --host none --if-not-exists > "$T/made" 2>&1 && grep ready "$T/made"; }
(for i in $(seq 15); do within 30 made "c-$i" || cat "$T/made"; done) > "$T/c" 2>&1 & C=$!
for i in $(seq 10); do sleep 0.2; pg_sql a "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'natal' AND pid <> pg_backend_pid()" >/dev/null; done
wait $C
[ "$(grep -c ready "$T/c")" = 15 ] && ok "15 VMs while connections are cut" || fail "while cut: $(grep -v ready "$T/c" | head -5)"
grep -q secret "$S/natald.log" "$T/two.log" && fail "a password in the log" || ok "no password in a log"
kill "$two_pid"; wait "$two_pid"; two_pid=
n daemon stop

# Two that begin an empty store at once: one makes the first rows, both serve them.
pg_sql a 'CREATE DATABASE fresh' postgres
for d in f1 f2; do mkdir "$T/$d"; cp "$S/store.key" "$T/$d/"; done
"$B/natald" --state "$T/f1" --store "$(pg_url a fresh)" > "$T/f1.log" 2>&1 & f1=$!
"$B/natald" --state "$T/f2" --store "$(pg_url a fresh)" > "$T/f2.log" 2>&1 & f2=$!
within 20 grep -q ready "$T/f1.log" && within 20 grep -q ready "$T/f2.log" &&
  [ "$(grep -ho 'controller=[^ ]*' "$T/f1.log" "$T/f2.log" | sort -u | wc -l)" = 1 ] && [ "$(pg_sql a 'SELECT count(*) FROM ca' fresh)" = 1 ] &&
  ok "two that begin an empty store are one controller" || fail "begun at once: $(cat "$T/f1.log" "$T/f2.log")"
kill "$f1" "$f2"; wait "$f1" "$f2"

# A folder that never had a store of its own remembers it too, by the file that names it, without what is in that.
rm -f "$T/two/natald.sock"
unset NATAL_STORE
[ "$(cat "$T/two/store.at")" = "@$T/url" ] && [ "$(stat -c %a "$T/two/store.at")" = 600 ] && ok "store.at names the file" || fail "store.at: $(cat "$T/two/store.at")"
want 9 "the store of $T/two is not there, but @$T/url" n2 vm list
export NATAL_STORE=@$T/url

# Back into a file: a backup of the server's, put into an empty folder.
want 0 "keep it apart" n store backup "$T/server.db"
sums > "$T/server"
unset NATAL_STORE
S0=$S S=$T/three; mkdir "$S"; cp "$S0/store.key" "$S/"
echo "@$T/url" > "$S/store.at"
want 0 "restored" n store restore "$T/server.db"
[ ! -e "$S/store.at" ] && ok "a store that is restored into the folder is there again" || fail "store.at stays"
sums | diff "$T/server" - | grep '^[<>]' | grep -v pool_ > "$T/diff"
[ ! -s "$T/diff" ] && ok "the same rows again, but for the pool's" || fail "rows differ: $(cat "$T/diff")"
[ "$(n vm list --no-headers | wc -l)" = 59 ] && n vm medium web-2 --out "$T/third.iso" && cmp -s "$T/web-2.iso" "$T/third.iso" && ok "served from a file again" || fail "not served"
n pool status >/dev/null && ok "the copy's books are right" || fail "the copy's books"
n daemon stop
printf 'xxxxxxxxxxxxxxxx' | dd of="$S/natal.db" bs=1 seek=8192 conv=notrunc 2>/dev/null
want 3 "is corrupt" n store check
exit $bad
