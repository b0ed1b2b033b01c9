#!/bin/bash
# published.sh - weaknesses that were published of cloud-init and Ignition, each shown not to be natal's.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "owners need root"
root=$work/root
secret=s3cr3t-planted-$RANDOM$RANDOM
apply() { run_agent apply --root "$root" --medium "$work/bundle" "$@" > "$work/said" 2>&1 || [ $? = 10 ]; }
everything() { # what a program of no rights could read, below the root
  setpriv --reuid 65534 --regid 65534 --clear-groups find "$root" -type f -readable -exec cat {} + 2> /dev/null || true
}

# CVE-2024-6174 (and CVE-2024-11584's cause): without DMI data, cloud-init asks 169.254.169.254 and believes who answers.
make_root "$root"
SECONDS=0
unshare -n "$agent" plan --root "$root" --uuid "$uuid" --wait 0 > "$work/said" 2>&1 && fail "planned from nowhere"
grep -q 'no medium labelled NATAL' "$work/said" && [ "$SECONDS" -le 2 ] || fail "CVE-2024-6174: $(cat "$work/said") after $SECONDS s"
if command -v strace > /dev/null; then
  strace -f -o "$work/trace" -e trace=network "$agent" plan --root "$root" --uuid "$uuid" --wait 0 > /dev/null 2>&1 || true
  ! grep -E 'AF_INET|sin_addr' "$work/trace" || fail "CVE-2024-6174: natal-agent spoke to the network"
fi
# Where somebody does answer there, and is heard by whoever asks (the last one that does is the test itself).
if unshare -n ip addr add 169.254.169.254/32 dev lo 2> /dev/null; then
  cat > "$work/cloud.py" <<'END'
import http.server, os, subprocess, sys, threading, urllib.request
log, argv = sys.argv[1], sys.argv[2:]
class Cloud(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(log, "a") as f: print(self.path, file=f)
        self.send_response(200); self.end_headers(); self.wfile.write(b"#cloud-config\nhostname: theirs\n")
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("169.254.169.254", 80), Cloud)
threading.Thread(target=server.serve_forever, daemon=True).start()
subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
urllib.request.urlopen("http://169.254.169.254/the-test", timeout=10).read()
END
  : > "$work/asked"
  unshare -n sh -c 'ip link set lo up; ip addr add 169.254.169.254/32 dev lo; exec "$@"' - \
    python3 "$work/cloud.py" "$work/asked" "$agent" apply --root "$root" --uuid "$uuid" --wait 0 || fail "the cloud does not answer"
  [ "$(cat "$work/asked")" = /the-test ] || fail "CVE-2024-6174: asked for $(cat "$work/asked")"
fi
ok "CVE-2024-6174: no DMI data, no network asked: nothing is found, at once"

# CVE-2024-11584: a socket by which anybody sends commands to root.
printf 'x' | user_data "$work/seed" ; printf '#cloud-config\nhostname: a\n' > "$work/seed/user-data"
seal "$work/bundle" 1 "$work/seed"; apply || fail "$(cat "$work/said")"
[ -z "$(find "$root" -type s -o -type p -newer "$work/key.pub")" ] || fail "CVE-2024-11584: sockets or pipes are left"
[ -z "$(find "$root" -newer "$work/key.pub" ! -type l -perm -o+w ! -perm -1000)" ] || fail "CVE-2024-11584: $(find "$root" -newer "$work/key.pub" ! -type l -perm -o+w)"
ok "CVE-2024-11584: no socket, no pipe, nothing that anybody may write"

# CVE-2023-1786, CVE-2022-2084, CVE-2021-3429: what user-data keeps secret stands in a log or a file that anybody reads.
make_root "$root"; chmod 755 "$work" "$root"; rm -rf "$work/seed"; mkdir -p "$work/seed"
cat > "$work/seed/user-data" <<END
#cloud-config
users:
- name: dave
  lock_passwd: false
  plain_text_passwd: $secret-password
