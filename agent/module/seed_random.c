/* seed_random.c - entropy from the document, and the command that makes more of it. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/items.h"

#define SEED_PATH STATE_DIR "/random-seed"
enum { SEED_TIMEOUT_MS = 60 * 1000 };

/* To the pool, or to the end of a file: what stands there already is worth keeping. */
static int want_data(struct builder *b, const struct node *seed, const char *file, struct err *e)
{
	struct arena *a = &b->plan->arena;
	scoped_buf struct buf out = BUF_MAX(ITEM_SEED_MAX);
	int r = item_seed(seed, &out, e);

	if (r || !out.size)
		return r;
	const char *argv[] = { "/bin/dd", "if=" SEED_PATH, arena_printf(a, "of=%s", file), "oflag=append", "conv=notrunc", "status=none", NULL };
	if ((r = want_dir(b, STATE_DIR, 0700, 0, 0, e)) ||
	    (r = want_file(b, &(struct want_file){ SEED_PATH, arena_copy(a, out.data, out.size), out.size, 0600, 0, 0, true, false }, e)))
		return r;
	want_note(b, file, strlen(file));
	if (want_due(b))
		want_exec(b, words_join(a, argv, NULL), SEED_TIMEOUT_MS, "once an instance");
	return 0;
}

static int want_command(struct builder *b, const struct node *seed, const char *file, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *const *words = words_of(a, node_get(seed, "command")), *path = NULL;
	const char *env[] = { arena_printf(a, "RANDOM_SEED_FILE=%s", file), NULL };
	bool required = cloud_bool(seed, "command_required", false);
	int r = words[0] ? guest_program(b, words[0], &path, e) : 0;

	if (r)
		return r;
	if (!path)
		return required ? err_set(e, ERR_NOT_FOUND, "random_seed.command '%.60s' is required, and not there", words[0] ? words[0] : "") : 0;
	for (size_t i = 0; words[i]; i++)
		want_note(b, words[i], strlen(words[i]));
	if (!want_due(b))
		return 0;
	const char *program[] = { path, NULL };
	const int early_ms = script_timeout_ms(b->config, STAGE_EARLY);
	struct action *run = want_exec(b, words_join(a, program, words + 1), early_ms < SEED_TIMEOUT_MS ? early_ms : SEED_TIMEOUT_MS, "once an instance");
	run->env = words_join(a, env, NULL);
	run->users = true;
	return 0;
}

int module_seed_random(struct builder *b, struct err *e)
{
	const struct node *seed = cloud_key(b, "random_seed");
	const char *file = cloud_text(seed, "file", "/dev/urandom");

	if (!seed)
		return 0;
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	return want_data(b, seed, file, e) || want_command(b, seed, file, e) ? want_failed(b, e) : 0;
}
