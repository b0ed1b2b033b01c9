# liar.py SOCKET - a natald that says what no natald says: for natalctl, which must take none of it for a command, or for ever.
import json, os, socket, sys, threading

EVIL = "a\x1b[2J\x07\x9b\u202eb\u2066c"
BODIES = {
    "/v1/vms/evil": {"name": EVIL, "state": "ready\nforged line", "reason": EVIL, "running": True, "report": {"phase": EVIL, "findings": [
        {"level": EVIL, "item": "x\ny", "message": EVIL, "hint": EVIL}], "items": [[EVIL, "ok\nx"], [3, None]]}},
    "/v1/vms/evil/log": {"text": "login:\x1b[31m red\r\nnext\ttab\x9b\r\n"},
    "/v1/vms/three": 3, "/v1/vms/null": None, "/v1/vms/list": [], "/v1/vms/text": "x",
    "/v1/vms": {"vms": [{"name": EVIL, "state": EVIL, "host": "a\nb", "reason": EVIL}]},
    "/v1/keys": {"keys": [{"name": "../up", "pem": "x", "alg": EVIL}]},
    "/v1/audit": {"audit": [{"who": "w" * 300, "n": 1}], "next": "here"},
    "/v1/vms/odd": {"name": 3, "state": [], "reason": {}, "forwards": 3, "report": {"findings": 3, "items": {}}, "birth": [], "bundle": 3, "unproven": "x"},
    "/v1/vms/odd/events": {"events": 3, "final": True, "state": 3}, "/v1/vms/odd/log": {"text": 3, "bytes": 3}, "/v1/vms/odd/pin": {"record": 3},
    "/v1/vms/odd/spec": {"name": "odd", "users": 3, "files": {}, "names": "x"}, "/v1/vms/odd/goal": {"goal": 3}, "/v1/vms/odd/birth-token": {"token": 3},
    "/v1/pool": {"kinds": 3}, "/v1/pool/fill": {"kinds": [3, None]}, "/v1/ca": {"chain": 3}, "/v1/images": {"images": [3, None, {"name": []}]},
    "/v1/images/odd": {"name": {}}, "/v1/hosts": {"hosts": {}}, "/v1/status": {"version": 3, "pid": "x"}, "/v1/keys/odd": {"name": 3, "pem": []},
    "/v1/access": {"access": [], "next": "there"},
}

def serve(c):
    head = c.recv(65536).decode(errors="replace")
    path = head.split(" ")[1].split("?")[0]
    try:
        if path == "/v1/vms/interim":
            while True:
                c.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if path == "/v1/vms/silent":
            return threading.Event().wait(60)
        body = json.dumps(BODIES.get(path, {}), ensure_ascii=False).encode()
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    except OSError:
        pass
    finally:
        c.close()

s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(16)
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
