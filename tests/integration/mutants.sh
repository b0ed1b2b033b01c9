#!/bin/bash
# mutants - each check of what is signed is removed in turn; a test must notice. One in four of them, another quarter with each commit; all with --full.
# timeout: 2400
. "$(dirname "$0")/lib.sh"
sample=4
[ "$NATAL_TEST_LEVEL" = full ] && sample=1
seed=$(git -C "$here" rev-list --count HEAD 2> /dev/null || date +%j | sed 's/^0*//')
make -s -C "$build" check-mutants MUTANT_JOBS="$(nproc)" MUTANT_SAMPLE=$sample MUTANT_SEED="$seed" > "$work/mutants.log" 2>&1 || { tail -n 30 "$work/mutants.log"; fail "a mutant survived"; }
tail -n 1 "$work/mutants.log"
grep -qE '^[1-9][0-9]* killed, 0 survived' "$work/mutants.log" || fail "no mutants were run"
ok "$(grep -E 'killed, 0 survived' "$work/mutants.log"), one of $sample from $seed on"
