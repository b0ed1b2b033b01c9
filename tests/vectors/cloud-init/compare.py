"""What the drivers of cloud-init's vectors share: reading lines, the list of deviations, the proof of a comparator, the verdict."""
import copy
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("builddir", ".")
AGENT = os.path.join(BUILD, "natal-agent")
LEAST = 0.95


def rows(name):
    with open(os.path.join(HERE, name + ".jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def deviations(name):
    found = {}
    with open(os.path.join(HERE, "deviations"), encoding="utf-8") as f:
        for line in f:
            words = line.rstrip("\n").split(" ", 2)
            if words[0] == name:
                found[words[1]] = words[2]
    return found


def changed(value):
    """Every value that differs from this one in a single leaf."""
    if isinstance(value, dict) and value:
        for key in value:
            for other in changed(value[key]):
                yield {**value, key: other}
    elif isinstance(value, list) and value:
        for i, item in enumerate(value):
            for other in changed(item):
                yield value[:i] + [other] + value[i + 1:]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield value + 1
    elif isinstance(value, str):
        yield value + "~"
    else:
        yield "~"


def verdict(name, lines, expected, got, same):
    """expected and got are in the order of lines; same(expected, got) compares. Ends the program."""
    known = deviations(name)
    bad, right, blind = [], 0, 0
    for line, want, is_ in zip(lines, expected, got, strict=True):
        if same(copy.deepcopy(want), is_):
            right += 1
            if line["id"] in known:
                bad.append("%s: on the list of deviations, and matches" % line["id"])
            for other in changed(want):
                if same(copy.deepcopy(other), is_):
                    blind += 1
                    bad.append("%s: the comparator takes %s as well" % (line["id"], json.dumps(other)[:300]))
        elif line["id"] not in known:
            bad.append("%s (%s)\n  input    %s\n  expected %s\n  got      %s" % (
                line["id"], line["test"][-90:], json.dumps(line["input"])[:600], json.dumps(want)[:800], json.dumps(is_)[:800]))
    print("\n".join(bad[:20]))
    print("%s: %d of %d vectors match, %d deviations are listed, %d changed values were taken for right" % (
        name, right, len(lines), len(known), blind))
    if right < LEAST * len(lines):
        print("FAIL: fewer than %d %% match" % (100 * LEAST))
    sys.exit(1 if bad or right < LEAST * len(lines) else 0)
