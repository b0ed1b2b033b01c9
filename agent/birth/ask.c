/* ask.c - the question and its answer, over HTTPS to the pinned controller. See birth.h. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "agent/birth/birth.h"
#include "agent/birth/tpm.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/http/client.h"
#include "common/media/envelope.h"

enum { AGAIN_MS = 1000, AGAIN_MAX_MS = 30000, ANSWER_MS = 120000, PROBLEM_MAX = 64 << 10 };

struct talk {
	const struct birth_guest *guest;
	struct birthplace place;
	struct tls_peer peer;
	struct tls_client *tls;
	struct birth_ask ask;
	int64_t deadline_ms;
};
static void talk_fini(struct talk *t)
{
	tls_client_free(give(t->tls));
	sodium_memzero(&t->ask, sizeof t->ask);
}

/* What the controller says instead of a bundle: a problem document. */
static int problem(const struct http_reply *reply, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct err bad;
	char detail[200], hint[120];

	if (reply->body.size > PROBLEM_MAX || json_parse(reply->body.data ? reply->body.data : "", reply->body.size, "reply", &o, &bad) ||
	    !json_text(o, "reason") || !json_text(o, "detail"))
		return err_set(e, reply->status >= 500 ? ERR_UNAVAILABLE : ERR_DENIED, "it answers with status %u and no reason", reply->status);
	snprintf(detail, sizeof detail, "%s", json_text(o, "detail"));
	snprintf(hint, sizeof hint, "%s", json_text(o, "hint") ? json_text(o, "hint") : "");
	text_printable(detail);
	text_printable(hint);
	err_set(e, reply->status == 429 ? ERR_UNAVAILABLE : err_from_reason(json_text(o, "reason")), "%s", detail);
	err_hint(e, "%s", hint);
	return -(int)e->code;
}

static int post(struct talk *t, const char *path, const struct buf *body, struct http_reply *reply, struct err *e)
{
	scoped_client struct http_client http = HTTP_CLIENT(BIRTH_BODY_MAX + 4096, .tls = t->tls, .host = t->place.host);
	const struct http_request rq = { .method = "POST", .path = path, .body = body->data, .body_size = body->size };
	int left = clock_left_ms(t->deadline_ms);
	int r = http_exchange(&http, &rq, left < ANSWER_MS ? left : ANSWER_MS, reply, e);

	return r ? r : reply->status == 200 ? 0 : problem(reply, e);
}

/* The TPM's two steps: what it is, and what it found in the challenge. */
static int prove(struct talk *t, struct err *e)
{
	scoped_buf struct buf body = BUF_MAX(BIRTH_BODY_MAX);
	scoped_reply struct http_reply reply = HTTP_REPLY(PROBLEM_MAX);
	scoped(tpm_close_p) struct tpm *tpm = NULL;
	struct birth_challenge challenge;
	int r;

	if ((r = tpm_open(t->guest->tpm, &tpm, e)) || (r = tpm_identity(tpm, t->ask.ek, t->ask.ak_name, e)) ||
	    (r = birth_challenge_ask_write(&t->ask, &body, e)) || (r = post(t, BIRTH_CHALLENGE_PATH, &body, &reply, e)) ||
	    (r = birth_challenge_read(reply.body.data ? reply.body.data : "", reply.body.size, &challenge, e)))
		return r;
	t->ask.until = challenge.until;
	return tpm_activate(tpm, &challenge, t->ask.secret, e);
}

static int ask_once(struct talk *t, struct seed **ret, struct err *e)
{
	scoped_buf struct buf body = BUF_MAX(BIRTH_BODY_MAX);
	scoped_reply struct http_reply reply = HTTP_REPLY(ENVELOPE_SIZE_MAX);
	int r;

	if ((!*t->ask.token && (r = prove(t, e))) || (r = birth_ask_write(&t->ask, &body, e)) || (r = post(t, BIRTH_PATH, &body, &reply, e)))
		return r;
	if (!reply.body.size)
		return err_set(e, ERR_FORMAT, "it answers with nothing");
	scoped(seed_free_p) struct seed *s = calloc(1, sizeof *s);
	if (!s)
		return err_nomem(e);
	s->bytes = (uint8_t *)give(reply.body.data);
	s->size = reply.body.size;
	reply.body = BUF_MAX(0);
	snprintf(s->origin, sizeof s->origin, "https://%.90s:%s", t->place.host, t->place.port);
	memcpy(s->nonce, t->ask.nonce, sizeof s->nonce);
	*ret = give(s);
	return 0;
}

/* From half of it to all of it: guests that begin together do not ask together again and again. */
static int spread(int ms)
{
	uint32_t r = 0;

	return getrandom(&r, sizeof r, GRND_NONBLOCK) == sizeof r ? ms / 2 + (int)(r % (uint32_t)(ms / 2 + 1)) : ms;
}

static int begin(struct talk *t, struct err *e)
{
	bool absent;
	int r;

	if ((r = birth_find_server(t->guest->root, &t->place, e)) || (r = birth_find_token(t->guest->root, t->ask.token, &absent, e)))
		return r;
	if (absent && !tpm_is_there(t->guest->tpm)) {
		err_set(e, ERR_NOT_FOUND, "no medium is here, and this guest can prove nothing: it has neither a token nor a TPM");
		err_hint(e, "natalctl vm birth-token NAME; as " BIRTH_TOKEN_PATH ", or " BIRTH_TOKEN_WORD "TOKEN on the kernel's command line");
		return -(int)e->code;
	}
	t->ask.format = BIRTH_FORMAT;
	snprintf(t->ask.uuid, sizeof t->ask.uuid, "%s", t->guest->uuid);
	t->peer = (struct tls_peer){ .host = t->place.host, .port = t->place.port };
	memcpy(t->peer.pin, t->place.pin, sizeof t->peer.pin);
	return (r = birth_nonce(t->guest->root, t->ask.nonce, e)) ? r : tls_client_new(&t->peer, &t->tls, e);
}

int birth_ask_for(const struct birth_guest *g, const struct birthplace *place, struct seed **ret, struct err *e)
{
	scoped(talk_fini) struct talk t = { .guest = g, .place = *place, .deadline_ms = clock_mono_ms() + (int64_t)place->timeout_s * 1000 };
	int again_ms = AGAIN_MS, r = begin(&t, e);

	if (r)
		return r;
	fprintf(stderr, "birth=asking controller=%s:%s proof=%s\n", t.place.host, t.place.port, *t.ask.token ? "token" : "ek");
	while ((r = ask_once(&t, ret, e)) == -ERR_UNAVAILABLE) {
		int wait_ms = spread(again_ms);
		if (clock_left_ms(t.deadline_ms) <= wait_ms)
			break;
		fprintf(stderr, "birth=waiting controller=%s:%s message=\"%s\"\n", t.place.host, t.place.port, e->msg);
		poll(NULL, 0, wait_ms);
		again_ms = 2 * again_ms < AGAIN_MAX_MS ? 2 * again_ms : AGAIN_MAX_MS;
	}
	if (!r)
		return 0;
	const bool late = r == -ERR_UNAVAILABLE;
	err_wrap(e, "birth without a medium: controller %s port %s", t.place.host, t.place.port);
	if (late && !*e->hint)
		err_hint(e, "asked for %llu s (\"timeout_s\" in " POLICY_PATH "): is natald there, and the network?", (unsigned long long)place->timeout_s);
	return -(int)e->code;
}
