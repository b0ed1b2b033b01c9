#!/usr/bin/env python3
"""medium2seed.py MEDIUM DIR - what a natal medium holds, as a NoCloud seed of the same content (user-data, meta-data, network-config).

A reader of its own by FORMAT.md: it checks sizes and digests of all blobs, so that a medium of garbage is no medium here either."""
import hashlib, json, struct, sys

with open(sys.argv[1], "rb") as f:
    image = f.read()
block = 2048
assert image[16 * block:16 * block + 6] == b"\x01CD001" and image[16 * block + 40:16 * block + 72].strip() == b"NATAL", "no volume NATAL"
root, = struct.unpack_from("<I", image, 16 * block + 158)
at = root * block
while image[at] and image[at + 33:at + 33 + image[at + 32]].split(b";")[0] != b"NATAL.BUNDLE":
    at += image[at]
assert image[at], "no natal.bundle"
start, size = struct.unpack_from("<I4xI", image, at + 2)
bundle = image[start * block:start * block + size]
assert bundle[:8] == b"NATAL\r\n\x1a", "no envelope"
version, kind, payload, signatures, count, total = struct.unpack_from("<HHIIIQ", bundle, 8)
assert (version, kind, total) == (1, 1, len(bundle)) and count > 0, "no bundle"
manifest = json.loads(bundle[32:32 + payload])
at, blobs = 32 + payload + signatures, {}
for b in manifest["blobs"]:
    blobs[b["name"]] = bundle[at:at + b["size"]]
    assert hashlib.sha256(blobs[b["name"]]).hexdigest() == b["sha256"], b["name"] + ": another digest"
    at += b["size"]
assert at == len(bundle), "bytes behind the blobs"

cloud = json.loads(blobs["user-data"].split(b"\n", 1)[1])
cloud["ssh_keys"] = {}
cloud.setdefault("write_files", [])
for name, data in blobs.items():
    if name.startswith("ssh/"):
        key = name.removeprefix("ssh/ssh_host_").removesuffix(".pub").removesuffix("_key")
        cloud["ssh_keys"][key + ("_public" if name.endswith(".pub") else "_private")] = data.decode()
    elif name.startswith("tls/"):
        mode = next(b["mode"] for b in manifest["blobs"] if b["name"] == name)
        cloud["write_files"].append({"path": "/etc/natal/" + name, "permissions": mode, "content": data.decode()})
with open(sys.argv[2] + "/user-data", "w") as f:
    f.write("#cloud-config\n" + json.dumps(cloud) + "\n")
with open(sys.argv[2] + "/meta-data", "w") as f:
    f.write("instance-id: " + manifest["vm"]["instance_id"] + "\n")
with open(sys.argv[2] + "/network-config", "wb") as f:
    f.write(blobs["network-config"])
