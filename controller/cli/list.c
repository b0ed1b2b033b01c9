/* list.c - lists for people and for programs: a table of columns, of which -o and the terminal choose. See cli.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/cli/cli.h"

enum { CELL_MAX = 200 };

bool cli_colour(const struct cli *cli)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return cli->tty && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

/* What a state is to a person: good, bad, or to be looked at. */
const char *state_colour(const char *state)
{
	static const struct { const char *state, *colour; } colours[] = {
		{ "provisioned", "32" }, { "verified", "32" }, { "failed", "31" }, { "quarantined", "31" }, { "degraded", "33" }, { "drifted", "33" },
		{ "booting", "36" }, { "provisioning", "36" }, { "draining", "36" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(colours); i++)
		if (strcmp(colours[i].state, state) == 0)
			return colours[i].colour;
	return NULL;
}

/* Columns on a terminal: UTF-8 continuation bytes take none. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

struct sheet { const struct column *cols[COLUMNS_MAX]; size_t count, widths[COLUMNS_MAX]; };

/* What is cut says so, and no character is cut in two. */
static void fill_cell(char out[CELL_MAX], const char *text)
{
	static const char more[] = "…";
	size_t n = CELL_MAX - sizeof more;

	if ((size_t)snprintf(out, CELL_MAX, "%s", text) < CELL_MAX)
		return;
	while (n && ((unsigned char)out[n] & 0xc0) == 0x80)
		n--;
	memcpy(out + n, more, sizeof more);
}

static void cell_of(const struct column *c, struct json_object *row, char out[CELL_MAX])
{
	struct json_object *v = NULL;

	*out = 0;
	if (c->text)
		c->text(row, out, CELL_MAX);
	else if (json_object_object_get_ex(row, c->key, &v) && v)
		fill_cell(out, json_object_is_type(v, json_type_boolean) ? json_object_get_boolean(v) ? "yes" : "no" : json_object_get_string(v));
	text_printable(out);
}

/* The last cell has no blanks behind it. */
static void print_cell(const struct cli *cli, const struct sheet *s, size_t i, const char *text)
{
	const char *colour = cli_colour(cli) && s->cols[i]->key && strcmp(s->cols[i]->key, "state") == 0 ? state_colour(text) : NULL;
	int pad = i + 1 == s->count ? 0 : (int)(s->widths[i] - width(text) + 2);

	if (colour)
		printf("\033[%sm%s\033[0m%*s", colour, text, pad, "");
	else
		printf("%s%*s", text, pad, "");
}

static void choose(const struct cli *cli, const struct column *cols, struct sheet *s)
{
	for (; cols->head; cols++)
		if ((!cols->wide || cli->format == CLI_WIDE) && s->count < COLUMNS_MAX) {
			s->widths[s->count] = cli_option(cli, "--no-headers") ? 0 : width(cols->head);
			s->cols[s->count++] = cols;
		}
}

static void print_sheet(const struct cli *cli, struct json_object *rows, struct sheet *s)
{
	size_t n = json_object_array_length(rows);
	char cell[CELL_MAX];

	for (size_t r = 0; r < n; r++)
		for (size_t i = 0; i < s->count; i++) {
			cell_of(s->cols[i], json_object_array_get_idx(rows, r), cell);
			if (width(cell) > s->widths[i])
				s->widths[i] = width(cell);
		}
	for (size_t i = 0; i < s->count && !cli_option(cli, "--no-headers"); i++)
		printf("%s%*s%s", s->cols[i]->head, i + 1 == s->count ? 0 : (int)(s->widths[i] - width(s->cols[i]->head) + 2), "", i + 1 == s->count ? "\n" : "");
	for (size_t r = 0; r < n; r++, printf("\n"))
		for (size_t i = 0; i < s->count; i++) {
			cell_of(s->cols[i], json_object_array_get_idx(rows, r), cell);
			print_cell(cli, s, i, cell);
		}
}

int print_list(const struct cli *cli, struct json_object *doc, const char *key, const struct column *cols, struct err *e)
{
	struct json_object *rows = NULL;
	struct sheet s = { .count = 0 };
	char cell[CELL_MAX];

	if (cli->format == CLI_JSON)
		return print_json(doc);
	if (!json_object_object_get_ex(doc, key, &rows) || !json_object_is_type(rows, json_type_array))
		return err_set(e, ERR_INTERNAL, "natald's reply holds no %s", key);
	if (cli->format == CLI_NAME) {
		for (size_t r = 0; r < json_object_array_length(rows); r++) {
			cell_of(cols, json_object_array_get_idx(rows, r), cell);
			printf("%s\n", cell);
		}
		return 0;
	}
	choose(cli, cols, &s);
	print_sheet(cli, rows, &s);
	return 0;
}