chpasswd: {expire: false, users: [{name: root, type: text, password: $secret-root}]}
write_files:
- {path: /srv/token, permissions: '0600', content: $secret-file}
runcmd: [[echo, $secret-runcmd]]
bootcmd: [[echo, $secret-bootcmd]]
natal: {policy: {bootcmd: continue, runcmd: continue}}
END
printf '#cloud-config\nbootcmd: [[echo, %s-vendor]]\n' "$secret" > "$work/seed/vendor-data"
seal "$work/bundle" 1 "$work/seed"
run_agent plan --root "$root" --medium "$work/bundle" > "$work/plan" 2>&1 || fail "$(cat "$work/plan")"; run_agent plan --root "$root" --medium "$work/bundle" -o json >> "$work/plan" 2>&1
apply || fail "$(cat "$work/said")"
run_agent status --root "$root" > "$work/status"; run_agent status --root "$root" -o json >> "$work/status"
! grep -l "$secret" "$work/plan" "$work/said" "$work/status" || fail "CVE-2023-1786: a secret is shown"
everything > "$work/readable"
! grep -ao "$secret[a-z-]*" "$work/readable" || fail "CVE-2023-1786: a secret is readable by anybody"
grep -rqa "$secret-file" "$root/srv/token" || fail "the secret file was not written"
ok "CVE-2023-1786: secrets are in no plan, status, log or readable file"
! grep -ra "$secret" "$root/var/log" "$root/var/lib/natal/spool" "$root/run" 2> /dev/null | grep -v '/output.log' || fail "CVE-2023-1786: a secret is in a log"
[ -z "$(find "$root/var/log" -type f -perm /077 2> /dev/null)" ] || fail "a log is readable by others"
ok "CVE-2023-1786: nor in what is reported"
for wrong in "users: [{name: a, plain_text_passwd: [$secret]}]" "chpasswd: {users: [{name: a, password: {$secret: 1}}]}" "password: {a: $secret}" \
  "write_files: [{path: /a, content: [$secret]}]" "runcmd: [{a: $secret}]" "ssh_keys: {rsa_private: [$secret]}"; do
  printf '#cloud-config\n%s\n' "$wrong" > "$work/seed/user-data"; seal "$work/bad" 2 "$work/seed"
  run_agent apply --root "$root" --medium "$work/bad" > "$work/said" 2>&1 && fail "taken: $wrong"
  "$agent" schema "$work/seed/user-data" >> "$work/said" 2>&1 && fail "valid: $wrong"
  ! grep -q "$secret" "$work/said" || fail "CVE-2022-2084: the value is shown: $(cat "$work/said")"
