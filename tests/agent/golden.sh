#!/bin/bash
# golden [--update] - seed in, plan.json and resulting tree out, for each folder of tests/golden. --update writes what is as what is wanted.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "owners need root"

listing() { # DIR: kind, mode, owner and path, and the text of what is not long
  (cd "$1" && find . -mindepth 1 \( -path ./run -o -path ./var/lib/natal/spool -o -path ./var/lib/natal/journal -o -path ./var/lib/natal/boots -o -path './var/lib/natal/*timings.json*' -o -path './var/lib/natal/*instance-data.json*' -o -path ./etc/natal/trust.d/key.pub \) -prune \
     -o \( -type f -newer "$work/mark" -o -type l -o -type d -newer "$work/mark" \) -printf '%y %m %U:%G %P %l\n' | sed 's/ *$//' | sort -k4
   find . \( -path ./run -o -path ./var/lib/natal \) -prune -o -type f -newer "$work/mark" -print | sort | while read -r f; do
     echo "== ${f#.}"; head -c 4000 "$f"; done)
}
for dir in "$src"/tests/golden/*/; do
  case=$(basename "$dir") root=$work/$(basename "$dir")
  make_root "$root"
  [ ! -d "$dir/root" ] || { cp -r "$dir/root/." "$root/"; chmod -R u+w "$root"; }       # a dist tree is read-only
  find "$root" -exec touch -h -d @1600000000 {} +
  touch -d @1600000001 "$work/mark"
  seal "$work/1" 1 "$dir/seed" issued_at=1700000000
  if [ -d "$dir/seed2" ]; then
    run_agent apply --root "$root" --medium "$work/1" > "$work/said" || fail "$case: $(cat "$work/said")"
    seal "$work/1" 2 "$dir/seed2" issued_at=1710000000
  fi
  run_agent plan --root "$root" --medium "$work/1" -o json > "$work/plan.json" || fail "$case: no plan"
  run_agent apply --root "$root" --medium "$work/1" > "$work/said" || fail "$case: $(cat "$work/said")"
  run_agent plan --root "$root" --medium "$work/1" | grep -q ' 0 to do in 0 actions' || fail "$case: a plan afterwards is not empty"
  listing "$root" > "$work/tree"
  if [ "${1:-}" = --update ]; then
    cp "$work/plan.json" "$dir/expect.plan.json"; cp "$work/tree" "$dir/expect.tree"
    continue
  fi
  diff -u "$dir/expect.plan.json" "$work/plan.json" || fail "$case: another plan"
  diff -u "$dir/expect.tree" "$work/tree" || fail "$case: another tree"
  ok "$case: plan and tree as wanted, then nothing to do"
done
