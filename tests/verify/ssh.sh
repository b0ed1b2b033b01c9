#!/bin/sh
# ssh.sh - OpenSSH asks natal-verify known-hosts: a server with the record's key passes, an impostor does not.
set -u
sshd=${SSHD:-/usr/sbin/sshd}
tmp=$(mktemp -d)
pids=
cleanup() { for p in $pids; do kill "$p" 2>/dev/null; done; rm -rf "$tmp"; }
trap cleanup EXIT
# Debian's own sshd, taken out of its package: installed, it would serve this machine.
if [ ! -x "$sshd" ]; then
  mkdir "$tmp/package"
  (cd "$tmp/package" && timeout 60 apt-get -qq download openssh-server libwrap0 && for d in *.deb; do dpkg -x "$d" tree; done) > "$tmp/apt.log" 2>&1
  sshd=$tmp/package/tree/usr/sbin/sshd
  LD_LIBRARY_PATH=$(find "$tmp/package" -name 'libwrap.so*' -printf '%h\n' | head -n 1); export LD_LIBRARY_PATH
fi
[ -x "$sshd" ] || { echo "no /usr/sbin/sshd, and apt gives none ($(tail -n 1 "$tmp/apt.log")): the boots of real guests try the same"; exit 77; }
nv=$builddir/natal-verify
mk=$builddir/tests/vectors/test_vectors
export NATAL_STATE="$tmp/state"
mkdir -p "$NATAL_STATE/pins" "$NATAL_STATE/trust.d"
cp "$srcdir/tests/vectors/ed25519.pub" "$NATAL_STATE/trust.d/"
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
for who in web-1 impostor; do ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/$who"; done
line=$(cut -d' ' -f1,2 "$tmp/web-1.pub")
bad=0
# Root's sshd wants a user of its own; where there is none, it serves as nobody.
as=
if [ "$(id -u)" = 0 ] && ! getent passwd sshd > /dev/null; then
  as='setpriv --reuid 65534 --regid 65534 --clear-groups'
  chmod 711 "$tmp"; chown 65534 "$tmp/web-1" "$tmp/impostor"
fi

try_ssh() { # try_ssh HOSTKEY NUMBER TEXT: ssh to a server that has it says TEXT
  port=$((20000 + $$ % 20000 + $2))
  $as "$sshd" -D -e -f /dev/null -h "$tmp/$1" -o ListenAddress=127.0.0.1 -o Port=$port -o PidFile=none > "$tmp/sshd-$1.log" 2>&1 &
  pids="$pids $!"
  n=0
  until grep -q 'Server listening' "$tmp/sshd-$1.log"; do
    n=$((n + 1)); [ $n -lt 100 ] || { cat "$tmp/sshd-$1.log"; exit 1; }
    sleep 0.1
  done
  "$mk" pin "$NATAL_STATE/pins/web-1.pin" web-1 "$(printf '%064d' 0)" "[127.0.0.1]:$port" "$line" || exit 1
  ssh -F none -p $port -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=none -o GlobalKnownHostsFile=none \
    -o IdentityFile=none -o IdentityAgent=none -o KnownHostsCommand="$nv known-hosts %H" nobody@127.0.0.1 true > "$tmp/out" 2>&1 < /dev/null
  grep -qF "$3" "$tmp/out" || { echo "FAIL: $1: wanted '$3':"; sed 's/^/  /' "$tmp/out"; bad=1; }
}
try_ssh web-1 0 "Permission denied"             # the host is known; nobody may log in
try_ssh impostor 1 "Host key verification failed"
exit $bad
