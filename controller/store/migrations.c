/* migrations.c - see migrations.h */
#include "controller/store/migrations.h"

const struct migration migrations[] = {
	{ 1, "keys, pool, images, machines, bundles, events",
	"CREATE TABLE value (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE media_key (id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, alg INTEGER NOT NULL, spki BLOB NOT NULL,"
	" sealed BLOB NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL, rev INTEGER NOT NULL, UNIQUE (project, name));"
	"CREATE TABLE ca (id TEXT PRIMARY KEY, project TEXT NOT NULL, subject TEXT NOT NULL, sealed BLOB NOT NULL, chain TEXT NOT NULL,"
	" created_at INTEGER NOT NULL, rev INTEGER NOT NULL, UNIQUE (project));"
	"CREATE TABLE pool_key (id TEXT PRIMARY KEY, project TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL, public BLOB NOT NULL,"
	" sealed BLOB, vm_id TEXT, made_at INTEGER NOT NULL);"
	"CREATE INDEX pool_key_by_state ON pool_key (project, kind, state);"
	"CREATE INDEX pool_key_by_vm ON pool_key (vm_id) WHERE vm_id IS NOT NULL;"
	"CREATE TABLE pool_meter (project TEXT NOT NULL, kind INTEGER NOT NULL, made INTEGER NOT NULL, free INTEGER NOT NULL,"
	" taken INTEGER NOT NULL, wiped INTEGER NOT NULL, PRIMARY KEY (project, kind)) WITHOUT ROWID;"
	"CREATE TABLE image (id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, doc TEXT NOT NULL, created_at INTEGER NOT NULL,"
	" rev INTEGER NOT NULL, UNIQUE (project, name));"
	"CREATE TABLE vm (id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, uuid TEXT NOT NULL, instance_id TEXT NOT NULL,"
	" mac TEXT NOT NULL, host TEXT NOT NULL, image TEXT NOT NULL, spec TEXT NOT NULL, state INTEGER NOT NULL, reason TEXT NOT NULL,"
	" running INTEGER NOT NULL, run_token INTEGER NOT NULL, sequence INTEGER NOT NULL, deadline_at INTEGER NOT NULL, host_known INTEGER NOT NULL,"
	" report_key BLOB, boot_id TEXT NOT NULL, report_seq INTEGER NOT NULL, status TEXT, ek_sha256 TEXT NOT NULL, forwards TEXT NOT NULL,"
	" idempotency_key TEXT, created_at INTEGER NOT NULL, rev INTEGER NOT NULL, UNIQUE (project, name), UNIQUE (project, uuid));"
	"CREATE UNIQUE INDEX vm_by_idempotency_key ON vm (project, idempotency_key) WHERE idempotency_key IS NOT NULL;"
	"CREATE TABLE bundle (vm_id TEXT NOT NULL, sequence INTEGER NOT NULL, project TEXT NOT NULL, stage INTEGER NOT NULL, intent TEXT NOT NULL,"
	" spki BLOB NOT NULL, secrets BLOB, cert TEXT, chain TEXT, manifest BLOB, digest BLOB, pin BLOB, pin_digest BLOB, signatures BLOB,"
	" pin_record BLOB, keys TEXT NOT NULL, delivered_at INTEGER NOT NULL, wiped_at INTEGER NOT NULL, rev INTEGER NOT NULL,"
	" PRIMARY KEY (vm_id, sequence)) WITHOUT ROWID;"
	"CREATE INDEX bundle_unfinished ON bundle (stage) WHERE stage < 3;"
	"CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, noun TEXT NOT NULL, noun_id TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);"
	"CREATE INDEX event_by_noun ON event (noun_id, seq);" },
	/* A row is rewritten whole when a stage is reached: what is written once and wiped once lies beside it. */
	{ 2, "secrets in a table of their own",
	"CREATE TABLE bundle_secret (vm_id TEXT NOT NULL, sequence INTEGER NOT NULL, secrets BLOB NOT NULL, PRIMARY KEY (vm_id, sequence));"
	"INSERT INTO bundle_secret SELECT vm_id, sequence, secrets FROM bundle WHERE secrets IS NOT NULL;"
	"ALTER TABLE bundle DROP COLUMN secrets;" },
	{ 3, "the boots of a machine",
	"CREATE TABLE boot (vm_id TEXT NOT NULL, boot_id TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" twin INTEGER NOT NULL, PRIMARY KEY (vm_id, boot_id)) WITHOUT ROWID;"
	"INSERT INTO boot SELECT id, boot_id, 0, 1, report_seq, 0 FROM vm WHERE boot_id <> '';" },
	{ 4, "bundles that are delivered and not wiped",
	"CREATE INDEX bundle_unwiped ON bundle (vm_id, sequence) WHERE delivered_at > 0 AND wiped_at = 0;" },
	{ 5, "what nothing proves, apart from what is proven",
	"ALTER TABLE vm ADD COLUMN unproven TEXT; ALTER TABLE vm ADD COLUMN unproven_left INTEGER NOT NULL DEFAULT 8;"
	" ALTER TABLE vm ADD COLUMN forged INTEGER NOT NULL DEFAULT 0;" },
	{ 6, "the pool's water marks",
	"CREATE TABLE pool_mark (project TEXT NOT NULL, kind INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,"
	" PRIMARY KEY (project, kind)) WITHOUT ROWID;" },
};
const size_t migration_count = sizeof migrations / sizeof *migrations;
