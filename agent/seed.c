/* seed.c - see seed.h */
#include "agent/seed.h"

#include <string.h>
#include "agent/journal.h"
#include "common/base/clock.h"

int seed_verify(int root, struct seed *s, const char *uuid, const struct journal *j, struct verified **ret, struct err *e)
{
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	struct guest_facts facts = { .rtc_unix_s = (uint64_t)clock_unix_s() };

	if (!trust)
		return err_nomem(e);
	int r = trust_load(root, TRUST_DIR, POLICY_PATH, trust, e);
	if (r)
		return r;
	memcpy(facts.uuid, uuid, sizeof facts.uuid);
	memcpy(facts.nonce, s->nonce, sizeof facts.nonce);
	/* A clone's journal is about another machine. */
	if (strcmp(j->uuid, uuid) == 0) {
		facts.pass_older = j->goal && !s->named;
		facts.epoch_seen = j->epoch;
		facts.sequence_seen = j->sequence;
		memcpy(facts.digest_seen, j->bundle, SHA256_SIZE);
	}
	r = bundle_verify(give(s->bytes), s->size, trust, &facts, ret, e);
	return r ? err_wrap(e, "%s", s->origin) : 0;
}

void seed_free(struct seed *s)
{
	if (!s)
		return;
	free(s->bytes);
	free(s);
}
