#!/bin/bash
# openapi - the document that natald writes of its API: whole, the same by both ways, and accepted by a linter from npm (tests/tools/openapi-lint, by its lock file).
# What natald answers is compared with it by tests/controller/replies.sh.
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null && python3 -c 'import jsonschema' 2>/dev/null || { echo "curl and python3-jsonschema are needed"; exit 77; }
src=$(realpath "$src")
"$B/natald" --openapi > "$T/openapi.json" && ok "natald --openapi" || fail "natald --openapi"
[ ! -e "$S" ] && ok "without a store" || fail "it made a state folder"
n status >/dev/null; curl -sS --unix-socket "$S/natald.sock" http://n/openapi.json > "$T/served.json"
cmp -s <(python3 -m json.tool "$T/openapi.json") <(python3 -m json.tool "$T/served.json") && ok "GET /openapi.json is the same" || fail "the two documents differ"
python3 "$src/tests/controller/openapi.py" whole "$T/openapi.json" || bad=1
# Each route of the table is in it, and nothing else.
routes=$(grep -cE '^	\{ "(GET|POST|PUT|DELETE|PATCH)", ' "$src/controller/api/routes.c")
has=$(python3 -c 'import json,sys; print(sum(len(m) for m in json.load(open(sys.argv[1]))["paths"].values()))' "$T/openapi.json")
[ "$routes" = "$has" ] && ok "$has operations, as many as the table has routes" || fail "$routes routes, $has operations"

# The linter: installed by its lock file alone, each package by its digest, no scripts of theirs run; kept in the build folder.
lint=$B/openapi-lint.npm
install() {
  [ -d "$lint/node_modules/@redocly/openapi-core" ] && cmp -s "$src/tests/tools/openapi-lint/package-lock.json" "$lint/package-lock.json" && return 0
  rm -rf "$lint"; mkdir -p "$lint" && cp "$src"/tests/tools/openapi-lint/* "$lint/" && chmod -R u+w "$lint" &&
    (cd "$lint" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund > npm.log 2>&1) || { rm -rf "$lint/node_modules"; return 1; }
}
if ! command -v npm >/dev/null || ! node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; then
  untried "npm with Node 20 is not here: the document is checked by our own checker only"
elif ! install; then
  untried "the linter could not be installed: the document is checked by our own checker only: $(tail -n 1 "$lint/npm.log" 2>/dev/null)"
else
  (cd "$lint" && timeout 120 node "$lint/lint.mjs" "$T/openapi.json") > "$T/lint" 2>&1 && ok "the linter has nothing to say" || { fail "the linter:"; head -n 20 "$T/lint"; }
  # It does look: a document that is broken is refused.
  python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); del d["info"]["title"]; d["paths"]["/v1/vms"]["get"]["operationId"]="get_v1_images"; json.dump(d,open(sys.argv[2],"w"))' "$T/openapi.json" "$T/broken.json"
  (cd "$lint" && timeout 120 node "$lint/lint.mjs" "$T/broken.json") > "$T/lint" 2>&1; [ $? = 1 ] && grep -q operationId "$T/lint" && ok "and refuses one that is broken" || fail "a broken document passed: $(head -n 3 "$T/lint")"
fi
exit $bad
