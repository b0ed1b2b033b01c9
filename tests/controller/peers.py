#!/usr/bin/env python3
"""peers.py - every route asked as each who may not: the roles and projects are those of the document that natald writes from its route table.

  peers.py FOLDER PORT OPENAPI WHO=ROLE[@PROJECT]…     FOLDER/WHO.pem and WHO.key; WHO "-": no certificate
"""
import json
import sys

import os
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from listen import ask, connect, context, fail, ok
import listen

folder, port, routes = sys.argv[1], int(sys.argv[2]), []
for path, methods in json.load(open(sys.argv[3]))["paths"].items():
    for method, o in methods.items():
        routes.append((method.upper(), path.replace("{", "").replace("}", ""), o.get("x-natal-roles", "anyone").split(" or ")))
for who, _, what in (w.partition("=") for w in sys.argv[4:]):
    role, _, project = what.partition("@")
    ctx = context(folder, None if who == "-" else who)
    refused = others = let_in = 0
    for method, path, roles in routes:
        if "anyone" in roles or path == "/v1/access/renew":
            continue
        for p in ("default", "blue"):
            # A connection each: who is refused for his identity may find his connection closed.
            status, _, text = ask(connect(ctx, port), f"{path}?project={p}", method, b"{}" if method in ("POST", "PUT") else b"")
            if status == 429:
                fail(f"{who}: {method} {path}: too many requests for this test")
            elif role not in roles:
                good = status == 403 and "is for the role" in text
                refused += good
                good or fail(f"{who}: {method} {path} of {p}: {status} {text}")
            elif project and p != project and role in ("reader", "operator", "guest"):
                good = status == 403 and ("is not yours" in text or "is of all projects" in text)
                others += good
                good or fail(f"{who}: {method} {path} of {p}: {status} {text}")
            else:
                good = status != 403 or "is of all projects" in text or "is none of host" in text
                let_in += good
                good or fail(f"{who}: {method} {path} of {p} is his: {status} {text}")
    ok(f"{who} ({what}): {refused} requests refused for the role, {others} for the project, {let_in} let in, of the whole or of things that are not his")
    (refused and (others or not project) or fail(f"{who}: nothing was refused"))
sys.exit(listen.bad)
