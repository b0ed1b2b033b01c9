# lib.sh - sourced by the tests of natald and natalctl: a state folder of the test's own, natalctl as `n`, a natald that ends with the test.
set -u
[ -z "${NATAL_TEST_BRIEF:-}" ] || { echo "in brief: it has run already"; exit 77; }
B=$(realpath "${builddir:-build}") src=${srcdir:-.}
T=$(mktemp -d /tmp/natal-ctl.XXXXXX) S=$T/s bad=0
export XDG_CONFIG_HOME=$T/config
n() { "$B/natalctl" --state "$S" "$@"; }
ok() { echo "ok: $1"; }
fail() { echo "FAIL: $1"; bad=1; }
# A part of a test that this machine cannot do: runtests counts it as skipped, and shows why.
untried() { echo "untried: $1"; }
# want STATUS TEXT COMMAND…: it ends so, and says so
want() {
  local status=$1 text=$2 out rc; shift 2
  out=$("$@" 2>&1); rc=$?
  if [ $rc = "$status" ] && [[ $out == *"$text"* ]]; then ok "$* → $text"; else fail "$*: status $rc, wanted $status and '$text': $out"; fi
}
# within SECONDS COMMAND…
within() { local until=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $until ] || return 1; sleep 0.1; done; }
field() { n vm show "$1" -o json | python3 -c 'import json,sys; d=json.load(sys.stdin)
for k in sys.argv[1].split("."): d=d[int(k)] if isinstance(d,list) else d[k]
print(d)' "$2"; }
# small_enough PID KIB: natal-guestd has no more than that resident. Under a sanitizer, whose own memory it would be, it is not looked at.
small_enough() {
  local rss; rss=$(awk '/VmRSS/ { print $2 }' "/proc/$1/status")
  [ -z "${ASAN_OPTIONS:-}" ] || { echo "a sanitizer's memory is not looked at: $rss KiB"; return; }
  [ "$rss" -le "$2" ] && ok "natal-guestd has $rss KiB resident" || fail "natal-guestd has $rss KiB resident, $2 are allowed"
}
# free_ports [N]: so many of 127.0.0.1 that nobody has, on one line
free_ports() { python3 -c 'import socket, sys
s = [socket.socket() for _ in range(int(sys.argv[1]))]
for x in s: x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))' "${1:-1}"; }
# guest_root FOLDER: a guest's disk as an image is baked: root alone, and whom the controller has it trust
guest_root() {
  mkdir -p "$1"/etc/{natal/trust.d,ssh,ssl/certs} "$1"/{var/lib,run,tmp,usr/sbin}
  cp "$S"/trust.d/* "$1/etc/natal/trust.d/"
  printf 'root:x:0:0:root:/root:/bin/bash\n' > "$1/etc/passwd"; printf 'root:x:0:\n' > "$1/etc/group"
  printf 'root:*:19000:0:99999:7:::\n' > "$1/etc/shadow"; printf 'root:*::\n' > "$1/etc/gshadow"; : > "$1/etc/machine-id"
}
natald_pid() { n status -o json | grep -o '"pid":[0-9]*' | cut -d: -f2; }
guest() { "$B/tests/tools/fake_guest" --medium "$T/$1.iso" --trust "$S/trust.d" --uuid "$(field "$1" uuid)" --channel "$T/$1.sock" "${@:2}"; }
# A kernel in form: boot protocol 2.4 and one instruction, hlt with interrupts off (Linux, Documentation/arch/x86/boot.rst).
kernel() { head -c 497 /dev/zero; printf '\4'; head -c 14 /dev/zero; printf '\372\364HdrS\4\2'; head -c 36 /dev/zero; printf '\377\377\377\67'; head -c 16384 /dev/zero; }
ended() { n daemon stop >/dev/null 2>&1; chmod -R u+rwx "$T" 2>/dev/null; rm -rf "$T"; }
trap ended EXIT
