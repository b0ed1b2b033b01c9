#!/bin/sh
# clauses.sh - every promise in tests/CLAUSES names a test that exists; comments do not count. Every script of a controller's or an integration test is named there.
cd "${srcdir:-.}" || exit 1
awk -F'  ->  ?' '
  /^#/ || /^$/ { next }
  {
    n++
    id = $1; sub(/ .*/, "", id)
    if (seen[id]++) { print id ": stands twice"; bad = 1 }
    if (NF < 2 || $2 == "") { print id ": has no test: " $1; bad = 1; next }
    at = index($2, ":")
    file = substr($2, 1, at - 1); what = substr($2, at + 1)
    sub(/[ \t]+$/, "", what)
    if (at == 0 || what == "") { print id ": names no case: " $2; bad = 1; next }
    found = 0; lines = 0
    while ((getline line < file) > 0) { lines++; if (index(line, what) && line !~ "^[ \t]*(#|/\\*|\\*|//)") found = 1 }
    close(file)
    if (!lines) { print id ": there is no " file; bad = 1 }
    else if (!found) { print id ": \047" what "\047 does not stand in " file; bad = 1 }
  }
  END { print n " clauses"; exit bad }' tests/CLAUSES || exit 1
# A folder's scripts that are sourced are no tests, and say so in their first lines.
bad=0
for test in tests/controller/*.sh tests/integration/*.sh; do
  sed -n 1,2p "$test" | grep -q ' - sourced ' && continue
  grep -qF -- "  ->  $test:" tests/CLAUSES || { echo "$test: no line of tests/CLAUSES names it: add the promise that it holds"; bad=1; }
done
exit $bad
