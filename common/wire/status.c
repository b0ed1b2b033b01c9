/* status.c - see status.h */
#include "common/wire/status.h"

#include <stdlib.h>
#include <string.h>
#include "common/base/text.h"
#include "common/data/json.h"

static const char *const phase_names[] = {
	[PHASE_FOUND] = "found", [PHASE_VERIFYING] = "verifying", [PHASE_APPLYING] = "applying", [PHASE_PROVISIONED] = "provisioned",
	[PHASE_DEGRADED] = "degraded", [PHASE_FAILED] = "failed", [PHASE_UNCHANGED] = "unchanged", [PHASE_DRIFTED] = "drifted",
};

const char *status_phase_name(enum status_phase p) { return p >= 0 && p < PHASES ? phase_names[p] : NULL; }
int status_phase_terminal(enum status_phase p) { return p >= PHASE_PROVISIONED && p < PHASES; }

void status_fini(struct status *s)
{
	json_free(s->findings);
	json_free(s->keys);
	json_free(s->items);
	s->findings = s->keys = s->items = NULL;
}

static void put_shared(struct json_object *o, const char *key, struct json_object *v)
{
	if (v)
		json_object_object_add(o, key, json_object_get(v));
}

int status_write(const struct status *s, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	if (!o)
		return err_nomem(e);
	json_put_uint(o, "epoch", s->epoch);
	json_put_uint(o, "gen", s->gen);
	json_put_uint(o, "seq", s->seq);
	json_put_hex(o, "digest", s->digest, sizeof s->digest);
	json_put(o, "boot_id", s->boot_id);
	if (s->boot)
		json_put_uint(o, "boot", s->boot);
	json_put(o, "phase", status_phase_name(s->phase));
	json_put_uint(o, "k", s->k);
	json_put_uint(o, "n", s->n);
	json_put(o, "step", s->step);
	json_put_uint(o, "at_ms", s->at_ms);
	json_put_uint(o, "took_us", s->took_us);
	if (status_phase_terminal(s->phase))
		json_put_hex(o, "result", s->result, sizeof s->result);
	put_shared(o, "findings", s->findings);
	put_shared(o, "keys", s->keys);
	put_shared(o, "items", s->items);
	buf_str(out, json_line(o));
	return buf_check(out, "the status", e);
}

struct raw {
	struct status s;
	char phase_name[16];
	struct json_object *findings, *keys, *items;
};

static const struct json_field fields[] = {
	{ "epoch", JSON_UINT, true, offsetof(struct raw, s.epoch), 8 },
	{ "gen", JSON_UINT, true, offsetof(struct raw, s.gen), 8 },
	{ "seq", JSON_UINT, true, offsetof(struct raw, s.seq), 8 },
	{ "digest", JSON_HEX, true, offsetof(struct raw, s.digest), SHA256_SIZE },
	{ "boot_id", JSON_TEXT, true, offsetof(struct raw, s.boot_id), sizeof ((struct status *)0)->boot_id },
	{ "boot", JSON_UINT, false, offsetof(struct raw, s.boot), 8 },
	{ "phase", JSON_TEXT, true, offsetof(struct raw, phase_name), sizeof ((struct raw *)0)->phase_name },
	{ "k", JSON_UINT, true, offsetof(struct raw, s.k), 8 },
	{ "n", JSON_UINT, true, offsetof(struct raw, s.n), 8 },
	{ "step", JSON_TEXT, true, offsetof(struct raw, s.step), sizeof ((struct status *)0)->step },
	{ "at_ms", JSON_UINT, true, offsetof(struct raw, s.at_ms), 8 },
	{ "took_us", JSON_UINT, true, offsetof(struct raw, s.took_us), 8 },
	{ "result", JSON_HEX, false, offsetof(struct raw, s.result), SHA256_SIZE },
	{ "findings", JSON_ARRAY, false, offsetof(struct raw, findings), 0 },
	{ "keys", JSON_OBJECT, false, offsetof(struct raw, keys), 0 },
	{ "items", JSON_ARRAY, false, offsetof(struct raw, items), 0 },
};

static int check_meaning(const struct raw *raw, struct err *e)
{
	size_t i = 0;

	while (i < PHASES && strcmp(phase_names[i], raw->phase_name) != 0)
		i++;
	if (i == PHASES)
		return err_set(e, ERR_FORMAT, "status: unknown phase '%s'", raw->phase_name);
	if (strlen(raw->s.boot_id) != 36)
		return err_set(e, ERR_FORMAT, "status.boot_id '%s' is not a UUID", raw->s.boot_id);
	if (raw->s.k > raw->s.n)
		return err_set(e, ERR_FORMAT, "status: step %llu of %llu", (unsigned long long)raw->s.k, (unsigned long long)raw->s.n);
	if (raw->findings && json_object_array_length(raw->findings) > STATUS_FINDINGS_MAX)
		return err_set(e, ERR_LIMIT, "status: more than %d findings", STATUS_FINDINGS_MAX);
	return 0;
}

/* A guest's words end up on an operator's terminal and in natald's log, one line an event. Depth: json_parse()'s cap. */
static void make_printable(struct json_object *o)
{
	if (json_object_is_type(o, json_type_array))
		for (size_t i = 0; i < json_object_array_length(o); i++)
			make_printable(json_object_array_get_idx(o, i));
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value) {
			(void)key;
			make_printable(value);
		}
	}
	if (!json_object_is_type(o, json_type_string))
		return;
	size_t n = (size_t)json_object_get_string_len(o);
	scoped_free char *copy = malloc(n + 1);
	if (!copy)
		return;
	memcpy(copy, json_object_get_string(o), n + 1);
	text_printable(copy);
	json_object_set_string(o, copy);
}

int status_read(const void *json, size_t size, struct status *ret, struct err *e)
{
	struct raw raw = { 0 };
	scoped_json struct json_object *o = NULL;
	int r;

	if ((r = json_parse(json, size, "status", &o, e)))
		return r;
	make_printable(o);
	if ((r = json_decode(o, fields, ARRAY_SIZE(fields), "status", &raw, e)) || (r = check_meaning(&raw, e)))
		return r;
	for (raw.s.phase = 0; strcmp(phase_names[raw.s.phase], raw.phase_name) != 0;)
		raw.s.phase++;
	raw.s.findings = json_object_get(raw.findings);
	raw.s.keys = json_object_get(raw.keys);
	raw.s.items = json_object_get(raw.items);
	*ret = raw.s;
	return 0;
}
