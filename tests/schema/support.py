#!/usr/bin/env python3
"""docs/CLOUD-INIT.md has the support table of the program's own tables, and cloud-config(5) names every key and field.

  builddir=BUILD tests/schema/support.py --write     puts the table as it is now into the document
"""
import json
import os
import re
import subprocess
import sys

SOURCE = os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
AGENT = os.path.join(os.environ.get("builddir", "."), "natal-agent")
DOCUMENT, PAGE = os.path.join(SOURCE, "docs/CLOUD-INIT.md"), os.path.join(SOURCE, "agent/cloud-config.5")
BEGIN, END = "<!-- support table: begin (tests/schema/support.py --write) -->\n", "<!-- support table: end -->\n"


def table(rows):
    """A line for each module and each way in which its fields are treated: the fields that are treated so."""
    out = ["| module | support | keys and fields | why |", "| --- | --- | --- | --- |"]
    groups = {}
    for row in rows:
        groups.setdefault((row["module"], row["support"], row.get("why", "")), []).append(
            "`%s`%s" % (row["field"], "†" if "deprecated_since" in row else ""))
    for (module, support, why), fields in groups.items():
        out.append("| %s | %s | %s | %s |" % (module, support, ", ".join(fields), why))
    counts = {}
    for row in rows:
        counts[row["support"]] = counts.get(row["support"], 0) + 1
    out.append("")
    out.append("%d keys and fields: %s. † deprecated in cloud-init." % (
        len(rows), ", ".join("%d %s" % (n, name) for name, n in sorted(counts.items(), key=lambda c: -c[1]))))
    return "\n".join(out) + "\n"


def undescribed(rows):
    with open(PAGE, encoding="utf-8") as f:
        page = f.read().replace("\\&", "")
    page = re.sub(r'\.\\".*', "", page)
    words = set(re.split(r"[\s,;:()\"]+", page))
    words |= {w.rstrip(".") for w in words}
    for row in rows:
        last = row["field"].split(".")[-1]
        if last not in words and last not in page.replace(",", " ").split():
            yield row["field"]


def items(rows):
    """Top-level keys that have no entry of their own."""
    with open(PAGE, encoding="utf-8") as f:
        entries = {w for line in f if line.startswith(".It Cm ") for w in line[7:].replace(" ,", " ").split()}
    return [r["field"] for r in rows if not re.search(r"[.\[]", r["field"]) and r["field"] not in entries]


rows_ = json.loads(subprocess.run([AGENT, "schema", "--support", "-o", "json"], check=True, stdout=subprocess.PIPE).stdout)
with open(DOCUMENT, encoding="utf-8") as f_:
    text = f_.read()
head, rest = text.split(BEGIN)
old, tail = rest.split(END)
if sys.argv[1:] == ["--write"]:
    with open(DOCUMENT, "w", encoding="utf-8") as f_:
        f_.write(head + BEGIN + table(rows_) + END + tail)
    sys.exit(0)
bad = 0
if old != table(rows_):
    print("FAIL: the support table in docs/CLOUD-INIT.md is not that of the program: builddir=BUILD tests/schema/support.py --write")
    bad = 1
for field in [*items(rows_), *undescribed(rows_)]:
    print("FAIL: %s is not described in agent/cloud-config.5" % field)
    bad = 1
assert len(rows_) > 400, "the tables were not read"
print("%d keys and fields in the tables" % len(rows_))
sys.exit(bad)
