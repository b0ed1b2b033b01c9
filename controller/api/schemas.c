/* schemas.c - the JSON documents of the API, as tables of fields. Requests are checked by them; both make the API's description. */
#include "controller/api/api.h"
#include "controller/api/bodies.h"
#include "controller/service/spec.h"

/* Replies are only written: their rows say name, kind and whether they are always there. */
#define OUT(name, kind) { name, kind, true, 0, 0 }
#define SCHEMA(id, text, ...) \
	static const struct json_field id##_fields[] = { __VA_ARGS__ }; \
	const struct schema schema_##id = { text, id##_fields, ARRAY_SIZE(id##_fields) }

SCHEMA(status, "status", OUT("version", JSON_TEXT), OUT("controller_id", JSON_TEXT), OUT("state_dir", JSON_TEXT), OUT("pid", JSON_UINT),
	OUT("accel", JSON_TEXT), OUT("machines", JSON_UINT), OUT("running", JSON_UINT));
const struct schema schema_empty = { "nothing", NULL, 0 };
const struct schema schema_key_init = { "key", key_init_fields, 2 };
SCHEMA(key, "key", OUT("name", JSON_TEXT), OUT("id", JSON_TEXT), OUT("alg", JSON_TEXT), OUT("pem", JSON_TEXT), OUT("state", JSON_TEXT),
	OUT("created_at", JSON_UINT));
SCHEMA(keys, "keys", OUT("keys", JSON_ARRAY));
SCHEMA(ca, "ca", OUT("subject", JSON_TEXT), OUT("issuer", JSON_TEXT), OUT("spki_sha256", JSON_TEXT), OUT("not_before", JSON_UINT),
	OUT("not_after", JSON_UINT), OUT("certificates", JSON_UINT), OUT("self_signed", JSON_BOOL), OUT("chain", JSON_TEXT));
const struct schema schema_csr = { "csr", csr_fields, 1 };
SCHEMA(csr_text, "csr", OUT("csr", JSON_TEXT));
const struct schema schema_chain = { "chain", chain_fields, 1 };
const struct schema schema_backup = { "backup", backup_fields, 1 };
SCHEMA(pool, "pool", OUT("kinds", JSON_ARRAY));
const struct schema schema_marks = { "marks", marks_fields, 3 };
const struct schema schema_fill = { "fill", fill_fields, 1 };
SCHEMA(image, "image", OUT("name", JSON_TEXT), OUT("kernel", JSON_TEXT), OUT("initrd", JSON_TEXT), OUT("root", JSON_TEXT),
	OUT("cmdline", JSON_TEXT),
	OUT("os", JSON_TEXT), OUT("built_at", JSON_ANY), OUT("agent_version", JSON_TEXT));
SCHEMA(images, "images", OUT("images", JSON_ARRAY));
const struct schema schema_image_register = { "image", image_register_fields, 2 };
SCHEMA(vm, "vm", OUT("id", JSON_TEXT), OUT("name", JSON_TEXT), OUT("project", JSON_TEXT), OUT("state", JSON_TEXT), OUT("reason", JSON_TEXT),
	OUT("running", JSON_BOOL), OUT("host", JSON_TEXT), OUT("image", JSON_TEXT), OUT("uuid", JSON_TEXT), OUT("instance_id", JSON_TEXT),
	OUT("mac", JSON_TEXT), OUT("sequence", JSON_UINT), OUT("forwards", JSON_ARRAY), OUT("ek_sha256", JSON_TEXT),
		OUT("created_at", JSON_UINT),
	OUT("bundle", JSON_OBJECT), OUT("report", JSON_ANY), OUT("unproven", JSON_ANY), OUT("forged", JSON_UINT), OUT("last_event", JSON_UINT));
SCHEMA(vms, "vms", OUT("vms", JSON_ARRAY));
const struct schema schema_start = { "start", start_fields, 1 };
SCHEMA(events, "events", OUT("events", JSON_ARRAY), OUT("last", JSON_UINT));
SCHEMA(pin, "pin", OUT("record", JSON_TEXT), OUT("sequence", JSON_UINT), OUT("known_hosts", JSON_TEXT), OUT("curl", JSON_TEXT));
SCHEMA(log, "log", OUT("text", JSON_TEXT));
