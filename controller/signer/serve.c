/* serve.c - the signer's own process. See signer.h. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/media/bundle.h"
#include "controller/crypto/ca.h"
#include "controller/crypto/seal.h"
#include "controller/crypto/signkey.h"
#include "controller/signer/intent.h"
#include "controller/signer/sandbox.h"
#include "controller/signer/signer.h"
#include "controller/signer/wire.h"
#include "controller/store/access.h"
#include "controller/store/ca_row.h"
#include "controller/store/key_statement.h"
#include "controller/store/media_key.h"

enum { HELD_MAX = 64 };

/* What this process remembers between requests: opened keys, by id. */
struct serve {
	const struct signer_config *config;
	struct store *store;                    /* opened with the first request: natald makes it after our birth */
	size_t held;
	struct signkey *keys[HELD_MAX];
	size_t active;                          /* of one project: who signs now */
	const struct signkey *with[ENVELOPE_SIGNATURES_MAX];
	struct ca *ca;
	char ca_id[STORE_ID_MAX];
	int64_t ca_rev;
	/* While a message of births is answered, which is of one state of the store: whose CA and keys were looked up; "": nobody's. */
	bool one_state;
	char ca_of[STORE_PROJECT_MAX], keys_of[STORE_PROJECT_MAX];
};

static int store_ready(struct serve *s, struct err *e)
{
	return s->store ? 0 : store_open_reader(s->config->store, &s->store, e);
}

static void put_hex(struct json_object *o, const char *key, const struct buf *b) { json_put_hex(o, key, b->data, b->size); }

static int make_media_key(struct serve *s, struct json_object *q, struct json_object *a, struct err *e)
{
	scoped_signkey struct signkey *key = NULL;
	scoped_secret struct secret *pem = NULL;
	scoped_buf struct buf sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX);
	char id[2 * KEY_ID_SIZE + 1];
	const char *alg = json_text(q, "alg");
	int r;

	if (!alg || !sig_alg_from_name(alg))
		return err_set(e, ERR_UNSUPPORTED, "no such algorithm");
	if ((r = signkey_generate(sig_alg_from_name(alg), &key, e)) || (r = signkey_to_pem(key, &pem, e)))
		return r;
	const struct pubkey *pub = signkey_public(key);
	hex_encode(pub->id, sizeof pub->id, id);
	if ((r = seal(s->config->key, id, pem->bytes, pem->size, &sealed, e)))
		return r;
	json_put_hex(a, "spki", pub->spki, pub->spki_size);
	put_hex(a, "sealed", &sealed);
	return 0;
}

static int make_ca(struct serve *s, struct json_object *q, struct json_object *a, struct err *e)
{
	scoped_secret struct secret *pem = NULL;
	scoped_buf struct buf sealed = BUF_MAX(CA_SEALED_MAX), cert = BUF_MAX(CA_CHAIN_MAX);
	int r;

	if ((r = ca_make(json_text(q, "subject"), (uint64_t)clock_unix_s(), &pem, &cert, e)) ||
	    (r = seal(s->config->key, "ca", pem->bytes, pem->size, &sealed, e)))
		return r;
	put_hex(a, "sealed", &sealed);
	json_put(a, "chain", cert.data);
	return 0;
}

/* The CA's row and its opened key. */
static int ca_secret(struct serve *s, const char *project, struct ca_row *row, struct secret **ret, struct err *e)
{
	bool absent;

	int r = ca_row_get(s->store, project, row, &absent, e);
	if (r || absent)
		return r ? r : err_set(e, ERR_DENIED, "the store has no certificate authority for project %s", project);
	return seal_open(s->config->key, "ca", row->sealed.data, row->sealed.size, ret, e);
}

static int csr(struct serve *s, struct json_object *q, struct json_object *a, struct err *e)
{
	scoped(ca_row_fini) struct ca_row row = CA_ROW;
	scoped_secret struct secret *pem = NULL;
	scoped_buf struct buf out = BUF_MAX(CA_PEM_MAX);
	int r;

	if ((r = ca_secret(s, json_text(q, "project"), &row, &pem, e)) || (r = ca_csr(pem, json_text(q, "subject"), &out, e)))
		return r;
	json_put(a, "csr", out.data);
	return 0;
}

static bool looked_up(const struct serve *s, const char *of, const char *project) { return s->one_state && strcmp(of, project) == 0; }

