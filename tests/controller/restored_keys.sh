#!/bin/bash
# restored_keys.sh - a store that is put back from a copy older than its guests' keys: over the port and over HTTPS, at once and after it went on by itself,
# each guest ends with keys that are its own and that its pin record names; free keys of the copy are handed out to nobody.
. "$(dirname "$0")/lib.sh"
for tool in ssh-keygen openssl; do command -v $tool > /dev/null || { echo "$tool is needed"; exit 77; }; done
agent=$B/natal-agent guestd=$B/natal-guestd D=
declare -A G=()
stop_all() { for p in "${G[@]}" ${pids[@]}; do kill "$p"; done 2> /dev/null; kill "$D" && wait "$D"; wait; rm -rf "$T"; }
pids=()
trap stop_all EXIT
port=$(free_ports)
natald_start() { : > "$T/natald.log"; "$B/natald" --state "$S" --listen "127.0.0.1:$port" 2>> "$T/natald.log" & D=$!; within 20 grep -q 'ready$' "$T/natald.log" || fail "natald: $(tail -3 "$T/natald.log")"; }
natald_stop() { kill "$D"; wait "$D" 2> /dev/null; }
mkdir -p "$S"; natald_start
n key init > /dev/null
guests="port https port-on https-on"
channel_of() { case $1 in port*) echo "$T/$1.guest";; *) echo https;; esac; }
guestd_start() { "$guestd" --root "$T/$1" --channel "$(channel_of "$1")" --agent "$agent" --uuid "$(field "$1" uuid)" 2>> "$T/$1.log" & G[$1]=$!; }
guestd_stop() { kill "${G[$1]}"; wait "${G[$1]}" 2> /dev/null; unset "G[$1]"; }
has() { [ "$(field "$1" goal.guest.epoch).$(field "$1" goal.guest.gen)" = "$2" ] && [ "$(field "$1" state)" = provisioned ]; }
wiped() { [ "$(field "$1" bundle.wiped_at)" != 0 ]; }
for g in $guests; do
  how=(); [[ $g == https* ]] || how=(--channel "unix:$T/$g.sock")
  n vm create "$g" --host none "${how[@]}" --medium-out "$T/$g.iso" > /dev/null || fail "no VM $g"
  guest_root "$T/$g"
  [[ $g == https* ]] || { : > "$T/$g.port"; "$srcdir/tests/tools/port.py" "$T/$g.sock" "$T/$g.guest" > "$T/$g.port" & pids+=($!); within 10 grep -q ready "$T/$g.port" || fail "no port"; }
  "$agent" apply --root "$T/$g" --medium "$T/$g.iso" --uuid "$(field "$g" uuid)" --channel= > "$T/apply" 2>&1 || fail "apply: $(cat "$T/apply")"
  guestd_start "$g"
  within 30 has "$g" 0.1 && within 30 wiped "$g" || fail "$g: $(field "$g" state) $(tail -3 "$T/$g.log")"
done
n pool fill 30 > /dev/null
natald_stop; cp -a "$S" "$T/copy"; natald_start
for g in $guests; do n vm rotate-keys "$g" > /dev/null; done
for g in $guests; do within 60 has "$g" 0.2 || fail "$g was not rotated: $(field "$g" goal) $(tail -3 "$T/$g.log")"; done
before=$(cat "$T/port/etc/ssh/ssh_host_ed25519_key.pub")

# The copy is put back. Two of its VMs are given new goals before their guests are heard of: 0.3, by a history that has another 0.2.
for g in $guests; do guestd_stop "$g"; done
natald_stop; rm -rf "$S"; cp -a "$T/copy" "$S"; natald_start
for g in port-on https-on; do n vm change "$g" --user bob > /dev/null; sleep 1; n vm change "$g" --user carol > /dev/null; done
[ "$(field port-on goal.epoch).$(field port-on goal.gen)" = 0.3 ] || fail "$(field port-on goal)"
own() {
  [ "$(ssh-keygen -y -f "$T/$1/etc/ssh/ssh_host_ed25519_key" | cut -d' ' -f1,2)" = "$(cut -d' ' -f1,2 "$T/$1/etc/ssh/ssh_host_ed25519_key.pub")" ] &&
    [ "$(openssl pkey -in "$T/$1/etc/natal/tls/key.pem" -pubout)" = "$(openssl x509 -in "$T/$1/etc/natal/tls/cert.pem" -noout -pubkey)" ]
}
named() { n vm pin "$1" --known-hosts | grep -qF "$(cut -d' ' -f2 "$T/$1/etc/ssh/ssh_host_ed25519_key.pub")"; }
for g in $guests; do
  want=1.2; [[ $g != *-on ]] || want=1.4
  guestd_start "$g"
  within 45 has "$g" $want || { fail "$g: $(field "$g" goal) $(tail -4 "$T/$g.log") $(tail -4 "$T/natald.log")"; exit 1; }
  own "$g" && named "$g" && ok "$g: an epoch begins, and its keys are its own, as its pin record says" || fail "$g has halves of two keys: $(tail -3 "$T/$g.log")"
done
[ "$(grep -c 'a restored store; epoch=' "$T/natald.log")" = 1 ] && ok "one epoch for all of them" || fail "$(grep 'restored store' "$T/natald.log")"
grep -q "may have been handed out since this copy was made" "$T/natald.log" && ok "what was free in the copy is handed out to nobody" || fail "$(tail -3 "$T/natald.log")"
[ "$(cat "$T/port/etc/ssh/ssh_host_ed25519_key.pub")" != "$before" ] || fail "the key of before"
# And goes on, over the connection that it has.
for g in $guests; do n vm change "$g" --user dora > /dev/null; done
followed() { grep -q ^dora: "$T/$1/etc/passwd"; }
for g in $guests; do within 30 followed "$g" || fail "$g does not follow: $(tail -3 "$T/$g.log")"; done
[ $bad = 0 ] && ok "goals go on from there"
exit $bad
