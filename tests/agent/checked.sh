#!/bin/bash
# checked.sh - files of sudo and sshd are looked at by visudo and sshd -t before they take effect; what is refused is not left behind.
. "$(dirname "$0")/lib.sh"
root=$work/root
shell() { for f in /bin/sh /usr/bin/grep; do cp -L --parents "$f" $(ldd "$f" | grep -o '/[^ )]*' | sort -u) "$root/"; done; }
# They know their file by the last word, as the real ones do, and refuse what has "bad" in it.
visudo() { printf '#!/bin/sh\nfor f; do :; done\necho "visudo $f" >> /asked\n/usr/bin/grep -q bad "$f" || exit 0\necho "$f:1:2: syntax error"\nexit 1\n' > "$root/usr/sbin/visudo"; chmod 755 "$root/usr/sbin/visudo"; }
sshd() { printf '#!/bin/sh\nfor f; do :; done\necho "sshd $f" >> /asked\n[ ! -e /refuse ] || { echo "$f: line 1: Bad configuration option"; exit 255; }\n' > "$root/usr/sbin/sshd"; chmod 755 "$root/usr/sbin/sshd"; }
sequence=0
apply() { sequence=$((sequence + 1)); user_data "$work/seed"; seal "$work/bundle" "$sequence" "$work/seed"; run_agent apply --root "$root" --medium "$work/bundle" > "$work/said" 2>&1; }

make_root "$root"; mkdir -p "$root/etc/sudoers.d" "$root/etc/ssh/sshd_config.d"; shell; visudo
rule=$root/etc/sudoers.d/90-natal-bob
apply <<<'{"users": [{"name": "bob", "sudo": "ALL=(ALL) ALL"}]}' || fail "$(cat "$work/said")"
[ "$(cat "$rule")" = "bob ALL=(ALL) ALL" ] || fail "no rule: $(cat "$work/said")"
[ "$(cat "$root/asked")" = "visudo /etc/sudoers.d/.90-natal-bob.natal-new" ] || fail "asked: $(cat "$root/asked")"
ok "visudo is asked about the new file in its place beside"
! apply <<<'{"users": [{"name": "bob", "sudo": "ALL=(bad"}]}' || fail "it was taken"
grep -q 'ended with status 1: /etc/sudoers.d/.90-natal-bob.natal-new:1:2: syntax error' "$work/said" || fail "$(cat "$work/said")"
[ "$(cat "$rule")" = "bob ALL=(ALL) ALL" ] || fail "the rule is $(cat "$rule")"
[ "$(ls -A "$root/etc/sudoers.d")" = 90-natal-bob ] || fail "left behind: $(ls -A "$root/etc/sudoers.d")"
ok "what visudo refuses is not left behind, and the older rule stays"
! apply <<<'{"users": [{"name": "eve", "sudo": "ALL=(bad"}]}' || fail "it was taken"
[ ! -e "$root/etc/sudoers.d/90-natal-eve" ] || fail "left behind"
ok "nor is a rule of which there was none"
rm "$root/usr/sbin/visudo"
apply <<<'{"users": [{"name": "bob", "sudo": "ALL=(bad"}]}' || fail "$(cat "$work/said")"
grep -q bad "$rule" || fail "without visudo nobody says that it is bad"
ok "a guest without visudo takes it unseen"

make_root "$root"; mkdir -p "$root/etc/ssh/sshd_config.d"; shell; sshd
echo 'Include /etc/ssh/sshd_config.d/*.conf' > "$root/etc/ssh/sshd_config"
conf=$root/etc/ssh/sshd_config.d/50-cloud-init.conf
apply <<<'{"ssh_deletekeys": false, "ssh_pwauth": false}' || fail "$(cat "$work/said")"
grep -q 'PasswordAuthentication no' "$conf" || fail "$(cat "$work/said")"
grep -q 'sshd /etc/ssh/sshd_config.d/.50-cloud-init.conf.natal-new' "$root/asked" || fail "sshd was not asked"
: > "$root/refuse"; status=0
apply <<<'{"ssh_deletekeys": false, "ssh_pwauth": true}' || status=$?
[ "$status" = 10 ] || fail "status $status: $(cat "$work/said")"
grep -q 'item=sshd outcome=failed policy=degrade .*line 1: Bad configuration option' "$work/said" || fail "$(cat "$work/said")"
grep -q 'PasswordAuthentication no' "$conf" && [ "$(ls -A "$(dirname "$conf")")" = 50-cloud-init.conf ] || fail "$(ls -A "$(dirname "$conf")")"
ok "what sshd refuses is not left behind, and its words are in the error"
echo '# none' > "$root/etc/ssh/sshd_config"; rm "$root/refuse"; : > "$root/asked"
apply <<<'{"ssh_deletekeys": false, "ssh_pwauth": true}' || fail "$(cat "$work/said")"
grep -q 'PasswordAuthentication yes' "$root/etc/ssh/sshd_config" && grep -q 'sshd /etc/ssh/.sshd_config.natal-new' "$root/asked" || fail "$(cat "$root/asked")"
ok "an sshd without drop-ins has its own file looked at"
