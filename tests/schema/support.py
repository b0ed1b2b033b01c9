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


def entries():
    """The page's items: a top-level key with the text below it, lists inside and all, and the heading with its first words. Keys of one item share it."""
    found, heads, open_, depth, head = {}, {}, [], 0, ""
    with open(PAGE, encoding="utf-8") as f:
        lines = [line.replace("\\&", "") for line in f if not line.startswith('.\\"')]
    for line in lines:
        depth += {".Bl ": 1, ".El\n": -1}.get(line[:4], 0)
        head = line if line.startswith((".Ss ", ".Sh ")) else head + line if depth == 0 else head
        if depth == 0:
            open_ = []
        if line.startswith(".It Cm ") and depth == 1:
            open_ = [w for w in line[7:].replace(",", " ").split() if w not in ("Cm", "Pq", "Po", "Pc")]
            for key in open_:
                found[key], heads[key] = "", head
        for key in open_:
            found[key] += line
    return found, heads


def sentence(text, word):
    """What is said of a word: its item inside the key's, or the sentence that it stands in, and those that follow until another word begins."""
    for item in re.split(r"^\.It ", text, flags=re.M)[1:]:
        if word in re.split(r"[\s,;:()\"]+", item.split("\n")[0]):
            return item
    found = [m for m in re.split(r"(?<=[.;])\n", text) if word in words_of(m)]
    return "\n".join(found)


def words_of(text):
    words = set(re.split(r"[\s,;:()\"]+", text))
    return words | {w.rstrip(".") for w in words}


def undescribed(rows):
    """Fields that are not below their key; those that are ignored or refused, and not said to be: by themselves, by their key or by its heading."""
    page, heads = entries()
    for row in rows:
        key, last = re.split(r"[.\[]", row["field"])[0], row["field"].split(".")[-1]
        text = page.get(key, "")
        if "as above" in text:
            text += page["users"]
        if last not in words_of(text) and last != key:
            yield "%s is not described below its key" % row["field"]
            continue
        said = sentence(text, last) if last != key else text
        if row["support"] in ("ignored", "refused") and not re.search(r"\b" + row["support"], said, re.I) and not re.search(
                r"\n%s\b" % row["support"], text, re.I) and not (row["support"] == "ignored" and re.search(r"\bignored", heads.get(key, ""), re.I)):
            yield "%s is %s, and not said to be" % (row["field"], row["support"])


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
for said in [*("%s has no entry" % f for f in items(rows_)), *undescribed(rows_)]:
    print("FAIL: agent/cloud-config.5: " + said)
    bad = 1
assert len(rows_) > 400, "the tables were not read"
print("%d keys and fields in the tables" % len(rows_))
sys.exit(bad)
