/* cmd_vm_list.c - natalctl vm list: which machines there are, as a table, by filters. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "common/base/buf.h"
#include "controller/cli/vm.h"

enum { WAIT_MIN_MS = 250, WAIT_MAX_MS = 8000 };

static void forwards_column(struct json_object *row, char *out, size_t size)
{
	char text[160];

	vm_forwards(row, text);
	snprintf(out, size, "%s", text);
}

static const struct column columns[] = { { "NAME", "name" }, { "STATE", "state" }, { "HOST", "host" }, { "IMAGE", "image" }, { "RUNS", "running" },
	{ "FORWARDS", NULL, false, forwards_column }, { "UUID", "uuid", true }, { "ID", "id", true }, { "REASON", "reason", true }, { NULL } };

/* "/v1/vms?state=failed&…" */
static int list_path(const struct cli *cli, struct buf *path, struct err *e)
{
	static const struct { const char *option, *key; } filters[] = { { "--in-state", "state" }, { "--host", "host" }, { "--image", "image" }, { "--prefix", "prefix" } };
	char sep = '?';

	buf_str(path, "/v1/vms");
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		const char *value = cli_option(cli, filters[i].option);
		char url[200];
		int r = value ? url_name(value, url, e) : 0;
		if (r)
			return err_wrap(e, "%s", filters[i].option);
		if (value)
			buf_printf(path, "%c%s=%s", sep, filters[i].key, url);
		sep = value ? '&' : sep;
	}
	return buf_check(path, "the filters", e);
}

/* The VM of that name in a list, or NULL. */
static struct json_object *among(struct json_object *list, const char *name)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		if (json_text(one, "name") && strcmp(shown(one, "name"), name) == 0)
			return one;
	}
	return NULL;
}

static struct json_object *rows_of(struct json_object *doc) { return doc ? json_array(doc, "vms") : NULL; }

/* A line for each that is new, otherwise or gone. */
static void print_change(const struct cli *cli, const char *what, struct json_object *row)
{
	if (cli->format == CLI_NAME)
		printf("%s\n", shown(row, "name"));
	else if (cli->json) {
		scoped_json struct json_object *o = json_object_new_object();
		json_put(o, "change", what);
		json_object_object_add(o, "vm", json_object_get(row));
		print_json(o);
	} else
		printf("%-8s %s  %s  %s\n", what, shown(row, "name"), shown(row, "state"), shown(row, "reason"));
}

static void print_changes(const struct cli *cli, struct json_object *before, struct json_object *now)
{
	struct json_object *had = rows_of(before), *has = rows_of(now);

	for (size_t i = 0; has && i < json_object_array_length(has); i++) {
		struct json_object *row = json_object_array_get_idx(has, i), *old = among(had, shown(row, "name"));
		if (!old || !json_object_equal(old, row))
			print_change(cli, !before ? "is" : old ? "changed" : "new", row);
	}
	for (size_t i = 0; had && i < json_object_array_length(had); i++) {
		struct json_object *row = json_object_array_get_idx(had, i);
		if (!among(has, shown(row, "name")))
			print_change(cli, "gone", row);
	}
	fflush(stdout);
}

/* natald ends and begins again, or the net is gone for a while: a watch waits for it, longer each time, and says so once. */
static bool may_again(int r, int *wait_ms, const struct err *e)
{
	if (r != -ERR_UNAVAILABLE)
		return false;
	if (*wait_ms == 0)
		fprintf(stderr, "natalctl: %s; it is asked again until it answers\n", e->msg);
	*wait_ms = *wait_ms == 0 ? WAIT_MIN_MS : 2 * *wait_ms < WAIT_MAX_MS ? 2 * *wait_ms : WAIT_MAX_MS;
	nanosleep(&(struct timespec){ *wait_ms / 1000, *wait_ms % 1000 * 1000000L }, NULL);
	return true;
}

/* natald says when there is news of the list's first page, which is as long as pages are: a watch is of a screen, not of a million. */
static int watch(struct cli *cli, struct buf *path, struct err *e)
{
	scoped_json struct json_object *before = NULL;
	struct api_watch known = { .tag = "" };
	int wait_ms = 0;
	bool screen = cli->tty && (cli->format == CLI_TABLE || cli->format == CLI_WIDE);

	buf_printf(path, "%climit=1000&wait=20", strchr(path->data, '?') ? '&' : '?');
	for (int r = buf_check(path, "the filters", e);;) {
		scoped_json struct json_object *now = NULL;
		if (r)
			return r;
		r = api_json(cli, &(struct api_call){ "GET", path->data, .watch = &known }, &now, e);
		if (before && may_again(r, &wait_ms, e)) {
			r = 0;
			continue;
		}
		if (r)
			return r;
		if (wait_ms)
			fprintf(stderr, "natalctl: natald answers again\n");
		wait_ms = 0;
		if (known.same)
			continue;
		if (screen) {
			printf("\033[H\033[J");
			if ((r = print_list(cli, now, "vms", columns, e)))
				return r;
			fflush(stdout);
		} else {
			print_changes(cli, before, now);
		}
		json_free(before);
		before = give(now);
	}
}

int cmd_vm_list(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	scoped_buf struct buf path = BUF_MAX(500);

	int r = list_path(cli, &path, e);
	if (!r && cli_option(cli, "--watch"))
		return watch(cli, &path, e);
	return r || (r = api_list(cli, path.data, "vms", &o, e)) ? r : print_list(cli, o, "vms", columns, e);
}
