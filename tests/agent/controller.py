#!/usr/bin/env python3
"""controller.py SOCKET OUT KEYFILE MODE - a test's end of the channel: writes each status frame to OUT as a JSON line, with "mac": ok|zero|bad.

MODE: ack (acknowledges all), mute (never), forge (acknowledges with another key).
"""
import hashlib, hmac, json, os, socket, struct, sys

path, out, keyfile, mode = sys.argv[1:5]
key = open(keyfile, "rb").read()


def mac(k, head, body):
    return hmac.new(k, head[:24] + body, hashlib.sha256).digest()


def ack(conn, status):
    body = json.dumps({"boot_id": status["boot_id"], "seq": status["seq"]}).encode()
    head = b"NTL1" + struct.pack("<IB7xQ", len(body), 2, 1)
    conn.sendall(head + mac(b"x" * 32 if mode == "forge" else key, head, body) + body)


def take(buffer, conn, log):
    while len(buffer) >= 56:
        start = buffer.find(b"NTL1")
        if start:
            buffer = buffer[start:] if start > 0 else b""
            continue
        size = struct.unpack_from("<I", buffer, 4)[0]
        if len(buffer) < 56 + size:
            break
        head, got, body = buffer[:24], buffer[24:56], buffer[56:56 + size]
        buffer = buffer[56 + size:]
        status = json.loads(body)
        status["mac"] = "zero" if got == bytes(32) else "ok" if got == mac(key, head, body) else "bad"
        log.write(json.dumps(status) + "\n")
        log.flush()
        if mode != "mute":
            ack(conn, status)
    return buffer


server = socket.socket(socket.AF_UNIX)
server.bind(path + ".new")
server.listen(4)
os.rename(path + ".new", path)
with open(out, "a") as log:
    while True:
        conn, _ = server.accept()
        buffer = b""
        try:
            while chunk := conn.recv(65536):
                buffer = take(buffer + chunk, conn, log)
        except (ConnectionResetError, BrokenPipeError):
            pass
        conn.close()
