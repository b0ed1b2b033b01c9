/* seed.c - see seed.h */
#include "agent/seed.h"

#include <string.h>
#include "agent/journal.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/media/statements.h"

/* The guest's statements: as they lie there, with those that came behind the bundle, and with those of them alone that bind without it. ended: one
 * that came ends a key that counted. */
struct kept { struct buf was, is, bound; bool ended; };
static void kept_fini(struct kept *k)
{
	buf_fini(&k->was);
	buf_fini(&k->is);
	buf_fini(&k->bound);
}

/* The image's anchors, what this guest has kept, and what came behind the bundle. */
static int load_trust(int root, const struct seed *s, size_t bundle_size, struct trust *t, struct kept *k, struct err *e)
{
	struct statements behind = { .doc = "behind the bundle", .kept = &k->is, .binding = &k->bound };
	char warning[160];
	struct err ignored;
	bool absent;
	int r;

	if ((r = trust_load(root, TRUST_DIR, POLICY_PATH, t, e)) || (r = file_read(root, STATEMENTS_PATH, &k->was, &absent, e)) ||
	    (r = statements_take(t, k->was.data, k->was.size, &(struct statements){ .doc = STATEMENTS_PATH }, e)))
		return r;
	buf_add(&k->is, k->was.data ? k->was.data : "", k->was.size);          /* what was kept stays, whatever trust.d says by now */
	buf_add(&k->bound, k->was.data ? k->was.data : "", k->was.size);
	if (policy_clock(&t->policy, (uint64_t)clock_unix_s(), &behind.now_unix_s, warning, &ignored))
		behind.binding = NULL;
	const size_t revoked = trust_revoked(t);
	r = statements_take(t, s->bytes + bundle_size, s->size - bundle_size, &behind, e);
	k->ended = !r && trust_revoked(t) > revoked;
	return r;
}

/* Nothing is written where nothing is new. */
static int keep(int root, const struct kept *k, const struct buf *all, struct err *e)
{
	if (all->size == k->was.size && (!all->size || memcmp(all->data, k->was.data, all->size) == 0))
		return 0;
	int r = file_mkdirs(root, "/var/lib/natal", 0755, e);
	return r ? r : file_write(root, STATEMENTS_PATH, all->data ? all->data : "", all->size, 0600, (uid_t)-1, (gid_t)-1, e);
}

static struct guest_facts facts_of(const struct seed *s, const char *uuid, const struct journal *j)
{
	struct guest_facts facts = { .rtc_unix_s = (uint64_t)clock_unix_s() };

	memcpy(facts.uuid, uuid, sizeof facts.uuid);
	memcpy(facts.nonce, s->nonce, sizeof facts.nonce);
	/* A clone's journal is about another machine. */
	if (strcmp(j->uuid, uuid) == 0) {
		facts.pass_older = j->goal && !s->named;
		facts.epoch_seen = j->epoch;
		facts.sequence_seen = j->sequence;
		memcpy(facts.digest_seen, j->bundle, SHA256_SIZE);
	}
	return facts;
}

int seed_verify(int root, struct seed *s, const char *uuid, const struct journal *j, struct verified **ret, struct err *e)
{
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	scoped(kept_fini) struct kept k = { BUF_MAX(STATEMENTS_SIZE_MAX), BUF_MAX(2 * STATEMENTS_SIZE_MAX), BUF_MAX(2 * STATEMENTS_SIZE_MAX), false };
	const struct guest_facts facts = facts_of(s, uuid, j);
	size_t size;
	int r;

	if (!trust)
		return err_nomem(e);
	if ((r = statements_split(s->bytes, s->size, &size, e)) || (r = load_trust(root, s, size, trust, &k, e)))
		return err_wrap(e, "%s", s->origin);
	if ((r = bundle_verify(give(s->bytes), size, trust, &facts, ret, e)) == 0)
		return keep(root, &k, &k.is, e);
	/* A revocation that binds is its signer's word, whatever it lay behind: he could have signed a bundle to lie before it. */
	struct err ignored;
	if (k.ended)
		(void)keep(root, &k, &k.bound, &ignored);
	return err_wrap(e, "%s", s->origin);
}

void seed_free(struct seed *s)
{
	if (!s)
		return;
	free(s->bytes);
	free(s);
}
