#!/usr/bin/env python3
"""template.jsonl through `natal-agent userdata template`: the same text, or the same words about the same line."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare

SYNTAX = r"Unable to parse Jinja template due to syntax error: (?P<what>.*?) on line (?P<line>\d+)(: .*)?"
OURS = r"error\[[a-z]+\]: [^:]*:(?P<line>\d+):\d+: template: (?P<what>.*)"


def meaning(expected):
    """Of an error: what is wrong, and where cloud-init knows it, the line."""
    if not isinstance(expected, dict):
        return expected
    found = re.fullmatch(SYNTAX, expected["msg"], re.S)
    return {"what": found["what"], "line": int(found["line"])} if found else {"what": expected["msg"]}


def same(want, got):
    if isinstance(want, str) or not isinstance(got, dict):
        return want == got
    return all(key in got and want[key] == got[key] for key in want)


def filled_in(line):
    with tempfile.TemporaryDirectory() as folder:
        text, variables = os.path.join(folder, "template"), os.path.join(folder, "vars")
        with open(text, "w", encoding="utf-8", newline="") as f:
            f.write(line["input"][0])
        with open(variables, "w", encoding="utf-8") as f:
            json.dump(line["input"][1], f)
        done = subprocess.run([compare.AGENT, "userdata", "template", "--vars", variables, text], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
    if done.returncode == 0:
        return done.stdout.decode()
    found = re.match(OURS, done.stderr.decode())
    return {"what": found["what"], "line": int(found["line"])} if found else {"what": done.stderr.decode()}


vectors = compare.rows("template")
compare.verdict("template", vectors, [meaning(v["expected"]) for v in vectors], [filled_in(v) for v in vectors], same)
