#!/bin/sh
# banned.sh - functions that natal does not use, SQL outside the store, words of things half done.
cd "${srcdir:-.}" || exit 1
bad=0
deny() { # WHAT PATTERN FOLDER... : no C source below the folders matches
  what=$1 pattern=$2; shift 2
  for d in "$@"; do
    [ -d "$d" ] || continue
    if grep -rnE --include='*.[ch]' "$pattern" "$d"; then echo "  ^ $what"; bad=1; fi
  done
}
deny 'banned function' '(^|[^A-Za-z0-9_.>])(strcpy|strcat|sprintf|vsprintf|gets|strtok|strtok_r|alloca|system|popen|atoi|atol|strtol|sscanf|strncpy|mktemp|tmpnam)[ ]*\(' agent common controller
deny 'SQL outside controller/store' '"[^"]*\b(SELECT|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM|CREATE TABLE|PRAGMA)\b' agent common controller/api controller/cli controller/http \
  controller/host controller/service controller/signer controller/crypto controller/natald
deny 'goto' '^[[:space:]]*goto ' agent common controller
deny 'typedef of a struct' '^typedef struct' agent common controller
deny 'unfinished' '\b(TODO|FIXME|XXX|HACK)\b' agent common controller tests
deny 'a shell' 'exec[a-z]*\("/bin/(ba|da)?sh"|"/bin/(ba|da)?sh", *"-c"' common controller
exit $bad
