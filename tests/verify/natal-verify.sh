#!/bin/sh
# natal-verify.sh - the program against real TLS servers (openssl s_server), its records, its command line.
set -u
tmp=$(mktemp -d)
pids=
cleanup() { for p in $pids; do kill "$p" 2>/dev/null; done; rm -rf "$tmp"; }
trap cleanup EXIT
nv=$builddir/natal-verify
mk=$builddir/tests/vectors/test_vectors
export NATAL_STATE="$tmp/state"
mkdir -p "$NATAL_STATE/pins" "$NATAL_STATE/trust.d"
bad=0

want() { # want STATUS TEXT COMMAND...: its exit status, and a text that its output holds
  status=$1 text=$2; shift 2
  "$@" > "$tmp/out" 2>&1 < /dev/null
  got=$?
  if [ "$got" != "$status" ] || ! grep -qF -e "$text" "$tmp/out"; then
    echo "FAIL: $*"; echo "  wanted $status and '$text', got $got:"; sed 's/^/  /' "$tmp/out"; bad=1
  fi
}
port_of() { # the port in the first line of a log that matches, waited for
  n=0
  until grep -qE "$2" "$1" 2>/dev/null; do
    n=$((n + 1)); [ $n -lt 100 ] || { echo "no server: $(cat "$1")"; exit 1; }
    sleep 0.1
  done
  grep -m1 -E "$2" "$1" | sed -E 's/.*[:. ]([0-9]+).*/\1/'
}

# A server, its key's digest by openssl, and the records.
for who in web-1 impostor; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/$who.key" -out "$tmp/$who.crt" -subj "/CN=$who" -days 30 2> "$tmp/log" || { cat "$tmp/log"; exit 1; }
  openssl x509 -in "$tmp/$who.crt" -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r | cut -c1-64 > "$tmp/$who.spki"
  ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/$who.ssh"
done
serve() { # serve KEY: on a port that the kernel chooses
  openssl s_server -accept 127.0.0.1:0 -cert "$tmp/$1.crt" -key "$tmp/$1.key" -www > "$tmp/$1.log" 2>&1 &
  pids="$pids $!"
}
serve web-1
web=$!
serve impostor
good=$(port_of "$tmp/web-1.log" '^ACCEPT .*:[0-9]+') || exit 1
wrong=$(port_of "$tmp/impostor.log" '^ACCEPT .*:[0-9]+') || exit 1
spki=$(cat "$tmp/web-1.spki")
line=$(cut -d' ' -f1,2 "$tmp/web-1.ssh.pub")
cp "$srcdir/tests/vectors/ed25519.pub" "$NATAL_STATE/trust.d/"
"$mk" pin "$NATAL_STATE/pins/web-1.pin" web-1 "$spki" "[127.0.0.1]:2201" "$line" || exit 1

want 0 "is VM web-1: it has the current TLS key $spki" "$nv" tls "127.0.0.1:$good" --vm web-1
want 0 "\"matches\":\"current\"" "$nv" tls "localhost:$good" --pin "$NATAL_STATE/pins/web-1.pin" --trust "$NATAL_STATE/trust.d" -o json
want 4 "the TLS key presented is $(cat "$tmp/impostor.spki"), the pin record of web-1 has $spki" "$nv" tls "127.0.0.1:$wrong" --vm web-1
want 9 "connect to 127.0.0.1 port 1: Connection refused" "$nv" tls 127.0.0.1:1 --vm web-1
want 6 "no pin record of VM 'web-2'" "$nv" tls "127.0.0.1:$good" --vm web-2
want 6 "did you mean 'web-1'?" "$nv" tls "127.0.0.1:$good" --vm web-2
want 2 "tls needs either --vm NAME or --pin FILE" "$nv" tls "127.0.0.1:$good"
want 2 "'127.0.0.1' is not HOST:PORT" "$nv" tls 127.0.0.1 --vm web-1
want 2 "write an IPv6 address as [ADDRESS]:PORT" "$nv" tls ::1:443 --vm web-1
want 2 "--timeout '0': whole seconds from 1 to 600" "$nv" tls 127.0.0.1:1 --vm web-1 --timeout 0
want 2 "'../x' is no VM name" "$nv" tls 127.0.0.1:1 --vm ../x

