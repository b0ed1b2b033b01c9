#!/usr/bin/env python3
"""User-data that is meant to hurt: each is refused, or taken for what it is, within seconds and with a bounded memory."""
import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import AGENT, check, end, verb

SECONDS = 20
HEAD = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=%s\n\n"
CONFIG = "#cloud-config\na: 1\n"


def refused(what, status, words, text, name="parts"):
    began = time.monotonic()
    got = verb(name, text, timeout=SECONDS)
    check(what, got[0] == status and words in got[2] and not got[1] and "AddressSanitizer" not in got[2], got[0], got[1][:300], got[2][:300])
    check("  in time", time.monotonic() - began < SECONDS / 2, time.monotonic() - began)


def taken(what, text, count, words="", name="parts"):
    status, out, err = verb(name, text, timeout=SECONDS)
    check(what, status == 0 and len(json.loads(out)) == count and words in err, status, out[:300], err[:300])


# Bombs. cve: none of cloud-init's, and every reader's.
zeros = gzip.compress(bytes(200 << 20))
refused("a gzip of 200 MB", 3, "larger than 33554432 bytes", zeros)
refused("a gzip of 200 MB as a part", 3, "larger than", HEAD.encode() % b"x" + b"--x\nContent-Type: application/gzip\n\n" + zeros + b"\n--x--\n")
nested = CONFIG.encode()
for _ in range(20):
    nested = gzip.compress(nested)
refused("gzip 20 deep", 3, "nested more than 8 deep", nested)
refused("a gzip that is cut", 3, "gzip is cut short", gzip.compress(os.urandom(4096))[:2000])
refused("a gzip that is damaged", 3, "gzip is damaged", gzip.compress(b"x" * 5000)[:20] + b"\xff" * 40)
refused("a gzip's head alone", 3, "gzip is cut short", b"\x1f\x8b")
if shutil.which("zstd"):
    with tempfile.NamedTemporaryFile() as f:
        f.truncate(200 << 20)
        packed = subprocess.run(["zstd", "-c", f.name], stdout=subprocess.PIPE, check=True).stdout
        wide = subprocess.run(["zstd", "-c"], input=os.urandom(1 << 20), stdout=subprocess.PIPE, check=True).stdout
    refused("a zstd of 200 MB", 3, "larger than 33554432 bytes", packed)
    refused("a zstd that is cut", 3, "zstd is cut short", wide[:len(wide) // 2])
refused("a zstd that is damaged", 3, "zstd is damaged", b"\x28\xb5\x2f\xfd" + b"\xff" * 64)
refused("a zstd that wants a window of 2 GB", 3, "zstd is damaged or not for us", b"\x28\xb5\x2f\xfd\x00\xa8" + b"\0" * 64)

# Size: refused before it is read. AddressSanitizer needs the memory itself.
with open(AGENT, "rb") as f:
    MEMORY = None if b"__asan_init" in f.read() else lambda: resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))
