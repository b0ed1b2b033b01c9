/* late_fetch.c - texts that user-data names and that have to be fetched: the early stage leaves them out, the late one brings them, and the
 * sentence is said again with everything. */
#include <string.h>
#include "agent/agent.h"
#include "common/base/clock.h"
#include "common/data/json.h"

/* An include may name others, 8 deep (common/userdata/userdata.h). */
enum { ROUNDS_MAX = USERDATA_NESTING_MAX + 2 };

static void tell_missing(struct agent *a)
{
	struct config *c = a->config;

	for (size_t i = 0; i < c->want_count; i++)
		err_hint(note_add(&c->notes, NOTE_WARNING, ERR_UNAVAILABLE, NULL, "%s is not here yet: %s", c->wants[i].url.shown, c->wants[i].file ?
			"the file that it is for is left out" : "user-data is not applied without it"), "it is fetched when the network is there");
}

int agent_config(struct agent *a, struct err *e)
{
	const struct config_fetch fetch = { &a->fetched.policy.fetch, fetched_get, &a->fetched };
	const struct config_with with = { &a->config_fetch, &a->machine };
	int64_t deadline_ms = 0;
	int r = a->fetched.rows || a->fetched.arena.chunks ? 0 : fetched_init(&a->fetched, a->root, a->verified, e);

	machine_read(a->root, &a->machine);
	if (!r && a->fetched.policy.mode == MODE_DELEGATE)
		return config_delegate(a->verified, &a->machine, &a->config, e);
	for (int round = 0; !r; round++) {
		config_free(a->config);
		a->config = NULL;
		a->config_fetch = fetch;
		if ((r = config_parse_with(a->verified, &with, &a->config, e)) || !a->config->want_count)
			return r;
		if (!a->fetching) {
			tell_missing(a);
			return 0;
		}
		if (round == ROUNDS_MAX)
			return err_set(e, ERR_LIMIT, "what is included names further texts, again and again");
		deadline_ms = deadline_ms ? deadline_ms : clock_mono_ms() + (int64_t)a->fetched.policy.fetch.timeout_s * 1000;
		r = fetched_bring(&a->fetched, a->config->wants, a->config->want_count, deadline_ms, e);
	}
	return r;
}

/* The very item that the early stage put on record: its name alone may stand for other commands by now. */
static bool is_recorded(const struct journal *j, const struct item *it)
{
	for (size_t i = 0; i < j->item_count; i++)
		if (strcmp(j->items[i].key, it->key) == 0 && bytes_equal(j->items[i].digest, it->digest, SHA256_SIZE))
			return true;
	return false;
}

void agent_skip_what_ran(struct agent *a, struct plan *p)
{
	for (size_t i = 0; i < p->item_count; i++) {
		struct item *it = &p->items[i];
		const char *said = json_text(a->boot.outcomes, it->key);
		it->ran |= it->stage == STAGE_EARLY && it->frequency == FREQ_BOOT && said && strcmp(said, outcome_name(OUTCOME_DONE)) == 0 &&
			is_recorded(&a->journal, it);
	}
}

/* The journal says so too: what was there before the network is all that there is. */
static int fetch_failed(struct agent *a, struct err *e)
{
	struct err ignored;

	if (a->journal.items) {
		a->journal.state = JOURNAL_FAILED;
		journal_save(a->root, &a->journal, &ignored);
	}
	return -(int)e->code;
}

int agent_fetch(struct agent *a, struct err *e)
{
	bool none;

	journal_fini(&a->journal);
	plan_free(a->plan);
	a->plan = NULL;
	verified_free(a->verified);
	a->verified = NULL;
	a->fetching = true;
	if (agent_decide(a, &none, e))
		return fetch_failed(a, e);
	if (!none)
		agent_skip_what_ran(a, a->plan);
	return agent_apply(a, none, e);
}
