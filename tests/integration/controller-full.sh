#!/bin/bash
# level: check
# controller-full.sh - natald's disk is full: what needs the disk is refused with the reason, nothing is half made, and it goes on when there is room again.
set -u
B=${builddir:-build}
[ "${1:-}" = inside ] || {
  [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || { echo "needs root and a mount namespace"; exit 77; }
  exec unshare -m bash "$0" inside
}
T=$(mktemp -d /tmp/natal-full.XXXXXX)
mount -t tmpfs -o size=16M none "$T" || exit 77
n() { "$B/natalctl" --state "$T/s" "$@"; }
trap 'n daemon stop >/dev/null 2>&1; umount "$T"; rmdir "$T"' EXIT
bad=0
fail() { echo "FAIL: $1"; bad=1; }
n key init >/dev/null && n pool fill 100 >/dev/null || exit 1
dd if=/dev/zero of="$T/fill" bs=64k 2>/dev/null
refused=
for i in $(seq 60); do
  n vm create "f-$i" --host none > /dev/null 2> "$T/../natal-full.$$" || { refused=$(cat "$T/../natal-full.$$"); break; }
done
rm -f "$T/../natal-full.$$"
case $refused in *"the disk of the store "*" is full"*"free some of its space"* | *"is its disk full, or not writable?"*) echo "ok: $refused";; *) fail "no refusal of a full disk: '$refused'";; esac
n status > /dev/null || fail "natald did not outlive a full disk"
# Refused before its row was durable, it is not there; afterwards it was said to be defined, and is finished when there is room.
begun=
n vm list -o json | grep -q "\"name\":\"f-$i\"" && begun=1
case $refused in *"VM f-$i is defined, and its bundle could not be signed yet"*) [ "$begun" ] || fail "the defined VM is not there";; *) [ ! "$begun" ] || fail "the refused VM is half there";; esac
rm "$T/fill"
for _ in $(seq 50); do [ "$begun" ] && ! n vm show "f-$i" | grep -q 'state  *ready' || break; sleep 0.1; done
[ ! "$begun" ] || n vm show "f-$i" | grep -q 'state  *ready' || fail "what was begun is not finished: $(n vm show "f-$i")"
n vm create after --host none | grep -q 'after  ready' || fail "it does not go on when there is room again"
n pool status > /dev/null || fail "the pool's books are wrong"
exit $bad