with tempfile.NamedTemporaryFile() as f:
    f.truncate(100 << 20)
    for name in ("parts", "merge", "template"):
        began = time.monotonic()
        done = subprocess.run([AGENT, "userdata", name, f.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              preexec_fn=MEMORY)
        check("100 MB of user-data, %s" % name, done.returncode == 3 and b"has 104857600 bytes: 16777216 at most" in done.stderr and
              time.monotonic() - began < 1, done.stderr)

# MIME.
refused("a multipart without boundary", 3, "has no boundary", "MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--x\n\n--x--\n")
refused("a boundary that nowhere stands", 3, "no line is its boundary", HEAD % "nope" + "--other\n\nx\n")
refused("an empty boundary", 3, "has no boundary", HEAD % '""' + "--\n\nx\n--\n")
refused("a boundary of 1 MB", 3, "", HEAD % ("b" * (1 << 20)) + "x\n")
refused("10,000 parts", 3, "more than 256 parts", HEAD % "x" + "--x\nContent-Type: text/cloud-config\n\na: 1\n" * 10000 + "--x--\n")
refused("10,000 parts with nothing in them", 3, "more than 256 parts", HEAD % "x" + "--x\n" * 10000 + "--x--\n")
refused("a million of them, packed", 3, "more than 256 parts", gzip.compress((HEAD % "x" + "--x\n" * 1000000).encode()))
refused("10,000 multiparts", 3, "more than 256 multiparts",
        HEAD % "x" + "--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n" * 10000 + "--x--\n")
APPEND = '--x\nContent-Type: text/cloud-config\n\nmerge_how: "list(append)+dict(recurse_list)+str(append)"\nl: %s\n'
refused("a list that 250 parts add to", 3, "copies more than 1048576 values", HEAD % "x" + APPEND % ("[" + "1, " * 4000 + "1]") * 250, name="merge")
refused("a text that 250 parts add to", 3, "copies more than 1048576 values",
        HEAD % "x" + (APPEND % ("y" * 60000)).replace("recurse_list", "recurse_str") * 250, name="merge")
refused("250 parts of 10,000 values", 3, "stand for more than 1048576 values",
        HEAD % "x" + ("--x\nContent-Type: text/cloud-config\n\nl: [" + "1," * 9999 + "1]\n") * 250, name="merge")
refused("10,000 headers", 3, "more than 64 headers", "MIME-Version: 1.0\n" + "X-A: b\n" * 10000 + "\n" + CONFIG)
refused("a header of 1 MB in small lines", 3, "larger than 32768 bytes", "MIME-Version: 1.0\nX-A: b\n" + " c\n" * 300000 + "\n" + CONFIG)
refused("a NUL in a header", 3, "a NUL byte stands in a header", b"MIME-Version: 1.0\nContent-Type: text/x-shellscript\0text/cloud-config\n\n" + CONFIG.encode())
# CVE-2024-11584's kind, and request smuggling's: two readers that see two types.
refused("Content-Type twice", 3, "stands twice in one part", "MIME-Version: 1.0\nContent-Type: text/plain\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n")
refused("an encoding twice", 3, "stands twice in one part",
        "MIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\ncontent-transfer-encoding: base64\n\n#!/bin/sh\n")
deep = "".join("--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (i, i + 1) for i in range(500))
refused("multiparts 500 deep", 3, "nested more than 8 deep", HEAD % "b0" + deep + "--b500\n\nx\n")
refused("a multipart with its own boundary inside", 3, "no line is its boundary", HEAD % "x" + "--x\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ny\n--x--\n")
taken("a boundary that is the beginning of another", HEAD % "x" + "--x\n\n#!/bin/sh\n--xy\n--x-\n--x--\n", 1)
taken("a name with a path", HEAD % "x" + '--x\nContent-Type: text/cloud-config\nContent-Disposition: a; filename="../../etc/passwd"\n\na: 1\n--x--\n', 1)
status, out, err = verb("parts", HEAD % "x" + '--x\nContent-Type: text/cloud-config\nContent-Disposition: a; filename="../../etc/pass\\"wd"\n\na: 1\n--x--\n')
check("is made safe", json.loads(out)[0]["name"] == "_.._etc_passwd" and json.loads(out)[0]["filename"] == '../../etc/pass"wd', out)
taken("CRLF everywhere", (HEAD % "x" + "--x\nContent-Type: text/cloud-config\n\na: 1\n--x--\n").replace("\n", "\r\n"), 1)
check("and as YAML", json.loads(verb("merge", "#cloud-config\r\na: 1\r\nb: |\r\n  x\r\n")[1]) == {"a": 1, "b": "x\n"})

# Bytes that are no text.
refused("latin-1", 3, "UTF-8", b"#cloud-config\na: \xe4\n", "merge")
refused("UTF-16", 3, "first line is no header", "#cloud-config\na: 1\n".encode("utf-16"))
refused("a NUL in YAML", 3, "", b"#cloud-config\na: x\0y\n", "merge")
refused("a NUL in a template", 3, "NUL", b"## template: jinja\n#cloud-config\na: x\0y\n", "merge")
refused("noise", 3, "first line is no header", bytes(range(1, 256)) * 100)

# Templates.
J = "## template: jinja\n"
refused("a loop of a million", 3, "takes more than", J + "{% set l = ('aaaaaaaaaa' * 10)|list %}{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}", "template")
refused("a text that doubles", 3, "bytes", J + "{% set x = 'aaaaaaaaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 40, "template")
refused("a list that doubles, compared", 3, "compares more than", J + "{% set x = [1, 2] %}" + "{% set x = [x, x] %}" * 40 + "{{ x == x }}", "template")
refused("a large text, compared often", 3, "compares more than", J +
        "{% set x = 'a' * 8000000 %}{% set y = x ~ '' %}{% for i in 'a' * 1000 %}{% if x == y %}{% endif %}{% endfor %}", "template")
refused("a large text, sorted often", 3, "compares more than", J + "{% set x = 'a' * 8000000 %}{{ [" + "x, " * 1000 + "]|sort|length }}", "template")
refused("much output", 3, "writes more than", J + "{% set x = 'a' * 1000000 %}{% for i in 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}{{ x }}{% endfor %}", "template")
refused("a text times a billion", 3, "bytes", J + "{{ 'a' * 1000000000 }}", "template")
refused("brackets 5,000 deep", 3, "nested more than", J + "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "template")
refused("blocks 5,000 deep", 3, "nested more than", J + "{% if 1 %}" * 5000 + "{% endif %}" * 5000, "template")
refused("not 100,000 times", 3, "nested more than", J + "{{ " + "not " * 100000 + "1 }}", "template")
refused("minus 100,000 times", 3, "nested more than", J + "{{ " + "- " * 100000 + "1 }}", "template")
refused("a sum of 100,000", 3, "operations one upon another", J + "{{ 1" + "+1" * 100000 + " }}", "template")
refused("100,000 filters", 3, "operations one upon another", J + "{{ 1" + "|string" * 100000 + " }}", "template")
refused("100,000 elif", 3, "more than 256 elif", J + "{% if 0 %}" + "{% elif 0 %}" * 100000 + "{% endif %}", "template")
refused("a list in a list in a list", 3, "nested more than", J + "{% set x = [] %}" + "{% set x = [x] %}" * 5000 + "{{ x }}", "template")
refused("a list in itself", 5, "can be appended", J + "{% set x = [] %}{% do x.append(x) %}{{ x }}", "template")
for attribute in ("__class__", "_x", "__globals__"):
    refused("the attribute %s" % attribute, 8, "is unsafe", J + "{{ 'a'.%s }}" % attribute, "template")
refused("a name that is none, in a condition's output", 3, "'a' is undefined", J + "{{ a.b.c }}", "template")

# Archives, YAML, patches.
refused("an archive in an archive in an archive", 3, "deep", "#cloud-config-archive\n" + "[" * 100 + "]" * 100)
inner = "#cloud-config-archive\n- a\n"
for _ in range(12):
    inner = "#cloud-config-archive\n" + json.dumps([inner])
refused("archives 12 deep", 3, "nested more than 8 deep", inner)
bomb = "#cloud-config\na0: &a0 [x, x]\n" + "".join("a%d: &a%d [*a%d, *a%d]\n" % (i, i, i - 1, i - 1) for i in range(1, 60))
refused("a billion laughs", 3, "stands for more than", bomb, "merge")
copies = [{"op": "add", "path": "/a", "value": [1]}] + [{"op": "copy", "from": "/a", "path": "/a/-"}] * 100
refused("a patch that doubles", 3, "the patch", "#cloud-config-jsonp\n" + json.dumps(copies), "merge")
refused("a patch that digs", 3, "more than 64 steps", "#cloud-config-jsonp\n" + json.dumps(
    [{"op": "add", "path": "/a", "value": []}] + [{"op": "add", "path": "/a" + "/0" * i + "/0", "value": [[]]} for i in range(0, 300)]), "merge")
end()
