#!/usr/bin/env python3
"""stale.py SOCKET KEYFILE KEPT [EPOCH.GEN] - the controller of a store as it once was, at the host's end of a guest's port.

KEPT is what natald said to this guest (port.py): its last goal and that goal's bundle, both as they were signed. The goal is named as it was, or as EPOCH.GEN; who fetches it gets
the bundle. Nothing is acknowledged. Says a line for each frame that it hears: HELLO with what the guest has, FETCH, STATUS. Ends when a HELLO follows, or after 20 s.
"""
import hashlib, hmac, json, socket, struct, sys, time

STATUS, HELLO, GOAL, FETCH, CHUNK = 1, 3, 4, 5, 6
PIECE = 131072
key = open(sys.argv[2], "rb").read()


def frames(data):
    """What is whole of it, and the rest."""
    found = []
    while len(data) >= 56:
        assert data[:4] == b"NTL1", "no frame"
        size, kind = struct.unpack_from("<IB", data, 4)
        if len(data) < 56 + size:
            break
        found.append((kind, data[56:56 + size]))
        data = data[56 + size:]
    return found, data


def say(conn, kind, body):
    head = b"NTL1" + struct.pack("<IB7xQ", len(body), kind, 1)
    conn.sendall(head + hmac.new(key, head + body, hashlib.sha256).digest() + body)


goal, pieces = None, {}
for kind, body in frames(open(sys.argv[3], "rb").read())[0]:
    if kind == GOAL and json.loads(body)["size"]:
        goal = json.loads(body)
    elif kind == CHUNK:
        pieces.setdefault(body[:32].hex(), {})[struct.unpack_from("<Q", body, 32)[0]] = body[40:]
bundle = b"".join(piece for _, piece in sorted(pieces[goal["digest"]].items()))
assert len(bundle) == goal["size"], f"the bundle of {goal} is not whole"
if len(sys.argv) > 4:
    goal["epoch"], goal["gen"] = map(int, sys.argv[4].split("."))

conn = socket.socket(socket.AF_UNIX)
conn.connect(sys.argv[1])
say(conn, GOAL, json.dumps(goal).encode())
until, rest = time.monotonic() + 20, b""
while (left := until - time.monotonic()) > 0:
    conn.settimeout(left)
    try:
        data = conn.recv(65536)
    except TimeoutError:
        break
    if not data:
        break
    heard, rest = frames(rest + data)
    for kind, body in heard:
        said = json.loads(body)
        if kind == FETCH:
            at = said["offset"]
            print(f"FETCH {at}", flush=True)
            say(conn, CHUNK, bytes.fromhex(said["digest"]) + struct.pack("<Q", at) + bundle[at:at + PIECE])
        elif kind == HELLO:
            print(f"HELLO {said['epoch']}.{said['gen']}", flush=True)
            sys.exit(0)
        elif kind == STATUS:
            print("STATUS " + json.dumps(said), flush=True)
sys.exit(1)
