#!/usr/bin/env python3
# tell.py STORE SYNC_MS NAME VALUE UNIT [KEY=VALUE…] - one line of a bench of natald as a service. What counts per second is better when it is more: then
# `ratio` is ours divided by the peer's, else the peer's divided by ours. `met` follows from `bar`.
import json, os, sys

store, sync_ms, name, value, unit, *rest = sys.argv[1:]
o = {"name": name, "store": store, "value": float(value), "unit": unit}
more = dict(r.split("=", 1) for r in rest)
if "peer" in more:
    peer = float(more.pop("peer"))
    o["against"] = {"name": more.pop("peer_name"), "value": peer}
    o["ratio"] = round(float(value) / max(peer, 1e-9) if unit.endswith("/s") else peer / max(float(value), 1e-9), 2)
if "bar" in more:
    o["bar"] = more.pop("bar")
    how, bound = o["bar"].split()[:2]
    o["met"] = float(value) >= float(bound) if how == ">=" else float(value) <= float(bound)
for key, text in more.items():
    try:
        o[key] = float(text) if "." in text else int(text)
    except ValueError:
        o[key] = text
o["sync_ms"] = float(sync_ms)
o["load"] = round(os.getloadavg()[0], 1)
print(json.dumps(o), flush=True)
