#!/bin/sh
# markers.sh - no mark of a merge that was left half done, in any file of the tree.
cd "${srcdir:-.}" || exit 1
bad=0
for d in agent common controller docs packaging quickstart tests; do
  [ -d "$d" ] || continue
  if grep -rnIE '^(<{7}( |$)|={7}$|>{7}( |$)|\|{7}( |$))' "$d"; then echo "  ^ a conflict's mark"; bad=1; fi
done
for f in *.md *.ac *.am runtests; do
  [ -f "$f" ] || continue
  if grep -nHIE '^(<{7}( |$)|={7}$|>{7}( |$)|\|{7}( |$))' "$f"; then echo "  ^ a conflict's mark"; bad=1; fi
done
exit $bad
