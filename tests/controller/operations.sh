#!/bin/bash
# operations - what who runs natald looks at: health, readiness, metrics, the log of requests, and the audit with its chain of hashes.
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null && command -v python3 >/dev/null && command -v sqlite3 >/dev/null || { echo "curl, python3 and sqlite3 are needed"; exit 77; }
ask() { curl -sS --max-time 30 --unix-socket "$S/natald.sock" "$@"; }
serve() { "$B/natald" --state "$S" "$@" 2>>"$T/log" & P=$!; within 20 n status >/dev/null 2>&1 || fail "natald did not start"; }
export NATAL_START=no
mkdir "$S"; serve --log requests
want 2 "--log 'all' is neither events nor requests" "$B/natald" --state "$T/other" --log all

# ---- health, readiness
want 0 '{"status":"alive"}' ask http://n/healthz
want 0 '{"status":"ready"}' ask http://n/readyz

# Somebody else holds the store: nobody is told that it is ready.
python3 -c 'import sqlite3,sys,time
d = sqlite3.connect(sys.argv[1], isolation_level=None); d.execute("BEGIN IMMEDIATE"); open(sys.argv[2], "w"); time.sleep(9)' "$S/natal.db" "$T/held" & H=$!
within 10 test -e "$T/held"
says=$(ask --max-time 6 -w ' %{http_code}' http://n/readyz 2>/dev/null); [[ $says == *'"ready"'* ]] && fail "readyz while the store is held: $says" || ok "not ready while the store cannot be written"
wait $H; within 20 grep -q ready <(ask http://n/readyz) && ok "and ready when it can" || fail "not ready again"

# ---- the log of requests: method, route, status, milliseconds, peer; nothing of a body, and no line that a client made up
n key init >/dev/null; n vm create web-1 --host none >/dev/null
ask -o /dev/null -d '{"name":"sec","host":"none","run":["echo hunter2"]}' http://n/v1/vms
ask -o /dev/null 'http://n/v1/vms/a%0Anatald:%20request%20method=FAKE'
ask -o /dev/null "http://n/nothing-there?x=1"
who="unix:$(id -u)"
grep -qE "^natald: request method=POST route=/v1/vms name=\"\" project=\"default\" status=201 ms=[0-9]+\.[0-9] peer=\"$who\"$" "$T/log" && ok "a request is a line" || fail "$(grep request "$T/log")"
grep -qE "status=404 ms=[0-9.]+ peer=\"$who\" reason=not-found$" "$T/log" && ok "a refusal has its reason" || fail "$(grep 404 "$T/log")"
grep -q hunter2 "$T/log" && fail "a body stands in the log" || ok "no body stands in the log"
grep -q '^natald: request method=FAKE' "$T/log" && fail "a client wrote a line of the log" || ok "a name with a newline makes no line"
grep -q 'method=- route=- name=""' "$T/log" && ok "what there is no route for is logged as that" || fail "no line for an unknown path"

# ---- metrics: as Prometheus reads them
cat > "$T/parse.py" <<'P'
import re, sys
# The text format 0.0.4, strictly: HELP and TYPE before a family's samples, families whole, labels escaped, histograms that add up.
name, label = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
types, helps, samples, done, family = {}, set(), {}, set(), None
text = sys.stdin.read(); assert text.endswith("\n")
for line in text.split("\n")[:-1]:
    if line.startswith("# HELP "):
        n = line.split(" ", 3)[2]; assert re.fullmatch(name, n) and n not in helps, line; helps.add(n)
        if family: done.add(family)
        family = n; continue
    if line.startswith("# TYPE "):
        n, t = line.split(" ")[2:]; assert n == family and n not in types and t in ("counter", "gauge", "histogram"), line; types[n] = t; continue
    m = re.fullmatch(r"(%s)(?:\{((?:%s,?)*)\})? (\S+)" % (name, label), line); assert m, line
    base = re.sub(r"_(bucket|sum|count)$", "", m[1]) if types.get(family) == "histogram" else m[1]
    assert base == family and family not in done, line
    labels = tuple((a, b) for a, b in re.findall(label, m[2] or ""))
    assert (m[1], labels) not in samples, line
    samples[m[1], labels] = float(m[m.lastindex])
for n, t in types.items():
    assert t != "counter" or n.endswith("_total"), n
    if t != "histogram": continue
    sets = {tuple(x for x in l if x[0] != "le") for (k, l) in samples if k == n + "_bucket"}
    for s in sets:
        b = [(float(dict(l)["le"]), v) for (k, l), v in samples.items() if k == n + "_bucket" and tuple(x for x in l if x[0] != "le") == s]
        assert b == sorted(b) and all(x[1] <= y[1] for x, y in zip(b, b[1:])) and b[-1][0] == float("inf"), n
        assert samples[n + "_count", s] == b[-1][1] and (n + "_sum", s) in samples, n
for want in sys.argv[1:]:
    m = re.fullmatch(r"(\w+)(?:\{(.*)\})?(>=|=)(\d+)", want)
    v = sum(x for (k, l), x in samples.items() if k == m[1] and set(re.findall(label, m[2] or "")) <= set(l))
    assert v == int(m[4]) if m[3] == "=" else v >= int(m[4]), "%s: %s" % (want, v)
P
# shows WANTED…: the metrics parse, and say so
shows() { ask -D "$T/head" http://n/metrics > "$T/metrics"; if python3 "$T/parse.py" "$@" < "$T/metrics" 2>"$T/why"; then ok "metrics: $*"; else fail "metrics: $(tail -n 1 "$T/why")"; fi; }
before=$(grep -c . "$T/log")
shows 'natald_requests_total{method="POST",route="/v1/vms",status="201"}=2' 'natald_requests_total{route="/v1/vms/{name}",status="404"}=1' 'natald_requests_total{route="",status="404"}>=1' \
  'natald_vms{state="ready"}=2' 'natald_vms{state="failed"}=0' 'natald_vms_running=0' 'natald_turn_seconds_count>=5' 'natald_commit_seconds_count>=5' 'natald_sync_seconds_count>=2' \
  'natald_pool_keys_free{kind="ssh-ed25519"}>=1' 'natald_store_errors_total>=0' 'natald_request_seconds_count{route="/v1/vms"}=2' 'natald_build_info=1'
grep -qi '^content-type: text/plain; version=0.0.4' "$T/head" && ok "as the format's type" || fail "$(cat "$T/head")"
ask -o /dev/null -X DELETE http://n/v1/vms/sec
shows 'natald_vms{state="ready"}=1' 'natald_requests_total{method="DELETE",status="200"}=1' 'natald_requests_total{route="/metrics",status="200"}=1'
kill $P; wait $P; serve
before=$(wc -l < "$T/log"); n vm list >/dev/null; [ "$(wc -l < "$T/log")" = "$before" ] && ok "without --log requests none is logged" || fail "$(tail -n 2 "$T/log")"
# A count of more machines than one scrape walks over comes out right, in a few scrapes.
kill $P; wait $P
sqlite3 "$S/natal.db" "INSERT INTO vm (id, project, name, uuid, instance_id, mac, host, image, spec, state, reason, running, run_token, sequence, deadline_at, host_known,
 boot_id, report_seq, ek_sha256, forwards, created_at, rev) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45000)
 SELECT 'vm-' || printf('%06d', i), 'many', 'm-' || printf('%06d', i), 'u-' || i, '', '', 'none', '', '{}', 6, '', 0, 0, 1, 0, 1, '', 0, '', '[]', 0, 1 FROM n"
serve
for i in 1 2 3; do ask -o /dev/null http://n/metrics; done
shows 'natald_vms{state="failed"}=45000' 'natald_vms{state="ready"}=1'
page() { ask -o /dev/null -w '%{time_total}' "http://n/v1/vms?project=many&limit=100&after=$1"; }
first=$(page ""); last=$(page "$(printf m-044900 | od -An -tx1 | tr -d ' \n')")
python3 -c 'import sys; sys.exit(not float(sys.argv[2]) < 0.05 + 3 * float(sys.argv[1]))' "$first" "$last" && ok "the last page of 45,000 in $last s, the first in $first s" || fail "pages: $first s, $last s"
[ "$(n vm list --project many --in-state ready -o name | wc -l)" = 0 ] && [ "$(n vm list --project many --prefix m-0449 -o name | wc -l)" = 100 ] && ok "a filter that few fit goes over pages that are short" || fail "filters over 45,000"

# ---- over HTTPS: health is anybody's, numbers are not
port=$(free_ports)
kill $P; wait $P; serve --listen "127.0.0.1:$port"
net() { curl -sS --max-time 20 -k "https://127.0.0.1:$port$1"; }
want 0 '{"status":"alive"}' net /healthz
want 0 '{"status":"ready"}' net /readyz
want 0 '"reason":"denied"' net /metrics
want 0 '"reason":"denied"' net /v1/audit
ask http://n/metrics | grep -qE '^natald_connections [1-9]' && ok "connections are counted" || fail "$(ask http://n/metrics | grep connections)"

# ---- audit: who, what, before, after; in the turn of the change
n vm create ren-1 --host none >/dev/null; n vm change ren-1 --rename ren-2 >/dev/null
n audit list -o json > "$T/audit"
told() { python3 -c 'import json,sys
rows = json.load(open(sys.argv[1]))["audit"]
def of(a): return [r for r in rows if r["action"] == a]
c, d = of("POST /v1/vms web-1"), of("DELETE /v1/vms/sec")
assert len(c) == 1 and c[0]["who"] == sys.argv[2] and c[0]["before"] == "" and json.loads(c[0]["after"])["name"] == "web-1", c
assert len(d) == 1 and json.loads(d[0]["before"])["name"] == "sec" and d[0]["after"] == "", d
m = of("POST /v1/vms/ren-1/goal")
assert [json.loads(m[0][k])["name"] for k in ("before", "after")] == ["ren-1", "ren-2"], m
assert len(of("POST /v1/keys")) == 1 and not [r for r in rows if r["action"].startswith("GET")]
assert [r["n"] for r in rows] == list(range(1, len(rows) + 1))' "$T/audit" "$who"; }
changed() { python3 -c 'import json,sys
rows = json.load(open(sys.argv[1]))["audit"]
def of(a): return [r for r in rows if r["action"] == a]
g, r, e, f = of("POST /v1/access aud"), of("POST /v1/access/aud/revoke"), of("POST /v1/enrol"), of("POST /v1/pool/fill")
assert g[0]["before"] == "" and json.loads(g[0]["after"])["access"][0]["state"] == "granted", g
assert json.loads(e[0]["before"])["access"][0]["state"] == "granted" and json.loads(e[0]["after"])["access"][0]["state"] == "active", e
assert json.loads(r[0]["before"])["access"][0]["state"] == "active" and json.loads(r[0]["after"])["access"][0]["state"] == "revoked", r
assert "being_made" in json.loads(f[0]["before"])["tls-ecdsa-p256"] and f[0]["after"], f
assert "natal1_" not in open(sys.argv[1]).read()' "$T/audit"; }
n access grant reader aud --out "$T/aud" > /dev/null; n login "https://127.0.0.1:$port" --token "$(cat "$T/aud")" --name aud > /dev/null; n context use local > /dev/null
n access revoke aud > /dev/null; n pool fill > /dev/null
n audit list -o json > "$T/audit"
changed 2>"$T/why" && ok "who is let in, enrols and is put out, and what the pool was: before and after" || fail "the audit: $(tail -n 1 "$T/why") $(grep -o '"POST /v1/[^}]*' "$T/audit" | tail -5)"
told 2>"$T/why" && ok "who, what, before, after, numbered" || fail "the audit: $(tail -n 1 "$T/why") $(cat "$T/audit")"
grep -q hunter2 "$T/audit" && fail "the audit tells what a request held" || ok "the audit tells nothing of a spec but its digest"
rows=$(grep -o '"n":' "$T/audit" | wc -l)
n vm create web-1 --host none >/dev/null 2>&1; n vm list >/dev/null
[ "$(n audit list -o json | grep -o '"n":' | wc -l)" = "$rows" ] && ok "what was refused, and what only reads, is no change" || fail "rows that are no changes"
for i in $(seq 20); do n vm create a-$i --host none >/dev/null & done; wait $(jobs -p | grep -v "^$P$")
want 0 "$((rows + 20)) changes in 1 chain: nothing is missing or altered" n audit verify
head=$(n audit verify | sed -n 's/^head  //p')
want 0 "nothing is missing" n audit verify --head "$head"
[ "$(n audit verify -o json | grep -o '"rows":[0-9]*')" = "\"rows\":$((rows + 20))" ] && ok "verify -o json" || fail "$(n audit verify -o json)"
# Edited by hand, in each way that there is: the first row that does not fit is named.
by_hand() { kill $P; wait $P; cp "$S/natal.db" "$T/good.db"; sqlite3 "$S/natal.db" "$1"; serve; }
mend() { kill $P; wait $P; rm -f "$S"/natal.db*; cp "$T/good.db" "$S/natal.db"; serve; }
edits="UPDATE audit SET who = 'unix:1' WHERE n = 3|row 3 on: its hash is not of what stands there
UPDATE audit SET became = '{}' WHERE n = 2|row 2 on: its hash is not of what stands there
UPDATE audit SET at_ms = at_ms + 1 WHERE n = 5|row 5 on: its hash is not of what stands there
DELETE FROM audit WHERE n = 4|row 5 on: rows before it are missing
DELETE FROM audit WHERE n = 1|row 2 on: its beginning is missing
UPDATE audit SET was = 'x' WHERE n = 4|row 4 on: its hash is not"
while IFS='|' read -r sql text; do by_hand "$sql"; want 4 "$text" n audit verify; mend; done <<<"$edits"
by_hand "DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)"
want 0 "nothing is missing" n audit verify
want 4 "the audit has no row $head" n audit verify --head "$head"
mend
# One chain per natald: another on a copy of the store begins its own.
kill $P; wait $P; rm "$S/instance"; serve; n vm delete a-1 >/dev/null
want 0 "in 2 chains" n audit verify
kill -9 $P; wait $P 2>/dev/null; serve; n vm delete a-2 >/dev/null
want 0 "in 2 chains: nothing is missing" n audit verify
# Files of pin records whose VM went while nobody was there.
kill $P; wait $P; cp "$S/pins/web-1.pin" "$S/pins/nobody.pin"; cp "$S/pins/web-1.pin" "$S/pins/web-1@other.pin"; serve
swept() { [ ! -e "$S/pins/nobody.pin" ] && [ ! -e "$S/pins/web-1@other.pin" ]; }
within 10 swept && [ -s "$S/pins/web-1.pin" ] && ok "a pin record of no VM goes at the next start" || fail "pins: $(ls "$S/pins")"
kill $P; wait $P; echo x > "$S/instance"
want 3 "does not hold the id of a natald" "$B/natald" --state "$S"
exit $bad
