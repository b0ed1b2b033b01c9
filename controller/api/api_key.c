/* api_key.c - media keys and the certificate authority. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/api/bodies.h"
#include "controller/api/page.h"
#include "controller/crypto/ca.h"
#include "controller/service/keys.h"
#include "controller/service/pinfile.h"
#include "controller/store/ca_row.h"
#include "controller/store/event.h"
#include "controller/store/media_key.h"
#include "controller/store/news.h"

static struct json_object *key_json(const struct media_key *k)
{
	struct json_object *o = json_object_new_object();
	scoped_buf struct buf pem = BUF_MAX(1024);

	pubkey_to_pem(&k->public, &pem);
	json_put(o, "name", k->name);
	json_put(o, "id", k->id);
	json_put(o, "alg", sig_alg_name(k->public.alg));
	json_put(o, "state", *k->state ? k->state : "active");
	json_put_uint(o, "created_at", (uint64_t)k->created_at);
	json_put(o, "succeeds", k->succeeds);
	json_put_uint(o, "until", (uint64_t)k->until);
	json_put(o, "pem", pem.data ? pem.data : "");
	return o;
}

static int check_name(const char *name, struct err *e)
{
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(name))
		return err_set(e, ERR_FORMAT, "key name '%s' holds more than small letters, digits, '-' and '_'", name);
	return 0;
}

int api_key_list(struct ctl *c, struct request *rq, struct err *e)
{
	struct media_key *keys;
	size_t n, limit, given = 0, at = 0;
	char after[64];
	int r;

	if ((r = page_read(rq, &limit, after, e)) || (r = media_key_list(c->store, rq->project, &keys, &n, e)))
		return r;
	struct json_object *a = json_object_new_array();
	for (; at < n && given < limit; at++)
		if (strcmp(keys[at].name, after) > 0) {
			json_object_array_add(a, key_json(&keys[at]));
			given++;
		}
	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "keys", a);
	if (given && at < n)
		page_next(rq, keys[at - 1].name);
	media_key_list_free(keys, n);
	return answer_digest(rq, e);
}

static int write_trust(struct ctl *c, struct request *rq, struct err *e) { return pinfile_trust(c, e); }

/* After the turn: what was committed is signed, and the answer is about that. */
static int settle(struct ctl *c, struct request *rq, int (*get)(struct ctl *, const char *, const char *, struct media_key *, struct err *), struct err *e)
{
	scoped(media_key_fini) struct media_key k = { .sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX) };
	int r;

	if ((r = keys_settle(c, rq->project, e)) || (r = pinfile_trust(c, e)) || (r = get(c, rq->project, rq->name, &k, e)))
		return r;
	rq->reply = key_json(&k);
	return 0;
}

static int rotated(struct ctl *c, struct request *rq, struct err *e) { return settle(c, rq, keys_successor, e); }
static int revoked(struct ctl *c, struct request *rq, struct err *e) { return settle(c, rq, keys_get, e); }

int api_key_rotate(struct ctl *c, struct request *rq, struct err *e)
{
	static const char *const algs[] = { "ed25519", "ecdsa-p256-sha256", NULL };
	struct key_rotate body = { .overlap_days = KEY_OVERLAP_DAYS };

	int r = json_decode(rq->json, key_rotate_fields, ARRAY_SIZE(key_rotate_fields), "rotation", &body, e);
	if (r)
		return r;
	if (*body.alg && !sig_alg_from_name(body.alg)) {
		err_set(e, ERR_UNSUPPORTED, "there is no signature algorithm '%s'", body.alg);
		err_suggest(e, body.alg, algs, "ed25519 or ecdsa-p256-sha256");
		return -(int)e->code;
	}
	if (body.overlap_days > KEY_OVERLAP_DAYS_MAX)
		return err_set(e, ERR_USAGE, "an overlap of %llu days: 0 to %d", (unsigned long long)body.overlap_days, KEY_OVERLAP_DAYS_MAX);
	if ((r = check_name(body.name, e)))
		return r;
	const struct key_rotation k = { rq->project, rq->name, *body.name ? body.name : NULL, 86400 * (int64_t)body.overlap_days,
		*body.alg ? sig_alg_from_name(body.alg) : 0 };
	rq->then = rotated;
	return keys_rotate(c, &k, e);
}

int api_key_revoke(struct ctl *c, struct request *rq, struct err *e)
{
	rq->then = revoked;
	return keys_revoke(c, rq->project, rq->name, e);
}

int api_key_get(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(media_key_fini) struct media_key k = { .sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX) };
	int r = keys_get(c, rq->project, rq->name, &k, e);

	if (!r)
		rq->reply = key_json(&k);
	return r;
}

