#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

#include <stdio.h>
#include <stdlib.h>

static struct test_key keys[2];
enum { BUNDLE_CAP = 2 << 20 };

static int setup(void **s)
{
	(void)s;
	keys[0] = test_key(SIG_ED25519, "a");
	keys[1] = test_key(SIG_ECDSA_P256_SHA256, "b");
	return 0;
}

static int verify(const struct buf *b, const struct trust *t, const struct guest_facts *f, struct verified **ret, struct err *e)
{
	return bundle_verify(sample_copy(b), b->size, t, f, ret, e);
}

/* Verified by a guest that trusts keys[0], has seen nothing, and lives at SAMPLE_NOW. */
static int verify_plain(const struct buf *b, struct err *e)
{
	struct trust t = sample_trust(keys, 1);
	struct guest_facts f = sample_facts();
	scoped(verified_free_p) struct verified *v = NULL;

	return verify(b, &t, &f, &v, e);
}

static void round_trip(void **s)
{
	struct sample a;
	struct err e;
	struct guest_facts facts = sample_facts();

	(void)s;
	for (size_t i = 0; i < 2; i++) {
		struct trust t = sample_trust(&keys[i], 1);
		scoped_buf struct buf b = BUF_MAX(BUNDLE_CAP);
		scoped(verified_free_p) struct verified *v = NULL;
		sample_init(&a);
		sample_bundle(&a, keys, 2, &b);
		assert_ok(verify(&b, &t, &facts, &v, &e), e);
		assert_int_equal(v->manifest.sequence, 5);
		assert_string_equal(v->manifest.vm.uuid, SAMPLE_UUID);
		assert_string_equal(v->manifest.controller.names[0], "natal.example");
		assert_memory_equal(v->signer, keys[i].pub.id, KEY_ID_SIZE);
		const struct blob *u = verified_blob(v, BLOB_USER_DATA);
		assert_non_null(u);
		assert_int_equal(u->size, a.blobs[0].size);
		assert_memory_equal(u->bytes, a.blobs[0].bytes, u->size);
		assert_int_equal(verified_blob(v, "ssh/ssh_host_ed25519_key.pub")->mode, 0644);
		assert_null(verified_blob(v, "nothing"));
	}
}

/* Signed by keys[0], which the guest trusts, and keys[1], which it does not hold: only in that signature may a bit change. */
static void every_bit_flipped(void **s)
{
	struct sample a;
	struct err e;
	struct envelope env;
	struct trust t = sample_trust(keys, 1);
	struct guest_facts facts = sample_facts();
	scoped_buf struct buf b = BUF_MAX(BUNDLE_CAP);
	scoped(verified_free_p) struct verified *whole = NULL;

	(void)s;
	sample_init(&a);
	sample_bundle(&a, keys, 2, &b);
	assert_ok(envelope_read(b.data, b.size, ENVELOPE_BUNDLE, "x", &env, &e), e);
	assert_ok(verify(&b, &t, &facts, &whole, &e), e);
	size_t foreign = (size_t)((const char *)env.signatures[1].value - b.data) - 36, foreign_end = foreign + 36 + env.signatures[1].size;
	size_t accepted = 0;
	for (size_t bit = 0; bit < 8 * b.size; bit += sample_stride()) {
		scoped(verified_free_p) struct verified *v = NULL;
		size_t at = bit / 8;
		b.data[at] ^= (char)(1 << bit % 8);
		int r = verify(&b, &t, &facts, &v, &e);
		b.data[at] ^= (char)(1 << bit % 8);
		if (r == 0) {
			accepted++;
			if (at < foreign || at >= foreign_end)
				fail_msg("bit %zu of byte %zu is accepted", bit % 8, at);
			assert_memory_equal(v->digest, whole->digest, sizeof v->digest);
			continue;
		}
		if (r != -ERR_UNTRUSTED && r != -ERR_FORMAT && r != -ERR_LIMIT && r != -ERR_UNSUPPORTED)
			fail_msg("byte %zu: code %d (%s)", at, r, e.msg);
		if (strncmp(e.msg, "bundle: ", 8) != 0)
			fail_msg("byte %zu: message '%s'", at, e.msg);
	}
	assert_true(accepted > 8 * 64 / sample_stride());
}

