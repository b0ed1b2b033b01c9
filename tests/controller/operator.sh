#!/bin/bash
# operator - what an operator meets who types something wrong, or stands in front of another user's natald: said at once, and nothing half done.
. "$(dirname "$0")/lib.sh"

# ---- each program says what it is, and what it can do
for program in natalctl natald natal-agent natal-verify; do
  for word in --version -V; do want 0 "$program 0." "$B/$program" "$word"; done
  for word in --help -h; do want 0 "usage: $program" "$B/$program" "$word"; done
done
want 0 "usage: natalctl vm create [NAME]" n vm create --help
want 0 "usage: natalctl vm VERB" n vm -h
n vm -h | grep -q '^  pool' && fail "vm -h speaks of the pool" || ok "vm -h speaks of vm alone"
want 0 "usage: natal-agent VERB" "$B/natal-agent" plan --help
want 0 "natal-agent 0." "$B/natal-agent" boot early -V

# ---- refused before anything is made
want 6 "error[not-found]: --medium-out: there is no folder $T/none" n vm create web-1 --host none --medium-out "$T/none/web-1.iso"
want 2 "error[usage]: --start does not go with --host none" n vm create web-1 --host none --start
for option in "--image x" "--forward 22" "--memory 512" "--cpus 1"; do
  # shellcheck disable=SC2086
  want 2 "error[usage]: ${option% *} does not go with --host none" n vm create web-1 --host none $option
done
want 2 "error[usage]: --channel without --host none" n vm create web-1 --image x --channel unix:/tmp/x
want 2 "error[usage]: --memory 0: 64 to 4194304" n vm create web-1 --memory 0
want 2 "error[usage]: --cpus 0: 1 to 512" n vm create web-1 --cpus 0
want 6 "error[not-found]: there is no image folder $T/none" n image register x --from "$T/none"
[ -e "$S" ] && fail "a state folder was made for a wrong command line" || ok "no state folder was made"
long=$T/$(printf 'x%.0s' {1..100})
want 3 "error[limit]: the state folder's path has $(printf %s "$long" | wc -c) bytes: 95 at most, for its socket's sake" "$B/natalctl" --state "$long" status
want 3 "95 at most, for its socket's sake" "$B/natald" --state "$long"
want 3 "95 at most, for its socket's sake" env -C "$T" "$B/natald" --state "$(printf 'x%.0s' {1..90})"
[ "$(ls "$T")" = "" ] && ok "nothing was made for a path that is too long" || fail "made: $(ls "$T")"

n key init > /dev/null
want 6 "hint: natalctl --project blue vm list shows" n vm show web-1 --project blue
want 6 "hint: make one: natalctl --project blue key init" n vm create web-1 --host none --project blue
want 0 "ready" n vm create web-1 --host none --medium-out "$T/web-1.iso"
want 6 "error[not-found]: --medium-out: there is no folder $T/none" n vm reissue web-1 --medium-out "$T/none/web-1.iso"
[ "$(field web-1 sequence)" = 1 ] && ok "a refused reissue made no new bundle" || fail "sequence $(field web-1 sequence)"
# The API says it too, to whoever does not come by natalctl.
if command -v curl > /dev/null; then
  api() { curl -sS -m 20 --unix-socket "$S/natald.sock" "$@"; }
  for key in '"image":"x"' '"forwards":[]' '"memory_mb":512' '"cpus":1'; do
    want 0 "vm: '$(cut -d'"' -f2 <<<"$key")' does not go with host 'none'" api -d "{\"name\":\"web-2\",\"host\":\"none\",$key}" http://n/v1/vms
  done
  want 0 "vm: 'channel' goes with host 'none' only" api -d '{"name":"web-2","image":"x","channel":"unix:/x"}' http://n/v1/vms
fi

# ---- another user's folder
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
  chmod 711 "$T"
  as() { setpriv --reuid 65534 --regid 65534 --clear-groups env -u NATAL_STATE "$@"; }
  # nobody may be unable to reach the build
  mkdir -m 755 "$T/bin"; cp -L "$B/natalctl" "$B/natald" "$T/bin/"
  if as "$T/bin/natalctl" --version > /dev/null 2>&1; then
    theirs="error[denied]: the state folder $S is not yours: $S belongs to root (user 0), and you are user 65534"
    want 8 "$theirs" as "$T/bin/natalctl" --state "$S" vm list
    want 8 "$theirs" as "$T/bin/natalctl" --state "$S" daemon stop
    want 8 "hint: work as root, or choose a folder of your own: --state DIR" as "$T/bin/natalctl" --state "$S" vm list
    n daemon stop > /dev/null
    want 8 "$theirs" as "$T/bin/natalctl" --state "$S" vm list
    want 8 "$theirs" as "$T/bin/natald" --state "$S"
    mkdir -m 700 "$T/closed"
    want 8 "$T/closed belongs to root" as "$T/bin/natalctl" --state "$T/closed/s" vm list
    want 8 "belongs to root" as "$T/bin/natald" --state "$T/new"
    mkdir -m 755 "$T/readable"
    want 8 "error[denied]: --out: you may not write in the folder $T/readable" as "$T/bin/natalctl" --state "$S" ca show --out "$T/readable/ca.pem"
    [ -z "$(ls "$T/closed" "$T/readable" | grep -v :)" ] && ok "nothing was made there" || fail "made: $(ls "$T/closed" "$T/readable")"
  else
    echo "natalctl does not run as another user here"
  fi
fi
exit $bad
