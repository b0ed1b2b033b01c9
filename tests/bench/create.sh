#!/bin/bash
# create - one natalctl process from start to end: certificate, bundle and row are durable when it ends. On a warm pool.
. "$(dirname "$0")/lib.sh"
n=${NATAL_BENCH_COUNT:-1000}
controller "$((n + 16))"
create=("$build/natalctl" vm create --host none --user alice --ssh-key "$work/id.pub" --address dhcp)
"${create[@]}" warm > /dev/null
r=$("$build/tests/bench/times" "$n" "${create[@]}" c-@)
# Void where a row is missing or shares its UUID, or where a key came from elsewhere than the pool.
"$build/natalctl" vm list -o json > "$work/list"
"$build/natalctl" pool status -o json > "$work/pool"
python3 - "$work/list" "$work/pool" "$n" <<'P'
import json, sys
uuids = {v["uuid"] for v in json.load(open(sys.argv[1]))["vms"] if v["name"].startswith("c-")}
taken = [k["taken"] for k in json.load(open(sys.argv[2]))["kinds"] if "rsa" not in k["kind"]]
n = int(sys.argv[3])
if len(uuids) != n or min(taken) != n + 1 or max(taken) != n + 1:
    sys.exit(f"void: {len(uuids)} machines of {n}, {taken} keys taken")
P
# The peer tells a busy machine from a slow natalctl.
emit create.p50 "$(field p50_ms <<<"$r")" ms /bin/true "$("$build/tests/bench/times" "$n" /bin/true | field p50_ms)" '<= 15 ms'
emit create.p99 "$(field p99_ms <<<"$r")" ms