static void truncated_at_every_byte(void **s)
{
	struct sample a;
	struct err e;
	scoped_buf struct buf b = BUF_MAX(BUNDLE_CAP);

	(void)s;
	sample_init(&a);
	sample_bundle(&a, keys, 1, &b);
	size_t whole = b.size;
	for (b.size = 0; b.size < whole; b.size += sample_stride())
		assert_err(verify_plain(&b, &e), ERR_FORMAT, e, b.size < 32 ? "bundle: ends" : "bundle: says it has");
	b.size = whole;
	buf_str(&b, "x");
	assert_err(verify_plain(&b, &e), ERR_FORMAT, e, "bundle: says it has");
}

static void whose_signature(void **s)
{
	struct sample a;
	struct err e;
	struct guest_facts facts = sample_facts();
	struct test_key stranger = test_key(SIG_ED25519, "stranger");
	scoped(verified_free_p) struct verified *v = NULL;
	scoped_buf struct buf b = BUF_MAX(BUNDLE_CAP);

	(void)s;
	sample_init(&a);
	sample_bundle(&a, keys, 1, &b);
	struct trust t = sample_trust(&stranger, 1);
	assert_err(verify(&b, &t, &facts, &v, &e), ERR_UNTRUSTED, e, "bundle: signed by unknown key ");
	t = sample_trust(keys, 2);
	t.keys[0].revoked = true;
	assert_err(verify(&b, &t, &facts, &v, &e), ERR_UNTRUSTED, e, "is revoked");
	t = sample_trust(keys, 2);
	t.policy.alg_allowed[SIG_ED25519] = false;
	assert_err(verify(&b, &t, &facts, &v, &e), ERR_UNTRUSTED, e, "bundle: algorithm ed25519 is forbidden by the image's policy");
	t = sample_trust(keys, 2);
	t.policy.group_count = t.policy.groups[0].count = 1;
	memcpy(t.policy.groups[0].ids[0], keys[1].pub.id, KEY_ID_SIZE);
	assert_err(verify(&b, &t, &facts, &v, &e), ERR_UNTRUSTED, e, "the image's policy requires a signature by key ");
	t = sample_trust(keys, 1);
	t.keys[0].not_after = SAMPLE_NOW - 1;
	assert_err(verify(&b, &t, &facts, &v, &e), ERR_UNTRUSTED, e, "is valid from 0 to 1799999999, not at 1800000000");
	assert_null(v);
}

