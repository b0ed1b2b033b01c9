#!/usr/bin/env python3
# grow.py FROM TO - SQL on stdout, for SQLite and PostgreSQL: machines grown-FROM to grown-(TO-1), each with the rows of machine `seed` under an id of its own that is
# nowhere near the last one's; delivered, so that no host and no signer has anything to do with them; and without a pin record, so that
# a million files are not laid out behind the measurement.
import sys

low, high = int(sys.argv[1]), int(sys.argv[2])
number = "(10000000000 + (s.i * 2654435761) % 4294967296)"
ident = f"'vm-g' || {number}"
tables = {
    "vm": ("id, project, name, uuid, instance_id, mac, host, image, spec, state, reason, running, run_token, sequence, deadline_at, host_known, report_key,"
           " boot_id, report_seq, status, ek_sha256, forwards, created_at, unproven, unproven_left, forged, epoch, goal, has_epoch, has_gen, seen_at, rev",
           {"id": ident, "name": "'grown-' || (1000000000 + s.i)", "uuid": f"'00000000-0000-4000-8000-0' || {number}", "instance_id": f"'i-g' || {number}",
            "state": "5", "deadline_at": "0"}, "t.name = 'seed'"),
    "bundle": ("vm_id, sequence, project, stage, intent, spki, cert, chain, manifest, digest, pin, pin_digest, signatures, pin_record, keys, delivered_at,"
               " wiped_at, rev, maker, made_at", {"vm_id": ident, "delivered_at": "1", "wiped_at": "1", "pin_record": "NULL"}, "t.vm_id = (SELECT id FROM vm WHERE name = 'seed')"),
    "event": ("noun_id, seq, project, noun, at_ms, kind, body", {"noun_id": ident}, "t.noun_id = (SELECT id FROM vm WHERE name = 'seed')"),
}
STEP = 50000
for at in range(low, high, STEP):
    for table, (columns, own, which) in tables.items():
        names = [c.strip() for c in columns.split(",")]
        values = ", ".join(own.get(n, "t." + n) for n in names)
        series = f"WITH RECURSIVE s(i) AS (SELECT {at} UNION ALL SELECT i + 1 FROM s WHERE i + 1 < {min(at + STEP, high)})"
        print(f"{series} INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM s, {table} t WHERE {which};")
