#!/bin/bash
# bench - the benches run, their lines have the shape that docs/BENCH.md promises, and the comparison of trees can fail.
# level: full
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "the apply bench needs root for its namespaces"
command -v cloud-localds >/dev/null || skip "cloud-localds is missing"
make -s -C "$build" deb > "$work/deb.log" 2>&1 || { tail "$work/deb.log"; fail "make deb"; }

# One tree that holds every item of the seed; a copy is the same, and a copy with one thing changed is not.
tree=$work/tree
mkdir -p "$tree"/{etc/ssh,etc/sudoers.d,etc/natal/tls,etc/systemd/network,home/alice/.ssh,srv/app}
echo bench-1 > "$tree/etc/hostname"
echo 'alice:x:1000:1000:Alice:/home/alice:/bin/bash' > "$tree/etc/passwd"
echo 'alice:!:19000:0:99999:7:::' > "$tree/etc/shadow"
echo 'sudo:x:27:alice' > "$tree/etc/group"
echo 'alice ALL=(ALL) NOPASSWD:ALL' > "$tree/etc/sudoers.d/alice"
echo 'ssh-ed25519 AAAA bench' > "$tree/home/alice/.ssh/authorized_keys"
for k in ed25519 ecdsa; do echo "private $k" > "$tree/etc/ssh/ssh_host_${k}_key"; echo "public $k" > "$tree/etc/ssh/ssh_host_${k}_key.pub"; done
for i in 0 1 2 3 4; do echo "line $i" > "$tree/srv/app/f$i.conf"; done
echo key > "$tree/etc/natal/tls/key.pem"; echo cert > "$tree/etc/natal/tls/cert.pem"
printf '[Network]\nAddress=192.0.2.10/24\nGateway=192.0.2.1\n' > "$tree/etc/systemd/network/10.network"
cp -a "$tree" "$work/same"
"$here/tests/bench/compare.py" "$tree" "$work/same" || fail "two like trees are called different"
ok "like trees compare as the same"
differs() { # ITEM COMMAND: the command changes a copy; the comparison names the item
  rm -rf "$work/other"; cp -a "$tree" "$work/other"
  (cd "$work/other" && eval "$2")
  ! "$here/tests/bench/compare.py" "$tree" "$work/other" 2> "$work/differs" || fail "not seen: $2"
  grep -qF "differs: $1" "$work/differs" || fail "'differs: $1' was wanted after $2, got: $(cat "$work/differs")"
}
differs hostname 'echo other > etc/hostname'
differs passwd 'sed -i s,/bin/bash,/bin/sh, etc/passwd'
differs 'locked password' 'sed -i s,:!:,:x:, etc/shadow'
differs 'group sudo' 'sed -i s,alice,, etc/group'
differs home 'chmod 700 home/alice'
differs authorized_keys 'echo more >> home/alice/.ssh/authorized_keys'
differs 'sudo rule' 'rm etc/sudoers.d/alice'
differs /etc/ssh/ssh_host_ed25519_key 'chmod 600 etc/ssh/ssh_host_ed25519_key'
differs 'host keys' 'touch etc/ssh/ssh_host_rsa_key'
differs /srv/app/f3.conf 'echo more >> srv/app/f3.conf'
differs /etc/natal/tls/cert.pem 'rm etc/natal/tls/cert.pem'
differs network 'sed -i s,192.0.2.1$,192.0.2.2, etc/systemd/network/10.network'
ok "one thing changed in a tree is seen and named"

export NATAL_BENCH_BUILD=$build NATAL_BENCH_COUNT=12 NATAL_BENCH_PEER_RUNS=3 NATAL_BENCH_RUNS=1 NATAL_BENCH_BOOTS=2 NATAL_BENCH_IMAGES=$shared
export NATAL_BENCH_GUESTS=300 NATAL_BENCH_SECONDS=1 NATAL_BENCH_POOL=40 NATAL_BENCH_SUSTAINED=20 NATAL_BENCH_RSA=2 NATAL_BENCH_GROWTH=10000 NATAL_BENCH_ROUNDS=20 NATAL_BENCH_PLOT=$work/growth
"$here/tests/bench/run" > "$work/lines" 2> "$work/err" || { tail -n 20 "$work/err"; fail "a bench is void"; }
python3 - "$work/lines" <<'P'
import json, sys
lines = {}
for line in open(sys.argv[1]):
    o = json.loads(line)
    key = o["name"] + (" " + o["store"] if "store" in o else "")
    assert key not in lines, "twice: " + line
    lines[key] = o
    assert isinstance(o["value"], float) and o["value"] > 0 and o["unit"] in ("ms", "KiB", "s", "1/s", "times"), line
    assert ("against" in o) == ("ratio" in o) and ("bar" in o) == ("met" in o), line
    if "ratio" in o and o["unit"] == "1/s":
        assert abs(o["ratio"] - o["value"] / o["against"]["value"]) <= 0.01, line
    elif "ratio" in o:
        assert abs(o["ratio"] - o["against"]["value"] / o["value"]) <= 0.01, line
bars = {"medium", "apply.cpu", "apply.memory", "apply.unchanged", "apply.unchanged-without-medium", "exec", "create.p50", "size.with-libraries",
    "schema", "parse.cpu", "parse.memory", "parse.seed.memory", "boot.ssh.busy"}
served = {"create-row", "create-row.p99", "create-full", "status", "goal", "goal.memory", "reconnect", "growth.list", "growth.get", "growth.create", "growth.start"}
bars |= {f"{n} {s}" for n in served for s in {o["store"] for o in lines.values() if "store" in o}}
if "status postgresql" in lines:   # told by a second natald on the same store: SQLite has none
    bars |= {"goal.told postgresql", "goal.told.p99 postgresql"}
assert {n for n, o in lines.items() if "bar" in o} == bars, sorted(lines)
assert all("sync_ms" in o and "load" in o for o in lines.values() if "store" in o) and "status sqlite" in lines
assert {"medium.process", "create.p99", "size.package", "pool.saves.ed25519", "pool.saves.ecdsa", "pool.saves.rsa", "boot.ssh.added"} <= set(lines), sorted(lines)
P
grep -q "<polyline" "$work/growth-sqlite.svg" || fail "no plot was drawn"
ok "one JSON object a line, all that docs/BENCH.md lists, and a plot"

# A bench that measures nothing must not pass for one: an agent that fails, a medium of garbage.
mkdir "$work/broken"; ln -s "$build"/* "$work/broken/"; rm "$work/broken/natal-agent"; cp /bin/false "$work/broken/natal-agent"
! NATAL_BENCH_BUILD=$work/broken "$here/tests/bench/run" apply medium > "$work/lines" 2> "$work/err" || fail "benches of a broken agent pass"
[ ! -s "$work/lines" ] || fail "benches of a broken agent print numbers: $(cat "$work/lines")"
grep -q 'void: natal-agent failed' "$work/err" && grep -q 'void: the medium of' "$work/err" || fail "not called void: $(tail -n 5 "$work/err")"
ok "benches of an agent that fails are void"