/* What the facts of this guest make of a good bundle. */
static void for_another_guest_or_time(void **s)
{
	static const struct { struct guest_facts f; enum err_code code; const char *msg;
	} cases[] = {
		{ { .uuid = "6F1C7A52-9A7E-4B1D-8B59-2F0C6D1E3A44", .rtc_unix_s = SAMPLE_NOW }, 0, "" },
		{ { .uuid = "6f1c7a52-9a7e-4b1d-8b59-2f0c6d1e3a45", .rtc_unix_s = SAMPLE_NOW }, ERR_DENIED,
			"bundle: is for VM " SAMPLE_UUID ", this is 6f1c7a52-9a7e-4b1d-8b59-2f0c6d1e3a45" },
		{ { .uuid = "", .rtc_unix_s = SAMPLE_NOW }, ERR_DENIED, "and this machine's UUID is unknown" },
		{ { .uuid = SAMPLE_UUID, .rtc_unix_s = SAMPLE_NOW - 1000 }, 0, "" },
		{ { .uuid = SAMPLE_UUID, .rtc_unix_s = SAMPLE_NOW - 1001 }, ERR_DENIED,
			"is not valid before 1799999000, now is 1799998999" },
		{ { .uuid = SAMPLE_UUID, .rtc_unix_s = SAMPLE_NOW + 1000 }, 0, "" },
		{ { .uuid = SAMPLE_UUID, .rtc_unix_s = SAMPLE_NOW + 1001 }, ERR_DENIED, "has expired at 1800001000, now is 1800001001" },
		{ { .uuid = SAMPLE_UUID, .rtc_unix_s = SAMPLE_NOW, .sequence_seen = 4 }, 0, "" },
		{ { .uuid = SAMPLE_UUID, .rtc_unix_s = SAMPLE_NOW, .sequence_seen = 6 }, ERR_DENIED,
			"sequence 5 is older than 6, which this guest has applied" },
		{ { .uuid = SAMPLE_UUID, .rtc_unix_s = SAMPLE_NOW, .sequence_seen = 5 }, ERR_DENIED,
			"sequence 5 was applied with another digest" },
	};
	struct sample a;
	struct trust t = sample_trust(keys, 1);
	struct err e;
	scoped_buf struct buf b = BUF_MAX(BUNDLE_CAP);

	(void)s;
	sample_init(&a);
	sample_bundle(&a, keys, 1, &b);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped(verified_free_p) struct verified *v = NULL, *again = NULL;
		if (cases[i].code) {
			assert_err(verify(&b, &t, &cases[i].f, &v, &e), cases[i].code, e, cases[i].msg);
			assert_null(v);
			continue;
		}
		assert_ok(verify(&b, &t, &cases[i].f, &v, &e), e);
		struct guest_facts same = cases[i].f;            /* the bundle that it applied, again */
		same.sequence_seen = 5;
		memcpy(same.digest_seen, v->digest, sizeof v->digest);
		assert_ok(verify(&b, &t, &same, &again, &e), e);
		/* … and still when its window is over: a guest whose medium stays attached boots on. */
		scoped(verified_free_p) struct verified *later = NULL;
		same.rtc_unix_s = SAMPLE_NOW + 5000;
		assert_ok(verify(&b, &t, &same, &later, &e), e);
	}
}

static void clock_policy(void **s)
{
	struct sample a;
	struct trust t = sample_trust(keys, 1);
	struct guest_facts facts = sample_facts();
	struct err e;
	scoped_buf struct buf b = BUF_MAX(BUNDLE_CAP);
	scoped(verified_free_p) struct verified *v = NULL;

	(void)s;
	sample_init(&a);
	sample_bundle(&a, keys, 1, &b);
	facts.rtc_unix_s = 0;                                   /* a machine without a battery */
	t.policy.built_at = SAMPLE_NOW;
	assert_err(verify(&b, &t, &facts, &v, &e), ERR_UNTRUSTED, e, "the clock (0) is more than a day before the image's build time");
	t.policy.clock = CLOCK_WARN;
	assert_ok(verify(&b, &t, &facts, &v, &e), e);
	assert_string_equal(v->clock_warning, "the clock (0) is more than a day before the image's build time (1800000000)");
	scoped(verified_free_p) struct verified *w = NULL;
	t.policy.built_at = SAMPLE_NOW + 5000;                  /* the image is younger than the bundle: that is sure */
	assert_err(verify(&b, &t, &facts, &w, &e), ERR_DENIED, e, "has expired at 1800001000, now is 1800005000");
}

/* A signed manifest with `from` (its first place) replaced by `to`. */
static int with(const char *from, const char *to, struct err *e)
{
	struct sample a;
	scoped_buf struct buf json = BUF_MAX(BUNDLE_CAP), changed = BUF_MAX(BUNDLE_CAP), b = BUF_MAX(2 * BUNDLE_CAP);

	sample_init(&a);
	assert_ok(bundle_manifest(&a.m, &json, e), *e);
	char *at = strstr(json.data, from);
	if (!at)
		fail_msg("no '%s' in %s", from, json.data);
	buf_add(&changed, json.data, (size_t)(at - json.data));
	buf_str(&changed, to);
	buf_str(&changed, at + strlen(from));
	sample_bundle_of(&a, changed.data, keys, 1, &b);
	return verify_plain(&b, e);
}