static int ca_ready(struct serve *s, const char *project, struct err *e)
{
	scoped(ca_row_fini) struct ca_row row = CA_ROW;
	scoped_secret struct secret *pem = NULL;
	scoped_ca struct ca *ca = NULL;
	bool absent;
	int r;

	if (looked_up(s, s->ca_of, project))
		return 0;
	*s->ca_of = 0;
	if ((r = ca_row_get(s->store, project, &row, &absent, e)))
		return r;
	if (!absent && s->ca && strcmp(row.id, s->ca_id) == 0 && row.rev == s->ca_rev)
		return text_copy(s->ca_of, sizeof s->ca_of, project, "the project", e);
	ca_row_fini(&row);
	row = CA_ROW;
	if ((r = ca_secret(s, project, &row, &pem, e)) || (r = ca_load(pem, row.chain.data, row.chain.size, &ca, e)))
		return r;
	ca_free(s->ca);
	s->ca = give(ca);
	memcpy(s->ca_id, row.id, sizeof s->ca_id);
	s->ca_rev = row.rev;
	return text_copy(s->ca_of, sizeof s->ca_of, project, "the project", e);
}

static int committed(struct serve *s, struct json_object *q, enum bundle_stage least, struct bundle_row *ret, struct err *e)
{
	const char *vm_id = json_text(q, "vm_id");
	int64_t sequence = (int64_t)json_uint(q, "sequence", 0);
	bool absent = true;

	int r = vm_id ? bundle_row_get_public(s->store, vm_id, sequence, ret, &absent, e) : 0;
	if (r)
		return r;
	if (absent || ret->stage < least)
		return err_set(e, ERR_DENIED, "the signer signs what was committed only: the store has no bundle %lld of %s at that stage", (long long)sequence,
			vm_id ? vm_id : "?");
	return 0;
}

static int issue(struct serve *s, struct json_object *q, struct json_object *a, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_buf struct buf cert = BUF_MAX(BUNDLE_CERT_MAX);
	struct cert_intent intent;
	int r;

	if ((r = committed(s, q, BUNDLE_TAKEN, &row, e)) || (r = ca_ready(s, row.project, e)) ||
	    (r = intent_read(row.intent.data, row.intent.size, row.spki.data, row.spki.size, &intent, e)) ||
		(r = ca_issue(s->ca, &intent, &cert, e)))
		return r;
	json_put(a, "cert", cert.data);
	return 0;
}

/* For a row of `access` that has enrolled: the certificate of its committed intent, by the CA of the default project. */
static int issue_access(struct serve *s, struct json_object *q, struct json_object *a, struct err *e)
{
	scoped_access struct access row = ACCESS;
	scoped_buf struct buf cert = BUF_MAX(BUNDLE_CERT_MAX);
	struct cert_intent intent;
	const char *id = json_text(q, "id");
	bool absent = true;
	int r = id ? access_get_by_id(s->store, id, &row, &absent, e) : 0;

	if (r)
		return r;
	if (absent || !row.enrolled || row.revoked_at)
		return err_set(e, ERR_DENIED, "the signer signs what was committed only: the store has no access %s that enrolled", id ? id : "?");
	if ((r = ca_ready(s, PROJECT_DEFAULT, e)) ||
	    (r = intent_read(row.intent.data, row.intent.size, row.spki.data, row.spki.size, &intent, e)) ||
	    (r = ca_issue(s->ca, &intent, &cert, e)))
		return r;
	json_put(a, "cert", cert.data);
	return 0;
}

static int open_key(struct serve *s, const struct media_key *row, const struct signkey **ret, struct err *e)
{
	scoped_secret struct secret *pem = NULL;
	scoped_signkey struct signkey *key = NULL;
	int r;

	for (size_t i = 0; i < s->held; i++)
		if (bytes_equal(signkey_public(s->keys[i])->id, row->public.id, KEY_ID_SIZE)) {
			*ret = s->keys[i];
			return 0;
		}
	if (s->held == HELD_MAX)
		return err_set(e, ERR_LIMIT, "more than %d media keys", HELD_MAX);
	if ((r = seal_open(s->config->key, row->id, row->sealed.data, row->sealed.size, &pem, e)) ||
	    (r = signkey_from_pem(pem->bytes, pem->size, row->name, &key, e)))
		return r;
	if (!bytes_equal(signkey_public(key)->id, row->public.id, KEY_ID_SIZE))
		return err_set(e, ERR_UNTRUSTED, "media key '%s' has another public half than the store says", row->name);
	*ret = s->keys[s->held++] = give(key);
	return 0;
}

struct payload { enum envelope_kind kind; const struct buf *bytes; const uint8_t *digest; };
struct signing { size_t count; struct signature sigs[ENVELOPE_SIGNATURES_MAX]; struct signkey_value values[ENVELOPE_SIGNATURES_MAX]; };

