#!/bin/bash
# scripts.sh - the user's scripts: their order, the folders where cloud-init finds more of them and when those are run, jobs that outlive them.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "owners and chroot need root"
root=$work/root seed=$work/seed folders=$root/var/lib/cloud/scripts
mkdir -p "$seed"
fresh() {
  make_root "$root"; mkdir -p "$root/bin" "$root/usr/bin" "$root/srv" "$root/dev" "$folders"/{per-once,per-boot,per-instance}
  for f in /bin/sh /usr/bin/sleep /usr/bin/mkdir /usr/bin/chmod; do cp -L --parents "$f" $(ldd "$f" | grep -o '/[^ )]*' | sort -u) "$root/"; done
  : > "$root/srv/log"; : > "$root/dev/null"
}
sequence=0
given() { sequence=$((sequence + 1)); printf '%s' "$1" > "$seed/user-data"; seal "$work/bundle" "$sequence" "$seed" instance="${instance:-i-1}"; }
stage() { run_agent boot "$1" --root "$root" --channel "" --medium "$work/bundle" --wait 0 > "$work/$1" 2>&1; }
boot() { rm -rf "$root/run/natal"; : > "$root/srv/log"; status=0; stage early || fail "early: $(cat "$work/early")"; stage late || status=$?; }
ran() { tr '\n' ' ' < "$root/srv/log"; }
is() { [ "$(ran)" = "$1" ] || fail "ran: $(ran), wanted: $1 ($(cat "$work/late"))"; }
put() { printf '#!/bin/sh\necho %s >> /srv/log\n%s\n' "$2" "${3:-}" > "$folders/$1"; chmod 755 "$folders/$1"; }
says() { printf -- '- {type: text/%s, filename: %s, content: "#!/bin/sh\\necho %s >> /srv/log\\n"}\n' "$1" "$2" "$3"; }

# The order is cloud-init's: kinds, then names; runcmd is one of the user's.
fresh
put per-instance/f folder-instance; put per-boot/f folder-boot; put per-once/f folder-once
given "#cloud-config-archive
$(says x-shellscript z.sh user-z)
$(says x-shellscript b.sh user-b)
$(says x-shellscript a.sh user-a)
$(says x-shellscript-per-instance i instance)
$(says x-shellscript-per-boot o boot)
$(says x-shellscript-per-once c once)
- {type: text/cloud-config, content: 'runcmd: [echo runcmd >> /srv/log]'}
"
printf '#!/bin/sh\necho vendor >> /srv/log\n' > "$seed/vendor-data"; seal "$work/bundle" "$sequence" "$seed" instance=i-1
boot; is "vendor folder-once folder-boot folder-instance once boot instance user-a user-b runcmd user-z "
ok "vendor, per-once, per-boot, per-instance, then the user's by their names, with runcmd among them"
boot; is "folder-boot boot "
ok "the next boot: what is run at every boot"
rm "$seed/vendor-data"

# cloud-init-per, which cloud-init's own examples of bootcmd call.
fresh; mkdir -p "$root/usr/lib/natal"; cp "$src/agent/cloud-init-per" "$root/usr/lib/natal/"
cp -L --parents /usr/bin/tr $(ldd /usr/bin/tr | grep -o '/[^ )]*' | sort -u) "$root/"
given '#cloud-config
bootcmd:
- [cloud-init-per, once, mk, sh, -c, "echo once >> /srv/log"]
- [cloud-init-per, instance, mk, sh, -c, "echo instance >> /srv/log"]
- [cloud-init-per, always, mk, sh, -c, "echo always >> /srv/log"]
- "cloud-init-per once bad sh -c \"echo bad >> /srv/log; exit 3\" || true"
- "cloud-init-per once a/b true || echo named >> /srv/log"
- "cloud-init-per onec mk true || echo frequency >> /srv/log"
'
boot; is "once instance always bad named frequency "; [ "$status" = 0 ] || fail "$(cat "$work/early")"
boot; is "always bad named frequency "
instance=i-2; given "$(cat "$seed/user-data")
"; instance=i-1
boot; is "instance always bad named frequency "
ok "cloud-init-per: once, once an instance, always; what fails is run again"

