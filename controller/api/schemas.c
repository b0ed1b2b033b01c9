/* schemas.c - the JSON documents of the API, as tables of fields. Requests are checked by them; both make the API's description. */
#include "controller/api/api.h"
#include "controller/api/bodies.h"
#include "controller/service/spec.h"

/* Replies are only written: their rows say name, kind and whether they are always there. */
#define OUT(name, kind) { name, kind, true, 0, 0 }
#define OPT(name, kind) { name, kind, false, 0, 0 }
#define FIELDS(id, ...) static const struct json_field id##_fields[] = { __VA_ARGS__ }
#define PARTS(id, ...) static const struct schema_part id##_parts[] = { __VA_ARGS__, { NULL, NULL } }
#define SCHEMA(id, text, ...) \
	FIELDS(id, __VA_ARGS__); \
	const struct schema schema_##id = { text, id##_fields, ARRAY_SIZE(id##_fields), NULL, false }
#define LOCAL_SCHEMA(id, text, ...) \
	FIELDS(id, __VA_ARGS__); \
	static const struct schema schema_##id = { text, id##_fields, ARRAY_SIZE(id##_fields), NULL, false }
/* One with parts: its fields and parts stand before it. */
#define WHOLE(id, text) const struct schema schema_##id = { text, id##_fields, ARRAY_SIZE(id##_fields), id##_parts, false }

SCHEMA(problem, "problem", OUT("type", JSON_TEXT), OUT("title", JSON_TEXT), OUT("status", JSON_UINT), OUT("detail", JSON_TEXT), OUT("reason", JSON_TEXT),
	OUT("hint", JSON_TEXT), OUT("where", JSON_TEXT));

SCHEMA(status, "status", OUT("version", JSON_TEXT), OUT("controller_id", JSON_TEXT), OUT("state_dir", JSON_TEXT), OUT("pid", JSON_UINT),
	OUT("accel", JSON_TEXT), OUT("machines", JSON_UINT), OUT("running", JSON_UINT));
const struct schema schema_empty = { "nothing", NULL, 0, NULL, false };
const struct schema schema_key_init = { "key", key_init_fields, 2, NULL, false };
const struct schema schema_key_rotate = { "rotation", key_rotate_fields, 3, NULL, false };
/* succeeds: the id of the key that it came after, or "". until: of one that retires, unix s; of one that is revoked, when that was; else 0. */
SCHEMA(key, "key", OUT("name", JSON_TEXT), OUT("id", JSON_TEXT), OUT("alg", JSON_TEXT), OUT("pem", JSON_TEXT), OUT("state", JSON_TEXT),
	OUT("created_at", JSON_UINT), OUT("succeeds", JSON_TEXT), OUT("until", JSON_UINT));
FIELDS(keys, OUT("keys", JSON_ARRAY), OPT("next", JSON_TEXT));
PARTS(keys, { "keys", &schema_key });
WHOLE(keys, "keys");
SCHEMA(ca, "ca", OUT("subject", JSON_TEXT), OUT("issuer", JSON_TEXT), OUT("spki_sha256", JSON_TEXT), OUT("not_before", JSON_UINT),
	OUT("not_after", JSON_UINT), OUT("certificates", JSON_UINT), OUT("self_signed", JSON_BOOL), OUT("chain", JSON_TEXT));
const struct schema schema_csr = { "csr", csr_fields, 1, NULL, false };
SCHEMA(csr_text, "csr", OUT("csr", JSON_TEXT));
const struct schema schema_chain = { "chain", chain_fields, 1, NULL, false };
const struct schema schema_backup = { "backup", backup_fields, 1, NULL, false };
LOCAL_SCHEMA(pool_kind, "kind", OUT("kind", JSON_TEXT), OUT("free", JSON_UINT), OUT("taken", JSON_UINT), OUT("wiped", JSON_UINT),
	OUT("made", JSON_UINT), OUT("being_made", JSON_UINT), OUT("low", JSON_UINT), OUT("high", JSON_UINT));
FIELDS(pool, OUT("kinds", JSON_ARRAY), OPT("next", JSON_TEXT));
PARTS(pool, { "kinds", &schema_pool_kind });
WHOLE(pool, "pool");
const struct schema schema_marks = { "marks", marks_fields, 3, NULL, false };
const struct schema schema_fill = { "fill", fill_fields, 1, NULL, false };
SCHEMA(image, "image", OUT("name", JSON_TEXT), OUT("kernel", JSON_TEXT), OUT("initrd", JSON_TEXT), OUT("root", JSON_TEXT),
	OPT("cmdline", JSON_TEXT), OPT("os", JSON_TEXT), OPT("built_at", JSON_UINT), OPT("agent_version", JSON_TEXT), OPT("agent_by", JSON_TEXT), OPT("rsa", JSON_BOOL),
	OUT("registered_at", JSON_UINT));