done
ok "CVE-2022-2084: what is wrong is named, its value is not"
# CVE-2021-3429, CVE-2020-8631, CVE-2020-8632: passwords made up by cloud-init were in a log that anybody reads, easily guessed, and short.
make_root "$root"; rm "$work/seed"/*; mkdir -p "$root/bin" "$root/dev"
for f in /bin/sh /usr/bin/head /usr/bin/tr; do cp -L --parents "$f" $(ldd "$f" | grep -o '/[^ )]*' | sort -u) "$root/"; done
mknod -m 444 "$root/dev/urandom" c 1 9 2> /dev/null && head -c 1 "$root/dev/urandom" > /dev/null 2>&1 || { rm -f "$root/dev/urandom"; mkfifo "$root/dev/urandom"; while :; do head -c 4096 /dev/urandom > "$root/dev/urandom"; done & feeder=$!; }
printf '#!/bin/sh\nwhile read -r l; do case $l in ann:*) [ ! -e /root/no-ann ] || exit 1;; esac; printf "%%s\\n" "$l" >> /root/set; done\n' > "$root/usr/sbin/chpasswd"; printf '#!/bin/sh\necho "$@" >> /root/expired\n' > "$root/usr/bin/passwd"
chmod 755 "$root/usr/sbin/chpasswd" "$root/usr/bin/passwd"
printf '#cloud-config\nusers: [{name: ann, lock_passwd: false}]\nchpasswd: {users: [{name: root, type: RANDOM}, {name: nobody-here, type: RANDOM}], list: ["ann:R"]}\n' > "$work/seed/user-data"
seal "$work/bundle" 1 "$work/seed"
said_as() { run_agent "$@" --root "$root" --medium "$work/bundle" >> "$work/said" 2>&1 || [ $? = 10 ]; }
: > "$work/said"; apply || fail "$(cat "$work/said")"
for console in none folder link; do # a node that cannot be opened, ENODEV, is not the test's to make
  case $console in folder) mkdir "$root/dev/console";; link) rmdir "$root/dev/console"; ln -s nowhere/console "$root/dev/console";; esac
  rm -f "$root/var/log/natal/output.log"; : > "$work/said"; apply || fail "$(cat "$work/said")"
  grep -q 'item=random_passwords outcome=failed' "$work/said" && grep -q 'there is no console to show the password on' "$root/var/log/natal/output.log" && [ ! -e "$root/root/set" ] || fail "console $console: $(cat "$work/said" "$root/var/log/natal/output.log")"
done
rm "$root/dev/console"
: > "$root/dev/console"; : > "$root/root/no-ann"; apply || fail "$(cat "$work/said")"
grep -q 'item=random_passwords outcome=failed' "$work/said" && [ "$(cat "$root/root/set")" = "$(sed 1d "$root/dev/console")" ] && [ "$(wc -l < "$root/root/set")" = 1 ] && grep -q '^root:' "$root/root/set" || fail "one of two: shown $(cat "$root/dev/console"), set $(cat "$root/root/set")"
rm -f "$root/root/no-ann" "$root/root/set" "$root/root/expired"
ok "a password that was made up and set is shown, and without a console that can be opened none is"
: > "$root/dev/console"; chmod 600 "$root/dev/console"; chmod 700 "$root/root"; : > "$work/said"
said_as apply; said_as plan; said_as plan -o json; said_as status -o json
[ -z "${feeder:-}" ] || kill "$feeder"
[ "$(sort "$root/root/set")" = "$(sed 1d "$root/dev/console" | sort)" ] && [ "$(wc -l < "$root/root/set")" = 2 ] || fail "shown: $(cat "$root/dev/console"); set: $(cat "$root/root/set"); said: $(cat "$work/said")"
head -1 "$root/dev/console" | grep -qx "Set the following 'random' passwords" || fail "$(cat "$root/dev/console")"
[ "$(cat "$root/root/expired")" = $'-e root\n-e ann' ] || fail "expired: $(cat "$root/root/expired")"
[ "$(cut -d: -f2 "$root/root/set" | grep -cxE '[a-km-np-zA-HJKMNP-Z2-9]{20}')" = 2 ] && [ "$(cut -d: -f2 "$root/root/set" | sort -u | wc -l)" = 2 ] || fail "$(cat "$root/root/set")"
cut -d: -f2 "$root/root/set" > "$work/words"; mv "$root/root/set" "$root/dev/console" "$work/"
! grep -rqFf "$work/words" "$root" "$work/said" || fail "a password that was made up is in: $(grep -rlFf "$work/words" "$root" "$work/said")"
ok "CVE-2021-3429, CVE-2020-8631, CVE-2020-8632: passwords made up are 20 letters of the kernel's randomness, on the console, and in no log, report or file"

# CVE-2019-0816: keys that nobody asked for are let in.
make_root "$root"; rm -rf "$work/seed"; mkdir -p "$work/seed"
printf '#cloud-config\nusers: [{name: eve, ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIuHkUKT4cKyf2/ZbIVUhJJlq8nUnvVxl0Xo3pXvNT7C eve]}]\n' > "$work/seed/user-data"
seal "$work/bundle" 1 "$work/seed"; apply || fail "$(cat "$work/said")"
[ "$(find "$root" -name authorized_keys | wc -l)" = 1 ] && [ "$(wc -l < "$root/home/eve/.ssh/authorized_keys")" = 1 ] || fail "CVE-2019-0816: $(find "$root" -name authorized_keys)"
ok "CVE-2019-0816: just the keys that are asked for, for just that user"

# CVE-2020-11933: a disk with a seed, put into a machine that has been set up, sets it up again.
printf '{"waive": {"sources": ["nocloud"]}}' > "$root/etc/natal/policy.json"
mkdir -p "$root/var/lib/cloud/seed/nocloud"
printf '#cloud-config\nusers: [{name: mallory, sudo: "ALL=(ALL) NOPASSWD:ALL"}]\n' > "$root/var/lib/cloud/seed/nocloud/user-data"; echo 'instance-id: i-2' > "$root/var/lib/cloud/seed/nocloud/meta-data"
run_agent apply --root "$root" --wait 0 > "$work/said" 2>&1 || fail "CVE-2020-11933: $(cat "$work/said")"
grep -qx unchanged "$work/said" || fail "CVE-2020-11933: $(cat "$work/said")"
! grep -q mallory "$root/etc/passwd" || fail "CVE-2020-11933: the seed was applied"
ok "CVE-2020-11933: a seed that nobody signed is nothing to a guest that a signed medium has provisioned"

# Ignition CVE-2022-1706: what the guest was given stays readable by its users.
[ "$(stat -c %a "$root/var/lib/natal")" = 700 ] || fail "CVE-2022-1706: /var/lib/natal has mode $(stat -c %a "$root/var/lib/natal")"
ok "Ignition CVE-2022-1706: what the guest was given is root's alone; the medium itself is taken away (tests/integration/birth.sh)"

# Names and paths that lead elsewhere.
make_root "$root"; mkdir -m 700 "$root/var/lib/natal"; mkdir "$work/outside"; ln -s "$work/outside" "$root/srv"
for wrong in "users: [{name: ../x}]=no name of a user" "write_files: [{path: /srv/../../etc/x}]=not an absolute path" "users: [{name: a, homedir: /home/../../x}]=not an absolute path" \
  "groups: ['../g']=no name of a group" "swap: {filename: ../swap, size: 1M}=no absolute path"; do
  printf '#cloud-config\nnatal: {policy: {mounts: fail}}\n%s\n' "${wrong%%=*}" > "$work/seed/user-data"; seal "$work/bad" 2 "$work/seed"
  refused "${wrong#*=}" run_agent apply --root "$root" --medium "$work/bad"
done
printf '#cloud-config\nwrite_files: [{path: /srv/inside, content: x}]\n' > "$work/seed/user-data"; seal "$work/bundle" 2 "$work/seed"
run_agent apply --root "$root" --medium "$work/bundle" > "$work/said" 2>&1 || true
[ -z "$(ls "$work/outside")" ] || fail "a symlink led out of the root"
ok "a symlink out of the root is not followed"

# A script that floods fills no disk, and many do not either.
make_root "$root"; rm "$work/seed"/*; mkdir -p "$root/bin" "$root/usr/bin"
for f in /bin/sh /usr/bin/yes /usr/bin/head /usr/bin/sleep; do cp -L --parents "$f" $(ldd "$f" | grep -o '/[^ )]*' | sort -u) "$root/"; done
printf '#cloud-config\nruncmd: [[sh, -c, "yes | head -c 100000000"]]\n' > "$work/seed/user-data"; seal "$work/bundle" 1 "$work/seed"
apply || fail "$(cat "$work/said")"
log=$root/var/log/natal/output.log
[ "$(stat -c %s "$log")" -gt 1000 ] && [ "$(stat -c %s "$log")" -le 66000 ] || fail "the log has $(stat -c %s "$log") bytes"
[ "$(stat -c %a "$log")" = 600 ] || fail "the output is readable by others"
ok "a script that says 100 MB leaves a log of $(stat -c %s "$log") bytes"
{ echo '#cloud-config-archive'; for i in $(seq 70); do printf -- '- {filename: s%s, content: "#!/bin/sh\\nyes flood | head -c 100000\\n"}\n' "$i"; done; } > "$work/seed/user-data"; seal "$work/bundle" 2 "$work/seed"
apply || fail "$(cat "$work/said")"
[ "$(stat -c %s "$log")" -gt 4000000 ] && [ "$(stat -c %s "$log")" -le 4194304 ] || fail "the log has $(stat -c %s "$log") bytes"
ok "seventy that flood leave one of $(stat -c %s "$log") bytes"

# One that hangs is killed at its deadline, with what it has started. The journal has the late stage's deadlines: an hour is made a second.
hang=60.$RANDOM$RANDOM
printf '#cloud-config\nruncmd: ["sleep %s & sleep %s"]\n' "$hang" "$hang" > "$work/seed/user-data"; seal "$work/bundle" 3 "$work/seed"
boot() { run_agent boot "$1" --root "$root" --medium "$work/bundle" --channel "" --wait 0 > "$work/said" 2>&1; }
rm -rf "$root/run/natal"; boot early || fail "$(cat "$work/said")"
grep -q '"timeout_ms": *3600000' "$root/var/lib/natal/journal" || fail "no deadline of an hour is in the journal"
sed -i 's/"timeout_ms": *3600000/"timeout_ms":1000/' "$root/var/lib/natal/journal"
SECONDS=0 status=0
boot late || status=$?
[ "$status" = 10 ] && [ "$SECONDS" -le 20 ] || fail "status $status after $SECONDS s: $(cat "$work/said")"
grep -q 'item=runcmd outcome=failed policy=degrade reason=unavailable message=".* did not end within 1000 ms and was killed' "$work/said" || fail "$(cat "$work/said")"
for _ in 1 2 3 4 5; do pgrep -f "^sleep $hang\$" > /dev/null || break; sleep 0.2; done
! pgrep -af "^sleep $hang\$" || fail "it still runs"
ok "a script that hangs is killed at its deadline, with what it has started"