# What lies in the folders, whoever put it there.
fresh
put per-boot/b b; put per-boot/a a; put per-boot/not x; chmod 644 "$folders/per-boot/not"; mkdir "$folders/per-boot/dir"
put per-once/o once; put per-instance/i instance
given '#cloud-config
hostname: web
write_files: [{path: /var/lib/cloud/scripts/per-boot/c, permissions: "0755", content: "#!/bin/sh\necho c >> /srv/log\n"}]
runcmd: ["printf \"#!/bin/sh\\necho d >> /srv/log\\n\" > /var/lib/cloud/scripts/per-boot/d; chmod 755 /var/lib/cloud/scripts/per-boot/d", "cp /var/lib/cloud/scripts/per-boot/d /x || : > /srv/none"]
'
boot; is "once a b c instance "
[ "$status" = 0 ] || fail "status $status: $(cat "$work/late")"
ok "sorted, what is a program alone, with what write_files has put there"
boot; is "a b c d "
ok "at every boot per-boot alone, with what runcmd has put there"
put per-once/later later; put per-instance/later later; boot; is "a b c d "
ok "once is the folder's: what comes later is not run"
instance=i-2 given '#cloud-config
hostname: web
'
boot; is "a b c d instance later "
ok "another instance: per-instance again, per-once not"
rm "$folders"/per-boot/?; boot; is ""
! grep -q 'scripts/cloud/per-boot' "$root/var/lib/natal/journal" || fail "what is gone is in the journal"
ok "what is gone is forgotten"

