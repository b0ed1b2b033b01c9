#!/bin/bash
# mutants - each check of what is signed is removed in turn; a test must notice.
# timeout: 2400
. "$(dirname "$0")/lib.sh"
make -s -C "$build" check-mutants MUTANT_JOBS="$(nproc)" > "$work/mutants.log" 2>&1 || { tail -n 30 "$work/mutants.log"; fail "a mutant survived"; }
tail -n 1 "$work/mutants.log"
grep -qE '^[1-9][0-9]* killed, 0 survived' "$work/mutants.log" || fail "no mutants were run"
ok "$(grep -E 'killed, 0 survived' "$work/mutants.log")"
