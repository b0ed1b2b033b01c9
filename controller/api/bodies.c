/* bodies.c - see bodies.h */
#include "controller/api/bodies.h"

#include "controller/api/api.h"
#include "controller/service/goal.h"
#include "controller/service/spec.h"

const struct json_field key_init_fields[2] = {
	JSON_FIELD(struct key_init, alg, JSON_TEXT, false), JSON_FIELD(struct key_init, name, JSON_TEXT, false),
};
const struct json_field key_rotate_fields[3] = {
	JSON_FIELD(struct key_rotate, alg, JSON_TEXT, false), JSON_FIELD(struct key_rotate, name, JSON_TEXT, false),
	JSON_FIELD(struct key_rotate, overlap_days, JSON_UINT, false),
};
const struct json_field csr_fields[1] = { JSON_FIELD(struct csr_body, subject, JSON_TEXT, false) };
const struct json_field chain_fields[1] = { JSON_FIELD(struct chain_body, chain, JSON_TEXT, true) };
const struct json_field fill_fields[1] = { JSON_FIELD(struct fill_body, count, JSON_UINT, false) };
const struct json_field marks_fields[3] = {
	JSON_FIELD(struct marks_body, kind, JSON_TEXT, false), JSON_FIELD(struct marks_body, low, JSON_UINT, false),
	JSON_FIELD(struct marks_body, high, JSON_UINT, false),
};
const struct json_field backup_fields[1] = { JSON_FIELD(struct backup_body, dir, JSON_TEXT, true) };
const struct json_field image_register_fields[3] = {
	JSON_FIELD(struct image_register, name, JSON_TEXT, true), JSON_FIELD(struct image_register, dir, JSON_TEXT, true),
	JSON_FIELD(struct image_register, agent_by, JSON_TEXT, false),
};
const struct json_field start_fields[1] = { JSON_FIELD(struct start_body, forwards, JSON_ARRAY, false) };

/* So are a goal's. */
const struct schema schema_goal_change = { "goal", goal_change_fields, GOAL_CHANGE_FIELDS, NULL, false };
/* The create request's fields are the service's own. */
const struct schema schema_vm_create = { "vm", vm_spec_fields, VM_SPEC_FIELDS, NULL, false };