/* By every active key of the project. The digest says which payload was meant: the row's two columns must agree. */
static int sign_payload(struct serve *s, const struct bundle_row *row, struct payload p, struct signing *ret, struct err *e)
{
	uint8_t got[SHA256_SIZE];

	envelope_digest(p.kind, p.bytes->data, p.bytes->size, got);
	if (p.bytes->size == 0 || !bytes_equal(got, p.digest, sizeof got))
		return err_set(e, ERR_DENIED, "the signer signs what was committed only: a payload of %s has another digest than its row", row->vm_id);
	for (size_t i = 0; i < s->active && ret->count < ENVELOPE_SIGNATURES_MAX; i++, ret->count++) {
		int r = signkey_sign_payload(s->with[i], p.kind, p.bytes, &ret->values[ret->count], &ret->sigs[ret->count], e);
		if (r)
			return r;
	}
	return 0;
}

/* The project's keys, opened: sign_payload()'s. */
static int pick_keys(struct serve *s, const char *project, struct err *e)
{
	struct media_key *keys = NULL;
	size_t count = 0;

	if (looked_up(s, s->keys_of, project))
		return 0;
	*s->keys_of = 0;
	s->active = 0;
	int r = media_key_list(s->store, project, &keys, &count, e);
	for (size_t i = 0; !r && i < count && s->active < ENVELOPE_SIGNATURES_MAX; i++)
		if (media_key_signs(&keys[i]) && !(r = open_key(s, &keys[i], &s->with[s->active], e)))
			s->active++;
	if (!r && s->active == 0) {
		r = err_set(e, ERR_NOT_FOUND, "there is no media key to sign with");
		err_hint(e, "make one: natalctl key init");
	}
	media_key_list_free(keys, count);
	return r ? r : text_copy(s->keys_of, sizeof s->keys_of, project, "the project", e);
}

static int sign(struct serve *s, struct json_object *q, struct json_object *a, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_buf struct buf sigs = BUF_MAX(BUNDLE_SIGNATURES_MAX), pin = BUF_MAX(ENVELOPE_PAYLOAD_MAX + 8192);
	struct signing m = { 0 }, p = { 0 };
	int r;

	if ((r = committed(s, q, BUNDLE_WRITTEN, &row, e)) || (r = pick_keys(s, row.project, e)) || (r = sign_payload(s, &row,
		(struct payload){ ENVELOPE_BUNDLE, &row.manifest, row.digest }, &m, e)) ||
	    (r = sign_payload(s, &row, (struct payload){ ENVELOPE_PIN, &row.pin, row.pin_digest }, &p, e)) ||
	    (r = envelope_write(ENVELOPE_PIN, row.pin.data, row.pin.size, p.sigs, p.count, NULL, 0, &pin, e)))
		return r;
	for (size_t i = 0; i < m.count; i++) {
		buf_u16le(&sigs, (uint16_t)m.sigs[i].alg);
		buf_u16le(&sigs, (uint16_t)m.sigs[i].size);
		buf_add(&sigs, m.sigs[i].key_id, KEY_ID_SIZE);
		buf_add(&sigs, m.sigs[i].value, m.sigs[i].size);
	}
	if ((r = buf_check(&sigs, "the signatures", e)))
		return r;
	put_hex(a, "signatures", &sigs);
	put_hex(a, "pin_record", &pin);
	return 0;
}

/* The key of this id, of the project, that is not revoked. */
static int signer_of(struct serve *s, const struct key_statement *k, const struct signkey **ret, struct err *e)
{
	struct media_key *keys = NULL;
	size_t count = 0;

	*ret = NULL;
	int r = media_key_list(s->store, k->project, &keys, &count, e);
	for (size_t i = 0; !r && i < count && !*ret; i++)
		if (strcmp(keys[i].id, k->signer) == 0 && strcmp(keys[i].state, "revoked") != 0)
			r = open_key(s, &keys[i], ret, e);
	media_key_list_free(keys, count);
	return r || *ret ? r : err_set(e, ERR_DENIED, "key statement %lld is to be signed by key %.16s, which signs nothing", (long long)k->n, k->signer);
}

