#!/usr/bin/env python3
"""net_*.jsonl and openstack_net_json.jsonl through `natal-agent net render`: state and version 1 as JSON, files by what they mean.

What the tests made cloud-init believe of its host is given as files below the root: what stood there, SUSE's folder, route(8) without ip(8),
interfaces.
"""
import json
import os
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:  # another python3 in PATH than the system's
    if sys.executable != "/usr/bin/python3":
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)
    raise
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare

# What cloud-init's tests call files elsewhere.
PLACES = {"interfaces": "etc/network/interfaces", "netrules": "etc/udev/rules.d/70-persistent-net.rules",
          "netplan.yaml": "etc/netplan/50-cloud-init.yaml"}
# Written by default; some of the tests turn it off.
OPTIONAL = "etc/udev/rules.d/70-persistent-net.rules"
# Of the tests that look at their host's interfaces; the vectors do not have them.
MACS = {"6669dbc458045773": {"00:11:22:33:44:55": "foobar"}, "378af46ca73c84f9": {"cf:d6:af:48:e8:80": "eth0"},
        "62174c2a0d45a5f7": {"fa:16:3e:69:b0:58": "ens1", "fa:16:3e:d4:57:ad": "enp0s2"}}


def write(root, name, text):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def natal(*args):
    return subprocess.run([compare.AGENT, "net", "render", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def macs(line, root):
    """As sysfs has them."""
    for mac, name in MACS.get(line["id"], {}).items():
        write(root, "sys/class/net/%s/address" % name, mac + "\n")


def answer(done):
    return json.loads(done.stdout) if done.returncode == 0 else {"refused": True, "said": done.stderr}


def verdict_of(expected):
    return {"refused": True} if "raises" in expected else expected


def ini(text):
    sections = []
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith("["):
            sections.append([line, []])
        elif line and line[0] not in "#;":
            key, value = line.split("=", 1)
            sections[-1][1].append([key.strip(), value.strip()])
    return sorted([name, sorted(pairs)] for name, pairs in sections)


def meaning(kind, name, text):
    if name.endswith((".network", ".netdev", ".nmconnection", ".conf")) and "resolv" not in name:
        return ini(text)
    if kind == "sysconfig" and "/ifcfg-" in name:
        return sorted(line for line in text.split("\n") if line and line[0] != "#")
    return yaml.safe_load(text) if name.endswith(".yaml") else text


def tree(root):
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                found[os.path.relpath(os.path.join(folder, name), root)] = f.read()
    return found


def text_of(content):
    return content["__b__"] if isinstance(content, dict) else content


def rendered(kind, line):
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "root")
        before = {name: text_of(content) for name, content in line["input"]["pre"].items() if name.startswith("etc/")}
        os.makedirs(root)
        for name, content in before.items():
            write(root, name, content)
        if "OpenSuse" in line["test"]:
            os.makedirs(os.path.join(root, "etc/sysconfig/network"), exist_ok=True)
        if "post-up route add" in json.dumps(line["expected"]):
            before["sbin/route"] = ""
            write(root, "sbin/route", "")
        macs(line, root)
        done = natal("--to", kind.replace("_", "-"), "--root", root, write(folder, "config", json.dumps(line["input"]["config"])))
        if done.returncode:
            return {"refused": True, "said": done.stderr}
        files = {name: text for name, text in tree(root).items() if before.get(name) != text and not name.startswith("sys/")}
    wanted = {PLACES.get(name, name) for name in line["expected"]}
    return {name: meaning(kind, name, text) for name, text in files.items() if name in wanted or name != OPTIONAL or kind != "eni"}


def render(kind):
    lines = compare.rows("net_render_" + kind)
    expected = [{PLACES.get(name, name): meaning(kind, PLACES.get(name, name), text_of(content)) for name, content in line["expected"].items()}
                for line in lines]
    compare.verdict("net_render_" + kind, lines, expected, [rendered(kind, line) for line in lines], equal)


def equal(want, got):
    """Python takes 1 for True."""
    return json.dumps(want, sort_keys=True, default=str) == json.dumps({k: v for k, v in got.items() if k != "said"}, sort_keys=True, default=str)


def parse():
    lines = compare.rows("net_parse")
    got = []
    for line in lines:
        with tempfile.TemporaryDirectory() as root:
            macs(line, root)
            got.append(answer(natal("--to", "state", "--root", root, write(root, "config", json.dumps(line["input"])))))
    compare.verdict("net_parse", lines, [verdict_of(line["expected"]) for line in lines], got, equal)


def openstack():
    lines, got = compare.rows("openstack_net_json"), []
    for line in lines:
        with tempfile.TemporaryDirectory() as root:
            macs(line, root)
            args, named = line["input"]
            data, known = args[0] if args else named["network_json"], named.get("known_macs")
            given = ["--macs", write(root, "macs", json.dumps(known))] if known else []
            got.append(answer(natal("--to", "v1", "--kind", "openstack", "--root", root, *given, write(root, "data", json.dumps(data)))))
    compare.verdict("openstack_net_json", lines, [verdict_of(line["expected"]) for line in lines], got, equal)


def main():
    failed = False
    for test in [parse, openstack] + [lambda kind=kind: render(kind) for kind in
                                      ("eni", "netplan", "network_manager", "networkd", "sysconfig")]:
        try:
            test()
        except SystemExit as e:
            failed |= bool(e.code)
    sys.exit(failed)


main()
