/* What the journal says against a medium: whose journal it is, and what it has seen. */
#include "tests/unit/unit.h"
#include <sodium.h>
#include <sys/stat.h>
#include "agent/journal.h"
#include "agent/seed.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/media/statements.h"
#include "tests/unit/agent/seed.h"
#include "tests/unit/common/media/sample.h"

#define OTHER_UUID "11111111-2222-3333-4444-555555555555"
static struct err e;
static struct test_root root;
static struct test_key key, next, stranger, signer;
static struct buf behind = { .max = 1 << 20 };  /* the bundle, in the seed */

static void put_anchor(const char *name, const struct test_key *k)
{
	char pem[512], b64[256], path[64];

	sodium_bin2base64(b64, sizeof b64, k->pub.spki, k->pub.spki_size, sodium_base64_VARIANT_ORIGINAL);
	snprintf(pem, sizeof pem, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", b64);
	snprintf(path, sizeof path, TRUST_DIR "%s", name);
	root_put(&root, path, pem);
}

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	key = signer = test_key(SIG_ED25519, "a");
	next = test_key(SIG_ED25519, "b");
	stranger = test_key(SIG_ED25519, "c");
	put_anchor("/a.pub", &key);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
	buf_fini(&behind);
	behind.max = 1 << 20;
	return 0;
}

/* The sample's bundle, sequence 5, valid now: verified for `uuid` by a guest with journal j. */
static int verify(const char *uuid, const struct journal *j, uint8_t digest[SHA256_SIZE])
{
	scoped(seed_free_p) struct seed *seed = calloc(1, sizeof *seed);
	scoped_buf struct buf bundle = BUF_MAX(1 << 20);
	struct verified *v = NULL;
	struct sample s;

	sample_init(&s);
	s.m.issued_at = (uint64_t)clock_unix_s();
	s.m.issued_at -= s.m.issued_at % 100000;
	s.m.not_before = s.m.issued_at - 1000;
	s.m.not_after = s.m.issued_at + 1000000;
	sample_bundle(&s, &signer, 1, &bundle);
	buf_add(&bundle, behind.data, behind.size);
	assert_non_null(seed);
	snprintf(seed->origin, sizeof seed->origin, "the test");
	seed->bytes = sample_copy(&bundle);
	seed->size = bundle.size;
	int r = seed_verify(root.fd, seed, uuid, j, &v, &e);
	if (!r && digest)
		memcpy(digest, v->digest, SHA256_SIZE);
	if (!r)
		verified_free(v);
	return r;
}

static struct journal seen(const char *uuid, uint64_t sequence)
{
	struct journal j = { .state = JOURNAL_PROVISIONED, .sequence = sequence };

	snprintf(j.uuid, sizeof j.uuid, "%s", uuid);
	return j;
}

static void nothing_seen(void **state)
{
	struct journal j = { 0 };

	(void)state;
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
	assert_err(verify(OTHER_UUID, &j, NULL), ERR_DENIED, e, "is for VM " SAMPLE_UUID ", this is " OTHER_UUID);
}

static void a_sequence_that_was_passed(void **state)
{
	struct journal j = seen(SAMPLE_UUID, 6);

	(void)state;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_DENIED, e, "sequence 5 is older than 6, which this guest has applied");
}

static void one_sequence_is_one_bundle(void **state)
{
	struct journal j = seen(SAMPLE_UUID, 5);

	(void)state;
	memset(j.bundle, 7, sizeof j.bundle);
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_DENIED, e, "sequence 5 was applied with another digest");
	struct journal none = { 0 };
	assert_ok(verify(SAMPLE_UUID, &none, j.bundle), e);
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
}

/* The disk was copied: what another machine has seen does not count here. */
static void another_machines_journal(void **state)
{
	struct journal j = seen(OTHER_UUID, 99);

	(void)state;
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
}

static void add_statement(const struct test_key *by, struct json_object *o)
{
	scoped_buf struct buf payload = BUF_MAX(4096);

	buf_str(&payload, json_line(o));
	sample_envelope(ENVELOPE_STATEMENT, &payload, by, 1, &behind);
	json_free(o);
}

static struct json_object *about(const char *type, const struct test_key *k)
{
	struct json_object *o = json_object_new_object();

	json_put_uint(o, "format", 1);
	json_put(o, "type", type);
	json_put_hex(o, "key_id", k->pub.id, KEY_ID_SIZE);
	return o;
}

static void successor(const struct test_key *old, const struct test_key *new)
{
	scoped_buf struct buf pem = BUF_MAX(4096);
	struct json_object *o = about("successor", old);

	pubkey_to_pem(&new->pub, &pem);
	json_put(o, "key", pem.data);
	json_put_uint(o, "not_before", 1);
	json_put_uint(o, "not_after", UINT64_C(1) << 40);
	add_statement(old, o);
}

/* An old image, and a bundle of the key that came after its own: the statement behind it counts, and is kept. */
static void the_next_key_is_named_behind_the_bundle(void **state)
{
	struct journal j = { 0 };

	(void)state;
	signer = next;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "signed by unknown key");
	successor(&key, &next);
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
	buf_clear(&behind);
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
}

