/* print.c - documents and fields on standard output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "common/base/text.h"
#include "controller/cli/cli.h"

int print_json(struct json_object *o)
{
	printf("%s\n", json_line(o));
	return 0;
}

int print_done(const struct cli *cli, const char *key, const char *value)
{
	scoped_json struct json_object *o = json_object_new_object();

	if (!cli->json)
		return 0;
	json_put(o, key, value);
	return print_json(o);
}

static void clean_text(struct json_object *o, void (*clean)(char *))
{
	const char *text = json_object_get_string(o);
	char *copy = strdup(text);

	if (!copy)
		return;
	clean(copy);
	if (strcmp(copy, text) != 0 || strlen(text) != (size_t)json_object_get_string_len(o))
		json_object_set_string(o, copy);
	free(copy);
}

void show_clean(struct json_object *o)
{
	if (json_object_is_type(o, json_type_string))
		clean_text(o, text_printable_lines);
	for (size_t i = 0; json_object_is_type(o, json_type_array) && i < json_object_array_length(o); i++)
		show_clean(json_object_array_get_idx(o, i));
	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach(o, key, value) {
		(void)key;
		show_clean(value);
	}
}

static const char *on_one_line(struct json_object *v)
{
	if (!json_object_is_type(v, json_type_string))
		return "";
	clean_text(v, text_printable);
	return json_object_get_string(v);
}

const char *shown(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? on_one_line(v) : "";
}

const char *shown_at(struct json_object *array, size_t i) { return on_one_line(json_object_array_get_idx(array, i)); }

void print_field(const char *key, const char *value)
{
	char *line = value && *value ? strdup(value) : NULL;

	if (!line)
		return;
	text_printable(line);
	printf("%-12s %s\n", key, line);
	free(line);
}

void time_text(uint64_t unix_s, char *out, size_t size)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	*out = 0;
	if (unix_s && gmtime_r(&t, &tm))
		strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

void print_time(const char *key, uint64_t unix_s)
{
	char text[40];

	time_text(unix_s, text, sizeof text);
	print_field(key, text);
}
