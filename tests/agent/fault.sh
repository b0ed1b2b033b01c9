#!/bin/bash
# fault - the agent dies after its k-th change, for every k; the next run ends with the same tree, and a plan is then empty.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "owners and chroot need root"

mkdir -p "$work/seed/ssh" "$work/seed/tls"
for t in ed25519 ecdsa; do ssh-keygen -q -t $t -N '' -C '' -f "$work/seed/ssh/ssh_host_${t}_key"; done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/seed/tls/key.pem" -out "$work/seed/tls/cert.pem" -subj /CN=f 2>/dev/null
head -c 32 /dev/urandom > "$work/seed/report-key"
user_data "$work/seed" <<'J'
{"hostname": "web-1", "manage_etc_hosts": "localhost", "timezone": "Europe/Berlin", "groups": ["ops"],
 "users": [{"name": "alice", "groups": "sudo, ops", "sudo": "ALL=(ALL) NOPASSWD:ALL", "ssh_authorized_keys": ["ssh-ed25519 AAAA a"]}],
 "write_files": [{"path": "/srv/app/a", "content": "a\n", "owner": "alice:ops", "permissions": "0640"}, {"path": "/etc/motd", "content": "hello\n"}],
 "runcmd": ["cd /var/lib", ["touch", "ran it"]]}
J
echo '{"version": 2, "ethernets": {"eth0": {"dhcp4": true}}}' > "$work/seed/network-config"
seal "$work/bundle" 1 "$work/seed"

pristine=$work/pristine
make_root "$pristine"
mkdir -p "$pristine"/bin "$pristine/lib64" "$pristine/dev"
for p in /bin/sh /usr/bin/touch $(ldd /bin/sh /usr/bin/touch | grep -o '/lib[^ ]*' | sort -u); do mkdir -p "$pristine$(dirname "$p")"; cp -L "$p" "$pristine$p"; done

cp -a "$pristine" "$work/whole"
NATAL_FAULT_COUNT=$work/count "$fault" apply --root "$work/whole" --medium "$work/bundle" --uuid "$uuid" > /dev/null || fail "the run without a fault"
[ -e "$work/whole/var/lib/ran it" ] || fail "runcmd did not run"
wanted=$(tree "$work/whole")
n=$(cat "$work/count"); first=${NATAL_FAULT_FIRST:-1}
[ "$n" -gt 100 ] || fail "only $n changes were counted"
for ((k = first; k <= n; k++)); do
  rm -rf "$work/r"; cp -a "$pristine" "$work/r"
  status=0; NATAL_FAULT_AT=$k "$fault" apply --root "$work/r" --medium "$work/bundle" --uuid "$uuid" > /dev/null 2> "$work/said" || status=$?
  [ "$status" = 99 ] || fail "k=$k: status $status, not the fault's: $(cat "$work/said")"
  "$agent" apply --root "$work/r" --medium "$work/bundle" --uuid "$uuid" > /dev/null 2> "$work/said2" || fail "k=$k ($(cat "$work/said")): the next run fails: $(cat "$work/said2")"
  [ "$(tree "$work/r")" = "$wanted" ] || { diff <(echo "$wanted") <(tree "$work/r") || true; fail "k=$k ($(cat "$work/said")): another tree"; }
  if ((k % 10 == 0)); then
    "$agent" plan --root "$work/r" --medium "$work/bundle" --uuid "$uuid" | grep -q ' 0 to do in 0 actions' || fail "k=$k: a plan afterwards is not empty"
  fi
done
ok "a fault after each of $n changes: the same tree, and an empty plan"

# What the dead run staged and the next bundle does not want is taken away all the same.
user_data "$work/seed2" <<<'{"hostname": "other"}'
seal "$work/bundle2" 2 "$work/seed2"
seen=0
for ((k = 5; k < n / 2; k += 9)); do
  rm -rf "$work/r"; cp -a "$pristine" "$work/r"
  NATAL_FAULT_AT=$k "$fault" apply --root "$work/r" --medium "$work/bundle" --uuid "$uuid" > /dev/null 2>&1 || true
  [ -z "$(find "$work/r" -name '*.natal-new')" ] || seen=$((seen + 1))
  "$agent" apply --root "$work/r" --medium "$work/bundle2" --uuid "$uuid" > /dev/null || fail "k=$k: the next bundle"
  [ -z "$(find "$work/r" -name '*.natal-new')" ] || fail "k=$k: left behind: $(find "$work/r" -name '*.natal-new')"
done
[ "$seen" -gt 0 ] || fail "no fault left anything behind"
ok "what was staged and is no longer wanted is taken away ($seen times)"

# The units' own verbs: the journal alone says what is done. It must not say so before it is.
boot() { "$1" boot "$2" --root "$3" --medium "$work/bundle" --uuid "$uuid" --wait 0; }
rm -rf "$work/whole"; cp -a "$pristine" "$work/whole"
NATAL_FAULT_COUNT=$work/count boot "$fault" early "$work/whole" > /dev/null 2>&1 || fail "boot early without a fault"
n=$(cat "$work/count")
boot "$agent" late "$work/whole" > /dev/null 2>&1 || fail "boot late without a fault"
wanted=$(tree "$work/whole")
grep -q '"state":"provisioned"' "$work/whole/var/lib/natal/journal" || fail "not provisioned: $(cat "$work/whole/var/lib/natal/journal")"
for ((k = 1; k <= n; k += 7)); do
  rm -rf "$work/r"; cp -a "$pristine" "$work/r"
  status=0; NATAL_FAULT_AT=$k boot "$fault" early "$work/r" > /dev/null 2>&1 || status=$?
  [ "$status" = 99 ] || fail "boot early, k=$k: status $status, not the fault's"
  rm -rf "$work/r/run/natal"
  boot "$agent" early "$work/r" > /dev/null 2>&1 && boot "$agent" late "$work/r" > /dev/null 2>&1 || fail "boot early, k=$k: the next boot fails"
  [ "$(tree "$work/r")" = "$wanted" ] || { diff <(echo "$wanted") <(tree "$work/r") || true; fail "boot early, k=$k: another tree"; }
done
ok "a boot that ended anywhere in $n changes: the next one ends with the same tree"