# Failures, and names that no journal could hold.
put per-boot/a a 'exit 3'; put per-boot/b b; long=$(printf 'n%.0s' $(seq 200)); put "per-boot/$long" long
boot; is "a b long "
[ "$status" = 10 ] && grep -q 'item=scripts/cloud/per-boot/a outcome=failed policy=degrade .*/var/lib/cloud/scripts/per-boot/a ended with status 3' "$work/late" || fail "$status: $(cat "$work/late")"
ok "one that fails degrades the guest, and the others are run"
rm "$folders"/per-boot/*[abn]; boot
[ "$status" = 0 ] && run_agent status --root "$root" > "$work/said" || fail "$status: $(cat "$work/late" "$work/said")"
ok "without it the guest is well again"

# Root's alone.
put per-boot/a a; put per-boot/g g; put per-boot/o o; put "per-boot/$(printf 'x\ny')" x; chmod 775 "$folders/per-boot/g"; chown 1000 "$folders/per-boot/o"
boot; is "a "
for f in g o; do grep -q "message=\"/var/lib/cloud/scripts/per-boot/$f is not run: others than root can change it\"" "$work/late" || fail "$f: $(cat "$work/late")"; done
[ "$(grep -c 'is not run: its name is not of printable ASCII' "$work/late")" = 1 ] || fail "$(cat "$work/late")"
chmod 777 "$folders/per-boot"; boot; is ""
grep -q 'message="/var/lib/cloud/scripts/per-boot is not run: others than root can change it"' "$work/late" || fail "$(cat "$work/late")"
ok "what others than root can change is not run, and named"

chmod 755 "$folders/per-boot"; rm -rf "$folders"/per-boot/*; put per-boot/a a; mkdir "$root/srv/theirs"; chown 1000 "$root/srv/theirs"
mv "$folders/per-boot/a" "$root/srv/theirs/a"; ln -s /srv/theirs/a "$folders/per-boot/l"; put per-boot/b b
boot; is "b "
grep -q 'message="/var/lib/cloud/scripts/per-boot/l is not run: it is a symbolic link' "$work/late" || fail "$(cat "$work/late")"
ok "a link in a folder is not run, and named"

# How long they may take is the image's to say; a job that outlives its script has no deadline.
fresh; echo '{"command_wait_s": 1}' > "$root/etc/natal/policy.json"
put per-boot/hangs hangs 'sleep 20; echo no >> /srv/log'; put per-boot/lives lives '(sleep 3; echo lived >> /srv/log) &'
given '#cloud-config
bootcmd: ["echo bootcmd >> /srv/log; sleep 20; echo no >> /srv/log"]
runcmd: ["echo runcmd >> /srv/log; sleep 20; echo no >> /srv/log"]
'
SECONDS=0; boot
[ "$status" = 10 ] && [ "$SECONDS" -lt 15 ] || fail "status $status after $SECONDS s: $(cat "$work/early" "$work/late")"
grep -q 'item=bootcmd outcome=failed .* did not end within 1000 ms and was killed' "$work/early" || fail "$(cat "$work/early")"
for i in runcmd scripts/cloud/per-boot/hangs; do grep -q "item=$i outcome=failed .* did not end within 1000 ms and was killed" "$work/late" || fail "$i: $(cat "$work/late")"; done
for _ in $(seq 60); do ! grep -q lived "$root/srv/log" || break; sleep 0.2; done
is "bootcmd hangs lives runcmd lived "
# Those before the network have twice the limit together: what hangs leaves time for the rest, at each boot.
fresh; echo '{"command_wait_s": 1}' > "$root/etc/natal/policy.json"
hook() { printf -- '- {type: text/cloud-boothook, filename: %s, content: "#!/bin/sh\\necho %s >> /srv/log\\n%s\\n"}\n' "$1" "$1" "$2"; }
given "#cloud-config-archive
$(hook a 'sleep 20')
$(hook b 'sleep 20')
$(hook c 'sleep 20')
- {type: text/cloud-config, content: 'bootcmd: [echo bootcmd >> /srv/log]'}
- {type: text/cloud-config, content: 'random_seed: {command: [sh, -c, echo seed >> /srv/log]}'}
- {type: text/cloud-config, content: 'write_files: [{path: /srv/rest, content: x}]'}
"
for n in 1 2; do
  rm -f "$root/srv/rest"; SECONDS=0; boot; is "a b "
  [ "$status" = 10 ] && [ "$SECONDS" -lt 10 ] && [ -e "$root/srv/rest" ] || fail "boot $n: status $status after $SECONDS s: $(cat "$work/early")"
  for i in boothook/c bootcmd seed_random; do grep -q "item=[^ ]*$i outcome=failed .* is not run: the 2000 ms that bootcmd, boothooks and random_seed have together were up before it" "$work/early" || fail "$i: $(cat "$work/early")"; done
done
given '#cloud-config
hostname: web
bootcmd: ["echo bootcmd >> /srv/log"]
'
boot; is "bootcmd "; [ "$status" = 0 ] || fail "$status: $(cat "$work/early")"
given "#cloud-config-archive
$(for i in a b c; do hook $i '[ ! -e /srv/hang ] || sleep 20'; done)
"
boot; is "a b c "; : > "$root/srv/hang"; SECONDS=0; boot; is "a b "; rm "$root/srv/hang"
[ "$status" = 10 ] && [ "$SECONDS" -lt 10 ] || fail "status $status after $SECONDS s: $(cat "$work/early")"
ok "what hangs before the network leaves time for the rest, at each boot"
rm "$root/etc/natal/policy.json"; fresh; given '#cloud-config
bootcmd: [":"]
runcmd: [":"]
'
rm -rf "$root/run/natal"; stage early
grep -q '"timeout_ms":300000' "$root/var/lib/natal/journal" && grep -q '"timeout_ms":3600000' "$root/var/lib/natal/journal" || fail "deadlines: $(cat "$root/var/lib/natal/journal")"
ok "commands end at their deadline, which the image's policy sets, and a job behind a script has none"

# A job that a script leaves behind: it lives on, whatever it says, and nobody waits for it.
fresh
given '#cloud-config
bootcmd: ["(sleep 3; echo tick; echo bootcmd >> /srv/log) &"]
runcmd: ["(sleep 3; echo tick; echo tock; echo runcmd >> /srv/log) &"]
'
SECONDS=0; boot
[ "$status" = 0 ] && [ "$SECONDS" -lt 3 ] && [ "$(ran)" = "" ] || fail "status $status after $SECONDS s, ran: $(ran) $(cat "$work/late")"
for _ in $(seq 60); do [ "$(sort "$root/srv/log" | tr '\n' ' ')" != "bootcmd runcmd " ] || break; sleep 0.2; done
[ "$(sort "$root/srv/log" | tr '\n' ' ')" = "bootcmd runcmd " ] || fail "the jobs ended at their first word: $(ran)"
! grep -q tick "$root/var/log/natal/output.log" 2> /dev/null || fail "what was said later is in the log"
ok "jobs of bootcmd and runcmd live on when they speak, and the agent does not wait for them"
