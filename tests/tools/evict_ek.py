#!/usr/bin/env python3
"""evict_ek.py SOCKET - takes the EK at 0x81010001 out of a TPM that listens there: TPM2_EvictControl, as an owner may."""
import socket, sys, time
body = bytes.fromhex("40000001" "81010001" "00000009" "400000090000000000" "81010001")
command = bytes.fromhex("8002") + (10 + len(body)).to_bytes(4, "big") + bytes.fromhex("00000120") + body
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
for _ in range(50):
    s.sendall(command)
    code = int.from_bytes(s.recv(4096)[6:10], "big")
    if code != 0x922:
        break
    time.sleep(0.1)
sys.exit(0 if code == 0 else "TPM2_EvictControl: 0x%x" % code)
