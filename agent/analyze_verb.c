/* analyze_verb.c - `analyze show|blame|plot`: what took how long at the last boots at which something was done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/timeline.h"
#include "agent/timings.h"
#include "agent/verb.h"

enum { OUT_MAX = 16 << 20 };

static int load(struct run *run, struct json_object **ret, struct err *e)
{
	scoped(agent_close) struct agent a = { .root = -1 };

	run->options.channel = "";
	int r = agent_open(&a, &run->options, e);
	if (r || (r = timings_load(a.root, ret, e)))
		return r;
	if (json_object_array_length(*ret))
		return 0;
	json_free(*ret);
	*ret = NULL;
	err_set(e, ERR_NOT_FOUND, "no boot of this guest had anything to do");
	err_hint(e, "times are kept of boots at which an item was applied or run: " TIMINGS_PATH);
	return -(int)e->code;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = json_uint(*(struct json_object *const *)a, "took_us", 0), y = json_uint(*(struct json_object *const *)b, "took_us", 0);

	return x < y ? 1 : x > y ? -1 : 0;
}

static const char *word(struct json_object *o, const char *key)
{
	const char *s = json_text(o, key);

	return s ? s : "";
}

static void print_boot(struct json_object *boot, bool blame)
{
	time_t at = (time_t)json_uint(boot, "at_unix_s", 0);
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof when, "%Y-%m-%d %H:%M:%SZ", &tm);
	printf("boot %s, %s\n", word(boot, "boot_id"), when);
	struct json_object *items = json_object_object_get(boot, "items");
	size_t n = json_object_is_type(items, json_type_array) ? json_object_array_length(items) : 0;
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(items, i);
		double took_ms = (double)json_uint(o, "took_us", 0) / 1000, from_s = (double)json_uint(o, "started_ms", 0) / 1000;
		const char *item = word(o, "item"), *outcome = word(o, "outcome");
		if (blame && *item)
			printf("%12.3f ms  %s%s\n", took_ms, item, strcmp(outcome, "done") == 0 ? "" : " (not done)");
		else if (!blame && !*item)
			printf("%s: %.3f ms from %.3f s\n", word(o, "stage"), took_ms, from_s);
		else if (!blame)
			printf("  %10.3f s %12.3f ms  %-8s %s\n", from_s, took_ms, outcome, item);
	}
}

static int print_all(struct run *run, bool blame, struct err *e)
{
	scoped_json struct json_object *boots = NULL;
	int r = load(run, &boots, e);

	if (r)
		return r;
	for (size_t i = 0; i < json_object_array_length(boots); i++) {
		struct json_object *boot = json_object_array_get_idx(boots, i), *items = json_object_object_get(boot, "items");
		if (blame && json_object_is_type(items, json_type_array))
			json_object_array_sort(items, by_time);
		if (!verb_as_json(run))
			print_boot(boot, blame);
	}
	if (verb_as_json(run))
		verb_show(boots);
	return 0;
}

int verb_analyze_show(struct run *run, struct err *e) { return print_all(run, false, e); }
int verb_analyze_blame(struct run *run, struct err *e) { return print_all(run, true, e); }

int verb_analyze_plot(struct run *run, struct err *e)
{
	scoped_json struct json_object *boots = NULL;
	scoped_buf struct buf out = BUF_MAX(OUT_MAX);
	int r = load(run, &boots, e);

	if (r)
		return r;
	timeline_svg(json_object_array_get_idx(boots, json_object_array_length(boots) - 1), &out);
	if ((r = buf_check(&out, "the picture", e)))
		return r;
	return fwrite(out.data, 1, out.size, stdout) == out.size && fflush(stdout) == 0 ? 0 : err_sys(e, "write");
}
