#!/usr/bin/env python3
"""Every format of user-data, as Python's email package, gzip and people write them: which parts come of it, and which config."""
import gzip
import json
import os
import shutil
import subprocess
import sys
from email import encoders
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import check, end, verb

CONFIG = "#cloud-config\npackages: [a]\n"
SCRIPT = "#!/bin/sh\necho hi\n"


def part(text, sub, filename=None, **headers):
    p = MIMEText(text, sub)
    if filename:
        p.add_header("Content-Disposition", "attachment", filename=filename)
    for key, value in headers.items():
        p[key.replace("_", "-")] = value
    return p


def multi(*parts):
    m = MIMEMultipart()
    for p in parts:
        m.attach(p)
    return m


def encoded(payload, main, sub, encode, filename):
    p = MIMEBase(main, sub)
    p.set_payload(payload)
    encode(p)
    p.add_header("Content-Disposition", "attachment", filename=filename)
    return p


def parts(text):
    status, out, err = verb("parts", text)
    return [(p["type"], p["filename"], p["size"]) for p in json.loads(out)] if status == 0 else err


def gives(what, text, *expected):
    got = parts(text)
    check(what, got == list(expected), got)


ONE = ("text/cloud-config", "part-001", len(CONFIG))
gives("a cloud-config", CONFIG, ONE)
gives("blanks before the header, and its case", "\n\n  #Cloud-Config\na: 1\n", ("text/cloud-config", "part-001", 23))
gives("a byte order mark", b"\xef\xbb\xbf" + CONFIG.encode(), ONE)
gives("a script", SCRIPT, ("text/x-shellscript", "part-001", len(SCRIPT)))
gives("a boothook", "#cloud-boothook\n" + SCRIPT, ("text/cloud-boothook", "part-001", 16 + len(SCRIPT)))
gives("a patch", "#cloud-config-jsonp\n[]\n", ("text/cloud-config-jsonp", "part-001", 23))
gives("a template", "## template: jinja\n#cloud-config\n", ("text/jinja2", "part-001", 33))
gives("gzip", gzip.compress(CONFIG.encode()), ONE)
gives("gzip in two members", gzip.compress(CONFIG[:9].encode()) + gzip.compress(CONFIG[9:].encode()) + b"\0\0", ONE)
gives("gzip in gzip", gzip.compress(gzip.compress(CONFIG.encode())), ONE)
if shutil.which("zstd"):
    packed = subprocess.run(["zstd", "-19", "-c"], input=CONFIG.encode() * 1000, stdout=subprocess.PIPE, check=True).stdout
    gives("zstd", packed, ("text/cloud-config", "part-001", 1000 * len(CONFIG)))
gives("nothing", "")
gives("blanks", " \n\n")

mime = multi(part(CONFIG, "cloud-config", "a.yaml", Merge_Type="list(append)"), part(SCRIPT, "x-shellscript", "b.sh"),
             part(SCRIPT, "x-shellscript-per-boot", "c.sh"), part(SCRIPT, "x-shellscript-per-instance"), part(SCRIPT, "x-shellscript-per-once"),
             part(CONFIG, "plain"), part(CONFIG, "x-shellscript", "not-a-script"), part("grüße\n", "x-foo", "e.txt"))
LIST = [("text/cloud-config", "a.yaml", 28), ("text/x-shellscript", "b.sh", 18), ("text/x-shellscript-per-boot", "c.sh", 18),
        ("text/x-shellscript-per-instance", "part-004", 18), ("text/x-shellscript-per-once", "part-005", 18),
        ("text/cloud-config", "part-006", 28), ("text/cloud-config", "not-a-script", 28), ("text/x-foo", "e.txt", 8)]
LIST = [(t, f, len("grüße\n".encode()) if t == "text/x-foo" else n) for t, f, n in LIST]
gives("MIME: types, plain text by its first line, base64", mime.as_bytes(), *LIST)
gives("MIME in gzip", gzip.compress(mime.as_bytes()), *LIST)
gives("MIME with CRLF", mime.as_bytes().replace(b"\n", b"\r\n"), *[(t, f, n if t == "text/x-foo" else n + 2) for t, f, n in LIST])
status, out, err = verb("parts", mime.as_bytes())
shown = json.loads(out)
check("a type that nobody knows is a warning", "a part of type text/x-foo ('e.txt') is not used" in err and shown[7]["used"] is False, err)
check("a part's merge type, its digest, its line and no contents", shown[0]["merge_type"] == "list(append)" and len(shown[0]["sha256"]) == 64 and
      shown[0]["line"] == 11 and "packages" not in out, shown[0])
