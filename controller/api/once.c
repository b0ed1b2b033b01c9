/* once.c - see once.h */
#include "controller/api/once.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "controller/crypto/seal.h"
#include "controller/store/idempotency.h"

enum { TRIM_EVERY_S = 600, ANSWER_MAX = 4 << 20 };

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

/* Keys are their client's: what another one chooses is another key. */
enum { OWN_KEY_MAX = WHO_MAX + sizeof ((struct request *)0)->idempotency_key };
static void own_key(const struct request *rq, char out[OWN_KEY_MAX])
{
	char who[WHO_MAX];

	request_who(rq, who);
	snprintf(out, OWN_KEY_MAX, "%s\n%s", who, rq->idempotency_key);
}

/* An answer may hold a token, which the store never shows: it lies sealed. */
static int seal_answer(struct ctl *c, const char *key, struct json_object *reply, struct buf *out, struct err *e)
{
	const char *line = json_line(reply);
	scoped_buf struct buf sealed = BUF_MAX(ANSWER_MAX);
	int r = seal(c->seal, key, line, strlen(line), &sealed, e);

	if (r)
		return r;
	base64_encode(out, sealed.data, sealed.size);
	return buf_check(out, "an answer", e);
}

static int open_answer(struct ctl *c, const struct idempotency *had, struct json_object **ret, struct err *e)
{
	scoped_buf struct buf sealed = BUF_MAX(ANSWER_MAX);
	scoped_secret struct secret *opened = NULL;
	int r;

	if ((r = base64_decode(had->answer, strlen(had->answer), "answer", &sealed, e)) || (r = seal_open(c->seal, had->key, sealed.data, sealed.size, &opened, e)))
		return r;
	return json_parse((const char *)opened->bytes, opened->size, "answer", ret, e);
}

int once_before(struct ctl *c, struct request *rq, bool *ret_again, struct err *e)
{
	char key[OWN_KEY_MAX];
	scoped(idempotency_fini) struct idempotency had = { .project = rq->project, .key = key };
	uint8_t digest[SHA256_SIZE];
	bool absent = true;

	own_key(rq, key);
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
	return *had.made_id ? api_vm_again(c, rq, had.made_id, e) : had.answer ? open_answer(c, &had, &rq->reply, e) : 0;
}

int once_keep(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_buf struct buf answer = BUF_MAX(2 * ANSWER_MAX);
	char key[OWN_KEY_MAX];
	struct idempotency i = { .project = rq->project, .key = key };
	int64_t now_s = store_now_s(c->store);
	int r;

	own_key(rq, key);
	digest_of(rq, i.digest);
	snprintf(i.made_id, sizeof i.made_id, "%.31s", rq->vm_id);
	if (!*i.made_id && rq->reply && (r = seal_answer(c, key, rq->reply, &answer, e)))
		return r;
	i.answer = answer.data;
	if ((r = idempotency_put(c->store, &i, e)) || clock_apart_s(now_s, c->trimmed_at) < TRIM_EVERY_S)
		return r;
	c->trimmed_at = now_s;
	return idempotency_trim(c->store, now_s - IDEMPOTENCY_KEPT_S, e);
}
