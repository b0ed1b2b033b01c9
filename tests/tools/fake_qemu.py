#!/usr/bin/env python3
"""fake_qemu.py - a SIMULATED QEMU: no machine. It speaks as much QMP as controller/host asks, and has a simulated guest (fake_guest) boot from its medium.

  fake_qemu.py FAKE_GUEST TRUST QEMU'S-OWN-ARGUMENTS…

It runs where a host starts QEMU: in the guest's folder, as the guest's user, with the medium as descriptor 24.
"""
import json, os, shutil, signal, socket, subprocess, sys, threading

fake_guest, trust, args = sys.argv[1], sys.argv[2], sys.argv[3:]
uuid = args[args.index("-uuid") + 1]
full = "fd=24,set=2" in args
guest = None
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("fake_qemu: a simulation", file=open("serial.log", "a"))

def end(*_):
    if guest: guest.kill()
    os._exit(0)
signal.signal(signal.SIGTERM, end)

def answer(line):
    global full
    what = line["execute"]
    if what == "query-block":
        return [{"qdev": "/machine/peripheral/cd0/virtio-backend", **({"inserted": {}} if full else {})}]
    if what == "blockdev-remove-medium": full = False
    return {}

def talk(c):
    f = c.makefile("rwb", buffering=0)
    f.write(b'{"QMP": {"version": {}, "capabilities": []}}\n')
    for raw in f:
        line = json.loads(raw)
        f.write(json.dumps({"return": answer(line)}).encode() + b"\n")
        if line["execute"] in ("quit", "system_powerdown"): end()

def boot():
    global guest
    if full:
        with os.fdopen(os.dup(24), "rb") as medium, open("medium.iso", "wb") as copy:
            medium.seek(0); shutil.copyfileobj(medium, copy)
        guest = subprocess.Popen([fake_guest, "--medium", "medium.iso", "--trust", trust, "--uuid", uuid, "--channel", "guest.sock"],
                                 stdout=open("guest.log", "w"), stderr=subprocess.STDOUT)

def console(s):
    while True:
        c, _ = s.accept()
        while typed := c.recv(4096):
            with open("serial.log", "ab") as log: log.write(b"typed: " + typed)

k = socket.socket(socket.AF_UNIX); k.bind("console.sock"); k.listen(8)
threading.Thread(target=console, args=(k,), daemon=True).start()
s = socket.socket(socket.AF_UNIX); s.bind("qmp.sock"); s.listen(8)
boot()
while True:
    c, _ = s.accept()
    threading.Thread(target=talk, args=(c,), daemon=True).start()