FIELDS(images, OUT("images", JSON_ARRAY), OPT("next", JSON_TEXT));
PARTS(images, { "images", &schema_image });
WHOLE(images, "images");
const struct schema schema_image_register = { "image", image_register_fields, 3, NULL, false };
/* host: absent or 0 until the host has chosen one. */
LOCAL_SCHEMA(forward, "forward", OPT("host", JSON_UINT), OUT("guest", JSON_UINT));
LOCAL_SCHEMA(bundle, "bundle", OPT("digest", JSON_TEXT), OUT("delivered_at", JSON_UINT), OUT("wiped_at", JSON_UINT), OUT("keys", JSON_OBJECT));
LOCAL_SCHEMA(goal_has, "guest", OUT("epoch", JSON_UINT), OUT("gen", JSON_UINT));
FIELDS(goal, OUT("epoch", JSON_UINT), OUT("gen", JSON_UINT), OUT("state", JSON_TEXT), OUT("guest", JSON_OBJECT), OUT("seen_at", JSON_UINT));
PARTS(goal, { "guest", &schema_goal_has });
static const struct schema schema_goal = { "goal", goal_fields, ARRAY_SIZE(goal_fields), goal_parts, false };
LOCAL_SCHEMA(birth_state, "birth", OUT("proof", JSON_TEXT), OUT("token_until", JSON_UINT), OUT("asked_at", JSON_UINT), OUT("refused", JSON_UINT));
FIELDS(vm, OUT("id", JSON_TEXT), OUT("name", JSON_TEXT), OUT("project", JSON_TEXT), OUT("state", JSON_TEXT), OUT("reason", JSON_TEXT),
	OUT("running", JSON_BOOL), OUT("host", JSON_TEXT), OUT("image", JSON_TEXT), OPT("agent", JSON_TEXT), OPT("agent_by", JSON_TEXT), OUT("uuid", JSON_TEXT), OUT("instance_id", JSON_TEXT),
	OUT("mac", JSON_TEXT), OUT("sequence", JSON_UINT), OUT("forwards", JSON_ARRAY), OUT("ek_sha256", JSON_TEXT), OPT("birth", JSON_OBJECT),
	OUT("created_at", JSON_UINT), OUT("bundle", JSON_OBJECT), OUT("goal", JSON_OBJECT), OUT("report", JSON_ANY), OUT("unproven", JSON_ANY), OUT("forged", JSON_UINT),
	OUT("last_event", JSON_UINT));
PARTS(vm, { "birth", &schema_birth_state }, { "forwards", &schema_forward }, { "bundle", &schema_bundle }, { "goal", &schema_goal });
WHOLE(vm, "vm");
FIELDS(vm_line, OUT("id", JSON_TEXT), OUT("name", JSON_TEXT), OUT("state", JSON_TEXT), OUT("reason", JSON_TEXT), OUT("running", JSON_BOOL),
	OUT("host", JSON_TEXT), OUT("image", JSON_TEXT), OUT("uuid", JSON_TEXT), OUT("forwards", JSON_ARRAY));
PARTS(vm_line, { "forwards", &schema_forward });
static const struct schema schema_vm_line = { "vm", vm_line_fields, ARRAY_SIZE(vm_line_fields), vm_line_parts, false };
FIELDS(vms, OUT("vms", JSON_ARRAY), OPT("next", JSON_TEXT));
PARTS(vms, { "vms", &schema_vm_line });
WHOLE(vms, "vms");
const struct schema schema_start = { "start", start_fields, 1, NULL, false };
/* What else stands in an event is its kind's own. */
FIELDS(event, OUT("seq", JSON_UINT), OUT("time_ms", JSON_UINT), OUT("kind", JSON_TEXT));
static const struct schema schema_event = { "event", event_fields, ARRAY_SIZE(event_fields), NULL, true };
FIELDS(events, OUT("events", JSON_ARRAY), OUT("last", JSON_UINT), OUT("state", JSON_TEXT), OUT("reason", JSON_TEXT), OUT("final", JSON_BOOL));
PARTS(events, { "events", &schema_event });
WHOLE(events, "events");
SCHEMA(pin, "pin", OUT("record", JSON_TEXT), OUT("sequence", JSON_UINT), OUT("known_hosts", JSON_TEXT), OUT("curl", JSON_TEXT));
/* text: the end, plain; with `after`: bytes (base64) from that offset on, and where they end. */
SCHEMA(log, "log", OPT("text", JSON_TEXT), OPT("bytes", JSON_TEXT), OPT("end", JSON_UINT));
/* An OpenAPI document: what else stands in it is that specification's. */
FIELDS(openapi, OUT("openapi", JSON_TEXT), OUT("info", JSON_OBJECT), OUT("paths", JSON_OBJECT));
const struct schema schema_openapi = { "openapi", openapi_fields, ARRAY_SIZE(openapi_fields), NULL, true };
SCHEMA(health, "health", OUT("status", JSON_TEXT));
LOCAL_SCHEMA(audit_line, "change", OUT("instance", JSON_TEXT), OUT("n", JSON_UINT), OUT("time_ms", JSON_UINT), OUT("project", JSON_TEXT), OUT("who", JSON_TEXT),
	OUT("action", JSON_TEXT), OUT("before", JSON_TEXT), OUT("after", JSON_TEXT), OUT("hash", JSON_TEXT));
FIELDS(audit, OUT("audit", JSON_ARRAY), OPT("next", JSON_TEXT));
PARTS(audit, { "audit", &schema_audit_line });
WHOLE(audit, "audit");
