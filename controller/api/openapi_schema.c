/* openapi_schema.c - see openapi_schema.h */
#include "controller/api/openapi_schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SCHEMAS_MAX = 128 };
struct found { const struct schema *all[SCHEMAS_MAX]; size_t count; };

static void find(struct found *f, const struct schema *s)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->all[i] == s)
			return;
	if (!s || f->count == SCHEMAS_MAX)
		return;
	f->all[f->count++] = s;
	for (const struct schema_part *p = s->parts; p && p->field; p++)
		find(f, p->schema);
}

/* In the order of the routes: the same each time. */
static void find_all(struct found *f)
{
	find(f, &schema_problem);
	for (size_t i = 0; i < route_count; i++)
		if (!routes[i].raw)
			find(f, routes[i].response);
	for (size_t i = 0; i < route_count; i++)
		find(f, routes[i].request);
}

const char *openapi_schema_name(const struct schema *s, char out[64])
{
	struct found f = { .count = 0 };
	unsigned same = 0;

	find_all(&f);
	for (size_t i = 0; i < f.count && f.all[i] != s; i++)
		same += strcmp(f.all[i]->name, s->name) == 0;
	snprintf(out, 64, "%.40s", s->name);
	for (char *at = out; *at; at++)
		if (!isalnum((unsigned char)*at))
			*at = '_';
	if (same)
		snprintf(out + strlen(out), 8, "_%u", same + 1);
	return out;
}

static const struct schema *part_of(const struct schema *s, const char *field)
{
	for (const struct schema_part *p = s->parts; p && p->field; p++)
		if (strcmp(p->field, field) == 0)
			return p->schema;
	return NULL;
}

static void ref(struct json_object *o, const struct schema *s)
{
	char name[64], text[100];

	snprintf(text, sizeof text, "#/components/schemas/%s", openapi_schema_name(s, name));
	json_put(o, "$ref", text);
}

/* size: of the field it is read into, 0 where it is only written. */
static void field(const struct json_field *f, const struct schema *part, struct json_object *o)
{
	static const char *const types[] = { [JSON_TEXT] = "string", [JSON_UINT] = "integer", [JSON_BOOL] = "boolean", [JSON_HEX] = "string",
		[JSON_OBJECT] = "object", [JSON_ARRAY] = "array", [JSON_ANY] = NULL };
	struct json_object *items;

	if (part && f->kind != JSON_ARRAY) {
		ref(o, part);
		return;
	}
	if (types[f->kind])
		json_put(o, "type", types[f->kind]);
	if (f->kind == JSON_UINT)
		json_put_uint(o, "minimum", 0);
	else if (f->kind == JSON_TEXT && f->size)
		json_put_uint(o, "maxLength", f->size - 1);
	else if (f->kind == JSON_HEX)
		json_put(o, "pattern", "^([0-9a-f]{2})*$");
	else if (f->kind == JSON_ARRAY) {
		json_object_object_add(o, "items", items = json_object_new_object());
		if (part)
			ref(items, part);
	}
}

static struct json_object *schema_json(const struct schema *s)
{
	struct json_object *o = json_object_new_object(), *properties = json_object_new_object(), *required = json_object_new_array();

	json_put(o, "type", "object");
	json_object_object_add(o, "properties", properties);
	for (size_t i = 0; i < s->count; i++) {
		struct json_object *p = json_object_new_object();
		field(&s->fields[i], part_of(s, s->fields[i].name), p);
		json_object_object_add(properties, s->fields[i].name, p);
		if (s->fields[i].required)
			json_object_array_add(required, json_object_new_string(s->fields[i].name));
	}
	json_object_object_add(o, "required", required);
	if (!s->open)
		json_put_bool(o, "additionalProperties", false);
	return o;
}

void openapi_schemas(struct json_object *into)
{
	struct found f = { .count = 0 };
	char name[64];

	find_all(&f);
	for (size_t i = 0; i < f.count; i++)
		json_object_object_add(into, openapi_schema_name(f.all[i], name), schema_json(f.all[i]));
}
