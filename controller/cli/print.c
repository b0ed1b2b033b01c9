/* print.c - tables and fields on standard output. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "controller/cli/cli.h"

/* Columns on a terminal: UTF-8 continuation bytes take none. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void print_table(const char *const *cells, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < cols; c++) {
			size_t w = 0;
			for (size_t k = 0; k < rows; k++)
				if (width(cells[k * cols + c]) > w)
					w = width(cells[k * cols + c]);
			const char *cell = cells[r * cols + c];
			printf("%s%*s", cell, c + 1 == cols ? 0 : (int)(w - width(cell) + 2), "");
		}
		printf("\n");
	}
}

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

void print_time(const char *key, uint64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	char text[40];

	if (!unix_s || !gmtime_r(&t, &tm))
		return;
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm);
	print_field(key, text);
}
