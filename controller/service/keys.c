/* keys.c - see keys.h */
#include "controller/service/keys.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/media/statements.h"
#include "controller/service/pinfile.h"
#include "controller/signer/signer.h"
#include "controller/store/event.h"
#include "controller/store/key_statement.h"
#include "controller/store/news.h"

enum { DAY_S = 86400 };

struct key_list { struct media_key *keys; size_t count; };
static void key_list_fini(struct key_list *l) { media_key_list_free(l->keys, l->count); }
#define scoped_keys scoped(key_list_fini)

static int list(struct ctl *c, const char *project, struct key_list *ret, struct err *e) { return media_key_list(c->store, project, &ret->keys, &ret->count, e); }

static struct media_key *named(const struct key_list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->keys[i].name, name) == 0)
			return &l->keys[i];
	return NULL;
}

static bool is(const struct media_key *k, const char *state) { return strcmp(k->state, state) == 0; }

static int no_such_key(const struct key_list *l, const char *name, struct err *e)
{
	err_set(e, ERR_NOT_FOUND, "there is no media key '%s'", name);
	err_hint(e, l->count ? "natalctl key list shows what there is" : "make one: natalctl key init");
	return -(int)e->code;
}

static int hand_out(struct media_key *k, struct media_key *ret)
{
	*ret = *k;
	k->sealed = BUF_MAX(0);
	return 0;
}

int keys_get(struct ctl *c, const char *project, const char *name, struct media_key *ret, struct err *e)
{
	scoped_keys struct key_list l = { 0 };
	int r = list(c, project, &l, e);

	if (r)
		return r;
	struct media_key *k = named(&l, name);
	return k ? hand_out(k, ret) : no_such_key(&l, name, e);
}

int keys_successor(struct ctl *c, const char *project, const char *name, struct media_key *ret, struct err *e)
{
	scoped_keys struct key_list l = { 0 };
	int r = list(c, project, &l, e);

	if (r)
		return r;
	struct media_key *k = named(&l, name);
	for (size_t i = 0; k && i < l.count; i++)
		if (strcmp(l.keys[i].succeeds, k->id) == 0)
			return hand_out(&l.keys[i], ret);
	return no_such_key(&l, name, e);
}

/* One statement's row. about: of which key; with a window it names a key that counts in it. */
struct statement { enum key_statement_kind kind; const struct media_key *about, *signer; int64_t from, until; };

static int state(struct ctl *c, const struct statement *s, struct err *e)
{
	static const char *const types[] = { [KEY_SUCCESSOR] = "successor", [KEY_PREDECESSOR] = "predecessor", [KEY_REVOKED] = "revoked" };
	scoped_key_statement struct key_statement row = KEY_STATEMENT;
	scoped_json struct json_object *o = json_object_new_object();
	scoped_buf struct buf pem = BUF_MAX(1024);

	/* What a successor's statement names as key_id is who signs it; a revocation's is whom it ends. */
	json_put_uint(o, "format", STATEMENT_FORMAT);
	json_put(o, "type", types[s->kind]);
	json_put(o, "key_id", s->kind == KEY_REVOKED ? s->about->id : s->signer->id);
	if (s->kind != KEY_REVOKED) {
		pubkey_to_pem(&s->about->public, &pem);
		json_put(o, "key", pem.data);
		json_put_uint(o, "not_before", (uint64_t)s->from);
		json_put_uint(o, "not_after", (uint64_t)s->until);
	}
	buf_str(&row.payload, json_line(o));
	snprintf(row.project, sizeof row.project, "%s", s->about->project);
	memcpy(row.subject, s->about->id, sizeof row.subject);
	memcpy(row.signer, s->signer->id, sizeof row.signer);
	row.kind = s->kind;
	int r = buf_check(&row.payload, "a key statement", e);
	c->behind.turn = 0;
	return r ? r : key_statement_insert(c->store, &row, e);
}

/* All that images of the new key alone want to know: which older ones count still, and which never again. */
static int state_all(struct ctl *c, const struct key_list *l, const struct media_key *old, const struct media_key *new, struct err *e)
{
	int64_t now = new->created_at;
	/* Not before its signer counts: a statement that reaches beyond that is none. */
	int64_t from = (now > old->created_at ? now : old->created_at) - CLOCK_SLACK_S;
	int r = state(c, &(struct statement){ KEY_SUCCESSOR, new, old, from, now + KEY_SUCCESSOR_YEARS * (int64_t)366 * DAY_S }, e);

	if (!r)
		r = state(c, &(struct statement){ KEY_PREDECESSOR, old, new, old->created_at, old->until }, e);
	for (size_t i = 0; !r && i < l->count; i++) {
		const struct media_key *k = &l->keys[i];
		if (is(k, "revoked"))
			r = state(c, &(struct statement){ KEY_REVOKED, k, new, 0, 0 }, e);
		else if (is(k, "retiring") && k->until > now)
			r = state(c, &(struct statement){ KEY_PREDECESSOR, k, new, k->created_at, k->until }, e);
	}
	return r;
}

