/* anchors.c - see anchors.h */
#include "controller/service/anchors.h"

#include <stdio.h>
#include <string.h>
#include "common/media/statements.h"
#include "controller/store/key_statement.h"
#include "controller/store/media_key.h"

void anchors_fini(struct anchors *a)
{
	for (size_t i = 0; a->at && i < a->count; i++)
		buf_fini(&a->at[i].bytes);
	free(a->at);
	*a = (struct anchors){ 0 };
}

struct gather { struct anchors *a; const struct media_key *keys; size_t key_count; };

static const struct media_key *by_id(const struct gather *g, const char *id)
{
	for (size_t i = 0; i < g->key_count; i++)
		if (strcmp(g->keys[i].id, id) == 0)
			return &g->keys[i];
	return NULL;
}

/* One of that name is replaced: the newest statement about a key is what counts. */
static int put(struct anchors *a, const char *name, const char *end, const struct buf *bytes, struct err *e)
{
	struct anchor one = { .bytes = BUF_MAX(STATEMENT_SIZE_MAX) };
	size_t i = 0;

	snprintf(one.name, sizeof one.name, "%s.%s", name, end);
	while (i < a->count && strcmp(a->at[i].name, one.name) != 0)
		i++;
	if (i == ANCHORS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d keys and statements", ANCHORS_MAX);
	buf_add(&one.bytes, bytes->data, bytes->size);
	if (i < a->count)
		buf_fini(&a->at[i].bytes);
	else
		a->count++;
	a->at[i] = one;
	return buf_check(&a->at[i].bytes, "an anchor", e);
}

static int add_statement(void *arg, struct key_statement *k, struct err *e)
{
	const struct gather *g = arg;
	const struct media_key *about = by_id(g, k->subject), *signer = by_id(g, k->signer);

	if (k->kind == KEY_SUCCESSOR || !k->envelope.size || !about || !signer || !media_key_signs(signer) || media_key_signs(about))
		return 0;
	return put(g->a, about->name, "statement", &k->envelope, e);
}

static int gather(struct ctl *c, const char *project, const struct gather *g, struct err *e)
{
	for (size_t i = 0; i < g->key_count; i++) {
		scoped_buf struct buf pem = BUF_MAX(1024);
		if (!media_key_signs(&g->keys[i]))
			continue;
		pubkey_to_pem(&g->keys[i].public, &pem);
		int r = put(g->a, g->keys[i].name, "pub", &pem, e);
		if (r)
			return r;
	}
	return key_statement_each(c->store, project, 4 * STATEMENTS_MAX, add_statement, (void *)g, e);
}

int anchors_of(struct ctl *c, const char *project, struct anchors *ret, struct err *e)
{
	scoped_anchors struct anchors a = { .at = calloc(ANCHORS_MAX, sizeof *a.at) };
	struct media_key *keys;
	size_t n;

	if (!a.at)
		return err_nomem(e);
	int r = media_key_list(c->store, project, &keys, &n, e);
	if (r)
		return r;
	r = gather(c, project, &(struct gather){ &a, keys, n }, e);
	media_key_list_free(keys, n);
	if (r)
		return r;
	*ret = a;
	a = (struct anchors){ 0 };
	return 0;
}
