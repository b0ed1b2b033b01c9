/* schema_verb.c - natal-agent schema: is this user-data right, and what does natal do with each key? */
#include <stdio.h>
#include <string.h>
#include "agent/verb.h"
#include "common/data/json.h"
#include "common/lint/lint.h"
#include "common/schema/schema.h"

static void add_row(void *arg, const struct schema_row *row)
{
	struct json_object *list = arg, *o = json_object_new_object();

	json_put(o, "module", row->module);
	json_put(o, "field", row->path);
	json_put(o, "support", support_name(row->support));
	if (row->why)
		json_put(o, "why", row->why);
	if (row->since)
		json_put(o, "deprecated_since", row->since);
	if (row->instead)
		json_put(o, "instead", row->instead);
	json_object_array_add(list, o);
}

static void print_row(void *arg, const struct schema_row *row)
{
	(void)arg;
	printf("%-26s %-44s %-9s %s%s%s\n", row->module, row->path, support_name(row->support), row->why ? row->why : "",
		row->why && row->instead ? "; " : "", row->instead ? row->instead : "");
}

static int show_support(bool json)
{
	if (!json) {
		schema_each(print_row, NULL);
		return 0;
	}
	scoped_json struct json_object *list = json_object_new_array();
	schema_each(add_row, list);
	puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	return 0;
}

int verb_schema(struct run *run, struct err *e)
{
	bool json = run->format && strcmp(run->format, "json") == 0;

	if (run->support)
		return run->arg_count ? err_set(e, ERR_USAGE, "--support goes without a file") : show_support(json);
	if (!run->arg_count)
		return err_set(e, ERR_USAGE, "schema wants FILE…, or --support");
	bool valid = false;
	int r = lint_files(run->args, run->arg_count, (struct lint_how){ run->strict, json }, &valid, e);
	return r ? r : valid ? 0 : err_exit_status(ERR_FORMAT);
}
