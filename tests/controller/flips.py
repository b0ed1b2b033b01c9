#!/usr/bin/env python3
"""flips.py - bits of a store that a disk has flipped: what notices.

  flips.py columns STORE CHECK…        a bit of each value that is signed, chained or digested, one at a time: each is to be noticed by CHECK FILE, with a hint
  flips.py anywhere STORE N CHECK…     N bits anywhere in the file, each alone: noticed, of no consequence (every row is what it was), or of consequence and not noticed
"""
import collections
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys

COLUMNS = [("bundle", c) for c in ("manifest", "pin", "signatures", "pin_record", "digest", "pin_digest")] + [("key_statement", c) for c in ("payload", "envelope")] + \
    [("audit", c) for c in ("who", "action", "became", "hash", "at_ms")] + [("vm", c) for c in ("name", "uuid", "instance_id")] + [("media_key", "spki"), ("pool_key", "sealed"), ("bundle_secret", "secrets"), ("bundle", "cert"), ("vm", "report_key")]


def check(command, path):
    done = subprocess.run(command + [path], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def sums(text):
    return {t["name"]: t["digest"] for t in json.loads(text)["tables"]}


def fresh(store):
    for end in ("-wal", "-shm"):
        if os.path.exists(store + ".flipped" + end):
            os.unlink(store + ".flipped" + end)
    shutil.copy(store, store + ".flipped")
    return store + ".flipped"


def flipped(value, bit):
    if isinstance(value, int):
        return value ^ 1 << bit % 16
    text = isinstance(value, str)
    raw = bytearray(value.encode() if text else value)
    raw[bit // 8 % len(raw)] ^= 1 << bit % (7 if text else 8)
    return raw.decode("latin-1") if text else bytes(raw)


def columns(store, command):
    random.seed(22)
    tried, missed = 0, []
    for table, column in COLUMNS:
        db = sqlite3.connect(store)
        key = [c[1] for c in db.execute(f"PRAGMA table_info({table})") if c[5]]
        rows = [r for r in db.execute(f"SELECT {column}, {', '.join(key)} FROM {table}") if r[0] not in (None, "", b"")]
        db.close()
        if not rows:
            missed.append(f"{table}.{column} has no row")
            continue
        for value, *where in random.sample(rows, min(6, len(rows))):
            path = fresh(store)
            db = sqlite3.connect(path)
            db.execute(f"UPDATE {table} SET {column} = ? WHERE " + " AND ".join(f"{k} = ?" for k in key), [flipped(value, random.randrange(8 * 10**6)), *where])
            db.commit()
            db.close()
            status, _, said = check(command, path)
            tried += 1
            if status != 3 or "hint: " not in said:
                missed.append(f"{table}.{column}: status {status}: {said.strip()}")
    for m in missed:
        print(f"FAIL: {m}")
    print(f"ok: {tried - len(missed)} of {tried} flips in {len(COLUMNS)} columns that are signed, chained or digested are noticed, with a hint")
    return 1 if missed else 0


def anywhere(store, count, command):
    random.seed(22)
    status, out, said = check(command, store)
    if status:
        print(f"FAIL: the store itself: {said}")
        return 1
    whole, size, seen, tables = sums(out), os.path.getsize(store), collections.Counter(), collections.Counter()
    for _ in range(count):
        path = fresh(store)
        with open(path, "r+b") as f:
            at = random.randrange(size)
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes([byte ^ 1 << random.randrange(8)]))
        status, out, said = check(command, path)
        if status:
            seen["noticed" if "hint: " in said else "noticed without advice"] += 1
            if "hint: " not in said:
                print(f"FAIL: at {at}: status {status}: {said.strip()}")
        elif sums(out) == whole:
            seen["of no consequence"] += 1
        else:
            seen["not noticed"] += 1
            tables.update(t for t, d in sums(out).items() if d != whole[t])
    print(f"ok: of {count} bits anywhere in {size} bytes: " + ", ".join(f"{n} {what}" for what, n in seen.most_common()) +
          ("; not noticed in " + ", ".join(f"{t} {n}" for t, n in tables.most_common()) if tables else ""))
    return 1 if seen["noticed without advice"] else 0


if sys.argv[1] == "columns":
    sys.exit(columns(sys.argv[2], sys.argv[3:]))
sys.exit(anywhere(sys.argv[2], int(sys.argv[3]), sys.argv[4:]))
