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
	"CREATE INDEX event_by_noun ON event (noun_id, seq);", NULL },
	/* A row is rewritten whole when a stage is reached: what is written once and wiped once lies beside it. */
	{ 2, "secrets in a table of their own",
	"CREATE TABLE bundle_secret (vm_id TEXT NOT NULL, sequence INTEGER NOT NULL, secrets BLOB NOT NULL, PRIMARY KEY (vm_id, sequence));"
	"INSERT INTO bundle_secret SELECT vm_id, sequence, secrets FROM bundle WHERE secrets IS NOT NULL;"
	"ALTER TABLE bundle DROP COLUMN secrets;", NULL },
	{ 3, "the boots of a machine",
	"CREATE TABLE boot (vm_id TEXT NOT NULL, boot_id TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" twin INTEGER NOT NULL, PRIMARY KEY (vm_id, boot_id)) WITHOUT ROWID;"
	"INSERT INTO boot SELECT id, boot_id, 0, 1, report_seq, 0 FROM vm WHERE boot_id <> '';", NULL },
	{ 4, "bundles that are delivered and not wiped",
	"CREATE INDEX bundle_unwiped ON bundle (vm_id, sequence) WHERE delivered_at > 0 AND wiped_at = 0;", NULL },
	{ 5, "what nothing proves, apart from what is proven",
	"ALTER TABLE vm ADD COLUMN unproven TEXT; ALTER TABLE vm ADD COLUMN unproven_left INTEGER NOT NULL DEFAULT 8;"
	" ALTER TABLE vm ADD COLUMN forged INTEGER NOT NULL DEFAULT 0;", NULL },
	{ 6, "the pool's water marks",
	"CREATE TABLE pool_mark (project TEXT NOT NULL, kind INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,"
	" PRIMARY KEY (project, kind)) WITHOUT ROWID;", NULL },
	{ 7, "events numbered per thing, the pool's meter in parts",
	"CREATE TABLE event_of (noun_id TEXT NOT NULL, seq INTEGER NOT NULL, project TEXT NOT NULL, noun TEXT NOT NULL, at_ms INTEGER NOT NULL,"
	" kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (noun_id, seq)) WITHOUT ROWID;"
	"INSERT INTO event_of SELECT noun_id, seq, project, noun, at_ms, kind, body FROM event;"         /* cursors stay good */
	"DROP TABLE event;"
	"ALTER TABLE event_of RENAME TO event;"
	"CREATE TABLE meter_of (project TEXT NOT NULL, kind INTEGER NOT NULL, part INTEGER NOT NULL, made INTEGER NOT NULL, free INTEGER NOT NULL,"
	" taken INTEGER NOT NULL, wiped INTEGER NOT NULL, PRIMARY KEY (project, kind, part)) WITHOUT ROWID;"
	"INSERT INTO meter_of SELECT project, kind, 0, made, free, taken, wiped FROM pool_meter;"
	"DROP TABLE pool_meter;"
	"ALTER TABLE meter_of RENAME TO pool_meter;",
	"CREATE TABLE value (key TEXT PRIMARY KEY, value BYTEA NOT NULL);"
	"CREATE TABLE media_key (id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, alg BIGINT NOT NULL, spki BYTEA NOT NULL,"
	" sealed BYTEA NOT NULL, state TEXT NOT NULL, created_at BIGINT NOT NULL, rev BIGINT NOT NULL, UNIQUE (project, name));"
	"CREATE TABLE ca (id TEXT PRIMARY KEY, project TEXT NOT NULL, subject TEXT NOT NULL, sealed BYTEA NOT NULL, chain TEXT NOT NULL,"
	" created_at BIGINT NOT NULL, rev BIGINT NOT NULL, UNIQUE (project));"
	"CREATE TABLE pool_key (id TEXT PRIMARY KEY, project TEXT NOT NULL, kind BIGINT NOT NULL, state BIGINT NOT NULL, public BYTEA NOT NULL,"
	" sealed BYTEA, vm_id TEXT, made_at BIGINT NOT NULL);"
	"CREATE INDEX pool_key_by_state ON pool_key (project, kind, state);"
	"CREATE INDEX pool_key_by_vm ON pool_key (vm_id) WHERE vm_id IS NOT NULL;"
	"CREATE TABLE pool_meter (project TEXT NOT NULL, kind BIGINT NOT NULL, part BIGINT NOT NULL, made BIGINT NOT NULL, free BIGINT NOT NULL,"
	" taken BIGINT NOT NULL, wiped BIGINT NOT NULL, PRIMARY KEY (project, kind, part));"
	"CREATE TABLE image (id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, doc TEXT NOT NULL, created_at BIGINT NOT NULL,"
	" rev BIGINT NOT NULL, UNIQUE (project, name));"
	"CREATE TABLE vm (id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, uuid TEXT NOT NULL, instance_id TEXT NOT NULL,"
	" mac TEXT NOT NULL, host TEXT NOT NULL, image TEXT NOT NULL, spec TEXT NOT NULL, state BIGINT NOT NULL, reason TEXT NOT NULL,"
	" running BIGINT NOT NULL, run_token BIGINT NOT NULL, sequence BIGINT NOT NULL, deadline_at BIGINT NOT NULL, host_known BIGINT NOT NULL,"
	" report_key BYTEA, boot_id TEXT NOT NULL, report_seq BIGINT NOT NULL, status TEXT, ek_sha256 TEXT NOT NULL, forwards TEXT NOT NULL,"
	" idempotency_key TEXT, created_at BIGINT NOT NULL, rev BIGINT NOT NULL, unproven TEXT, unproven_left BIGINT NOT NULL DEFAULT 8,"
	" forged BIGINT NOT NULL DEFAULT 0, CONSTRAINT vm_by_name UNIQUE (project, name), CONSTRAINT vm_by_uuid UNIQUE (project, uuid));"
	"CREATE UNIQUE INDEX vm_by_idempotency_key ON vm (project, idempotency_key) WHERE idempotency_key IS NOT NULL;"
	"CREATE TABLE bundle (vm_id TEXT NOT NULL, sequence BIGINT NOT NULL, project TEXT NOT NULL, stage BIGINT NOT NULL, intent TEXT NOT NULL,"
	" spki BYTEA NOT NULL, cert TEXT, chain TEXT, manifest BYTEA, digest BYTEA, pin BYTEA, pin_digest BYTEA, signatures BYTEA,"
	" pin_record BYTEA, keys TEXT NOT NULL, delivered_at BIGINT NOT NULL, wiped_at BIGINT NOT NULL, rev BIGINT NOT NULL,"
	" PRIMARY KEY (vm_id, sequence));"
	"CREATE INDEX bundle_unfinished ON bundle (stage) WHERE stage < 3;"
	"CREATE INDEX bundle_unwiped ON bundle (vm_id, sequence) WHERE delivered_at > 0 AND wiped_at = 0;"
	"CREATE TABLE bundle_secret (vm_id TEXT NOT NULL, sequence BIGINT NOT NULL, secrets BYTEA NOT NULL, PRIMARY KEY (vm_id, sequence));"
	"CREATE TABLE boot (vm_id TEXT NOT NULL, boot_id TEXT NOT NULL, number BIGINT NOT NULL, place BIGINT NOT NULL, seq BIGINT NOT NULL,"
	" twin BIGINT NOT NULL, PRIMARY KEY (vm_id, boot_id));"
	"CREATE TABLE pool_mark (project TEXT NOT NULL, kind BIGINT NOT NULL, low BIGINT NOT NULL, high BIGINT NOT NULL, PRIMARY KEY (project, kind));"
	"CREATE TABLE event (noun_id TEXT NOT NULL, seq BIGINT NOT NULL, project TEXT NOT NULL, noun TEXT NOT NULL, at_ms BIGINT NOT NULL,"
	" kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (noun_id, seq));"
	"CREATE TABLE turn (id TEXT PRIMARY KEY, at_s BIGINT NOT NULL, made BIGINT NOT NULL);"
	"CREATE INDEX turn_by_time ON turn (at_s);" },
	{ 8, "goals",
	"ALTER TABLE vm ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0; ALTER TABLE vm ADD COLUMN goal TEXT;"
	" ALTER TABLE vm ADD COLUMN has_epoch INTEGER NOT NULL DEFAULT 0; ALTER TABLE vm ADD COLUMN has_gen INTEGER NOT NULL DEFAULT 0;"
	" ALTER TABLE vm ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;",
	"ALTER TABLE vm ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0; ALTER TABLE vm ADD COLUMN goal TEXT;"
	" ALTER TABLE vm ADD COLUMN has_epoch BIGINT NOT NULL DEFAULT 0; ALTER TABLE vm ADD COLUMN has_gen BIGINT NOT NULL DEFAULT 0;"
	" ALTER TABLE vm ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;" },
	{ 9, "who was let in",
	BOTH("CREATE TABLE access (id TEXT PRIMARY KEY, role TEXT NOT NULL, project TEXT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL,"
	" token BYTEA, token_until BIGINT NOT NULL, serial BYTEA, serial_before BYTEA, intent TEXT, spki BYTEA, not_after BIGINT NOT NULL,"
	" revoked_at BIGINT NOT NULL, rev BIGINT NOT NULL, CONSTRAINT access_by_name UNIQUE (project, name));"
	"CREATE UNIQUE INDEX access_by_token ON access (token) WHERE token IS NOT NULL;") },
	{ 10, "requests that are made once, and the audit",
	"CREATE TABLE idempotency (project TEXT NOT NULL, idem_key TEXT NOT NULL, digest BLOB NOT NULL, made_id TEXT NOT NULL, answer TEXT,"
	" at_s INTEGER NOT NULL, PRIMARY KEY (project, idem_key)) WITHOUT ROWID;"
	"CREATE INDEX idempotency_by_age ON idempotency (at_s);"
	"CREATE TABLE audit (instance TEXT NOT NULL, n INTEGER NOT NULL, at_ms INTEGER NOT NULL, project TEXT NOT NULL, who TEXT NOT NULL,"
	" action TEXT NOT NULL, was TEXT NOT NULL, became TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (instance, n)) WITHOUT ROWID;",
	"CREATE TABLE idempotency (project TEXT NOT NULL, idem_key TEXT NOT NULL, digest BYTEA NOT NULL, made_id TEXT NOT NULL, answer TEXT,"
	" at_s BIGINT NOT NULL, PRIMARY KEY (project, idem_key));"
	"CREATE INDEX idempotency_by_age ON idempotency (at_s);"
	"CREATE TABLE audit (instance TEXT NOT NULL, n BIGINT NOT NULL, at_ms BIGINT NOT NULL, project TEXT NOT NULL, who TEXT NOT NULL,"
	" action TEXT NOT NULL, was TEXT NOT NULL, became TEXT NOT NULL, hash BYTEA NOT NULL, PRIMARY KEY (instance, n));" },
	{ 11, "leases, and news between many natald",
	BOTH("CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, token BIGINT NOT NULL, until_ms BIGINT NOT NULL);"
	"CREATE TABLE instance (id TEXT PRIMARY KEY, seen_at BIGINT NOT NULL, last_n BIGINT NOT NULL);"
	"CREATE TABLE news (instance TEXT NOT NULL, n BIGINT NOT NULL, noun TEXT NOT NULL, noun_id TEXT NOT NULL, at_s BIGINT NOT NULL,"
	" PRIMARY KEY (instance, n));"
	"CREATE INDEX news_by_time ON news (at_s);") },
	{ 12, "who began a bundle",
	BOTH("ALTER TABLE bundle ADD COLUMN maker TEXT NOT NULL DEFAULT ''; ALTER TABLE bundle ADD COLUMN made_at BIGINT NOT NULL DEFAULT 0;") },
	/* To be counted without being read. */
	{ 13, "machines that run",
	BOTH("CREATE INDEX vm_running ON vm (project) WHERE running = 1;") },
	{ 14, "media keys that follow each other",
	"ALTER TABLE media_key ADD COLUMN succeeds TEXT NOT NULL DEFAULT ''; ALTER TABLE media_key ADD COLUMN retired_at INTEGER NOT NULL DEFAULT 0;"
	" ALTER TABLE media_key ADD COLUMN until_s INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE key_statement (project TEXT NOT NULL, n INTEGER NOT NULL, kind INTEGER NOT NULL, subject TEXT NOT NULL, signer TEXT NOT NULL,"
	" at_s INTEGER NOT NULL, payload BLOB NOT NULL, envelope BLOB, PRIMARY KEY (project, n)) WITHOUT ROWID;",
	"ALTER TABLE media_key ADD COLUMN succeeds TEXT NOT NULL DEFAULT ''; ALTER TABLE media_key ADD COLUMN retired_at BIGINT NOT NULL DEFAULT 0;"
	" ALTER TABLE media_key ADD COLUMN until_s BIGINT NOT NULL DEFAULT 0;"
	"CREATE TABLE key_statement (project TEXT NOT NULL, n BIGINT NOT NULL, kind BIGINT NOT NULL, subject TEXT NOT NULL, signer TEXT NOT NULL,"
	" at_s BIGINT NOT NULL, payload BYTEA NOT NULL, envelope BYTEA, PRIMARY KEY (project, n));" },
	{ 15, "runs of machines that interleave",
	"ALTER TABLE boot ADD COLUMN run_token INTEGER NOT NULL DEFAULT 0; ALTER TABLE boot ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;",
	"ALTER TABLE boot ADD COLUMN run_token BIGINT NOT NULL DEFAULT 0; ALTER TABLE boot ADD COLUMN standing BIGINT NOT NULL DEFAULT 0;" },
	{ 16, "hosts of their own, and what they are asked",
	BOTH("CREATE TABLE host (name TEXT PRIMARY KEY, driver TEXT NOT NULL, accel TEXT NOT NULL, seen_at BIGINT NOT NULL);"
	"CREATE TABLE host_ask (host TEXT NOT NULL, req BIGINT NOT NULL, at_ns BIGINT NOT NULL, type BIGINT NOT NULL, vm_id TEXT NOT NULL,"
	" body TEXT NOT NULL, answer TEXT, PRIMARY KEY (host, req));"
	"CREATE INDEX host_ask_by_vm ON host_ask (vm_id);"
	"CREATE INDEX vm_by_host ON vm (host) WHERE host <> 'none';") },
	{ 17, "machines that are born without a medium",
	BOTH("CREATE TABLE newborn (vm_id TEXT PRIMARY KEY, uuid TEXT NOT NULL, proof TEXT NOT NULL, token BYTEA, token_until BIGINT NOT NULL,"
	" nonce BYTEA, asked_at BIGINT NOT NULL, sequence BIGINT NOT NULL, refused BIGINT NOT NULL, rev BIGINT NOT NULL);"
	"CREATE UNIQUE INDEX newborn_by_token ON newborn (token) WHERE token IS NOT NULL;"
	"CREATE INDEX newborn_by_uuid ON newborn (uuid);") },
	{ 18, "reports that change nothing but themselves",
	"CREATE TABLE progress (vm_id TEXT PRIMARY KEY, boot_id TEXT NOT NULL, seq INTEGER NOT NULL, at_s INTEGER NOT NULL, body BLOB) WITHOUT ROWID;",
	"CREATE TABLE progress (vm_id TEXT PRIMARY KEY, boot_id TEXT NOT NULL, seq BIGINT NOT NULL, at_s BIGINT NOT NULL, body BYTEA);" },
	/* vm_each_hosted() and the deadlines name these conditions word by word. */
	{ 19, "machines that a host is told of, and deadlines, without looking at all",
	BOTH("CREATE INDEX vm_hosted ON vm (id) WHERE host <> 'none' OR host_known = 1 OR spec LIKE '%\"channel\"%';"
	"CREATE INDEX vm_deadline ON vm (deadline_at) WHERE deadline_at > 0;") },
	/* `project = ? AND name = ?` is answered by the name's index, and not by the UUID's, which a server without statistics takes for as good. */
	{ 20, "a machine's UUID before its project", NULL,
	"ALTER TABLE vm DROP CONSTRAINT vm_by_uuid;"
	"CREATE UNIQUE INDEX vm_by_uuid ON vm (uuid, project);" },
	{ 21, "where guests find each natald",
	BOTH("ALTER TABLE instance ADD COLUMN addresses TEXT NOT NULL DEFAULT '';") },
};
const size_t migration_count = sizeof migrations / sizeof *migrations;
