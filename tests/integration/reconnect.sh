#!/bin/bash
# reconnect - 10,000 SIMULATED guests (tests/swarm), or as many as the file limit carries, whose natald is killed: all are back, with the sessions that they had.
# level: full
. "$(dirname "$0")/lib.sh"
export NATAL_BENCH_BUILD=$build NATAL_BENCH_STORES=sqlite TMPDIR=$work
"$here/tests/bench/run" goal > "$work/lines" 2> "$work/err" || { tail -n 5 "$work/err"; fail "the bench is void"; }
python3 - "$work/lines" <<'P'
import json, sys
lines = {o["name"]: o for o in map(json.loads, open(sys.argv[1]))}
r, m = lines["reconnect"], lines["goal.memory"]
assert r["resumed"] >= 0.99 * r["simulated"], r
assert r["value"] <= 60, r                      # the bar is the bench's; on a machine that does other work this must hold
assert m["value"] <= 24, m
print(f'ok {r["simulated"]} guests are back {r["value"]} s after kill -9, {r["resumed"]} sessions resumed; each cost {m["value"]} KiB')
P