gives("MIME without its last boundary", mime.as_bytes().rsplit(b"--", 2)[0].rstrip(b"-="), *LIST)
check("and that is said", "a multipart has no last boundary" in verb("parts", mime.as_bytes().rsplit(b"\n--", 1)[0])[2])
gives("nested multiparts", multi(part(CONFIG, "cloud-config", "a"), multi(part(SCRIPT, "x-shellscript", "b"), part(SCRIPT, "cloud-boothook")),
                                 part(CONFIG, "cloud-config", "z")).as_bytes(),
      ("text/cloud-config", "a", 28), ("text/x-shellscript", "b", 18), ("text/cloud-boothook", "part-003", 18), ("text/cloud-config", "z", 28))
gives("one part alone", part(CONFIG, "cloud-config", "only").as_bytes(), ("text/cloud-config", "only", 28))
gives("gzip in base64 as a part", multi(encoded(gzip.compress(CONFIG.encode()), "application", "gzip", encoders.encode_base64, "g.gz")).as_bytes(),
      ("text/cloud-config", "g.gz", 28))
gives("quoted-printable", multi(encoded(("#cloud-config\nx: 'ä=%s'\n" % ("y" * 90)).encode(), "text", "cloud-config", encoders.encode_quopri, "q")).as_bytes(),
      ("text/cloud-config", "q", 14 + 8 + 90 + 1))
gives("a file name of RFC 2231", multi(part(CONFIG, "cloud-config", ("utf-8", "", "grüße.yaml"))).as_bytes(), ("text/cloud-config", "grüße.yaml", 28))
folded = 'Content-Type: text/cloud-config; name*0="long-";\n name*1="name"\nMIME-Version: 1.0\n\n' + CONFIG
gives("a file name in pieces, in a folded header", folded, ("text/cloud-config", "long-name", 28))
gives("MIME-Version in a comment", "#cloud-config\n# MIME-Version: 1.0\na: 1\n", ("text/cloud-config", "part-001", 39))
gives("an archive", """#cloud-config-archive
- type: text/cloud-boothook
  content: |
    #!/bin/sh
  filename: h.sh
- |
  #!/bin/sh
- content: |
    a: 1
  launch-index: 2
  Merge-Type: list(append)
""", ("text/cloud-boothook", "h.sh", 10), ("text/x-shellscript", "part-002", 10), ("text/cloud-config", "part-003", 5))


def config(what, expected, *texts, options=()):
    status, out, err = verb("merge", *texts, options=options)
    got = json.loads(out) if status == 0 else err
    check(what, got == expected, got)


def refused(what, status, words, *texts, name="merge"):
    got = verb(name, *texts)
    check(what, got[0] == status and words in got[2] and not got[1], got)


config("parts replace one another's keys", {"a": [2], "b": {"y": 1}}, "#cloud-config\na: [1]\nb: {x: 1}\n", "#cloud-config\na: [2]\nb: {y: 1}\n")
config("merge_how, its text", {"a": [1, 2], "b": {"x": 1, "y": 1}}, "#cloud-config\na: [1]\nb: {x: 1}\n",
       "#cloud-config\na: [2]\nb: {y: 1}\nmerge_how: 'list(append)+dict(no_replace,recurse_list)+str()'\n")
config("merge_how, its list", {"a": [2, 1]}, "#cloud-config\na: [1]\n",
       "#cloud-config\na: [2]\nmerge_how:\n- {name: list, settings: [prepend]}\n- {name: dict, settings: [recurse_list]}\n")
config("Merge-Type of a MIME header", {"packages": ["a", "b"]}, multi(part(CONFIG, "cloud-config"), part(
    "packages: [b]\n", "cloud-config", X_Merge_Type="dict(recurse_array)+list(append)")).as_bytes())
config("Merge-Type of an archive", {"packages": ["a", "b"]}, """#cloud-config-archive
- 'packages: [a]'
- {content: 'packages: [b]', merge-type: 'dict(recurse_list)+list(append)'}
""")
config("a template that makes a cloud-config", {"a": "web-1", "b": ["x", "y"]},
       "## template: jinja\n#cloud-config\na: {{ v1.local_hostname }}\nb:\n{% for i in ['x', 'y'] %}\n- {{ i }}\n{% endfor %}\n",
       options=("--vars", os.path.join(os.path.dirname(os.path.abspath(__file__)), "instance.json")))