/* media → media-2 → media-3. */
static void next_name(const char *name, char ret[STORE_NAME_MAX])
{
	const char *dash = strrchr(name, '-');
	uint64_t n = 0;
	bool numbered = dash && dash[1] && text_number(dash + 1, &n) && n < 100000;

	snprintf(ret, STORE_NAME_MAX, "%.*s-%llu", (int)(numbered ? (size_t)(dash - name) : strlen(name)), name, (unsigned long long)(numbered ? n + 1 : 2));
}

static int make_next(struct ctl *c, const struct key_rotation *k, const struct media_key *old, struct media_key *new, struct err *e)
{
	int r = signer_make_media_key(c->signer, k->alg ? k->alg : old->public.alg, &new->public, &new->sealed, e);

	if (r)
		return r;
	hex_encode(new->public.id, KEY_ID_SIZE, new->id);
	memcpy(new->project, old->project, sizeof new->project);
	memcpy(new->state, "coming", sizeof "coming");
	memcpy(new->succeeds, old->id, sizeof new->succeeds);
	return media_key_insert(c->store, new, e);
}

int keys_rotate(struct ctl *c, const struct key_rotation *k, struct err *e)
{
	scoped(media_key_fini) struct media_key new = { .sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX) };
	scoped_keys struct key_list l = { 0 };
	int r = list(c, k->project, &l, e);

	if (r)
		return r;
	struct media_key *old = named(&l, k->name);
	if (!old)
		return no_such_key(&l, k->name, e);
	for (size_t i = 0; i < l.count; i++)
		if (is(&l.keys[i], "coming") && strcmp(l.keys[i].succeeds, old->id) == 0)
			return 0;               /* begun before, and ended by keys_settle() */
	if (!is(old, "active")) {
		err_set(e, ERR_CONFLICT, "media key '%s' is %s: only a key that signs is rotated", old->name, old->state);
		err_hint(e, "natalctl key list shows which is active");
		return -(int)e->code;
	}
	if (k->next)
		snprintf(new.name, sizeof new.name, "%s", k->next);
	else
		next_name(old->name, new.name);
	new.created_at = clock_unix_s();
	old->until = new.created_at + k->overlap_s;
	if ((r = make_next(c, k, old, &new, e)) || (r = media_key_save(c->store, old, e)) || (r = state_all(c, &l, old, &new, e)))
		return r;
	return event_add(c->store, k->project, &(struct event){ .noun = "key", .noun_id = new.id, .kind = "made", .body = "{}" }, e);
}

int keys_revoke(struct ctl *c, const char *project, const char *name, struct err *e)
{
	scoped_keys struct key_list l = { 0 };
	const struct media_key *signer = NULL;
	int r = list(c, project, &l, e);

	if (r)
		return r;
	struct media_key *k = named(&l, name);
	if (!k)
		return no_such_key(&l, name, e);
	for (size_t i = 0; i < l.count && !signer; i++)
		if (&l.keys[i] != k && is(&l.keys[i], "active"))
			signer = &l.keys[i];
	if (is(k, "revoked"))
		return err_set(e, ERR_CONFLICT, "media key '%s' is revoked already", name);
	if (!signer) {
		err_set(e, ERR_CONFLICT, "media key '%s' is the only one that signs: nothing could be signed any more", name);
		err_hint(e, "first natalctl key rotate %s", name);
		return -(int)e->code;
	}
	memcpy(k->state, "revoked", sizeof "revoked");
	k->until = clock_unix_s();
	if ((r = media_key_save(c->store, k, e)) || (r = state(c, &(struct statement){ KEY_REVOKED, k, signer, 0, 0 }, e)))
		return r;
	c->stale.asked_ms = 0;
	return event_add(c->store, project, &(struct event){ .noun = "key", .noun_id = k->id, .kind = "revoked", .body = "{}" }, e);
}

/* Those without an envelope, signed: kept here until the turn that writes them. */
struct unsigned_list { struct ctl *c; size_t count; struct key_statement at[STATEMENTS_MAX]; };
static void unsigned_fini(struct unsigned_list *u)
{
	for (size_t i = 0; i < u->count; i++)
		key_statement_fini(&u->at[i]);
}

