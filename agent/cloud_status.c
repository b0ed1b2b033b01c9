/* cloud_status.c - see cloud_status.h */
#include "agent/cloud_status.h"

#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"

static const char *const stages[CLOUD_STAGES] = { "init-local", "init", "modules-config", "modules-final" };
const char *cloud_stage_name(size_t stage) { return stage && stage <= CLOUD_STAGES ? stages[stage - 1] : ""; }

static void add_word(struct cloud_status *s, struct cloud_words *to, const char *word)
{
	if (to->all++ >= CLOUD_STATUS_WORDS)
		return;
	char *text = arena_printf(&s->arena, "%.*s", CLOUD_STATUS_WORD, word);
	text_printable(text);
	to->at[to->count++] = text;
}

/* A list of texts; what is none is shown as JSON. */
static void take_words(struct cloud_status *s, struct cloud_words *to, struct json_object *list)
{
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(list, i));
		add_word(s, to, word ? word : "null");
	}
}

/* {"WARNING": [text, …], …} */
static void take_levels(struct cloud_status *s, struct json_object *levels)
{
	if (!json_object_is_type(levels, json_type_object))
		return;
	json_object_object_foreach(levels, level, list) {
		(void)level;
		take_words(s, &s->recoverable, list);
	}
}

/* Seconds since 1970, or 0: null is written where nothing has happened yet. */
static uint64_t time_of(struct json_object *o, const char *key)
{
	double at = json_object_get_double(json_object_object_get(o, key));

	return at > 0 && at < 1e12 ? (uint64_t)at : 0;
}

static void take_stage(struct cloud_status *s, size_t at, struct json_object *o)
{
	uint64_t start = time_of(o, "start"), finished = time_of(o, "finished");

	if (!json_object_is_type(o, json_type_object))
		return;
	if (start) {
		s->stage = at + 1;
		s->running = !finished;
	}
	if (start > s->at_unix_s)
		s->at_unix_s = start;
	if (finished > s->at_unix_s)
		s->at_unix_s = finished;
	take_levels(s, json_object_object_get(o, "recoverable_errors"));
}

static int read_v1(const struct cloud_text *text, const char *doc, struct json_object **ret_all, struct json_object **ret_v1, struct err *e)
{
	if (text->size > CLOUD_STATUS_MAX)
		return err_set(e, ERR_LIMIT, "%s has %zu bytes: %d at most", doc, text->size, CLOUD_STATUS_MAX);
	int r = json_parse(text->bytes, text->size, doc, ret_all, e);
	if (r)
		return r;
	*ret_v1 = json_object_is_type(*ret_all, json_type_object) ? json_object_object_get(*ret_all, "v1") : NULL;
	return json_object_is_type(*ret_v1, json_type_object) ? 0 : err_set(e, ERR_FORMAT, "%s has no v1", doc);
}

static void take_datasource(struct cloud_status *s, struct json_object *v1)
{
	const char *name = json_text(v1, "datasource");

	if (!name)
		return;
	char *text = arena_printf(&s->arena, "%.*s", CLOUD_STATUS_WORD, name);
	text_printable(text);
	s->datasource = text;
}

static int read_status(struct cloud_status *s, const struct cloud_text *text, bool errors, struct err *e)
{
	scoped_json struct json_object *all = NULL;
	struct json_object *v1 = NULL;
	int r = read_v1(text, CLOUD_STATUS_PATH, &all, &v1, e);

	if (r)
		return r;
	s->begun = true;
	take_datasource(s, v1);
	for (size_t i = 0; i < CLOUD_STAGES; i++) {
		struct json_object *o = json_object_object_get(v1, stages[i]);
		take_stage(s, i, o);
		if (errors && json_object_is_type(o, json_type_object))
			take_words(s, &s->errors, json_object_object_get(o, "errors"));
	}
	return 0;
}

static int read_result(struct cloud_status *s, const struct cloud_text *text, struct err *e)
{
	scoped_json struct json_object *all = NULL;
	struct json_object *v1 = NULL;
	int r = read_v1(text, CLOUD_RESULT_PATH, &all, &v1, e);

	if (r)
		return r;
	s->begun = s->ended = true;
	s->running = false;
	take_datasource(s, v1);
	take_words(s, &s->errors, json_object_object_get(v1, "errors"));
	return 0;
}

int cloud_status_parse(const struct cloud_text *status, const struct cloud_text *result, struct cloud_status *ret, struct err *e)
{
	struct cloud_status s = { .datasource = "" };
	int r = status ? read_status(&s, status, !result, e) : 0;

	/* The result has all stages' errors once more. */
	if (r || (result && (r = read_result(&s, result, e)))) {
		cloud_status_fini(&s);
		return r;
	}
	*ret = s;
	return 0;
}

int cloud_status_read(int root, struct cloud_status *ret, struct err *e)
{
	scoped_buf struct buf status = BUF_MAX(CLOUD_STATUS_MAX), result = BUF_MAX(CLOUD_STATUS_MAX);
	bool no_status = true, no_result = true;
	int r;

	/* The result first: what comes between the two reads is then no more than a stage later. */
	if ((r = file_read(root, CLOUD_RESULT_PATH, &result, &no_result, e)) || (r = file_read(root, CLOUD_STATUS_PATH, &status, &no_status, e)))
		return r;
	const struct cloud_text s = { status.data ? status.data : "", status.size }, t = { result.data ? result.data : "", result.size };
	return cloud_status_parse(no_status ? NULL : &s, no_result ? NULL : &t, ret, e);
}

void cloud_status_fini(struct cloud_status *s)
{
	arena_fini(&s->arena);
	*s = (struct cloud_status){ .datasource = "" };
}
