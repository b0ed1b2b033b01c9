#!/usr/bin/env python3
"""history.py - many clients at once against one natald, and a judge of what they were told.

  history.py run WHERE --clients N --out FILE --until PATH --kills PATH [--flight FILE] [--prefix WORD]
                        until PATH is there, each client makes, reads, changes and deletes machines of its own; then each is read once more. A line in --kills: natald is
                        about to be killed. --flight: where it says how much is in flight, of how many kills it knows, and how much was answered
    WHERE is --socket PATH, a connection for each request, or --port N --ca FILE --cert FILE --key FILE: HTTPS at 127.0.0.1, a connection for each client, kept alive
  history.py judge FILE… says what was acknowledged and lost, or handed out twice; ends with 1 where anything was

In flight is what was sent and not answered yet, as it was just before a kill; a connection that is being made is not. A client asks one thing at a time, of machines that nobody else names: what it is told of one is a sequence. A request whose answer never came is asked again,
with the same key, until it is answered; only then it goes on. So each answer can be judged by those before it. The history is one JSON object a line.
"""
import argparse
import asyncio
import json
import os
import random
import ssl
import sys
import time

sent, answered = 0, 0


class Lost(Exception):
    """Asked, and no whole answer came."""


class Away(Exception):
    """Nobody was there to be asked, or too many were before."""


