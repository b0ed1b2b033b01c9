#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"

static struct test_key a, b, c;

static int setup(void **s)
{
	(void)s;
	a = test_key(SIG_ED25519, "a");
	b = test_key(SIG_ECDSA_P256_SHA256, "b");
	c = test_key(SIG_ED25519, "c");
	return 0;
}

/* A payload that says nothing, signed by n keys; the envelope borrows `bytes`. */
static struct envelope signed_by(const struct test_key *keys, size_t n, struct buf *bytes)
{
	scoped_buf struct buf payload = BUF_MAX(64);
	struct envelope env;
	struct err e;

	buf_str(&payload, "{}");
	sample_envelope(ENVELOPE_PIN, &payload, keys, n, bytes);
	assert_ok(envelope_read(bytes->data, bytes->size, ENVELOPE_PIN, "x", &env, &e), e);
	return env;
}

static void reasons(void **s)
{
	struct test_key ab[] = { a, b }, ba[] = { b, a };
	scoped_buf struct buf bytes = BUF_MAX(4096), more = BUF_MAX(4096);
	struct envelope env = signed_by(ab, 2, &bytes), reversed = signed_by(ba, 2, &more);
	struct trust t = sample_trust(&c, 1);
	const struct trust_key *signer;
	char id[17];
	struct err e;

	(void)s;
	hex_encode(a.pub.id, 8, id);
	assert_err(trust_check(&t, &env, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "x: signed by unknown key ");
	assert_non_null(strstr(e.msg, id));
	t = sample_trust(&a, 1);
	assert_ok(trust_check(&t, &env, 1, "x", &signer, &e), e);
	assert_memory_equal(signer->key.id, a.pub.id, KEY_ID_SIZE);
	assert_ok(trust_check(&t, &reversed, 1, "x", &signer, &e), e);
	t = sample_trust(ab, 2);
	t.keys[0].revoked = true;
	assert_err(trust_check(&t, &env, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "is revoked (test.pub)");
	assert_err(trust_check(&t, &reversed, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "is revoked");
	t = sample_trust(ab, 2);
	t.policy.alg_allowed[SIG_ED25519] = false;
	assert_err(trust_check(&t, &env, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "algorithm ed25519 is forbidden by the image's policy");
	t = sample_trust(&b, 1);
	t.policy.alg_allowed[SIG_ED25519] = false;              /* a's signature is by a key not held: passed over */
	assert_ok(trust_check(&t, &env, 1, "x", &signer, &e), e);
	assert_memory_equal(signer->key.id, b.pub.id, KEY_ID_SIZE);
	t = sample_trust(ab, 2);
	env.signatures[1].alg = SIG_ED25519;
	assert_err(trust_check(&t, &env, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "names algorithm 1, the key is ecdsa-p256-sha256");
	env.signatures[1].alg = SIG_ECDSA_P256_SHA256;
	((uint8_t *)bytes.data)[32] ^= 1;                       /* the payload */
	assert_err(trust_check(&t, &env, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "does not verify");
}

/* One good signature does not make up for a bad one by a held key. */
static void a_bad_signature_refuses_the_whole(void **s)
{
	struct test_key ab[] = { a, b };
	scoped_buf struct buf bytes = BUF_MAX(4096);
	struct envelope env = signed_by(ab, 2, &bytes);
	struct trust t = sample_trust(ab, 2);
	struct err e;

	(void)s;
	*(uint8_t *)env.signatures[1].value ^= 1;
	assert_err(trust_check(&t, &env, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "does not verify");
}

static void windows(void **s)
{
	scoped_buf struct buf bytes = BUF_MAX(4096);
	struct envelope env = signed_by(&a, 1, &bytes);
	struct trust t = sample_trust(&a, 1);
	struct err e;

	(void)s;
	t.keys[0].not_before = 10;
	t.keys[0].not_after = 20;
	assert_ok(trust_check(&t, &env, 10, "x", NULL, &e), e);
	assert_ok(trust_check(&t, &env, 20, "x", NULL, &e), e);
	assert_err(trust_check(&t, &env, 9, "x", NULL, &e), ERR_UNTRUSTED, e, "is valid from 10 to 20, not at 9");
	assert_err(trust_check(&t, &env, 21, "x", NULL, &e), ERR_UNTRUSTED, e, "is valid from 10 to 20, not at 21");
	assert_err(trust_check(&t, &env, 0, "x", NULL, &e), ERR_UNTRUSTED, e, "is valid from 10 to 20");
}

static void require_groups(void **s)
{
	struct test_key ab[] = { a, b };
	scoped_buf struct buf both = BUF_MAX(4096), one = BUF_MAX(4096);
	struct envelope env_both = signed_by(ab, 2, &both), env_one = signed_by(&a, 1, &one);
	struct trust t = sample_trust(ab, 2);
	struct err e;

	(void)s;
	t.policy.group_count = 2;
	t.policy.groups[0].count = t.policy.groups[1].count = 1;
	memcpy(t.policy.groups[0].ids[0], a.pub.id, KEY_ID_SIZE);
	memcpy(t.policy.groups[1].ids[0], b.pub.id, KEY_ID_SIZE);
	assert_ok(trust_check(&t, &env_both, 1, "x", NULL, &e), e);
	assert_err(trust_check(&t, &env_one, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "x: the image's policy requires a signature by key ");
	t.policy.groups[1].count = 2;
	memcpy(t.policy.groups[1].ids[1], a.pub.id, KEY_ID_SIZE);
	assert_ok(trust_check(&t, &env_one, 1, "x", NULL, &e), e);
	memcpy(t.policy.groups[1].ids[1], c.pub.id, KEY_ID_SIZE);
	assert_err(trust_check(&t, &env_one, 1, "x", NULL, &e), ERR_UNTRUSTED, e, "or another of its group: there is none");
}

/* A statement's bytes; any member may be left out. */
static void statement(const struct test_key *signer, const char *json, struct buf *out)
{
	scoped_buf struct buf payload = BUF_MAX(4096);

	buf_str(&payload, json);
	sample_envelope(ENVELOPE_STATEMENT, &payload, signer, 1, out);
}

static int take(struct trust *t, const struct test_key *signer, const char *json, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(8192);
	struct envelope env;

	statement(signer, json, &bytes);
	assert_ok(envelope_read(bytes.data, bytes.size, ENVELOPE_STATEMENT, "s", &env, e), *e);
	return trust_statement(t, &env, "s", e);
}

static void successor_json(const struct pubkey *old, const struct pubkey *new, uint64_t from, uint64_t to, struct buf *out)
{
	scoped_buf struct buf pem = BUF_MAX(4096);
	scoped_json struct json_object *o = json_object_new_object();

	pubkey_to_pem(new, &pem);
	json_put_uint(o, "format", 1);
	json_put(o, "type", "successor");
	json_put_hex(o, "key_id", old->id, KEY_ID_SIZE);
	json_put(o, "key", pem.data);
	json_put_uint(o, "not_before", from);
	json_put_uint(o, "not_after", to);
	buf_clear(out);
	buf_str(out, json_line(o));
}

static void revoked_json(const struct pubkey *k, struct buf *out)
{
	char id[65];

	hex_encode(k->id, KEY_ID_SIZE, id);
	buf_clear(out);
	buf_printf(out, "{\"format\":1,\"type\":\"revoked\",\"key_id\":\"%s\"}", id);
}

/* What a predecessor signs counts in its window; it brings nobody in, and ends nobody. */
static void predecessors(void **s)
{
	scoped_buf struct buf json = BUF_MAX(4096), text = BUF_MAX(4096), signed_b = BUF_MAX(4096);
	struct envelope env = signed_by(&b, 1, &signed_b);
	struct trust t = sample_trust(&a, 1);
	struct err e;
	char id[2 * KEY_ID_SIZE + 1];

	(void)s;
	successor_json(&a.pub, &b.pub, 100, 200, &json);
	char *type = strstr(json.data, "successor");
	buf_add(&text, json.data, (size_t)(type - json.data));
	buf_printf(&text, "pre%s", "decessor");
	buf_str(&text, type + strlen("successor"));
	assert_ok(take(&t, &a, text.data, &e), e);
	assert_ok(trust_check(&t, &env, 150, "x", NULL, &e), e);
	assert_err(trust_check(&t, &env, 201, "x", NULL, &e), ERR_UNTRUSTED, e, "is valid from 100 to 200, not at 201");
	successor_json(&b.pub, &c.pub, 150, 300, &json);
	assert_err(take(&t, &b, json.data, &e), ERR_UNTRUSTED, e, "a predecessor, whose statements do not count");
	hex_encode(a.pub.id, KEY_ID_SIZE, id);
	buf_clear(&json);
	buf_printf(&json, "{\"format\":1,\"type\":\"revoked\",\"key_id\":\"%s\"}", id);
	assert_err(take(&t, &b, json.data, &e), ERR_UNTRUSTED, e, "a predecessor, whose statements do not count");
}

static void successors(void **s)
{
	scoped_buf struct buf json = BUF_MAX(4096), bytes = BUF_MAX(4096);
	struct envelope by_c = signed_by(&c, 1, &bytes);
	struct trust t = sample_trust(&a, 1);
	struct err e;

	(void)s;
	successor_json(&a.pub, &b.pub, 100, 200, &json);
	assert_err(take(&t, &b, json.data, &e), ERR_UNTRUSTED, e, "s: signed by unknown key");
	assert_ok(take(&t, &a, json.data, &e), e);
	assert_int_equal(t.count, 2);
	successor_json(&a.pub, &c.pub, 100, 200, &json);        /* b signs that c follows a */
	assert_err(take(&t, &b, json.data, &e), ERR_UNTRUSTED, e, "which does not sign it");
	successor_json(&b.pub, &c.pub, 201, 300, &json);
	assert_err(take(&t, &b, json.data, &e), ERR_UNTRUSTED, e, "begins at 201, outside that key's own window");
	successor_json(&b.pub, &c.pub, 99, 300, &json);
	assert_err(take(&t, &b, json.data, &e), ERR_UNTRUSTED, e, "begins at 99, outside");
	successor_json(&b.pub, &c.pub, 200, 300, &json);
	assert_ok(take(&t, &b, json.data, &e), e);
	assert_ok(take(&t, &b, json.data, &e), e);              /* once more changes nothing */
	assert_int_equal(t.count, 3);
	assert_ok(trust_check(&t, &by_c, 250, "x", NULL, &e), e);
	assert_err(trust_check(&t, &by_c, 301, "x", NULL, &e), ERR_UNTRUSTED, e, "is valid from 200 to 300, not at 301");
	t.policy.group_count = t.policy.groups[0].count = 1;    /* c counts for a, whose successor's successor it is */
	memcpy(t.policy.groups[0].ids[0], a.pub.id, KEY_ID_SIZE);
	assert_ok(trust_check(&t, &by_c, 250, "x", NULL, &e), e);
}

static void revocations(void **s)
{
	struct test_key ab[] = { a, b };
	scoped_buf struct buf json = BUF_MAX(4096), bytes = BUF_MAX(4096);
	struct envelope by_c = signed_by(&c, 1, &bytes);
	struct trust t = sample_trust(ab, 2);
	struct err e;

	(void)s;
	revoked_json(&c.pub, &json);                            /* not held: can never come */
	assert_ok(take(&t, &a, json.data, &e), e);
	successor_json(&a.pub, &c.pub, 1, 200, &json);
	assert_ok(take(&t, &a, json.data, &e), e);
	assert_ok(trust_add(&t, &c.pub, "again.pub", &e), e);
	assert_err(trust_check(&t, &by_c, 50, "x", NULL, &e), ERR_UNTRUSTED, e, "is revoked (s)");
	revoked_json(&a.pub, &json);
	assert_ok(take(&t, &b, json.data, &e), e);              /* by another anchor */
	assert_err(take(&t, &a, json.data, &e), ERR_UNTRUSTED, e, "is revoked (s)");
	successor_json(&a.pub, &c.pub, 1, 200, &json);
	assert_err(take(&t, &a, json.data, &e), ERR_UNTRUSTED, e, "is revoked (s)");
	revoked_json(&b.pub, &json);
	assert_ok(take(&t, &b, json.data, &e), e);              /* by itself */
	assert_true(t.keys[1].revoked);
}

static void statements_refused(void **s)
{
#define ID "\"key_id\":\"1111111111111111111111111111111111111111111111111111111111111111\""
	static const struct { const char *json; enum err_code code; const char *msg;
	} cases[] = {
		{ "{}", ERR_UNSUPPORTED, "not of format 1" },
		{ "{\"format\":2,\"type\":\"revoked\"," ID "}", ERR_UNSUPPORTED, "not of format 1" },
		{ "{\"format\":1,\"type\":\"revoked\"}", ERR_FORMAT, "key_id is missing" },
		{ "{\"format\":1,\"type\":\"renamed\"," ID "}", ERR_UNSUPPORTED, "type is 'renamed'" },
		{ "{\"format\":1,\"type\":\"revoked\"," ID ",\"why\":1}", ERR_FORMAT, "unknown key 'why'" },
		{ "{\"format\":1,\"type\":\"revoked\"," ID ",\"not_after\":1}", ERR_FORMAT, "a revocation has neither key nor window" },
		{ "{\"format\":1,\"type\":\"successor\"," ID ",\"not_before\":1,\"not_after\":2}", ERR_FORMAT, "needs key" },
		{ "{\"format\":1,\"type\":\"successor\"," ID ",\"key\":\"x\",\"not_after\":2}", ERR_FORMAT, "needs key" },
		{ "{\"format\":1,\"type\":\"successor\"," ID ",\"key\":\"x\",\"not_before\":3,\"not_after\":2}", ERR_FORMAT,
			"needs key" },
		{ "{\"format\":1,\"type\":\"successor\"," ID ",\"key\":\"x\",\"not_before\":1,\"not_after\":2}", ERR_UNTRUSTED,
			"which does not sign it" },
	};
	struct trust t = sample_trust(&a, 1);
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_err(take(&t, &a, cases[i].json, &e), cases[i].code, e, cases[i].msg);
	assert_int_equal(t.count, 1);
	scoped_buf struct buf bytes = BUF_MAX(4096);
	struct envelope pin = signed_by(&a, 1, &bytes);
	assert_err(trust_statement(&t, &pin, "s", &e), ERR_FORMAT, e, "s: is not a key statement");
	char bad_key[300], id[65];
	hex_encode(a.pub.id, KEY_ID_SIZE, id);
	snprintf(bad_key, sizeof bad_key,
		"{\"format\":1,\"type\":\"successor\",\"key_id\":\"%s\",\"key\":\"x\",\"not_before\":1,\"not_after\":2}", id);
	assert_err(take(&t, &a, bad_key, &e), ERR_FORMAT, e, "is not one PEM block");
}

static void too_many_keys(void **s)
{
	struct trust t = { 0 };
	struct pubkey k = a.pub;
	struct err e;

	(void)s;
	for (int i = 0; i < TRUST_KEYS_MAX; i++) {
		k.id[0] = (uint8_t)i;
		k.id[1] = (uint8_t)(i >> 8);
		assert_ok(trust_add(&t, &k, "k.pub", &e), e);
	}
	k.id[1] = 0xff;
	assert_err(trust_add(&t, &k, "k.pub", &e), ERR_LIMIT, e, "k.pub: more than 256 trusted keys");
}

static void put(int root, const char *path, const struct buf *content)
{
	struct err e;

	assert_ok(file_write(root, path, content->data, content->size, 0644, (uid_t)-1, (gid_t)-1, &e), e);
}

static void put_text(int root, const char *path, const char *text)
{
	scoped_buf struct buf content = BUF_MAX(8192);

	buf_str(&content, text);
	put(root, path, &content);
}

static void loads_folder(void **s)
{
	char dir[] = "/tmp/natal-test-XXXXXX";
	scoped_buf struct buf pem = BUF_MAX(4096), json = BUF_MAX(4096), st1 = BUF_MAX(8192), st2 = BUF_MAX(8192);
	struct trust t;
	struct err e;

	(void)s;
	assert_non_null(mkdtemp(dir));
	scoped_fd int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_err(trust_load(root, "trust.d", "policy.json", &t, &e), ERR_NOT_FOUND, e, "no trust anchors: there is no folder trust.d");
	assert_int_equal(mkdirat(root, "trust.d", 0755), 0);
	put_text(root, "trust.d/README", "not a key");
	put_text(root, "trust.d/.hidden.pub", "not a key");
	assert_err(trust_load(root, "trust.d", "policy.json", &t, &e), ERR_NOT_FOUND, e, "no trust anchors: trust.d holds no NAME.pub");
	pubkey_to_pem(&a.pub, &pem);
	put(root, "trust.d/main.pub", &pem);
	assert_ok(trust_load(root, "trust.d", "policy.json", &t, &e), e);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.keys[0].origin, "main.pub");
	assert_int_equal(t.policy.clock, CLOCK_REFUSE);
	put_text(root, "policy.json", "{\"clock\":\"warn\"}");
	assert_ok(trust_load(root, "trust.d", "policy.json", &t, &e), e);
	assert_int_equal(t.policy.clock, CLOCK_WARN);
	put_text(root, "policy.json", "{\"clock\":");
	assert_err(trust_load(root, "trust.d", "policy.json", &t, &e), ERR_FORMAT, e, "");
	unlinkat(root, "policy.json", 0);
	successor_json(&a.pub, &b.pub, 1, 9, &json);
	statement(&a, json.data, &st1);
	put(root, "trust.d/1.statement", &st1);
	revoked_json(&a.pub, &json);
	statement(&b, json.data, &st2);
	put(root, "trust.d/2.statement", &st2);
	assert_ok(trust_load(root, "trust.d", NULL, &t, &e), e);
	assert_int_equal(t.count, 2);
	assert_true(t.keys[0].revoked);
	put_text(root, "trust.d/3.statement", "rubbish");
	assert_err(trust_load(root, "trust.d", NULL, &t, &e), ERR_FORMAT, e, "trust anchors in trust.d: 3.statement: ends");
	put_text(root, "trust.d/zz.pub", "rubbish");
	assert_err(trust_load(root, "trust.d", NULL, &t, &e), ERR_FORMAT, e, "trust anchors in trust.d: zz.pub: is not one PEM block");
	static const char *const files[] = { "trust.d/README", "trust.d/.hidden.pub", "trust.d/main.pub", "trust.d/1.statement",
		"trust.d/2.statement", "trust.d/3.statement", "trust.d/zz.pub" };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(root, files[i], 0);
	unlinkat(root, "trust.d", AT_REMOVEDIR);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(reasons), cmocka_unit_test(a_bad_signature_refuses_the_whole),
		cmocka_unit_test(windows), cmocka_unit_test(require_groups), cmocka_unit_test(successors), cmocka_unit_test(predecessors), cmocka_unit_test(revocations),
		cmocka_unit_test(statements_refused), cmocka_unit_test(too_many_keys), cmocka_unit_test(loads_folder) };

	return cmocka_run_group_tests(t, setup, NULL);
}