static int add_unsigned(void *arg, struct key_statement *k, struct err *e)
{
	struct unsigned_list *u = arg;

	(void)e;
	if (k->envelope.size || u->count == STATEMENTS_MAX)
		return 0;
	u->at[u->count++] = *k;
	k->payload = k->envelope = BUF_MAX(0);
	return 0;
}

/* Who comes signs from now on, and whom it succeeds does so no more. */
static int begin_coming(struct ctl *c, const char *project, struct err *e)
{
	scoped_keys struct key_list l = { 0 };
	int r = list(c, project, &l, e);

	for (size_t i = 0; !r && i < l.count; i++) {
		struct media_key *new = &l.keys[i];
		if (!is(new, "coming"))
			continue;
		memcpy(new->state, "active", sizeof "active");
		r = media_key_save(c->store, new, e);
		for (size_t k = 0; !r && k < l.count; k++)
			if (strcmp(l.keys[k].id, new->succeeds) == 0 && is(&l.keys[k], "active")) {
				memcpy(l.keys[k].state, "retiring", sizeof "retiring");
				l.keys[k].retired_at = clock_unix_s();
				r = media_key_save(c->store, &l.keys[k], e);
			}
	}
	return r;
}

static int write_signed(struct ctl *c, const char *project, const struct unsigned_list *u, struct err *e)
{
	int r = store_turn_begin(c->store, e);

	if (r)
		return r;
	c->behind.turn = 0;
	for (size_t i = 0; !r && i < u->count; i++)
		r = u->at[i].envelope.size ? key_statement_sign(c->store, &u->at[i], &u->at[i].envelope, e) : 0;
	if (!r && !(r = begin_coming(c, project, e)))
		r = news_add(c->store, "key", project, e);      /* the others lay out their trust.d anew */
	if (r)
		store_turn_abort(c->store);
	return r ? r : store_turn_commit(c->store, e);
}

int keys_settle(struct ctl *c, const char *project, struct err *e)
{
	scoped(unsigned_fini) struct unsigned_list u = { .c = c };
	int r = key_statement_each(c->store, project, 4 * STATEMENTS_MAX, add_unsigned, &u, e);

	for (size_t i = 0; !r && i < u.count; i++) {
		r = signer_state(c->signer, project, u.at[i].n, &u.at[i].envelope, e);
		r = r == -ERR_DENIED ? 0 : r;           /* its signer was revoked meanwhile: nobody would believe it */
	}
	if (r || !u.count)
		return r;
	return (r = write_signed(c, project, &u, e)) ? r : store_sync(c->store, e);
}

int keys_settle_all(struct ctl *c, struct err *e)
{
	enum { PROJECTS_MAX = 64 };
	char projects[PROJECTS_MAX][STORE_PROJECT_MAX];
	size_t n = 0;
	int r = key_statement_unsigned(c->store, projects, PROJECTS_MAX, &n, e);

	for (size_t i = 0; !r && i < n; i++)
		r = keys_settle(c, projects[i], e);
	return r;
}

void keys_changed(struct ctl *c)
{
	struct err e;

	c->stale.asked_ms = 0;
	if (pinfile_trust(c, &e))
		fprintf(stderr, "natald: trust.d is as it was before another natald changed a key: %s\n", e.msg);
}

/* Predecessors are for images that are made from now on, and lie in trust.d. */
static int add_behind(void *arg, struct key_statement *k, struct err *e)
{
	struct buf *out = arg;

	buf_add(out, k->envelope.data, k->envelope.size);
	return buf_check(out, "the key statements", e);
}

int keys_behind(struct ctl *c, const char *project, struct buf *out, struct err *e)
{
	int r;

	if (!store_in_turn(c->store))
		return key_statement_behind(c->store, project, STATEMENTS_MAX, add_behind, out, e);
	if (c->behind.turn != store_turn(c->store) || strcmp(c->behind.project, project) != 0) {
		buf_fini(&c->behind.envelopes);
		c->behind.envelopes = BUF_MAX(out->max);
		c->behind.turn = 0;
		if ((r = key_statement_behind(c->store, project, STATEMENTS_MAX, add_behind, &c->behind.envelopes, e)) ||
		    (r = text_copy(c->behind.project, sizeof c->behind.project, project, "the project", e)))
			return r;
		c->behind.turn = store_turn(c->store);
	}
	if (c->behind.envelopes.size)
		buf_add(out, c->behind.envelopes.data, c->behind.envelopes.size);
	return buf_check(out, "the key statements", e);
}
