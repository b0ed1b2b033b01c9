#!/bin/sh
# openssl.sh - OpenSSL's command line verifies the signatures of the vectors: FORMAT.md read by nothing of natal's.
set -eu
here=$srcdir/tests/vectors
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
u16() { od -An -tu2 --endian=little -j"$2" -N2 "$1" | tr -d ' '; }
u32() { od -An -tu4 --endian=little -j"$2" -N4 "$1" | tr -d ' '; }
cut_out() { tail -c +$(($2 + 1)) "$1" | head -c "$3"; }

for key in ed25519 p256; do
  openssl pkey -pubin -in "$here/$key.pub" -outform DER -out "$tmp/der"
  openssl dgst -sha256 -r "$tmp/der" | cut -c1-64 > "$tmp/$key.id"
done

check() { # check FILE TYPE SIGNATURES
  file=$here/$1
  size=$(u32 "$file" 12)
  count=$(u32 "$file" 20)
  [ "$(u16 "$file" 8)" = 1 ] && [ "$count" = "$3" ] || { echo "$1: version or number of signatures"; exit 1; }
  { printf 'DSSEv1 %d %s %d ' "${#2}" "$2" "$size"; cut_out "$file" 32 "$size"; } > "$tmp/pae"
  at=$((32 + size))
  while [ "$count" -gt 0 ]; do
    alg=$(u16 "$file" $at)
    n=$(u16 "$file" $((at + 2)))
    id=$(cut_out "$file" $((at + 4)) 32 | od -An -tx1 | tr -d ' \n')
    cut_out "$file" $((at + 36)) "$n" > "$tmp/sig"
    case $alg in
    1) [ "$id" = "$(cat "$tmp/ed25519.id")" ]
       openssl pkeyutl -verify -pubin -inkey "$here/ed25519.pub" -rawin -in "$tmp/pae" -sigfile "$tmp/sig" > "$tmp/out" || { cat "$tmp/out"; exit 1; } ;;
    2) [ "$id" = "$(cat "$tmp/p256.id")" ]
       openssl dgst -sha256 -verify "$here/p256.pub" -signature "$tmp/sig" "$tmp/pae" > "$tmp/out" || { cat "$tmp/out"; exit 1; } ;;
    *) echo "$1: algorithm $alg"; exit 1 ;;
    esac
    # The same signature does not fit other bytes.
    printf x >> "$tmp/pae"
    if [ "$alg" = 1 ] && openssl pkeyutl -verify -pubin -inkey "$here/ed25519.pub" -rawin -in "$tmp/pae" -sigfile "$tmp/sig" > "$tmp/out" 2>&1; then
      echo "$1: OpenSSL takes any bytes"; exit 1
    fi
    head -c -1 "$tmp/pae" > "$tmp/pae2" && mv "$tmp/pae2" "$tmp/pae"
    at=$((at + 36 + n))
    count=$((count - 1))
  done
  echo "$1: $3 signatures verified by $(openssl version)"
}

check bundle.natal application/vnd.natal.manifest.v1+json 2
check web-1.pin application/vnd.natal.pin.v1+json 2
check 1-successor.statement application/vnd.natal.key-statement.v1+json 1
check 2-revoked.statement application/vnd.natal.key-statement.v1+json 1

# The blobs of the bundle have the digests that the signed manifest names.
file=$here/bundle.natal
size=$(u32 "$file" 12)
at=$((32 + size + $(u32 "$file" 16)))
cut_out "$file" 32 "$size" | grep -o '"size":[0-9]*,"sha256":"[0-9a-f]*"' | sed 's/"size"://; s/,"sha256":"/ /; s/"$//' > "$tmp/blobs"
[ -s "$tmp/blobs" ]
while read -r n digest; do
  [ "$(cut_out "$file" "$at" "$n" | openssl dgst -sha256 -r | cut -c1-64)" = "$digest" ] || { echo "blob at $at: digest"; exit 1; }
  at=$((at + n))
done < "$tmp/blobs"
[ "$at" = "$(wc -c < "$file")" ]
