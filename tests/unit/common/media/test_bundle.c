#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

#include <stdlib.h>

static struct test_key keys[2];

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

static void round_trip(void **s)
{
	struct sample a;
	struct err e;
	struct guest_facts facts = sample_facts();

	(void)s;
	for (size_t i = 0; i < 2; i++) {
		struct trust t = sample_trust(&keys[i], 1);
		scoped_buf struct buf b = BUF_MAX(1 << 20);
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

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(round_trip) };

	return cmocka_run_group_tests(t, setup, NULL);
}
