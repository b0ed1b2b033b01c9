/* What the journal says against a medium: whose journal it is, and what it has seen. */
#include "tests/unit/unit.h"
#include <sodium.h>
#include "agent/journal.h"
#include "agent/seed.h"
#include "common/base/clock.h"
#include "tests/unit/agent/seed.h"
#include "tests/unit/common/media/sample.h"

#define OTHER_UUID "11111111-2222-3333-4444-555555555555"
static struct err e;
static struct test_root root;
static struct test_key key;

static int setup(void **state)
{
	char pem[512], b64[256];

	(void)state;
	root_init(&root);
	key = test_key(SIG_ED25519, "a");
	sodium_bin2base64(b64, sizeof b64, key.pub.spki, key.pub.spki_size, sodium_base64_VARIANT_ORIGINAL);
	snprintf(pem, sizeof pem, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", b64);
	root_put(&root, TRUST_DIR "/a.pub", pem);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
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
	sample_bundle(&s, &key, 1, &bundle);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_seen), TEST(a_sequence_that_was_passed), TEST(one_sequence_is_one_bundle), TEST(another_machines_journal),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
