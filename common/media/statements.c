/* statements.c - see statements.h */
#include "common/media/statements.h"

#include <string.h>

/* The envelope at `at`: its size, inside what is left. */
static int next(const uint8_t *at, size_t left, const char *doc, size_t *ret, struct err *e)
{
	uint64_t size;

	if (left < ENVELOPE_HEADER_SIZE)
		return err_set(e, ERR_FORMAT, "%s: %zu bytes at its end are no envelope", doc, left);
	int r = envelope_peek_size(at, doc, &size, e);
	if (r)
		return r;
	if (size > left)
		return err_set(e, ERR_FORMAT, "%s: an envelope of %llu bytes is cut short to %zu", doc, (unsigned long long)size, left);
	*ret = (size_t)size;
	return 0;
}

/* At *at: one statement, and *at moves behind it. */
static int next_statement(const uint8_t **at, const uint8_t *end, const char *doc, struct envelope *ret, struct err *e)
{
	size_t size;
	int r = next(*at, (size_t)(end - *at), doc, &size, e);

	if (r)
		return r;
	if (size > STATEMENT_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s: a key statement of %zu bytes: %d at most", doc, size, STATEMENT_SIZE_MAX);
	if ((r = envelope_read(*at, size, ENVELOPE_STATEMENT, doc, ret, e)))
		return r;
	*at += size;
	return 0;
}

int statements_split(const void *bytes, size_t size, size_t *ret_bundle, struct err *e)
{
	static const char doc[] = "behind the bundle";
	const uint8_t *at = bytes, *end = at + size;
	struct envelope env;
	size_t bundle, n = 0;

	int r = next(at, size, "bundle", &bundle, e);
	for (at += r ? 0 : bundle; !r && at < end; n++) {
		if (n == STATEMENTS_MAX)
			return err_set(e, ERR_LIMIT, "%s: more than %d key statements", doc, STATEMENTS_MAX);
		r = next_statement(&at, end, doc, &env, e);
	}
	if (!r)
		*ret_bundle = bundle;
	return r;
}

/* Is one of its signers held, and none of them revoked? */
static bool counts(const struct trust *t, const struct envelope *env)
{
	bool held = false;

	for (size_t i = 0; i < env->signature_count; i++)
		for (size_t k = 0; k < t->count; k++)
			if (memcmp(t->keys[k].key.id, env->signatures[i].key_id, KEY_ID_SIZE) == 0) {
				if (t->keys[k].revoked)
					return false;
				held = held || !t->keys[k].states_nothing;
			}
	return held;
}

/* Is it there already? What is kept was read before. *ret_count: how many there are. */
static bool stands_in(const struct buf *kept, const void *one, size_t size, size_t *ret_count)
{
	const uint8_t *at = (const uint8_t *)kept->data, *end = at + kept->size;
	struct err ignored;
	size_t n;

	for (*ret_count = 0; at < end && next(at, (size_t)(end - at), "kept", &n, &ignored) == 0; at += n, (*ret_count)++)
		if (n == size && memcmp(at, one, size) == 0)
			return true;
	return false;
}

static int keep(struct buf *kept, const void *one, size_t size, struct err *e)
{
	size_t n;

	if (!kept || stands_in(kept, one, size, &n) || n == STATEMENTS_MAX)
		return 0;
	buf_add(kept, one, size);
	return buf_check(kept, "the key statements", e);
}

int statements_take(struct trust *t, const void *bytes, size_t size, const struct statements *s, struct err *e)
{
	const uint8_t *at = bytes, *end = at + size;
	struct err ignored;
	int r;

	while (at < end) {
		const uint8_t *one = at;
		struct envelope env;
		if ((r = next_statement(&at, end, s->doc, &env, e)))
			return r;
		if (!counts(t, &env))
			continue;
		size_t keys = t->count, revoked = trust_revoked(t);
		bool binds = s->binding && trust_check(t, &env, s->now_unix_s, s->doc, NULL, &ignored) == 0;
		if ((r = trust_statement(t, &env, s->doc, e)))
			return r;
		/* What is known need not be said again, by another key. */
		bool changed = t->count != keys || trust_revoked(t) != revoked;
		if (changed && ((r = keep(s->kept, one, (size_t)(at - one), e)) || (binds && (r = keep(s->binding, one, (size_t)(at - one), e)))))
			return r;
	}
	return 0;
}
