/* print.c - documents and fields on standard output. */
#include <stdio.h>
#include <string.h>
#include <time.h>
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

void print_field(const char *key, const char *value)
{
	if (value && *value)
		printf("%-12s %s\n", key, value);
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
