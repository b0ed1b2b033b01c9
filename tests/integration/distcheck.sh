#!/bin/bash
# distcheck - the tree that `make dist` packs is whole: it builds, checks, installs and uninstalls out of tree. The scripts of natald, which take most of the time
# and have run in make check, run in there once more with --full; what they want is in the tree, as all that is tracked.
. "$(dirname "$0")/lib.sh"
[ "${NATAL_TEST_LEVEL:-}" = full ] || export NATAL_TEST_BRIEF=1
# The long kill test has had its run.
NATAL_KILLS=10 make -s -j"$(nproc)" -C "$build" distcheck DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O1 > "$work/distcheck.log" 2>&1 || { tail -n 40 "$work/distcheck.log"; fail distcheck; }
ok "make distcheck"
git -C "$here" rev-parse --git-dir > /dev/null 2>&1 || exit 0
tar -tf "$(ls -t "$build"/natal-*.tar.* | head -n 1)" | sed 's#^[^/]*/##' | sort > "$work/packed"
missing=$(git -C "$here" ls-files | grep -vE '^\.(ci/|clang|editor)|(^|/)\.gitignore$' | sort | comm -23 - "$work/packed")
[ -z "$missing" ] && ok "what is tracked is packed" || fail "not packed: $missing"
