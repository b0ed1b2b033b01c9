#!/usr/bin/env python3
"""The port natal.guest.0 as a hypervisor has it: port.py HOST GUEST listens on two unix sockets and carries bytes between whoever is connected.
Like a virtio-serial port it drops what is written while nobody is at the other side, and either side may go and come back. Prints "ready" when the host is there.
A third argument is a file that what the host has said is added to."""
import os, select, socket, sys

listeners, peers = {}, {}
kept = open(sys.argv[3], "ab", buffering=0) if len(sys.argv) > 3 else None
for side, path in (("host", sys.argv[1]), ("guest", sys.argv[2])):
    s = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):
        os.unlink(path)
    s.bind(path)
    s.listen(4)
    listeners[s] = side
while True:
    for s in select.select(list(listeners) + list(peers.values()), [], [])[0]:
        if s in listeners:
            conn, _ = s.accept()
            if listeners[s] in peers:
                conn.close()
            else:
                peers[listeners[s]] = conn
                if listeners[s] == "host":
                    print("ready", flush=True)
            continue
        side = next((k for k, v in peers.items() if v is s), None)
        if side is None:
            continue
        try:
            data = s.recv(65536)
        except OSError:
            data = b""
        if not data:
            s.close()
            del peers[side]
            continue
        if kept and side == "host":
            kept.write(data)
        other = peers.get("guest" if side == "host" else "host")
        if other:
            try:
                other.sendall(data)
            except OSError:
                pass
