#!/usr/bin/env python3
"""schema.jsonl through `natal-agent schema`: the same documents are right, and what is wrong is found at the same paths."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare

PATH = r"(?:^|, )((?:[^\s:,'\[{]|(?<=\w) (?=\w))*): (?=[\['{\d]| |True |False |None |Additional )"


def meaning(expected):
    """cloud-init's verdict as paths: of errors, and of what is deprecated."""
    found = {"errors": [], "deprecations": []}
    if isinstance(expected, dict):
        for part in expected["msg"].split("\n\n"):
            head, text = re.fullmatch(r"Cloud config schema (errors|deprecations): (.*)", part, re.S).groups()
            found[head] = sorted(set(re.findall(PATH, text)))
            assert found[head], part
    # Without jsonschema installed cloud-init says neither yes nor no: False. natal always looks.
    return {"valid": expected is True, **(found if expected is not False else {})}


def same(want, got):
    """Where nothing is wrong the deprecated paths are the same; else natal may name more: it looks on where cloud-init gives up."""
    errors, old = want.get("errors"), want.get("deprecations")
    if want["valid"] != got["valid"] or (errors is not None and bool(errors) != bool(got["errors"])):
        return False
    return set(errors or []) <= set(got["errors"]) and (set(old or []) <= set(got["deprecations"]) if errors or old is None else
                                                       set(old) == set(got["deprecations"]))


def judge(lines):
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for line in lines:
            files.append(os.path.join(folder, line["id"]))
            with open(files[-1], "w", encoding="utf-8") as f:
                f.write("#cloud-config\n" + json.dumps(line["input"][0], ensure_ascii=False) + "\n")
        done = subprocess.run([compare.AGENT, "schema", "--strict", "-o", "json", *files], stdout=subprocess.PIPE, check=False)
        assert done.returncode == 3, done.returncode
        for file in json.loads(done.stdout)["files"]:
            notes = [n for n in file["notes"] if n["reason"] == "format"]
            assert all(n["line"] == 2 and n["column"] for n in notes), file
            yield {"valid": file["valid"], "errors": sorted({n["path"] for n in notes if n["level"] != "deprecated"}),
                   "deprecations": sorted({n["path"] for n in notes if n["level"] == "deprecated"})}


vectors = compare.rows("schema")
compare.verdict("schema", vectors, [meaning(v["expected"]) for v in vectors], list(judge(vectors)), same)