int api_key_init(struct ctl *c, struct request *rq, struct err *e)
{
	static const char *const algs[] = { "ed25519", "ecdsa-p256-sha256", NULL };
	scoped(media_key_fini) struct media_key k = { .sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX) };
	struct key_init body = { .alg = "ed25519" };

	int r = json_decode(rq->json, key_init_fields, ARRAY_SIZE(key_init_fields), "key", &body, e);
	if (r)
		return r;
	if (!sig_alg_from_name(body.alg)) {
		err_set(e, ERR_UNSUPPORTED, "there is no signature algorithm '%s'", body.alg);
		err_suggest(e, body.alg, algs, "ed25519 or ecdsa-p256-sha256");
		return -(int)e->code;
	}
	if (!*body.name)
		snprintf(body.name, sizeof body.name, "media-%s", body.alg);
	if ((r = check_name(body.name, e)) || (r = signer_make_media_key(c->signer, sig_alg_from_name(body.alg), &k.public, &k.sealed, e)))
		return r;
	hex_encode(k.public.id, KEY_ID_SIZE, k.id);
	snprintf(k.project, sizeof k.project, "%s", rq->project);
	snprintf(k.name, sizeof k.name, "%s", body.name);
	k.created_at = clock_unix_s();
	if ((r = media_key_insert(c->store, &k, e))) {
		if (r == -ERR_CONFLICT)
			err_hint(e, "natalctl key list shows what there is; --name makes another");
		return r;
	}
	rq->reply = key_json(&k);
	rq->then = write_trust;
	return (r = news_add(c->store, "key", rq->project, e)) ? r : event_add(c->store, rq->project, &(struct event){ .noun = "key", .noun_id = k.id, .kind = "made", .body = "{}" }, e);
}

static int get_ca(struct ctl *c, const char *project, struct ca_row *row, struct err *e)
{
	bool absent;

	int r = ca_row_get(c->store, project, row, &absent, e);
	return r ? r : absent ? err_set(e, ERR_NOT_FOUND, "project %s has no certificate authority", project) : 0;
}

/* To change it: nobody of one project changes what all have. */
static int get_own_ca(struct ctl *c, const char *project, struct ca_row *row, struct err *e)
{
	int r = get_ca(c, project, row, e);

	if (r || strcmp(row->project, project) == 0)
		return r;
	err_set(e, ERR_NOT_FOUND, "project %s has no certificate authority of its own, it uses that of project %s", project, row->project);
	err_hint(e, "natalctl --project %s ca csr", row->project);
	return -(int)e->code;
}

static int ca_json(const char *chain, size_t size, struct json_object **ret, struct err *e)
{
	struct cert_facts f;

	int r = cert_facts(chain, size, &f, e);
	if (r)
		return r;
	struct json_object *o = json_object_new_object();
	json_put(o, "subject", f.subject);
	json_put(o, "issuer", f.issuer);
	json_put_hex(o, "spki_sha256", f.spki_sha256, SHA256_SIZE);
	json_put_uint(o, "not_before", f.not_before);
	json_put_uint(o, "not_after", f.not_after);
	json_put_uint(o, "certificates", f.count);
	json_put_bool(o, "self_signed", strcmp(f.subject, f.issuer) == 0);
	json_put(o, "chain", chain);
	*ret = o;
	return 0;
}

int api_ca_show(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(ca_row_fini) struct ca_row row = CA_ROW;

	int r = get_ca(c, rq->project, &row, e);
	return r ? r : ca_json(row.chain.data, row.chain.size, &rq->reply, e);
}

int api_ca_csr(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(ca_row_fini) struct ca_row row = CA_ROW;
	scoped_buf struct buf csr = BUF_MAX(CA_PEM_MAX);
	struct csr_body body = { .subject = "" };
	int r;

	if ((r = json_decode(rq->json, csr_fields, ARRAY_SIZE(csr_fields), "csr", &body, e)) || (r = get_own_ca(c, rq->project, &row, e)) ||
	    (r = signer_csr(c->signer, rq->project, *body.subject ? body.subject : row.subject, &csr, e)))
		return r;
	rq->reply = json_object_new_object();
	json_put(rq->reply, "csr", csr.data);
	return 0;
}

int api_ca_install(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(ca_row_fini) struct ca_row row = CA_ROW;
	scoped_free struct chain_body *body = calloc(1, sizeof *body);
	struct cert_facts now, then;
	int r;

	if (!body)
		return err_nomem(e);
	if ((r = json_decode(rq->json, chain_fields, ARRAY_SIZE(chain_fields), "chain", body, e)) ||
		(r = get_own_ca(c, rq->project, &row, e)) ||
	    (r = cert_facts(row.chain.data, row.chain.size, &now, e)) || (r = cert_facts(body->chain, strlen(body->chain), &then, e)))
		return r;
	if (!bytes_equal(now.spki_sha256, then.spki_sha256, SHA256_SIZE)) {
		err_set(e, ERR_UNTRUSTED, "the first certificate of the chain (%.120s) is not of natald's CA key", then.subject);
		err_hint(e, "have the request of 'natalctl ca csr' signed, and put that certificate first");
		return -(int)e->code;
	}
	if ((r = cert_chain_check(body->chain, strlen(body->chain), (uint64_t)clock_unix_s(), e)) ||
		(r = ca_row_set_chain(c->store, &row, body->chain, e)) ||
	    (r = event_add(c->store, rq->project, &(struct event){ .noun = "ca", .noun_id = row.id, .kind = "installed", .body = "{}" },
		e)))
		return r;
	c->ca.turn = 0;                 /* whoever is born in this turn has the new one */
	return ca_json(body->chain, strlen(body->chain), &rq->reply, e);
}
