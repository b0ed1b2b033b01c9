/* asks.c - see asks.h */
#include "controller/hostd/asks.h"

#include <stdlib.h>
#include <string.h>
#include "common/base/scope.h"

static void ask_free(struct ask *x)
{
	free(x->body);
	free(x->answer);
	free(x);
}

void asks_fini(struct asks *a)
{
	for (struct ask *x; (x = a->first);) {
		a->first = x->next;
		ask_free(x);
	}
}

struct ask *asks_find(const struct asks *a, uint64_t req)
{
	struct ask *x = a->first;

	while (x && x->req != req)
		x = x->next;
	return x;
}

int asks_add(struct asks *a, uint64_t req, const struct frame *f, struct ask **ret, struct err *e)
{
	struct ask **at = &a->first;

	if (a->open == ASKS_OPEN_MAX)
		return err_set(e, ERR_LIMIT, "%d requests are open: no more are taken", ASKS_OPEN_MAX);
	struct ask *x = calloc(1, sizeof *x);
	if (!x)
		return err_nomem(e);
	x->req = req;
	x->type = f->type;
	x->body = strndup((const char *)f->body, f->body_size);
	if (!x->body) {
		free(x);
		return err_nomem(e);
	}
	while (*at)
		at = &(*at)->next;
	*at = x;
	a->open++;
	*ret = x;
	return 0;
}

static void forget_oldest(struct asks *a)
{
	struct ask **at = &a->first, *x;

	while (*at && !(*at)->answered)
		at = &(*at)->next;
	if (!(x = *at))
		return;
	*at = x->next;
	a->answered--;
	ask_free(x);
}

int asks_answer(struct asks *a, struct ask *ask, const void *answer, size_t size, struct err *e)
{
	char *copy = strndup(answer, size);

	if (!copy)
		return err_nomem(e);
	free(ask->answer);
	ask->answer = copy;
	if (!ask->answered) {
		a->open--;
		a->answered++;
	}
	ask->answered = true;
	while (a->answered > ASKS_ANSWERED_MAX)
		forget_oldest(a);
	return 0;
}

int asks_have(const struct asks *a, struct buf *out, struct err *e)
{
	scoped_free struct host_have *have = calloc(1, sizeof *have);
	scoped_buf struct buf body = BUF_MAX(FRAME_BODY_MAX);

	if (!have)
		return err_nomem(e);
	for (const struct ask *x = a->first; x && have->count < HOST_HAVE_MAX; x = x->next)
		if (!x->answered)
			have->req[have->count++] = x->req;
	int r = host_have_write(have, &body, e);
	return r ? r : frame_write(FRAME_HOST_HAVE, 0, body.data, body.size, NULL, out, e);
}
