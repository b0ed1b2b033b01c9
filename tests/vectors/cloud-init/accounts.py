#!/usr/bin/env python3
"""users_groups.jsonl, ssh_keyline.jsonl and ssh_authkeys.jsonl through `natal-agent userdata users` and `userdata keys`."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare


def run(files, *words):
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, text in files.items():
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "w", encoding="utf-8", newline="") as f:
                f.write(text)
        done = subprocess.run([compare.AGENT, "userdata", *[paths.get(w, w) for w in words]], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
    return done.stdout.decode() if done.returncode == 0 else json.dumps({"raises": done.stderr.decode()})


# The user that the distribution of each test had: it is not recorded, and stands in what is expected.
def image_user(vector):
    for name, fields in vector["expected"][0].items():
        if fields.get("default"):
            own = {k: v for k, v in fields.items() if k != "default"}
            return {"name": "bob" if vector["input"].get("user") else name, **own}
    return None


def users(vector):
    image = image_user(vector)
    files = {"config": json.dumps(vector["input"])}
    words = ["users", "config"]
    if image:
        files["image"] = json.dumps(image)
        words += ["--default-user", "image"]
    return json.loads(run(files, *words))


def keyline(vector):
    words = ["keys", "lines"] + (["--ssh-options", vector["input"][1]] if vector["input"][1] is not None else [])
    kind, blob, comment, options = json.loads(run({"lines": json.dumps([vector["input"][0]])}, *words))[0]
    return [kind, blob, comment, options, kind]


def authkeys(vector):
    old, new = vector["input"]
    return run({"lines": json.dumps(new), "old": "".join(line + "\n" for line in old)}, "keys", "lines", "--add", "old")


def same(want, got):
    return want == got


failed = 0
for name, what in (("users_groups", users), ("ssh_keyline", keyline), ("ssh_authkeys", authkeys)):
    vectors = compare.rows(name)
    got = [what(v) for v in vectors]
    pid = os.fork()
    if pid == 0:
        compare.verdict(name, vectors, [v["expected"] for v in vectors], got, same)
    failed |= os.waitpid(pid, 0)[1] != 0
sys.exit(failed)
