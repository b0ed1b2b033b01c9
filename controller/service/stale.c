/* stale.c - see stale.h */
#include "controller/service/stale.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/cursor.h"
#include "controller/service/ctl.h"
#include "controller/store/media_key.h"

enum { AGAIN_MS = 2000 };

static bool is_late(const struct media_key *k, int64_t now_s)
{
	return strcmp(k->state, "retiring") == 0 && now_s - k->retired_at > (k->until - k->retired_at) / 2;
}

static int look_again(struct ctl *c, const char *project, struct err *e)
{
	struct stale_keys *s = &c->stale;
	struct media_key *keys;
	size_t n;

	if (s->asked_ms && clock_mono_ms() - s->asked_ms < AGAIN_MS && strcmp(s->project, project) == 0)
		return 0;
	int r = media_key_list(c->store, project, &keys, &n, e);
	if (r)
		return r;
	snprintf(s->project, sizeof s->project, "%s", project);
	s->asked_ms = clock_mono_ms();
	s->count = 0;
	for (size_t i = 0; i < n && s->count < STALE_KEYS_MAX; i++) {
		bool revoked = strcmp(keys[i].state, "revoked") == 0;
		if (!revoked && !is_late(&keys[i], clock_unix_s()))
			continue;
		memcpy(s->at[s->count].id, keys[i].public.id, KEY_ID_SIZE);
		s->at[s->count++].revoked = revoked;
	}
	media_key_list_free(keys, n);
	return 0;
}

int stale_any(struct ctl *c, const char *project, bool *ret, struct err *e)
{
	int r = look_again(c, project, e);

	*ret = c->stale.count > 0;
	return r;
}

/* One signature of the row: whose, and what that key is worth. */
static int next(struct cursor *cur, const struct stale_keys *s, bool *ret_old, bool *ret_revoked, struct err *e)
{
	const uint8_t *id, *value;
	uint16_t alg, size;
	int r;

	if ((r = cursor_u16le(cur, &alg, e)) || (r = cursor_u16le(cur, &size, e)) || (r = cursor_take(cur, KEY_ID_SIZE, &id, e)) ||
	    (r = cursor_take(cur, size, &value, e)))
		return r;
	*ret_old = *ret_revoked = false;
	for (size_t i = 0; i < s->count; i++)
		if (bytes_equal(s->at[i].id, id, KEY_ID_SIZE)) {
			*ret_old = true;
			*ret_revoked = s->at[i].revoked;
		}
	return 0;
}

int stale_signatures(struct ctl *c, const char *project, const struct buf *signatures, bool *ret, struct err *e)
{
	struct cursor cur = cursor_of(signatures->data, signatures->size, "the row's signatures");
	bool any_revoked = false, any_fresh = false, old, revoked;
	int r = look_again(c, project, e);

	*ret = false;
	if (r || !c->stale.count || !signatures->size)
		return r;
	while (cursor_left(&cur)) {
		if ((r = next(&cur, &c->stale, &old, &revoked, e)))
			return r;
		any_revoked = any_revoked || revoked;
		any_fresh = any_fresh || !old;
	}
	*ret = any_revoked || !any_fresh;
	return 0;
}