static void manifests_refused(void **s)
{
	static const struct { const char *from, *to; enum err_code code; const char *msg;
	} cases[] = {
		{ "\"format\":1,", "", ERR_FORMAT, "manifest: has no format of 1 or more" },
		{ "\"format\":1", "\"format\":0", ERR_FORMAT, "manifest: has no format of 1 or more" },
		{ "\"format\":1", "\"format\":2,\"new\":1", ERR_UNSUPPORTED, "manifest: format 2: this program reads up to 1" },
		{ "\"format\":1", "\"format\":1,\"extra\":1", ERR_FORMAT, "manifest: unknown key 'extra'" },
		{ "\"sequence\":5", "\"sequence\":0", ERR_FORMAT, "sequence is 0" },
		{ "\"sequence\":5", "\"sequence\":\"5\"", ERR_FORMAT, "sequence is not a whole number" },
		{ "\"sequence\":5", "\"sequence\":5,\"sequence\":6", ERR_FORMAT, "key 'sequence' stands twice" },
		{ "\"sequence\":5,", "", ERR_FORMAT, "sequence is missing" },
		{ "\"not_after\":1800001000", "\"not_after\":1", ERR_FORMAT, "not_after (1) is before not_before (1799999000)" },
		{ "\"bundle_id\":\"b-17\"", "\"bundle_id\":\"\"", ERR_FORMAT, "bundle_id is empty" },
		{ "\"bundle_id\":\"b-17\"", "\"bundle_id\":\"b\\u001b[2J\"", ERR_FORMAT, "bundle_id holds the byte 0x1b" },
		{ "\"project\":\"default\"", "\"project\":\"a b\"", ERR_FORMAT, "project holds the byte 0x20" },
		{ "\"c-1\"", "\"\"", ERR_FORMAT, "controller.id is empty" },
		{ "\"natal.example\"", "\"natal.example/x\"", ERR_FORMAT, "controller.names is not a host name" },
		{ "\"natal.example\"", "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"", ERR_LIMIT,
			"controller.names has 9 entries: 8 at most" },
		{ "\"spki_pins\":[\"c1", "\"spki_pins\":[\"C1", ERR_FORMAT, "controller.spki_pins[0] is not a SHA-256" },
		{ "\"instance_id\":\"i-1\"", "\"instance_id\":\"\"", ERR_FORMAT, "vm.instance_id is empty" },
		{ "\"vm-9\"", "\"\"", ERR_FORMAT, "vm.id is empty" },
		{ "\"name\":\"web-1\"", "\"name\":\"\"", ERR_FORMAT, "vm.name is empty" },
		{ SAMPLE_UUID, "6F1C7A52-9A7E-4B1D-8B59-2F0C6D1E3A44", ERR_FORMAT, "vm.uuid is not a UUID in lower case" },
		{ SAMPLE_UUID, "00000000-0000-0000-0000-000000000000", ERR_FORMAT, "vm.uuid is the nil UUID" },
		{ "\"ek_sha256\":\"\"", "\"ek_sha256\":\"12\"", ERR_FORMAT, "vm.ek_sha256 is neither empty nor a SHA-256" },
		{ "\"name\":\"report-key\"", "\"name\":\"user-data\"", ERR_FORMAT, "manifest: blob 'user-data' stands twice" },
		{ "\"name\":\"user-data\"", "\"name\":\"../etc/passwd\"", ERR_FORMAT, "'../etc/passwd' is no blob name" },
		{ "\"name\":\"user-data\"", "\"name\":\"/etc/passwd\"", ERR_FORMAT, "is no blob name" },
		{ "\"name\":\"user-data\"", "\"name\":\"a/./b\"", ERR_FORMAT, "is no blob name" },
		{ "\"name\":\"user-data\"", "\"name\":\"a/\"", ERR_FORMAT, "is no blob name" },
		{ "\"name\":\"user-data\"", "\"name\":\"\"", ERR_FORMAT, "is no blob name" },
		{ "\"name\":\"user-data\"", "\"name\":\"User-Data\"", ERR_FORMAT, "is no blob name" },
		{ "\"mode\":\"0600\"", "\"mode\":\"4755\"", ERR_FORMAT, "mode is '4755'" },
		{ "\"mode\":\"0600\"", "\"mode\":\"0800\"", ERR_FORMAT, "mode is '0800'" },
		{ "\"mode\":\"0600\"", "\"mode\":\"600\"", ERR_FORMAT, "mode is '600'" },
		{ "\"owner\":\"root\"", "\"owner\":\"ro ot\"", ERR_FORMAT, "owner 'ro ot' is no user name" },
		{ "\"owner\":\"root\"", "\"owner\":\"0\"", ERR_FORMAT, "owner '0' is no user name" },
		{ "\"owner\":\"root\"", "\"owner\":\"\"", ERR_FORMAT, "is no user name" },
		{ "\"sealed\":false", "\"sealed\":true", ERR_UNSUPPORTED, "blob 'user-data' is sealed: this release opens none" },
		{ "\"size\":35", "\"size\":37", ERR_UNTRUSTED, "blob 'user-data' does not have the SHA-256" },
		{ "\"size\":35", "\"size\":67108865", ERR_LIMIT, "blobs[0].size is 67108865: 67108864 at most" },
		{ "\"size\":35", "\"size\":5000", ERR_FORMAT, "blob 'user-data' has 5000 bytes, the body only 84 more" },
		{ "\"size\":32", "\"size\":31", ERR_UNTRUSTED, "blob 'report-key' does not have the SHA-256" },
		{ "\"blobs\":[{", "\"blobs\":[1,{", ERR_FORMAT, "blobs[0] is not an object" },
	};
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_err(with(cases[i].from, cases[i].to, &e), cases[i].code, e, cases[i].msg);
	assert_ok(with("\"format\":1", "\"format\" : 1", &e), e);
}

