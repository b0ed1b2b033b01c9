/* api_birth.c - first boot without a medium: a token for a guest, the challenge for its TPM, its bundle. docs/FLEET.md "Born without a medium". */
#include <stdio.h>
#include <string.h>
#include "controller/api/api.h"
#include "controller/service/birth.h"
#include "controller/service/newborn.h"

const struct schema schema_birth = { "birth", birth_ask_fields, BIRTH_TOKEN_FIELDS, NULL, false };
const struct schema schema_birth_challenge = { "birth", birth_challenge_fields, BIRTH_CHALLENGE_FIELDS, NULL, false };

struct token_body { uint64_t hours; };
static const struct json_field token_body_fields[] = { JSON_FIELD(struct token_body, hours, JSON_UINT, false) };
const struct schema schema_birth_token = { "birth-token", token_body_fields, ARRAY_SIZE(token_body_fields), NULL, false };
#define OUT(name, kind) { name, kind, true, 0, 0 }
static const struct json_field token_fields[] = { OUT("name", JSON_TEXT), OUT("token", JSON_TEXT), OUT("token_until", JSON_UINT) };
const struct schema schema_token = { "token", token_fields, ARRAY_SIZE(token_fields), NULL, false };
static const struct json_field challenge_fields[] = { OUT("credential", JSON_TEXT), OUT("encrypted", JSON_TEXT), OUT("until", JSON_UINT) };
const struct schema schema_challenge = { "challenge", challenge_fields, ARRAY_SIZE(challenge_fields), NULL, false };

void api_add_birth(struct ctl *c, const struct vm *v, struct json_object *o)
{
	struct newborn_row n;
	struct err ignored;
	bool newborn, absent;

	if (newborn_is(c, v, &newborn, &ignored) || !newborn || newborn_row_get(c->store, v->id, &n, &absent, &ignored) || absent)
		return;
	struct json_object *b = json_object_new_object();
	json_put(b, "proof", n.proof);
	json_put_uint(b, "token_until", (uint64_t)n.token_until);
	json_put_uint(b, "asked_at", (uint64_t)n.asked_at);
	json_put_uint(b, "refused", (uint64_t)n.refused);
	json_object_object_add(o, "birth", b);
}

int api_birth_token(struct ctl *c, struct request *rq, struct err *e)
{
	struct token_body body = { .hours = NEWBORN_HOURS };
	scoped_vm struct vm v = { 0 };
	char token[TOKEN_TEXT_MAX];
	int64_t until = 0;
	int r;

	if ((r = json_decode(rq->json, token_body_fields, ARRAY_SIZE(token_body_fields), "birth-token", &body, e)))
		return r;
	if (body.hours == 0 || body.hours > NEWBORN_HOURS_MAX)
		return err_set(e, ERR_USAGE, "a token for %llu hours: 1 to %d", (unsigned long long)body.hours, NEWBORN_HOURS_MAX);
	if ((r = ctl_vm(c, rq->project, rq->name, &v, e)) || (r = newborn_token(c, &v, 3600 * (int64_t)body.hours, token, &until, e)))
		return r;
	rq->reply = json_object_new_object();
	json_put(rq->reply, "name", v.name);
	json_put(rq->reply, "token", token);
	json_put_uint(rq->reply, "token_until", (uint64_t)until);
	return 0;
}

/* After the turn in which it was decided, and the signing. */
static int hand_out(struct ctl *c, struct request *rq, struct err *e)
{
	struct birth_ask ask;
	int r = birth_ask_read(rq->json, &ask, e);

	return r ? r : newborn_bundle(c, rq->vm_id, ask.nonce, &rq->reply_raw, e);
}

int api_birth(struct ctl *c, struct request *rq, struct err *e)
{
	struct birth_ask ask;
	const struct newborn_asking q = { &ask, *rq->peer->address ? rq->peer->address : "unix" };
	scoped_vm struct vm v = { 0 };
	bool told;
	int r = birth_ask_read(rq->json, &ask, e);

	if (r)
		return r;
	r = newborn_ask(c, &q, &v, &told, e);
	if (r && !told)
		return r;
	/* From here on it is about this VM, for the audit too. */
	snprintf(rq->project, sizeof rq->project, "%s", v.project);
	snprintf(rq->name, sizeof rq->name, "%s", v.name);
	snprintf(rq->vm_id, sizeof rq->vm_id, "%s", v.id);
	if (r) {
		request_refuse(rq, e);
		return 0;
	}
	rq->unchanged = !told;
	rq->then = hand_out;
	return birth_unsigned(c, &v, &rq->awaits_birth, e);
}

int api_birth_challenge(struct ctl *c, struct request *rq, struct err *e)
{
	struct birth_challenge challenge = { 0 };
	struct birth_ask ask;
	int r;

	if ((r = birth_challenge_ask_read(rq->json, &ask, e)) || (r = newborn_challenge(c, &ask, &challenge, e)))
		return r;
	rq->reply = birth_challenge_json(&challenge);
	return 0;
}
