/* once.c - see once.h */
#include "controller/api/once.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/crypto/hash.h"
#include "controller/store/idempotency.h"

enum { TRIM_EVERY_S = 600 };

/* What the key stands for: method, path and body, as far as they decide anything. */
static void digest_of(const struct request *rq, uint8_t out[SHA256_SIZE])
{
	const char *parts[] = { rq->method, rq->path, rq->json ? json_line(rq->json) : "" };
	struct sha256 h;

	sha256_init(&h);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		sha256_add(&h, parts[i], strlen(parts[i]) + 1);
	sha256_done(&h, out);
}

int once_before(struct ctl *c, struct request *rq, bool *ret_again, struct err *e)
{
	scoped(idempotency_fini) struct idempotency had = { .project = rq->project, .key = rq->idempotency_key };
	uint8_t digest[SHA256_SIZE];
	bool absent = true;

	int r = idempotency_get(c->store, &had, &absent, e);
	if (r || absent)
		return r;
	digest_of(rq, digest);
	if (!bytes_equal(digest, had.digest, sizeof digest)) {
		err_set(e, ERR_CONFLICT, "the idempotency key was used for another request");
		err_hint(e, "a key goes with one request and its repetitions, for a day");
		return -(int)e->code;
	}
	*ret_again = true;
	request_header(rq, "Idempotency-Replayed", "true");
	return *had.made_id ? api_vm_again(c, rq, had.made_id, e) : had.answer ? json_parse(had.answer, strlen(had.answer), "answer", &rq->reply, e) : 0;
}

int once_keep(struct ctl *c, struct request *rq, struct err *e)
{
	struct idempotency i = { .project = rq->project, .key = rq->idempotency_key };
	int64_t now_s = store_now_s(c->store);
	int r;

	digest_of(rq, i.digest);
	snprintf(i.made_id, sizeof i.made_id, "%.31s", rq->vm_id);
	if (!*i.made_id && rq->reply)
		i.answer = (char *)json_line(rq->reply);
	if ((r = idempotency_put(c->store, &i, e)) || clock_apart_s(now_s, c->trimmed_at) < TRIM_EVERY_S)
		return r;
	c->trimmed_at = now_s;
	return idempotency_trim(c->store, now_s - IDEMPOTENCY_KEPT_S, e);
}
