#!/bin/bash
# schema - a cloud-config of 150 lines judged by natal-agent schema and by cloud-init schema: whole processes, wall time, in turn.
. "$(dirname "$0")/lib.sh"
need cloud-init cloud-init
count=${NATAL_BENCH_COUNT:-500} peers=${NATAL_BENCH_PEER_RUNS:-20}
cp "$build/natal-agent" "$work/natal-agent"; strip "$work/natal-agent"
python3 - > "$work/user-data" <<'P'
lines = ["#cloud-config", "hostname: web-1", "manage_etc_hosts: true", "package_update: true", "packages:"]
lines += ["- package-%d" % i for i in range(30)]
lines += ["users:", "- default"]
for i in range(8):
    lines += ["- name: user%d" % i, "  gecos: User %d" % i, "  groups: [adm, sudo]", "  shell: /bin/bash", "  lock_passwd: true",
              "  ssh_authorized_keys:", "  - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%040d user%d" % (i, i)]
lines += ["write_files:"]
for i in range(8):
    lines += ["- path: /etc/app/%d.conf" % i, "  permissions: '0644'", "  content: |", "    value = %d" % i]
lines += ["runcmd:"] + ["- [systemctl, restart, app-%d]" % i for i in range(150 - len(lines) - 1)]
print("\n".join(lines))
P
[ "$(wc -l < "$work/user-data")" = 150 ] || { echo "the document has $(wc -l < "$work/user-data") lines" >&2; exit 1; }
"$work/natal-agent" schema "$work/user-data" >&2 && cloud-init schema -c "$work/user-data" >&2 || { echo "not valid for both" >&2; exit 1; }
third() { "$build/tests/bench/times" $((count / 3)) "$work/natal-agent" schema "$work/user-data" | field p50_ms; }
peer() { "$build/tests/bench/times" $((peers / 2)) cloud-init schema -c "$work/user-data" | field p50_ms; }
a=$(third); p=$(peer); b=$(third); q=$(peer); c=$(third)
emit schema "$(printf '%s\n' "$a" "$b" "$c" | median)" ms 'cloud-init schema' "$(printf '%s\n' "$p" "$q" | median)" 'ratio >= 50'