/* Who is not known himself can say nothing, and does no harm. */
static void strangers_are_passed_over(void **state)
{
	struct journal j = { 0 };

	(void)state;
	successor(&stranger, &next);
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
	signer = next;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "signed by unknown key");
	add_statement(&stranger, about("revoked", &key));
	signer = key;
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
}

static void a_revocation_is_kept(void **state)
{
	struct journal j = { 0 };

	(void)state;
	successor(&key, &next);
	add_statement(&next, about("revoked", &key));
	signer = next;
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
	buf_clear(&behind);
	signer = key;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "is revoked");
	/* And a revoked key brings nobody in. */
	successor(&key, &stranger);
	signer = stranger;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "signed by unknown key");
}

/* What came with a bundle that does not hold is not kept. */
static void a_refused_bundle_leaves_nothing(void **state)
{
	struct journal j = { 0 };

	(void)state;
	successor(&key, &next);
	signer = stranger;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "signed by unknown key");
	buf_clear(&behind);
	signer = next;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "signed by unknown key");
}

/* But who ends a key ends it, whatever his word lay behind: a guest that was shown it takes nothing of that key any more. */
static void a_revocation_behind_a_refused_bundle_is_kept(void **state)
{
	struct journal j = { 0 };

	(void)state;
	successor(&key, &next);
	add_statement(&next, about("revoked", &key));
	signer = stranger;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "signed by unknown key");
	buf_clear(&behind);
	signer = key;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "is revoked");
	signer = next;
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);    /* and its successor is who said so */
}

/* Not of one key alone where the image wants several: a stolen one could end the others with a bundle that nobody would take. */
static void one_key_of_several_ends_nothing_behind_a_refused_bundle(void **state)
{
	char policy[400], first[2 * KEY_ID_SIZE + 1], second[2 * KEY_ID_SIZE + 1];
	struct journal j = { 0 };
	struct stat st;

	(void)state;
	put_anchor("/b.pub", &next);
	hex_encode(key.pub.id, KEY_ID_SIZE, first);
	hex_encode(next.pub.id, KEY_ID_SIZE, second);
	snprintf(policy, sizeof policy, "{\"min_format\":1,\"algorithms\":[\"ed25519\"],\"require\":[[\"%s\"],[\"%s\"]],\"clock\":\"warn\",\"built_at\":1}", first, second);
	root_put(&root, POLICY_PATH, policy);
	add_statement(&key, about("revoked", &next));
	signer = key;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "");
	assert_int_equal(fstatat(root.fd, STATEMENTS_PATH + 1, &st, 0), -1);
}

static off_t size_kept(void)
{
	struct stat st;

	assert_int_equal(fstatat(root.fd, STATEMENTS_PATH + 1, &st, 0), 0);
	return st.st_size;
}

/* Ten years: a rotation each month, and the key before the last revoked each time. An old image follows, and what it keeps does not grow by what it knows. */
static void a_hundred_and_twenty_rotations(void **state)
{
	enum { MONTHS = 120 };
	static struct test_key keys[MONTHS + 1];
	struct journal j = { 0 };
	char name[16];

	(void)state;
	keys[0] = key;
	for (int i = 1; i <= MONTHS; i++) {
		snprintf(name, sizeof name, "month %d", i);
		keys[i] = test_key(SIG_ED25519, name);
		successor(&keys[i - 1], &keys[i]);
		if (i > 1)
			add_statement(&keys[i], about("revoked", &keys[i - 2]));
	}
	signer = keys[MONTHS];
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
	buf_clear(&behind);
	off_t kept = size_kept();
	assert_true(kept > 0);
	for (int i = 0; i < MONTHS - 1; i++)            /* all of them are revoked by the newest once more */
		add_statement(&keys[MONTHS], about("revoked", &keys[i]));
	assert_ok(verify(SAMPLE_UUID, &j, NULL), e);
	assert_int_equal(size_kept(), kept);
	buf_clear(&behind);
	signer = keys[MONTHS - 2];
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "is revoked");
}

static void what_is_no_statement(void **state)
{
	struct journal j = { 0 };

	(void)state;
	buf_str(&behind, "some more");
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_FORMAT, e, "9 bytes at its end are no envelope");
	buf_clear(&behind);
	successor(&key, &next);
	behind.size--;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_FORMAT, e, "is cut short to");
	behind.size++;
	behind.data[behind.size - 1] ^= 1;
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_UNTRUSTED, e, "behind the bundle");
	buf_clear(&behind);
	for (int i = 0; i < STATEMENTS_MAX + 1; i++)
		successor(&key, &next);
	assert_err(verify(SAMPLE_UUID, &j, NULL), ERR_LIMIT, e, "more than 256 key statements");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_seen), TEST(a_sequence_that_was_passed), TEST(one_sequence_is_one_bundle), TEST(another_machines_journal),
		TEST(the_next_key_is_named_behind_the_bundle), TEST(strangers_are_passed_over), TEST(a_revocation_is_kept), TEST(a_refused_bundle_leaves_nothing),
		TEST(what_is_no_statement), TEST(a_revocation_behind_a_refused_bundle_is_kept),
		TEST(one_key_of_several_ends_nothing_behind_a_refused_bundle), TEST(a_hundred_and_twenty_rotations),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
