#!/usr/bin/env python3
"""added.py DEPENDS - the packages, and their installed KiB, that these dependencies add to a minbase guest: NAME KIB a line.

minbase is what mmdebstrap makes of it: Essential and Priority required, apt, and what those depend on. Read from apt's lists."""
import re, subprocess, sys

packages, provides = {}, {}
text = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
for block in text.split("\n\n"):
    field = dict(re.findall(r"^(Package|Depends|Pre-Depends|Essential|Priority|Installed-Size|Provides): (.*)$", block, re.M))
    if "Package" in field:
        packages.setdefault(field["Package"], field)
        for name in field.get("Provides", "").split(","):
            provides.setdefault(name.split("(")[0].strip(), field["Package"])


def alternatives(depends):
    for group in filter(None, depends.split(",")):
        yield [re.split(r"[ (:\[]", a.strip())[0] for a in group.split("|")]


def closure(groups, have):
    got, todo = set(), list(groups)
    while todo:
        names = [n if n in packages else provides.get(n) for n in todo.pop()]
        if any(n in got or n in have for n in names):
            continue
        name = next((n for n in names if n), None)
        if name is None:
            continue
        got.add(name)
        field = packages[name]
        todo += alternatives(field.get("Pre-Depends", "") + "," + field.get("Depends", ""))
    return got


base = [[n] for n, f in packages.items() if f.get("Essential") == "yes" or f.get("Priority") == "required"] + [["apt"]]
if len(base) < 2:
    sys.exit("apt has no lists: apt-get update")
minbase = closure(base, set())
for name in sorted(closure(alternatives(sys.argv[1]), minbase)):
    print(name, packages[name].get("Installed-Size", "0"))
