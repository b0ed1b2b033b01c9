"""openapi.py - checks natald's description of its API, and what natald answered against it.

  openapi.py whole DOC            is it a document that holds together: references, ids, parameters, schemas
  openapi.py record DOC FILE EXCUSED      was each request and reply of FILE (tests/tools/replies.c, a line of JSON each) what DOC says, and was each
                                  operation seen to answer and to refuse
"""
import json, re, sys
from urllib.parse import urlsplit, parse_qsl
import jsonschema

doc = json.load(open(sys.argv[2]))
bad = 0
def fail(text):
    global bad
    bad = 1
    print("FAIL:", text)

def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        at = doc
        for part in node["$ref"][2:].split("/"):
            at = at[part]
        node = at
    return node

def operations():
    for path, methods in doc["paths"].items():
        for method, op in methods.items():
            yield path, method, op

def whole():
    refs = []
    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node: refs.append(node["$ref"])
            for v in node.values(): walk(v)
        elif isinstance(node, list):
            for v in node: walk(v)
    walk(doc)
    for r in refs:
        try: resolve({"$ref": r})
        except KeyError: fail("%s leads nowhere" % r)
    used = set(refs)
    for kind, things in doc["components"].items():
        for name, thing in things.items():
            if kind != "securitySchemes" and "#/components/%s/%s" % (kind, name) not in used: fail("%s %s is not used" % (kind, name))
            if kind == "schemas": jsonschema.Draft202012Validator.check_schema(thing)
    ids = [op["operationId"] for _, _, op in operations()]
    if len(ids) != len(set(ids)): fail("operationIds are not unique")
    tags = {t["name"] for t in doc["tags"]}
    for path, method, op in operations():
        here = "%s %s" % (method, path)
        params = [resolve(p) for p in op["parameters"]]
        names = [(p["in"], p["name"].lower()) for p in params]
        if len(names) != len(set(names)): fail(here + ": a parameter stands twice")
        if {p["name"] for p in params if p["in"] == "path"} != set(re.findall(r"{(\w+)}", path)): fail(here + ": its path's parameters")
        if not set(op["tags"]) <= tags: fail(here + ": its tag")
        if not op["summary"] or not any(s.startswith("2") for s in op["responses"]) or "4XX" not in op["responses"]: fail(here + ": what it says")
        if (("header", "if-none-match") in names) != ("304" in op["responses"]): fail(here + ": If-None-Match and 304 go together")
        for p in params: jsonschema.Draft202012Validator.check_schema(p["schema"])
    assert doc["openapi"] == "3.1.0" and doc["info"]["version"] and not bad
    print("ok: %d operations, %d schemas, %d references" % (len(ids), len(doc["components"]["schemas"]), len(refs)))

def find(method, path):
    for pattern, m, op in operations():
        if m == method.lower() and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(pattern)), path): return pattern, op
    return None, None

def conforms(value, schema, what):
    schema = dict(schema, components=doc["components"])
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(value))
    if errors: fail("%s: %s: %s" % (what, errors[0].json_path, errors[0].message[:200]))
    return not errors

def record(path, excused):
    excused = {tuple(l.split()[2:4]) for l in open(excused)}
    seen, checked = {}, 0
    for line in open(path):
        x = json.loads(line)
        url = urlsplit(x["target"])
        pattern, op = find(x["method"], url.path)
        what = "%s %s → %d" % (x["method"], x["target"][:80], x["status"])
        if not op: fail(what + ": the document has no such operation"); continue
        answered = x["status"] < 400
        seen.setdefault((pattern, x["method"].lower()), set()).add(answered)
        known = {resolve(p)["name"]: resolve(p) for p in op["parameters"] if resolve(p)["in"] == "query"}
        for k, v in parse_qsl(url.query, keep_blank_values=True):
            if answered and k not in known: fail("%s: parameter %s" % (what, k))
            elif answered: conforms(int(v) if known[k]["schema"]["type"] == "integer" else v, known[k]["schema"], what + " parameter " + k)
        if answered and x["body"]:
            if "requestBody" not in op: fail(what + ": a body that the document has not")
            else: conforms(json.loads(x["body"]), op["requestBody"]["content"]["application/json"]["schema"], what + " request")
        answer = op["responses"].get(str(x["status"])) or op["responses"].get("%dXX" % (x["status"] // 100))
        if not answer: fail(what + ": the document has no such status"); continue
        content = resolve(answer).get("content", {})
        if x["type"] not in content: fail("%s: type %s, and the document says %s" % (what, x["type"], list(content))); continue
        if x["type"].endswith("json"): conforms(json.loads(x["reply"]), content[x["type"]]["schema"], what + " reply")
        checked += 1
    for path, method, op in operations():
        if "application/octet-stream" in op.get("requestBody", {}).get("content", {}): continue        # frames: peers with certificates, tests of their own
        if (method.upper(), path) in excused: continue
        for way in (True, False):
            if way not in seen.get((path, method), ()): fail("%s %s was not seen to %s" % (method, path, "answer" if way else "refuse"))
    print("ok: %d requests and replies are as the document says" % checked)

whole() if sys.argv[1] == "whole" else record(sys.argv[3], sys.argv[4])
sys.exit(bad)