static void least_format(void **s)
{
	struct sample a;
	struct trust t = sample_trust(keys, 1);
	struct guest_facts facts = sample_facts();
	struct err e;
	scoped_buf struct buf b = BUF_MAX(BUNDLE_CAP);
	scoped(verified_free_p) struct verified *v = NULL;

	(void)s;
	sample_init(&a);
	sample_bundle(&a, keys, 1, &b);
	t.policy.min_format = 2;
	assert_err(verify(&b, &t, &facts, &v, &e), ERR_DENIED, e, "manifest: format 1: the image's policy wants 2 or later");
}

/* The body is exactly the blobs: nothing behind them. */
static void bytes_behind_the_blobs(void **s)
{
	struct sample a;
	struct err e;
	scoped_buf struct buf json = BUF_MAX(BUNDLE_CAP), b = BUF_MAX(BUNDLE_CAP);

	(void)s;
	sample_init(&a);
	a.m.blob_count = 2;
	assert_ok(bundle_manifest(&a.m, &json, &e), e);
	a.m.blob_count = 3;
	sample_bundle_of(&a, json.data, keys, 1, &b);
	assert_err(verify_plain(&b, &e), ERR_FORMAT, e, "bundle: 32 bytes follow the last blob");
}

static void oversize(void **s)
{
	static struct blob many[BUNDLE_BLOBS_MAX + 1];
	struct sample a;
	struct err e;
	scoped_buf struct buf json = BUF_MAX(BUNDLE_CAP), b = BUF_MAX(BUNDLE_CAP);

	(void)s;
	sample_init(&a);
	for (size_t i = 0; i <= BUNDLE_BLOBS_MAX; i++) {
		many[i] = (struct blob){ .owner = "root", .bytes = (const uint8_t *)"" };
		snprintf(many[i].name, sizeof many[i].name, "f/%zu", i);
	}
	a.m.blobs = many;
	a.m.blob_count = BUNDLE_BLOBS_MAX;
	sample_bundle(&a, keys, 1, &b);
	assert_ok(verify_plain(&b, &e), e);
	a.m.blob_count = BUNDLE_BLOBS_MAX + 1;
	assert_err(bundle_manifest(&a.m, &json, &e), ERR_LIMIT, e, "manifest: 4097 blobs: 4096 at most");
	for (size_t i = 0; i < BUNDLE_BLOBS_MAX; i++)
		memset(many[i].name, 'x', BUNDLE_BLOB_NAME_MAX - 1);
	a.m.blob_count = BUNDLE_BLOBS_MAX;
	buf_clear(&json);
	assert_err(bundle_manifest(&a.m, &json, &e), ERR_LIMIT, e, "at most");
}