# Silence is not waited for longer than asked.
start=$(date +%s)
kill -STOP "$web"
want 9 "not finished within 1000 ms" "$nv" tls "127.0.0.1:$good" --vm web-1 --timeout 1
kill -CONT "$web"
[ $(($(date +%s) - start)) -le 5 ] || { echo "FAIL: the deadline was passed"; bad=1; }

# The command line.
want 2 "unknown verb 'tsl'" "$nv" tsl
want 2 "did you mean 'tls'?" "$nv" tsl
want 2 "pin takes no option '--vm'" "$nv" pin x --vm y
want 2 "did you mean '--trust'?" "$nv" pin x --thrust y
want 2 "--trust needs a value (DIR)" "$nv" pin x --trust
want 2 "--trust stands twice" "$nv" pin x --trust y --trust z
want 2 "--output 'jsno' is unknown" "$nv" pin x -o jsno
want 2 "did you mean 'json'?" "$nv" pin x -o jsno
want 2 "pin needs FILE" "$nv" pin
want 2 "no verb given" "$nv"
want 0 "usage: natal-verify tls HOST:PORT" "$nv" tls --help

# Records.
want 0 "TLS key       $spki" "$nv" pin "$NATAL_STATE/pins/web-1.pin"
want 0 "$(ssh-keygen -lf "$tmp/web-1.ssh.pub" | cut -d' ' -f2)" "$nv" pin "$NATAL_STATE/pins/web-1.pin"
want 0 "\"tls_spki\":\"$spki\"" "$nv" pin "$NATAL_STATE/pins/web-1.pin" --output=json
want 6 "open $tmp/none: No such file" "$nv" pin "$tmp/none"
cp "$NATAL_STATE/pins/web-1.pin" "$NATAL_STATE/pins/web-9.pin"
want 4 "web-9.pin is the record of VM 'web-1', not of 'web-9'" "$nv" tls "127.0.0.1:$good" --vm web-9
rm "$NATAL_STATE/pins/web-9.pin"
sed 's/"sequence":5/"sequence":6/' "$NATAL_STATE/pins/web-1.pin" > "$tmp/forged.pin"
want 4 "does not verify" "$nv" pin "$tmp/forged.pin"
mkdir "$tmp/empty"
want 6 "no trust anchors: $tmp/empty holds no NAME.pub" "$nv" pin "$NATAL_STATE/pins/web-1.pin" --trust "$tmp/empty"
mkdir "$tmp/other" && cp "$srcdir/tests/vectors/p256.pub" "$tmp/other/"
want 4 "signed by unknown key" "$nv" pin "$NATAL_STATE/pins/web-1.pin" --trust "$tmp/other"
mkdir "$tmp/revoked" && cp "$srcdir/tests/vectors/ed25519.pub" "$srcdir/tests/vectors/2-revoked.statement" "$tmp/revoked/"
want 4 "is revoked (2-revoked.statement)" "$nv" pin "$NATAL_STATE/pins/web-1.pin" --trust "$tmp/revoked"

# known-hosts; ssh.sh has a real ssh ask.
want 0 "[127.0.0.1]:2201 $line" "$nv" known-hosts "[127.0.0.1]:2201"
want 0 "web-1 $line" "$nv" known-hosts web-1
want 0 "# 127.0.0.1 is known with a port only" "$nv" known-hosts 127.0.0.1
"$nv" known-hosts 127.0.0.1 | grep -v '^#' && { echo "FAIL: a key for an address without its port"; bad=1; }
want 6 "names 10.1.1.1" "$nv" known-hosts 10.1.1.1
cp "$tmp/forged.pin" "$NATAL_STATE/pins/forged.pin"
want 6 "a record was passed over:" "$nv" known-hosts 10.1.1.1
want 0 "web-1 $line" "$nv" known-hosts web-1
rm "$NATAL_STATE/pins/forged.pin"
"$mk" pin "$NATAL_STATE/pins/web-2.pin" web-2 "$spki" "[127.0.0.1]:2201" "$line" || exit 1
want 7 "both name [127.0.0.1]:2201" "$nv" known-hosts "[127.0.0.1]:2201"
rm "$NATAL_STATE/pins/web-2.pin"
exit $bad
