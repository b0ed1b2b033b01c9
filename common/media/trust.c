/* trust.c - see trust.h; FORMAT.md "Signature", "Key statement", "Policy". trust_load.c fills it from files. */
#include "common/media/trust.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/media/field.h"

/* The first 8 bytes of a key id in hex: enough for a person to tell keys apart. */
struct short_id { char hex[17]; };
static struct short_id short_id(const uint8_t id[KEY_ID_SIZE])
{
	struct short_id s;

	hex_encode(id, 8, s.hex);
	return s;
}

static struct trust_key *find(const struct trust *t, const uint8_t id[KEY_ID_SIZE])
{
	for (size_t i = 0; i < t->count; i++)
		if (memcmp(t->keys[i].key.id, id, KEY_ID_SIZE) == 0)
			return (struct trust_key *)&t->keys[i];
	return NULL;
}

static int append(struct trust *t, const struct trust_key *k, struct err *e)
{
	if (t->count == TRUST_KEYS_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than %d trusted keys", k->origin, TRUST_KEYS_MAX);
	t->keys[t->count++] = *k;
	return 0;
}

int trust_add(struct trust *t, const struct pubkey *key, const char *origin, struct err *e)
{
	struct trust_key k = { .key = *key, .succeeds = TRUST_KEYS_MAX };

	snprintf(k.origin, sizeof k.origin, "%s", origin);
	return find(t, key->id) ? 0 : append(t, &k, e);
}

enum { ANY_TIME = 0 };

static bool in_window(const struct trust_key *k, uint64_t at_unix_s)
{
	return at_unix_s == ANY_TIME || ((!k->not_before || k->not_before <= at_unix_s) && (!k->not_after || at_unix_s <= k->not_after));
}

/* One signature: *ret is the held key that made it, or NULL where it is passed over (then e says why). */
static int judge(const struct trust *t, const struct signature *s, const struct buf *pae, uint64_t at_unix_s, const struct trust_key **ret,
	struct err *e)
{
	const struct trust_key *k = find(t, s->key_id);
	const struct short_id id = short_id(s->key_id);

	*ret = NULL;
	if (!k) {
		err_set(e, ERR_UNTRUSTED, "signed by unknown key %s", id.hex);
		return 0;
	}
	if (k->revoked)
		return err_set(e, ERR_UNTRUSTED, "key %s is revoked (%s)", id.hex, k->origin);
	if (s->alg != k->key.alg)
		return err_set(e, ERR_UNTRUSTED, "the signature by key %s names algorithm %d, the key is %s", id.hex, (int)s->alg,
			sig_alg_name(k->key.alg));
	if (!t->policy.alg_allowed[s->alg])
		return err_set(e, ERR_UNTRUSTED, "algorithm %s is forbidden by the image's policy", sig_alg_name(s->alg));
	int r = pubkey_verify(&k->key, pae->data, pae->size, s->value, s->size, e);
	if (r)
		return r;
	if (!in_window(k, at_unix_s)) {
		err_set(e, ERR_UNTRUSTED, "key %s is valid from %llu to %llu, not at %llu", id.hex, (unsigned long long)k->not_before,
			(unsigned long long)k->not_after, (unsigned long long)at_unix_s);
		return 0;
	}
	*ret = k;
	return 0;
}

struct judged { size_t count; const struct trust_key *keys[ENVELOPE_SIGNATURES_MAX]; };

/* All signatures of env: the keys that count, at least one. */
static int judge_all(
	const struct trust *t, const struct envelope *env, uint64_t at_unix_s, const char *doc, struct judged *ret, struct err *e)
{
	scoped_buf struct buf pae = BUF_MAX(ENVELOPE_PAYLOAD_MAX + ENVELOPE_PAE_HEAD_MAX);
	struct judged j = { 0 };
	struct err why = ERR_NONE;      /* why the first one was passed over */

	envelope_pae(env->kind, env->payload, env->payload_size, &pae);
	int r = buf_check(&pae, doc, e);
	if (r)
		return r;
	for (size_t i = 0; i < env->signature_count; i++) {
		const struct trust_key *k;
		struct err step = ERR_NONE;
		if (judge(t, &env->signatures[i], &pae, at_unix_s, &k, &step)) {
			*e = step;
			return err_wrap(e, "%s", doc);
		}
		if (k)
			j.keys[j.count++] = k;
		else if (!why.code)
			why = step;
	}
	if (!j.count) {
		*e = why;
		return err_wrap(e, "%s", doc);
	}
	*ret = j;
	return 0;
}

/* Is k, or a key it succeeds, one of the group's? */
static bool in_group(const struct trust *t, const struct trust_key *k, size_t group)
{
	for (;;) {
		for (size_t i = 0; i < t->policy.groups[group].count; i++)
			if (memcmp(t->policy.groups[group].ids[i], k->key.id, KEY_ID_SIZE) == 0)
				return true;
		if (k->succeeds >= t->count)
			return false;
		k = &t->keys[k->succeeds];
	}
}

int trust_check(const struct trust *t, const struct envelope *env, uint64_t now_unix_s, const char *doc,
	const struct trust_key **ret_signer, struct err *e)
{
	struct judged j;
	int r = judge_all(t, env, now_unix_s ? now_unix_s : 1, doc, &j, e);

	if (r)
		return r;
	for (size_t g = 0; g < t->policy.group_count; g++) {
		bool met = false;
		for (size_t i = 0; i < j.count && !met; i++)
			met = in_group(t, j.keys[i], g);
		if (!met)
			return err_set(e, ERR_UNTRUSTED, "%s: the image's policy requires a signature by key %s%s: there is none", doc,
				short_id(t->policy.groups[g].ids[0]).hex, t->policy.groups[g].count > 1 ? " or another of its group" : "");
	}
	if (ret_signer)
		*ret_signer = j.keys[0];
	return 0;
}

/* The payload of a key statement. */
struct statement { uint64_t format, not_before, not_after; char type[16], key[512]; uint8_t key_id[KEY_ID_SIZE]; };
static const struct json_field statement_fields[] = {
	JSON_FIELD(struct statement, format, JSON_UINT, true),
	JSON_FIELD(struct statement, type, JSON_TEXT, true),
	JSON_FIELD(struct statement, key_id, JSON_HEX, true),
	JSON_FIELD(struct statement, key, JSON_TEXT, false),
	JSON_FIELD(struct statement, not_before, JSON_UINT, false),
	JSON_FIELD(struct statement, not_after, JSON_UINT, false),
};

static int statement_parse(const struct envelope *env, const char *doc, struct statement *ret, struct err *e)
{
	struct statement s = { 0 };
	scoped_json struct json_object *o = NULL;
	int r;

	if ((r = json_parse(env->payload, env->payload_size, doc, &o, e)))
		return r;
	if (json_uint(o, "format", 0) != STATEMENT_FORMAT)
		return err_set(e, ERR_UNSUPPORTED, "%s: a key statement that is not of format %d", doc, STATEMENT_FORMAT);
	if ((r = json_decode(o, statement_fields, ARRAY_SIZE(statement_fields), doc, &s, e)))
		return r;
	bool successor = strcmp(s.type, "successor") == 0 || strcmp(s.type, "predecessor") == 0;
	if (!successor && strcmp(s.type, "revoked") != 0)
		return err_set(e, ERR_UNSUPPORTED, "%s: type is '%s': successor, predecessor and revoked are known", doc, s.type);
	if (successor && (!*s.key || !s.not_before || s.not_after < s.not_before))
		return err_set(e, ERR_FORMAT, "%s: a %s needs key, not_before of 1 or more, and not_after not before it", doc, s.type);
	if (!successor && (*s.key || s.not_before || s.not_after))
		return err_set(e, ERR_FORMAT, "%s: a revocation has neither key nor window", doc);
	*ret = s;
	return 0;
}

static int add_successor(struct trust *t, const struct statement *s, const struct judged *j, const char *doc, struct err *e)
{
	struct trust_key k = { .not_before = s->not_before, .not_after = s->not_after, .states_nothing = strcmp(s->type, "predecessor") == 0 };
	const struct trust_key *old = find(t, s->key_id);
	bool signs = false;

	for (size_t i = 0; i < j->count; i++)
		signs = signs || j->keys[i] == old;
	const struct short_id id = short_id(s->key_id);
	if (!old || !signs)
		return err_set(e, ERR_UNTRUSTED, "%s: names a successor of key %s, which does not sign it", doc, id.hex);
	if (!in_window(old, s->not_before))
		return err_set(e, ERR_UNTRUSTED, "%s: the successor of key %s begins at %llu, outside that key's own window", doc, id.hex,
			(unsigned long long)s->not_before);
	int r = pubkey_from_pem(s->key, strlen(s->key), doc, &k.key, e);
	if (r)
		return r;
	k.succeeds = (size_t)(old - t->keys);
	snprintf(k.origin, sizeof k.origin, "%s", doc);
	return find(t, k.key.id) ? 0 : append(t, &k, e);        /* held already, or revoked: stays as it is */
}

/* A key that is not held is remembered as revoked, so that no later statement can bring it. */
static int key_revoke(struct trust *t, const struct statement *s, const char *doc, struct err *e)
{
	struct trust_key tomb = { .revoked = true, .succeeds = TRUST_KEYS_MAX }, *k = find(t, s->key_id);

	if (!k) {
		memcpy(tomb.key.id, s->key_id, KEY_ID_SIZE);
		snprintf(tomb.origin, sizeof tomb.origin, "%s", doc);
		return append(t, &tomb, e);
	}
	k->revoked = true;
	snprintf(k->origin, sizeof k->origin, "%s", doc);
	return 0;
}

/* A key that another one has followed may have signed bundles; it names nobody any more, and ends nobody. */
static int only_who_states(struct judged *j, const char *doc, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < j->count; i++)
		if (!j->keys[i]->states_nothing)
			j->keys[n++] = j->keys[i];
	if (!n)
		return err_set(e, ERR_UNTRUSTED, "%s: is signed by key %s alone, a predecessor, whose statements do not count", doc, short_id(j->keys[0]->key.id).hex);
	j->count = n;
	return 0;
}

int trust_statement(struct trust *t, const struct envelope *env, const char *doc, struct err *e)
{
	struct judged j;
	struct statement s;
	int r;

	if (env->kind != ENVELOPE_STATEMENT)
		return err_set(e, ERR_FORMAT, "%s: is not a key statement", doc);
	if ((r = judge_all(t, env, ANY_TIME, doc, &j, e)) || (r = only_who_states(&j, doc, e)) || (r = statement_parse(env, doc, &s, e)))
		return r;
	return strcmp(s.type, "revoked") == 0 ? key_revoke(t, &s, doc, e) : add_successor(t, &s, &j, doc, e);
}

size_t trust_revoked(const struct trust *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->keys[i].revoked;
	return n;
}