static void writer_refuses_what_a_reader_would(void **s)
{
	struct sample a;
	struct err e;
	scoped_buf struct buf json = BUF_MAX(BUNDLE_CAP);

	(void)s;
	sample_init(&a);
	snprintf(a.m.vm.uuid, sizeof a.m.vm.uuid, "x");
	assert_err(bundle_manifest(&a.m, &json, &e), ERR_FORMAT, e, "vm.uuid is not a UUID");
	sample_init(&a);
	a.m.controller.name_count = 9;
	assert_err(bundle_manifest(&a.m, &json, &e), ERR_LIMIT, e, "the controller has 9 names");
	sample_init(&a);
	a.blobs[0].mode = 01777;
	assert_err(bundle_manifest(&a.m, &json, &e), ERR_FORMAT, e, "mode is '1777'");
	static uint8_t large[4];
	sample_init(&a);
	a.blobs[0].bytes = large;
	a.blobs[0].size = ENVELOPE_SIZE_MAX + 1ull;
	assert_err(bundle_assemble(&a.m, "{}", 2, NULL, 0, &json, &e), ERR_LIMIT, e, "bundle is larger than 67108864 bytes");
}

/* What answers a guest's question is no medium, and no medium is an answer. */
static void an_answer_is_for_who_asked(void **s)
{
	static const struct { uint8_t signed_for, asked; const char *says; } rows[] = {
		{ 0, 0, NULL }, { 7, 7, NULL }, { 7, 0, "this one did not ask" }, { 0, 7, "it has no nonce" }, { 7, 8, "its nonce is another's" },
	};
	struct trust t = sample_trust(keys, 1);

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest_facts facts = sample_facts();
		scoped_buf struct buf b = BUF_MAX(BUNDLE_CAP);
		scoped(verified_free_p) struct verified *v = NULL;
		struct sample a;
		struct err e;
		sample_init(&a);
		memset(a.m.nonce, rows[i].signed_for, sizeof a.m.nonce);
		memset(facts.nonce, rows[i].asked, sizeof facts.nonce);
		facts.pass_older = true;        /* a goal came since: that lets no other answer pass */
		sample_bundle(&a, keys, 1, &b);
		if (rows[i].says)
			assert_err(verify(&b, &t, &facts, &v, &e), ERR_DENIED, e, rows[i].says);
		else
			assert_ok(verify(&b, &t, &facts, &v, &e), e);
	}
}

static void reproducible(void **s)
{
	struct sample a;
	scoped_buf struct buf one = BUF_MAX(BUNDLE_CAP), two = BUF_MAX(BUNDLE_CAP);

	(void)s;
	sample_init(&a);
	sample_bundle(&a, keys, 2, &one);
	sample_bundle(&a, keys, 2, &two);
	assert_int_equal(one.size, two.size);
	assert_memory_equal(one.data, two.data, one.size);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(round_trip), cmocka_unit_test(every_bit_flipped),
		cmocka_unit_test(truncated_at_every_byte), cmocka_unit_test(whose_signature), cmocka_unit_test(for_another_guest_or_time),
		cmocka_unit_test(clock_policy), cmocka_unit_test(manifests_refused), cmocka_unit_test(least_format),
		cmocka_unit_test(bytes_behind_the_blobs), cmocka_unit_test(oversize), cmocka_unit_test(writer_refuses_what_a_reader_would),
		cmocka_unit_test(an_answer_is_for_who_asked), cmocka_unit_test(reproducible) };

	return cmocka_run_group_tests(t, setup, NULL);
}
