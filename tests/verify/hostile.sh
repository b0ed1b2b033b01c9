#!/bin/sh
# hostile.sh - pin records and trust folders that nobody means well with: refused at once, with a reason, and nothing of them reaches the terminal as a command.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
nv=$builddir/natal-verify
mk=$builddir/tests/vectors/test_vectors
export NATAL_STATE="$tmp/state"
pins=$NATAL_STATE/pins trust=$NATAL_STATE/trust.d
mkdir -p "$pins" "$trust"
cp "$srcdir/tests/vectors/ed25519.pub" "$trust/"
line='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGf8mAixs4eSlNLC1fx5zR0j0MF9x5kZWlHqKhnfoMvv'
spki=1111111111111111111111111111111111111111111111111111111111111111
"$mk" pin "$pins/web-1.pin" web-1 "$spki" 10.0.0.1 "$line" || exit 1
bad=0
esc=$(printf '\033')

want() { # want STATUS TEXT COMMAND...: within 10 s; its exit status, a text that its output holds, and no control character in it
  status=$1 text=$2; shift 2
  timeout 10 "$@" > "$tmp/out" 2>&1 < /dev/null
  got=$?
  if [ "$got" != "$status" ] || ! grep -qF -e "$text" "$tmp/out"; then
    echo "FAIL: $*"; echo "  wanted $status and '$text', got $got:"; sed 's/^/  /' "$tmp/out"; bad=1
  fi
  if LC_ALL=C tr -d '\n' < "$tmp/out" | LC_ALL=C grep -q '[[:cntrl:]]'; then echo "FAIL: $*: control characters: $(cat -v "$tmp/out")"; bad=1; fi
}

# Instead of a record: what opens for ever, has no end, or is no file.
mkfifo "$tmp/fifo"; want 3 "" "$nv" pin "$tmp/fifo"
mkdir "$tmp/dir"; want 3 "is a directory, a file is wanted" "$nv" pin "$tmp/dir"
ln -s loop "$tmp/loop"; want 1 "Too many levels of symbolic links" "$nv" pin "$tmp/loop"
want 3 "" "$nv" pin /dev/null
want 3 "/dev/zero" "$nv" pin /dev/zero
truncate -s 8G "$tmp/huge"; want 3 "huge" "$nv" pin "$tmp/huge"
: > "$tmp/empty"; want 3 "" "$nv" pin "$tmp/empty"
head -c 200000 /dev/urandom > "$tmp/noise"; want 3 "" "$nv" pin "$tmp/noise"
cat "$pins/web-1.pin" "$pins/web-1.pin" > "$tmp/two"; want 3 "" "$nv" pin "$tmp/two"
want 6 "" "$nv" pin "$tmp/${esc}]0;owned"
printf '%s[31m' "$esc" > "$tmp/red"; want 3 "" "$nv" pin "$tmp/red"

# Beside the right ones in the folder: passed over, and the right ones still count.
ln "$tmp/noise" "$pins/noise.pin"; mkfifo "$pins/fifo.pin"; mkdir "$pins/dir.pin"; ln -s loop.pin "$pins/loop.pin"; ln -s /dev/zero "$pins/zero.pin"
ln "$tmp/noise" "$pins/${esc}[2J.pin"; : > "$pins/$(printf 'a\nb').pin"
want 0 "10.0.0.1 $line" "$nv" known-hosts 10.0.0.1
want 6 "a record was passed over:" "$nv" known-hosts 10.9.9.9
rm -r "$pins"/*.pin
# Another VM's record under this name; names that are patterns, options, paths or commands.
"$mk" pin "$pins/web-1.pin" web-1 "$spki" 10.0.0.1 "$line" || exit 1
cp "$pins/web-1.pin" "$pins/web-9.pin"
want 4 "web-9.pin is the record of VM 'web-1', not of 'web-9'" "$nv" tls 127.0.0.1:1 --vm web-9
rm "$pins/web-9.pin"
for name in '*' '?' '10.0.0.*' '!10.0.0.1' '10.0.0.1,x' '|1|a|b' '@cert-authority' '10.0.0.1 x' '../pins/web-1' "10.0.0.1${esc}[2J" "$(printf '10.0.0.1\nx')"; do
  "$mk" pin "$pins/odd.pin" odd "$spki" "$name" "$line" 2> /dev/null && want 6 "names" "$nv" known-hosts "$name"
  rm -f "$pins/odd.pin"
  want 6 "names" "$nv" known-hosts "$name"
  "$nv" known-hosts "$name" 2> /dev/null | grep -q . && { echo "FAIL: a line for '$name'"; bad=1; }
done
for name in '*' '../web-1' 'a/b' '' "a${esc}b" "$(printf 'a\nb')"; do want 2 "is no VM name" "$nv" tls 127.0.0.1:1 --vm "$name"; done

# Folders of anchors.
trusting() { want "$1" "$2" "$nv" pin "$pins/web-1.pin" --trust "$tmp/trust"; rm -rf "$tmp/trust"; }
new() { mkdir -p "$tmp/trust"; cp "$srcdir/tests/vectors/ed25519.pub" "$tmp/trust/"; }
new; trusting 0 "TLS key       $spki"
new; chmod 777 "$tmp/trust"; trusting 4 "trust anchors: everybody may write to $tmp/trust"
new; chmod 1777 "$tmp/trust"; trusting 4 "trust anchors: everybody may write to $tmp/trust"
new; chmod 666 "$tmp/trust/ed25519.pub"; trusting 4 "trust anchors: everybody may write to $tmp/trust/ed25519.pub"
new; mkfifo "$tmp/trust/z.pub"; trusting 3 "z.pub"
new; mkdir "$tmp/trust/z.pub"; trusting 3 "z.pub is a directory"
new; ln -s z.pub "$tmp/trust/z.pub"; trusting 1 "Too many levels of symbolic links"
new; ln -s /dev/zero "$tmp/trust/z.pub"; trusting 3 "z.pub"
new; ln "$tmp/noise" "$tmp/trust/z.statement"; trusting 3 "z.statement"
new; printf '%s[2J' "$esc" > "$tmp/trust/${esc}]0;x.pub"; trusting 3 "trust anchors in $tmp/trust"
new; i=0; while [ $i -lt 300 ]; do : > "$tmp/trust/$i.pub"; i=$((i + 1)); done; trusting 3 "more than 256 keys and statements"
: > "$tmp/file"; want 1 "Not a directory" "$nv" pin "$pins/web-1.pin" --trust "$tmp/file"
exit $bad
