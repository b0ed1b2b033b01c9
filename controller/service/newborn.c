/* newborn.c - see newborn.h */
#include "controller/service/newborn.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/crypto/ek.h"
#include "controller/service/birth.h"
#include "controller/service/link.h"
#include "controller/service/newborn_ek.h"
#include "controller/service/refusals.h"
#include "controller/store/event.h"

int newborn_define(struct ctl *c, struct vm *v, const struct vm_spec *spec, struct err *e)
{
	struct newborn_row n = { .rev = 0 };
	uint8_t digest[SHA256_SIZE];
	int r;

	if (!*spec->birth)
		return 0;
	if (*spec->ek) {
		if ((r = ek_digest(spec->ek, strlen(spec->ek), digest, e)))
			return r;
		hex_encode(digest, sizeof digest, v->ek_sha256);
	}
	snprintf(n.vm_id, sizeof n.vm_id, "%s", v->id);
	snprintf(n.uuid, sizeof n.uuid, "%s", v->uuid);
	snprintf(n.proof, sizeof n.proof, "%.7s", spec->birth);
	return newborn_row_insert(c->store, &n, e);
}

int newborn_is(struct ctl *c, const struct vm *v, bool *ret, struct err *e)
{
	struct newborn_row n;
	bool absent = true;
	/* The word stands in the spec of each of them, and in few others': those are not looked up. */
	int r = strstr(v->spec, "\"birth\"") ? newborn_row_get(c->store, v->id, &n, &absent, e) : 0;

	*ret = !r && !absent;
	return r;
}

int newborn_forget(struct ctl *c, const struct vm *v, struct err *e)
{
	struct newborn_row n;
	bool absent;
	int r = newborn_row_get(c->store, v->id, &n, &absent, e);

	if (r || absent)
		return r;
	n.has_token = n.asked = false;
	n.token_until = n.asked_at = n.sequence = n.refused = 0;
	return newborn_row_save(c->store, &n, e);
}

static int already_born(const struct vm *v, struct err *e)
{
	err_set(e, ERR_CONFLICT, "VM %s is born: its guest has its bundle, and has said so", v->name);
	err_hint(e, "natalctl vm reissue %.60s makes new keys, for a guest that is to begin anew", v->name);
	return -(int)e->code;
}

int newborn_token(struct ctl *c, const struct vm *v, int64_t valid_s, char token[TOKEN_TEXT_MAX], int64_t *ret_until, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	struct newborn_row n;
	bool absent;
	int r = newborn_row_get(c->store, v->id, &n, &absent, e);

	if (r)
		return r;
	if (absent || strcmp(n.proof, "token") != 0) {
		err_set(e, ERR_CONFLICT, "VM %s is born by %s, not by a token", v->name, absent ? "its medium" : "its TPM's EK");
		err_hint(e, "natalctl vm create --birth token");
		return -(int)e->code;
	}
	if ((r = birth_row(c, v, &row, e)))
		return r;
	if (row.delivered_at)
		return already_born(v, e);
	if ((r = token_make(c, token, n.token, e)))
		return r;
	n.has_token = true;
	n.asked = false;                        /* the token before counts no more, and whoever came with it */
	n.token_until = store_now_s(c->store) + valid_s;
	n.asked_at = n.sequence = n.refused = 0;
	*ret_until = n.token_until;
	return newborn_row_save(c->store, &n, e);
}

struct why { const char *text; int64_t number; };
/* why NULL: nobody was refused. */
static int tell(struct ctl *c, const struct vm *v, const struct newborn_asking *q, const struct why *why, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put(o, "what", why ? "refused" : "asked");
	json_put(o, "from", q->from);
	json_put(o, "uuid", q->ask->uuid);
	json_put(o, "proof", *q->ask->token ? "token" : "ek");
	if (why) {
		json_put(o, "why", why->text);
		json_put_uint(o, "n", (uint64_t)why->number);
	}
	return event_add(c->store, v->project, &(struct event){ .noun = "vm", .noun_id = v->id, .kind = "birth", .body = json_line(o) }, e);
}

/* Not all are told (refusals.h). The code of why, but where that failed. */
static int refuse(struct ctl *c, const struct vm *v, struct newborn_row *n, const struct newborn_asking *q, struct err *e)
{
	const struct err why = *e;
	bool tells;
	int r;

	fprintf(stderr, "natald: vm=%s birth refused from=%s reason=%s message=\"%s\"\n", v->name, q->from, err_reason(why.code), why.msg);
	r = refusals_tells(c, &(struct refusal){ v, n, q->from }, &tells, e);
	if (!r && tells) {
		n->refused++;
		r = newborn_row_save(c->store, n, e);
		r = r ? r : tell(c, v, q, &(struct why){ why.msg, n->refused }, e);
	}
	if (!r)
		*e = why;
	return -(int)e->code;
}

