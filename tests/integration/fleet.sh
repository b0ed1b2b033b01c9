#!/bin/bash
# fleet.sh - two natald on one PostgreSQL with a host each, every one on a machine of its own (network namespaces): VMs made at one run on the other's
# host; one natald is cut off from the store, and one is killed; nothing is handed out twice, and guests do not notice. Guests are SIMULATED
# (tests/tools/fake_qemu.py): what is real is natald, natal-hostd, PostgreSQL and what lies between.
export srcdir; srcdir=$(realpath "$(dirname "$0")/../..")
export builddir=${NATAL_TEST_BUILD:-$srcdir/out/tests/build}
. "$srcdir/tests/controller/lib.sh"
ok() { echo "ok $1"; }
. "$srcdir/tests/tools/pg.sh"
. "$srcdir/tests/tools/nets.sh"
pg_there || { echo "no PostgreSQL server is installed"; exit 77; }
grep -q '^#define PQ_SONAME' "$B/config.h" || { echo "built without libpq"; exit 77; }
command -v qemu-img > /dev/null && command -v swtpm_setup > /dev/null && command -v python3 > /dev/null || { echo "qemu-img, swtpm and python3 are needed"; exit 77; }
nets_there || { nets_why; exit 77; }
unset NATAL_STORE
A= D= H1= H2=
stop_all() {
  for p in $(grep -hoE '"(main|tpm)_pid":[1-9][0-9]*' "$T"/h?/host/*/run.json 2>/dev/null | cut -d: -f2); do kill "$p" 2>/dev/null; done
  for p in $H1 $H2 $A $D; do kill -9 "$p" && wait "$p"; done 2>/dev/null
  pg_clean; nets_clean
  [ $bad = 0 ] || for l in a b h1 h2; do echo "--- $l"; tail -n 15 "$T/$l.log"; done
  chmod -R u+rwx "$T"; rm -rf "$T"
}
trap stop_all EXIT
chmod 711 "$T"
nets_up db a b h1 h2 || { echo "the network could not be made"; exit 77; }

# ---- the store, two natald, two hosts
two_natald
nb() { "$B/natalctl" --state "$T/sb" "$@"; }
n key init > /dev/null && n pool fill 40 > /dev/null
mkdir "$T/bin" "$T/image"; cp -r "$S/trust.d" "$T/trust"; chmod -R a+rX "$T/trust"
printf '#!/bin/sh\nexec python3 %s %s %s "$@"\n' "$srcdir/tests/tools/fake_qemu.py" "$B/tests/tools/fake_guest" "$T/trust" > "$T/bin/qemu-system-x86_64"
chmod 755 "$T/bin" "$T/bin/qemu-system-x86_64"
echo x > "$T/image/initrd"; truncate -s 1M "$T/image/root.img"; kernel > "$T/image/vmlinuz"
echo '{"kernel":"vmlinuz","initrd":"initrd","root":"root.img"}' > "$T/image/image.json"
n image register i --from "$T/image" > /dev/null
hostd_start() { # NAME URL…
  local name=$1 servers=(); shift
  for u in "$@"; do servers+=(--server "$u"); done
  touch "$T/$name.log"
  (PATH=$T/bin:$PATH NATAL_ACCEL=tcg exec ip netns exec "$NETS_PREFIX-$name" "$B/natal-hostd" --state "$T/$name" --join "$T/$name.token" "${servers[@]}" 2>> "$T/$name.log") &
  within 30 grep -q ' found' "$T/$name.log" || fail "natal-hostd $name: $(tail -3 "$T/$name.log")"
}
ua=https://$(net_ip a):8443 ub=https://$(net_ip b):8443
for h in h1 h2; do n access grant host $h --out "$T/$h.token" > /dev/null; done
hostd_start h1 "$ua" "$ub"; H1=$!
hostd_start h2 "$ub" "$ua"; H2=$!
there() { [ "$(nb host list --no-headers | grep -cE '^h[12] +there ')" = 2 ]; }
within 15 there && ok "two natald on one PostgreSQL, a host at each" || fail "$(nb host list)"
want 5 "this controller's store is shared, and it has no host 'local'" n vm create x --image i
of() { # natald's natalctl, VM, FIELD
  "$1" vm show "$2" -o json | python3 -c 'import json,sys; d=json.load(sys.stdin)
for k in sys.argv[1].split("."): d=d[k]
print(d)' "$3"
}
is() { [ "$(of "$1" "$2" "$3" 2>/dev/null)" = "$4" ]; }
# born CLI VM HOST: made and started at that natald, provisioned and its keys wiped
born() {
  local t=$(date +%s%N)
  "$1" vm create "$2" --image i --memory 64 --host "$3" > "$T/said" 2>&1 && "$1" vm start "$2" >> "$T/said" 2>&1 && within 30 is "$1" "$2" state provisioned ||
    { fail "$2: $(cat "$T/said") $(of "$1" "$2" reason)"; return 1; }
  ms=$((($(date +%s%N) - t) / 1000000))
}

# ---- made at one, run at the other's
born n at-a h2 && ok "made at A, run on the host that asks B: $ms ms"
born nb at-b h1 && ok "made at B, run on the host that asks A: $ms ms"
wiped() { [ "$(of n at-a bundle.wiped_at)" != 0 ] && [ "$(of nb at-b bundle.wiped_at)" != 0 ]; }
within 30 wiped && ok "both have said what they are, and their private halves are wiped" || fail "not wiped: $(of n at-a reason)"
n vm logs at-b > "$T/said" 2>&1 && grep -q simulation "$T/said" && ok "a console is read through either" || fail "$(cat "$T/said")"

# ---- A is cut off from the store
net_cut a db; cut=$SECONDS
n vm create twice --host none --idempotency-key only-once > "$T/refused" 2>&1 & refused=$!
nb vm create during --host none > /dev/null 2>&1 && ok "B goes on" || fail "B did not go on"
ready() { [ "$(net_in "$1" curl -sk -m 8 -o "$T/ready" -w '%{http_code}' "https://$(net_ip "$1"):8443/readyz")" = "$2" ]; }
ready b 200 && ok "and says that it is ready" || fail "B: $(cat "$T/ready")"
within 70 ready a 503 && ok "A says that it is not, after $((SECONDS - cut)) s: $(python3 -c 'import json,sys; print(json.load(sys.stdin)["detail"][:60])' < "$T/ready")" || fail "A: $(cat "$T/ready")"
wait $refused && fail "A made a VM without its store: $(cat "$T/refused")" || { grep -q 'error\[unavailable\].*store' "$T/refused" && ok "what A was asked is refused with the reason" || fail "$(cat "$T/refused")"; }
nb vm create twice --host none --idempotency-key only-once > /dev/null 2>&1 || fail "B did not make what A could not"
born nb in-cut h1 && ok "the host that asked A asks B: a VM is born there while A is away, $((SECONDS - cut)) s after the cut"

# ---- and is back
net_heal a db; healed=$SECONDS
within 60 ready a 200 && ok "A is ready again $((SECONDS - healed)) s after the cut is mended" || fail "A: $(cat "$T/ready")"
n vm create twice --host none --idempotency-key only-once > "$T/said" 2>&1 && ok "asked again at A, the same request is the same VM" || fail "$(cat "$T/said")"
# Its signer finds out by the first question that its own connection has gone; the VM is there, and is signed a second later.
n vm create after --image i --memory 64 --host h1 > "$T/said" 2>&1 || grep -q "natald goes on by itself" "$T/said" || fail "after: $(cat "$T/said")"
within 20 is n after state ready && n vm start after > /dev/null && within 30 is n after state provisioned && ok "and a VM that A makes is born" || fail "after: $(of n after reason)"

# ---- one natald is killed; its host goes on with the other
pids() { for f in "$T"/h?/host/*/run.json; do grep -o '"main_pid":[1-9][0-9]*' "$f" | cut -d: -f2; done | sort; }
before=$(pids)
kill -9 $D; wait $D 2>/dev/null; D= killed=$SECONDS
born n orphan h2 && ok "B is killed: its host goes on with A, a VM is born there $((SECONDS - killed)) s after" || tail -5 "$T/h2.log"
alive=1; for p in $before; do grep -q '^State:[[:space:]][^ZX]' "/proc/$p/status" || alive=0; done
[ $alive = 1 ] && [ "$(echo "$before" | wc -l)" = 4 ] && ok "four guests did not notice" || fail "guests: $before, and now $(pids)"
n vm stop at-a --force > /dev/null && is n at-a running False && ok "what B made is stopped by A" || fail "$(of n at-a reason)"

# ---- what is overdue is judged by the one that is left, once it has the duty
pg_sql one "UPDATE vm SET state = 2, deadline_at = extract(epoch FROM now())::bigint + 5000 WHERE name = 'during'"
sleep 1; is n during state booting || fail "judged too early: $(of n during reason)"
judged() { pg_sql one "UPDATE vm SET deadline_at = 1 WHERE name = 'during' AND state = 2"; is n during state failed; }
within 60 judged && [[ $(of n during reason) == "no report within"* ]] && ok "a VM that says nothing is judged" || fail "$(of n during state) $(of n during reason)"

# ---- nothing twice
[ "$(pg_sql one "SELECT count(*) FROM (SELECT vm_id, kind FROM pool_key WHERE vm_id IS NOT NULL GROUP BY vm_id, kind HAVING count(*) > 1) x")" = 0 ] && ok "no VM has taken keys twice" || fail "keys twice"
[ "$(pg_sql one "SELECT count(*) FROM (SELECT keys FROM bundle GROUP BY keys HAVING count(*) > 1) x")" = 0 ] && ok "no keys are in two bundles" || fail "keys in two bundles"
[ "$(pg_sql one "SELECT count(*) FROM vm WHERE name = 'twice'")" = 1 ] && ok "what was asked for at both is there once" || fail "twice: $(pg_sql one "SELECT count(*) FROM vm WHERE name = 'twice'")"
boots() { for f in "$T"/h?/host/*/run/serial.log; do grep -c 'a simulation' "$f"; done | sort | uniq -c | tr -s ' '; }
[ "$(boots)" = " 5 1" ] && ok "each guest was started once" || fail "starts: $(boots)"
[ "$(pg_sql one "SELECT count(*) FROM host_ask")" = 0 ] && ok "nothing that was asked is left undone" || fail "open: $(pg_sql one "SELECT host, type, vm_id FROM host_ask")"
n pool status > /dev/null && ok "the pool's books are right" || fail "the books: $(n pool status 2>&1 | tail -2)"
exit $bad
