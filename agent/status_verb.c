/* status_verb.c - `status`: what this guest was given and what came of it; with --wait not before the boot has said its last word. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "agent/verb.h"
#include "agent/verbs.h"
#include "common/base/proc.h"
#include "common/base/text.h"
#include "common/data/json.h"

enum { POLL_MS = 250, ASK_EVERY = 20, ASK_TIMEOUT_MS = 5000 };

struct json_object *status_json(const struct journal *j, const struct boot *b)
{
	static const char *const states[] = { "ok", "pending", "failed", "skipped" };
	struct json_object *o = json_object_new_object(), *items = json_object_new_array();

	json_put(o, "state", journal_state_name(j->state));
	json_put(o, "vm_id", j->vm_id);
	json_put(o, "uuid", j->uuid);
	json_put(o, "controller", j->controller);
	json_put_uint(o, "sequence", j->sequence);
	json_put_hex(o, "bundle", j->bundle, SHA256_SIZE);
	json_put(o, "boot", b->phase);
	json_put_bool(o, "ended", b->ended);
	for (size_t i = 0; i < j->item_count; i++) {
		struct json_object *it = json_object_new_object();
		json_put(it, "key", j->items[i].key);
		json_put(it, "state", states[j->items[i].state]);
		json_object_array_add(items, it);
	}
	json_object_object_add(o, "items", items);
	json_object_object_add(o, "pins", pins_to_json(&j->pins));
	json_object_object_add(o, "findings", json_object_get(b->findings));
	return o;
}

/* How a failed boot would have been left by `apply`: by the first error that was found. */
static int failure_status(struct json_object *findings)
{
	for (size_t i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *f = json_object_array_get_idx(findings, i);
		const char *level = json_text(f, "level"), *reason = json_text(f, "reason");
		if (level && reason && strcmp(level, "error") == 0)
			return err_exit_status(err_from_reason(reason));
	}
	return err_exit_status(ERR_INTERNAL);
}

/* The boot's last word where it has said one, else the journal's. */
static int exit_status(const struct journal *j, const struct boot *b)
{
	const char *word = b->ended ? b->phase : journal_state_name(j->state);

	if (strcmp(word, "degraded") == 0)
		return EXIT_DEGRADED;
	if (strcmp(word, "drifted") == 0)
		return EXIT_DRIFTED;
	return strcmp(word, "failed") == 0 ? failure_status(b->findings) : 0;
}

static void print_status(const struct journal *j, const struct boot *b, struct json_object *o)
{
	printf("state      %s%s%s\n", json_text(o, "state"), *b->phase ? ", this boot: " : "", b->phase);
	if (j->state == JOURNAL_NONE)
		return;
	printf("vm         %s\nuuid       %s\ncontroller %s\nsequence   %llu\nbundle     %s\n", j->vm_id, j->uuid, j->controller,
		(unsigned long long)j->sequence, json_text(o, "bundle"));
	struct json_object *items = json_object_object_get(o, "items");
	for (size_t i = 0; i < json_object_array_length(items); i++)
		printf("%-10s %s\n", json_text(json_object_array_get_idx(items, i), "state"),
			json_text(json_object_array_get_idx(items, i), "key"));
	for (size_t i = 0; i < json_object_array_length(b->findings); i++) {
		struct json_object *f = json_object_array_get_idx(b->findings, i);
		const char *item = json_text(f, "item");
		printf("%s: %s%s%s\n", json_text(f, "level"), item, *item ? ": " : "", json_text(f, "message"));
	}
}

bool status_stage_was_lost(void)
{
	static const char *const argv[] = { "systemctl", "is-failed", "--quiet", "natal-early.service", "natal-late.service", "natal-delegate.service",
		NULL };
	struct err ignored;
	int status = 1;

	return proc_run(&PROC(.argv = argv, .timeout_ms = ASK_TIMEOUT_MS), &status, &ignored) == 0 && status == 0;
}

int status_lost(struct err *e)
{
	err_set(e, ERR_INTERNAL, "a stage of this boot ended without a word");
	err_hint(e, "see journalctl -u natal-early.service -u natal-late.service -u natal-delegate.service");
	return -(int)e->code;
}

static int wait_for_end(struct run *run, struct err *e)
{
	int64_t left_ms = *run->wait ? run->options.wait_ms : INT64_MAX;

	for (unsigned n = 1;; n++, left_ms -= POLL_MS) {
		scoped(agent_close) struct agent a;
		int r = agent_open(&a, &run->options, e);
		if (r || a.boot.ended)
			return r;
		if (a.live && n % ASK_EVERY == 0 && status_stage_was_lost())
			return status_lost(e);
		if (left_ms <= 0)
			return err_set(e, ERR_UNAVAILABLE, "this boot's late stage has not ended within %d s", run->options.wait_ms / 1000);
		nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
	}
}

int verb_status(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a = { .root = -1 };
	int r;

	run->options.channel = "";
	if ((r = run->wait ? wait_for_end(run, e) : 0) || (r = agent_open(&a, &run->options, e)) ||
	    (r = journal_load(a.root, &a.journal, e)))
		return r;
	scoped_json struct json_object *o = status_json(&a.journal, &a.boot);
	if (verb_as_json(run))
		verb_show(o);
	else
		print_status(&a.journal, &a.boot, o);
	return exit_status(&a.journal, &a.boot);
}

int verb_version(struct run *run, struct err *e)
{
	puts("natal-agent " PACKAGE_VERSION);
	return 0;
}