config("the names of instance data", {"a": "web-1", "b": "cl", "c": "x"},
       "## template: jinja\n#cloud-config\na: {{ local_hostname }}\nb: {{ cloud_name }}\nc: {{ ds.meta_data.some_key }}\n",
       options=("--vars", os.path.join(os.path.dirname(os.path.abspath(__file__)), "instance.json")))
config("a patch", {"a": {"b": [1, 9]}}, "#cloud-config\na: {b: [1], c: 2}\n", """#cloud-config-jsonp
[{"op": "test", "path": "/a/c", "value": 2}, {"op": "add", "path": "/a/b/-", "value": 9}, {"op": "remove", "path": "/a/c"}]
""")
config("scripts are no config", {}, SCRIPT)
config("a config by itself is merged below", {"a": 1, "b": 2}, '{"a": 1}', '{"a": 3, "b": 2}')
config("and above, the other way round", {"a": 3, "b": 2}, '{"a": 1}', '{"a": 3, "b": 2}', options=("--reverse",))
config("by a strategy that is given", {"a": [1, 2]}, '{"a": [1]}', '{"a": [2]}', options=("--how", "dict(recurse_list)+list(append)"))

refused("a strategy that is none", 3, "'liist(append' is no merger", "#cloud-config\nmerge_how: 'liist(append'\n")
refused("a merger that is none", 3, "did you mean 'list'?", "#cloud-config\nmerge_how: 'lits(append)'\n")
check("an option that is none is said", "has no option 'apend'" in verb("merge", "#cloud-config\nmerge_how: 'list(apend)+dict()'\n")[2])
refused("a template's inner type", 5, "a template holds", "## template: jinja\n#cloud-config-archive\n[]\n")
refused("an undefined name in a template", 3, "file0:3:7: template: 'nope' is undefined", "## template: jinja\n#cloud-config\na: {{ nope }}\n")
refused("a template of another kind", 5, "did you mean 'jinja'?", "## template: jinja2\n#cloud-config\n")
refused("a part that is called a template and is none", 3, "does not begin with '## template: jinja'", multi(part("#cloud-config\na: $x\n", "jinja2")).as_bytes())
check("a template that is called a cloud-config is said", "is not filled in" in
      verb("merge", multi(part("## template: jinja\n#cloud-config\na: 1\n", "cloud-config")).as_bytes())[2])
refused("an include", 8, "#include of http://x/y is refused", "#include\n# why\n\nhttp://x/y\n")
refused("an include on its own line", 8, "#include of http://x/y is refused", "#include-once http://x/y\n")
refused("a part handler", 5, "natal runs no Python", "#part-handler\ndef list_types(): pass\n")
refused("a part handler in MIME", 5, "natal runs no Python", multi(part("x\n", "part-handler")).as_bytes())
refused("a failing test of a patch", 7, "the patch's test fails", "#cloud-config\na: 1\n",
        '#cloud-config-jsonp\n[{"op": "test", "path": "/a", "value": 2}]\n')
refused("a header with a typing mistake", 3, "did you mean '#cloud-config'?", "#cloud-confg\na: 1\n")
refused("no header, and a key of cloud-config", 3, "the first line has to be #cloud-config", "runcmd:\n- x\nfoo\n")
refused("no header at all", 3, "the first line is no header", "hello\n")
refused("a template's header with another spacing", 3, "did you mean '## template: jinja'?", "##template: jinja\n#cloud-config\n")
refused("a cloud-config that is a list", 3, "a cloud-config is a map, not a list", "#cloud-config\n- a\n")
check("a config without header is said to be one", "its first line has to be #cloud-config" in verb("merge", "runcmd: []\n")[2])
refused("base64 that is none", 3, "is not base64", "MIME-Version: 1.0\nContent-Type: text/cloud-config\nContent-Transfer-Encoding: base64\n\n#*!\n", name="parts")
refused("a charset", 5, "charset is 'iso-8859-1'", b"MIME-Version: 1.0\nContent-Type: text/cloud-config; charset=iso-8859-1\n\n#cloud-config\na: \xe4\n",
        name="parts")
end()
