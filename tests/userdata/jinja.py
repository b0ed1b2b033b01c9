#!/usr/bin/env python3
"""Templates against what jinja2 3.1 made of them, with cloud-init's settings: jinja.jsonl has them, jinja.vars their variables.

"expected" was jinja2's. "error" is natal's where jinja2 has one too, or where an undefined name would be written out; with "jinja" beside it
stands what jinja2 makes of something that natal does not do: an error then, on its line, never another text."""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
AGENT = os.path.join(os.environ.get("builddir", "."), "natal-agent")
bad = 0
with open(os.path.join(HERE, "jinja.jsonl"), encoding="utf-8") as f:
    cases = [json.loads(line) for line in f]
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "template")
    for case in cases:
        for header, ends in (("## template: jinja\n", "\n"), ("##  Template:JINJA \r\n", "\r\n")):
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(header + case["template"].replace("\n", ends))
            done = subprocess.run([AGENT, "userdata", "template", "--vars", os.path.join(HERE, "jinja.vars"), path],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            if "expected" in case:
                right = done.returncode == 0 and done.stdout.decode() == case["expected"]
            else:
                found = re.match(r"error\[[a-z]+\]: .*?:(\d+):\d+: template: (.*)", done.stderr.decode())
                right = done.returncode in (3, 5, 8) and not done.stdout and found and found[2] == case["error"] and int(found[1]) == case["line"]
            if not right:
                bad += 1
                print("FAIL:", json.dumps(case), "got", done.returncode, done.stdout, done.stderr)
print("%d templates, %d wrong" % (len(cases), bad))
sys.exit(1 if bad or len(cases) < 100 else 0)