static int find_by_token(struct ctl *c, const struct birth_ask *ask, struct newborn_row *n, struct vm *v, struct err *e)
{
	uint8_t digest[SHA256_SIZE];
	bool absent;
	int r;

	if ((r = token_read(c, ask->token, "natalctl vm birth-token", digest, e)) || (r = newborn_row_by_token(c->store, digest, n, &absent, e)) ||
	    (!absent && (r = vm_get_by_id(c->store, n->vm_id, v, &absent, e))))
		return r;
	if (!absent)
		return 0;
	err_set(e, ERR_DENIED, "there is no such token, or there is none any more");
	err_hint(e, "an operator makes one: natalctl vm birth-token NAME");
	return -(int)e->code;
}

static int check_token(const struct birth_ask *ask, int64_t now_s, const struct newborn_row *n, const struct vm *v, struct err *e)
{
	if (strcmp(v->uuid, ask->uuid) != 0)
		err_set(e, ERR_DENIED, "the token is VM %s's, whose machine has another UUID than %s", v->name, ask->uuid);
	else if (n->asked && !bytes_equal(n->nonce, ask->nonce, sizeof n->nonce))
		err_set(e, ERR_CONFLICT, "the token of VM %s was used already, by another asker", v->name);
	else if (!n->asked && n->token_until < now_s)
		err_set(e, ERR_DENIED, "the token of VM %s has expired", v->name);
	else
		return 0;
	err_hint(e, "an operator makes another: natalctl vm birth-token %.60s", v->name);
	return -(int)e->code;
}

/* The bundle is signed for this asker; one that was signed for it already is as it was. */
static int answer(struct ctl *c, struct vm *v, struct newborn_row *n, const struct newborn_asking *q, bool *ret_told, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	int r = birth_row(c, v, &row, e);

	if (r)
		return r;
	if (n->asked && n->sequence == v->sequence && bytes_equal(n->nonce, q->ask->nonce, sizeof n->nonce))
		return 0;
	if ((r = birth_sign_for(c, v, &row, q->ask->nonce, e)))
		return r;
	n->asked = true;
	memcpy(n->nonce, q->ask->nonce, sizeof n->nonce);
	n->asked_at = clock_unix_s();
	n->sequence = v->sequence;
	if ((r = newborn_row_save(c->store, n, e)) || (r = tell(c, v, q, NULL, e)))
		return r;
	*ret_told = true;
	if (v->state != VM_READY && v->state != VM_BOOTING)
		return 0;
	v->deadline_at = link_deadline_at(c, v);
	vm_set_state(v, VM_BOOTING, "its guest has asked for its bundle");
	return ctl_save(c, v, e);
}

int newborn_ask(struct ctl *c, const struct newborn_asking *q, struct vm *v, bool *ret_told, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	const bool by_token = *q->ask->token;
	struct newborn_row n;
	int r;

	*ret_told = false;
	if ((r = by_token ? find_by_token(c, q->ask, &n, v, e) : newborn_find_ek(c, q->ask, &n, v, e)))
		return r;
	r = by_token ? check_token(q->ask, store_now_s(c->store), &n, v, e) : newborn_check_ek(c, q->ask, v, e);
	if (!r && !(r = birth_row(c, v, &row, e)) && row.delivered_at)
		r = already_born(v, e);
	if (!r)
		return answer(c, v, &n, q, ret_told, e);
	if (e->code != ERR_DENIED && e->code != ERR_CONFLICT && e->code != ERR_UNTRUSTED)
		return r;
	const int64_t before = n.refused;
	int said = refuse(c, v, &n, q, e);
	*ret_told = said == r && n.refused > before;
	return said;
}

int newborn_bundle(struct ctl *c, const char *vm_id, const uint8_t nonce[BIRTH_NONCE_SIZE], struct buf *out, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_vm struct vm v = { 0 };
	struct newborn_row n;
	bool absent;
	int r;

	if ((r = vm_get_by_id(c->store, vm_id, &v, &absent, e)) || (!absent && (r = newborn_row_get(c->store, vm_id, &n, &absent, e))))
		return r;
	if (absent || !bytes_equal(n.nonce, nonce, sizeof n.nonce) || n.sequence != v.sequence)
		return err_set(e, ERR_UNAVAILABLE, "what was signed for this guest is not the newest any more: ask again");
	if ((r = birth_row(c, &v, &row, e)))
		return r;
	return row.stage == BUNDLE_SIGNED ? birth_bundle(c, &row, out, e) : err_set(e, ERR_UNAVAILABLE, "the bundle of VM %s is not signed yet", v.name);
}