/* A committed row of `key_statement`, by the key that it names. */
static int sign_statement(struct serve *s, struct json_object *q, struct json_object *a, struct err *e)
{
	scoped_key_statement struct key_statement row = KEY_STATEMENT;
	scoped_buf struct buf out = BUF_MAX(KEY_STATEMENT_MAX);
	const char *project = json_text(q, "project");
	const struct signkey *key;
	struct signkey_value value;
	struct signature sig;
	bool absent = true;
	int r = project ? key_statement_get(s->store, project, (int64_t)json_uint(q, "n", 0), &row, &absent, e) : 0;

	if (r || absent)
		return r ? r : err_set(e, ERR_DENIED, "the signer signs what was committed only: the store has no such key statement");
	if ((r = signer_of(s, &row, &key, e)) || (r = signkey_sign_payload(key, ENVELOPE_STATEMENT, &row.payload, &value, &sig, e)) ||
	    (r = envelope_write(ENVELOPE_STATEMENT, row.payload.data, row.payload.size, &sig, 1, NULL, 0, &out, e)))
		return r;
	put_hex(a, "envelope", &out);
	return 0;
}

static void put_refusal(struct json_object *a, const struct err *e)
{
	json_put(a, "reason", err_reason(e->code));
	json_put(a, "message", e->msg);
	json_put(a, "hint", e->hint);
}

/* All of a message see one state of the store; each is answered, with what its stage asks for or with why not. */
static int births(struct serve *s, struct json_object *q, struct json_object *a, struct err *e)
{
	struct json_object *list = NULL, *answers = json_object_new_array();

	json_object_object_add(a, "births", answers);
	if (!json_object_object_get_ex(q, "births", &list) || !json_object_is_type(list, json_type_array))
		return err_set(e, ERR_FORMAT, "a request for births without a list of them");
	int r = store_ready(s, e);
	if (!r)
		r = store_read_begin(s->store, e);
	s->one_state = !r;
	*s->ca_of = *s->keys_of = 0;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i), *answer = json_object_new_object();
		struct err refused = ERR_NONE;
		json_object_array_add(answers, answer);
		if (r)
			put_refusal(answer, e);
		else if (json_uint(one, "stage", 0) == BUNDLE_TAKEN ? issue(s, one, answer, &refused) : sign(s, one, answer, &refused))
			put_refusal(answer, &refused);
	}
	if (!r)
		store_read_end(s->store);
	s->one_state = false;
	return 0;
}

static const struct { const char *op; bool needs_store; int (*run)(struct serve *s, struct json_object *q, struct json_object *a,
	struct err *e); } ops[] = {
	{ "make-media-key", false, make_media_key }, { "make-ca", false, make_ca }, { "csr", true, csr },
		{ "issue-access", true, issue_access }, { "state", true, sign_statement }, { SIGNER_OP_BIRTHS, false, births },
};

static int answer(struct serve *s, const char *text, size_t size, struct json_object *a, struct err *e)
{
	scoped_json struct json_object *q = NULL;
	int r = json_parse(text, size, "request to the signer", &q, e);

	if (r)
		return r;
	const char *op = json_text(q, "op");
	for (size_t i = 0; op && i < ARRAY_SIZE(ops); i++)
		if (strcmp(ops[i].op, op) == 0)
			return ops[i].needs_store && (r = store_ready(s, e)) ? r : ops[i].run(s, q, a, e);
	return err_set(e, ERR_UNSUPPORTED, "the signer knows no '%s'", op ? op : "");
}

static int serve_one(struct serve *s, int fd, char *in, bool *ret_closed, struct err *e)
{
	struct err refused = ERR_NONE;

	ssize_t n = recv(fd, in, SIGNER_MESSAGE_MAX, 0);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return err_sys(e, "the signer's channel");
	if ((*ret_closed = n == 0))
		return 0;
	scoped_json struct json_object *a = json_object_new_object();
	if (answer(s, in, (size_t)n, a, &refused))
		put_refusal(a, &refused);
	const char *line = json_line(a);
	return send(fd, line, strlen(line), MSG_NOSIGNAL) < 0 ? err_sys(e, "the signer's channel") : 0;
}

int signer_serve(int fd, const struct signer_config *config, struct store *store, bool *ret_lost, struct err *e)
{
	struct serve s = { .config = config, .store = store };
	scoped_free char *in = malloc(SIGNER_MESSAGE_MAX);
	bool closed = false, lost = false;
	int r = in ? signer_confine(fd, store ? store_socket(store) : -1, e) : err_nomem(e);

	while (!r && !closed && !lost) {
		r = serve_one(&s, fd, in, &closed, e);
		lost = store && store_socket(store) < 0;        /* who asked was told so, and asks again */
	}
	*ret_lost = lost;
	for (size_t i = 0; i < s.held; i++)
		signkey_free(s.keys[i]);
	ca_free(s.ca);
	store_close(s.store);
	return r;
}
