#!/usr/bin/env python3
"""merge.jsonl through `natal-agent userdata merge`: the same config comes of the same configs, in the same order or the reverse."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare


def same(want, got):
    """Python takes 1, 1.0 and True for equal; the texts of JSON are not."""
    return json.dumps(want, sort_keys=True) == json.dumps(got, sort_keys=True)


def merged(line):
    configs, options = line["input"][0][0], line["input"][1]
    assert set(options) <= {"reverse"} and len(line["input"][0]) == 1, line["id"]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for i, config in enumerate(configs):
            files.append(os.path.join(folder, "%d.json" % i))
            with open(files[-1], "w", encoding="utf-8") as f:
                json.dump(config, f, ensure_ascii=i % 2 == 0)
        done = subprocess.run([compare.AGENT, "userdata", "merge", *(["--reverse"] if options.get("reverse") else []), *files],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr.decode()}


vectors = compare.rows("merge")
compare.verdict("merge", vectors, [v["expected"] for v in vectors], [merged(v) for v in vectors], same)