class Line:
    """A client's way to natald: by the socket one connection for each request, by HTTPS one that is kept."""

    def __init__(self, args, tls):
        self.args, self.tls, self.reader, self.writer, self.sent_at = args, tls, None, None, 0

    async def connect(self):
        if self.writer:
            return
        if self.tls:
            opened = asyncio.open_connection("127.0.0.1", self.args.port, ssl=self.tls, server_hostname="natald", ssl_handshake_timeout=30)
        else:
            opened = asyncio.open_unix_connection(self.args.socket)
        try:
            self.reader, self.writer = await asyncio.wait_for(opened, 40)
        except (OSError, asyncio.TimeoutError) as why:
            raise Away from why

    def hang_up(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None

    async def answer(self):
        """Status and document, wholly."""
        top = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        if not top.startswith("HTTP/1.1 "):
            raise Lost
        heads = dict(line.lower().split(": ", 1) for line in top.split("\r\n")[1:] if ": " in line)
        body = await self.reader.readexactly(int(heads.get("content-length", 0)))
        if not self.tls or heads.get("connection") == "close":
            self.hang_up()
        return int(top[9:12]), json.loads(body or b"{}")

    async def ask(self, method, target, body=None, key=None):
        """Lost: it was sent, and no whole answer came."""
        global sent
        data = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {target} HTTP/1.1\r\nHost: n\r\nContent-Length: {len(data)}\r\nContent-Type: application/json\r\n"
        head += "" if self.tls else "Connection: close\r\n"
        head += f"Idempotency-Key: {key}\r\n" if key else ""
        await self.connect()
        sent += 1
        self.sent_at = time.time()
        try:
            self.writer.write(head.encode() + b"\r\n" + data)
            await self.writer.drain()
            return await asyncio.wait_for(self.answer(), 60)
        except (OSError, EOFError, asyncio.TimeoutError, asyncio.LimitOverrunError, ValueError, Lost) as why:
            self.hang_up()
            raise Lost from why
        finally:
            sent -= 1


class Client:
    def __init__(self, number, args, out, tls):
        self.number, self.args, self.out, self.machines, self.made, self.line = number, args, out, 0, [], Line(args, tls)

    async def settled(self, op, name, method, target, body=None, key=None):
        """Asked until it is answered; what may be asked again later is."""
        global answered
        lost = 0
        while True:
            pause = 0.1
            try:
                status, doc = await self.line.ask(method, target, body, key)
            except Lost:
                status, doc = 0, {}
                lost += 1
            except Away:
                status, doc = 0, {}
                pause = 0.5 if self.line.tls else 0.1
            if status not in (0, 429, 500, 503):
                break
            await asyncio.sleep(random.uniform(0.01, pause))
        answered += 1
        said = {"t": time.time(), "sent": self.line.sent_at, "op": op, "name": name, "status": status, "lost": lost}
        if status < 300:
            keys = (doc.get("bundle") or {}).get("keys") or {}
            said.update(id=doc.get("id"), gen=(doc.get("goal") or {}).get("gen"), tls=keys.get("tls_spki"), ssh=keys.get("ssh"))
        else:
            said.update(reason=doc.get("reason"))
        self.out.write(json.dumps(said) + "\n")
        return status

    async def one_machine(self):
        self.machines += 1
        name = f"{self.args.prefix}-{self.number}-{self.machines}"
        path = f"/v1/vms/{name}"
        if await self.settled("create", name, "POST", "/v1/vms", {"name": name, "host": "none"}, f"k-{name}") >= 300:
            return
        self.made.append(name)
        await self.settled("get", name, "GET", path)
        await self.settled("change", name, "POST", path + "/goal", {"users": [{"name": "ada"}]})
        await self.settled("get", name, "GET", path)
        if (self.machines + self.number) % 3 == 0:
            await self.settled("delete", name, "DELETE", path)
            await self.settled("get", name, "GET", path)

    async def run(self):
        while not os.path.exists(self.args.until):
            await self.one_machine()
        for name in self.made:          # what a later kill has lost
            await self.settled("get", name, "GET", f"/v1/vms/{name}")


async def look(args, at_kills):
    """What was in flight when a line was added to the file of kills."""
    before, had = 0, 0
    while not os.path.exists(args.until):
        size = os.path.getsize(args.kills) if os.path.exists(args.kills) else 0
        if size != had:
            at_kills.append(max(before, sent))
        before, had = sent, size
        if args.flight:
            with open(args.flight + ".new", "w") as f:
                f.write(f"{sent} {len(at_kills)} {answered}\n")
            os.rename(args.flight + ".new", args.flight)
        await asyncio.sleep(0.02)


async def run(args):
    at_kills, tls = [], None
    if args.port:
        tls = ssl.create_default_context(cafile=args.ca)
        tls.check_hostname = False
        tls.load_cert_chain(args.cert, args.key)
    with open(args.out, "w") as out:
        clients = [Client(n, args, out, tls) for n in range(args.clients)]
        await asyncio.gather(look(args, at_kills), *(c.run() for c in clients))
        out.write(json.dumps({"op": "in-flight", "kills": len(at_kills), "median": sorted(at_kills)[len(at_kills) // 2] if at_kills else 0, "least": min(at_kills, default=0)}) + "\n")
    return 0


class Machine:
    def __init__(self):
        self.id, self.gen, self.gone = None, 0, False


def judge_one(machines, said, wrong):
    m = machines.setdefault(said["name"], Machine())
    op, status, name = said["op"], said["status"], said["name"]
    good = status < 300
    if op == "create" and good:
        if m.id not in (None, said["id"]):
            wrong.append(f"{name}: made twice, as {m.id} and {said['id']}")
        m.id = said["id"]
    elif op == "get" and not good:
        if not (status == 404 and m.gone):
            wrong.append(f"{name}: acknowledged, and {status} {said.get('reason')} when asked for")
    elif op == "get":
        if m.gone:
            wrong.append(f"{name}: deleted, acknowledged, and there again")
        if said["id"] != m.id:
            wrong.append(f"{name}: acknowledged as {m.id}, found as {said['id']}")
        if (said["gen"] or 0) < m.gen:
            wrong.append(f"{name}: generation {m.gen} was acknowledged, found {said['gen']}")
    elif op == "change" and good:
        m.gen = max(m.gen, said["gen"] or 0)
    elif op == "delete":
        # Not there any more, when its answer was lost: it was this one that deleted it.
        if not (good or (status == 404 and said["lost"])):
            wrong.append(f"{name}: delete answered with {status} {said.get('reason')}")
        m.gone = True
    elif not good:
        wrong.append(f"{name}: {op} answered with {status} {said.get('reason')}")


def judge(args):
    machines, owners, wrong, flight, answers, lost = {}, {}, [], {}, 0, 0
    for path in args.history:
        for line in open(path):
            said = json.loads(line)
            if said["op"] == "in-flight":
                flight = said
                continue
            answers += 1
            lost += said["lost"]
            judge_one(machines, said, wrong)
            for kind, digest in [("tls", said.get("tls"))] + list((said.get("ssh") or {}).items()):
                owner = owners.setdefault((kind, digest), said.get("id")) if digest else None
                if owner not in (None, said.get("id")):
                    wrong.append(f"{said['name']}: its {kind} key {digest[:16]} is {owner}'s too")
    made = sum(1 for m in machines.values() if m.id)
    if len(owners) < 2 * made:
        wrong.append(f"{made} machines were made, and of their keys {len(owners)} were seen: two of one machine are looked for in vain")
    for text in wrong[:20]:
        print("WRONG " + text)
    print(f"{answers} answers about {len(machines)} machines with {len(owners)} keys; {lost} answers were lost and asked for again;"
          f" in flight {flight.get('median')} (median of {flight.get('kills')} kills), {flight.get('least')} (least); {len(wrong)} wrong")
    return 1 if wrong or not answers else 0


def main():
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest="verb", required=True)
    r = sub.add_parser("run")
    where = r.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket")
    where.add_argument("--port", type=int)
    for name in ("--ca", "--cert", "--key", "--flight"):
        r.add_argument(name)
    r.add_argument("--prefix", default="h", help="of the machines' names: more than one run on one store")
    r.add_argument("--clients", type=int, default=1100)
    r.add_argument("--out", required=True)
    r.add_argument("--until", required=True)
    r.add_argument("--kills", required=True)
    j = sub.add_parser("judge")
    j.add_argument("history", nargs="+")
    args = parser.parse_args()
    return judge(args) if args.verb == "judge" else asyncio.run(run(args))


if __name__ == "__main__":
    sys.exit(main())
