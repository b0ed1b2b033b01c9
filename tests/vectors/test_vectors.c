/* test_vectors.c - the committed vectors are what today's code writes from the same fixed keys, and it reads them.
 *
 * No argument: compares with $srcdir/tests/vectors.  `write DIR`: writes them (by hand, when the format changes on purpose).
 * `pin FILE NAME TLS_SPKI_HEX HOST SSH_LINE`: a record of that VM signed by the vectors' ed25519 key, for script tests.
 * `revoke FILE`: a statement by which that key revokes itself. */
#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"

static struct test_key keys[2];
enum { VECTORS = 6, VECTOR_MAX = 1 << 20 };
static struct vector { const char *name; struct buf bytes; } vectors[VECTORS];

static void make_statement(const char *type, const struct pubkey *key, const struct pubkey *successor, struct buf *out)
{
	scoped_buf struct buf payload = BUF_MAX(4096), pem = BUF_MAX(4096);
	scoped_json struct json_object *o = json_object_new_object();

	json_put_uint(o, "format", 1);
	json_put(o, "type", type);
	json_put_hex(o, "key_id", key->id, KEY_ID_SIZE);
	if (successor) {
		pubkey_to_pem(successor, &pem);
		json_put(o, "key", pem.data);
		json_put_uint(o, "not_before", SAMPLE_NOW);
		json_put_uint(o, "not_after", SAMPLE_NOW + 31536000);
	}
	buf_str(&payload, json_line(o));
	sample_envelope(ENVELOPE_STATEMENT, &payload, keys, 1, out);
}

static void make_pin(const struct pin *p, const struct test_key *k, size_t n, struct buf *out)
{
	scoped_buf struct buf payload = BUF_MAX(VECTOR_MAX);
	struct err e;

	assert_ok(pin_payload(p, &payload, &e), e);
	sample_envelope(ENVELOPE_PIN, &payload, k, n, out);
}

static int make(void **unused)
{
	static const char *const names[VECTORS] = { "ed25519.pub", "p256.pub", "bundle.natal", "web-1.pin", "1-successor.statement",
		"2-revoked.statement" };
	struct sample s;
	struct pin p;

	(void)unused;
	for (size_t i = 0; i < VECTORS; i++)
		vectors[i] = (struct vector){ names[i], BUF_MAX(VECTOR_MAX) };
	keys[0] = test_key(SIG_ED25519, "natal test vector, ed25519");
	keys[1] = test_key(SIG_ECDSA_P256_SHA256, "natal test vector, ecdsa-p256-sha256");
	pubkey_to_pem(&keys[0].pub, &vectors[0].bytes);
	pubkey_to_pem(&keys[1].pub, &vectors[1].bytes);
	sample_init(&s);
	sample_bundle(&s, keys, 2, &vectors[2].bytes);
	sample_pin(&p);
	make_pin(&p, keys, 2, &vectors[3].bytes);
	make_statement("successor", &keys[0].pub, &keys[1].pub, &vectors[4].bytes);
	make_statement("revoked", &keys[0].pub, NULL, &vectors[5].bytes);
	return 0;
}

static void same_as_committed(void **unused)
{
	char path[4096];
	struct err e;

	(void)unused;
	for (size_t i = 0; i < VECTORS; i++) {
		scoped_buf struct buf b = BUF_MAX(VECTOR_MAX);
		snprintf(path, sizeof path, "%s/tests/vectors/%s", getenv("srcdir"), vectors[i].name);
		assert_ok(file_read(AT_FDCWD, path, &b, NULL, &e), e);
		assert_int_equal(b.size, vectors[i].bytes.size);
		assert_memory_equal(b.data, vectors[i].bytes.data, b.size);
	}
}

/* The folder of the vectors is a trust.d: its statements make p256 a successor, then revoke ed25519. */
static void read_by_todays_code(void **unused)
{
	char path[4096];
	struct trust t;
	struct err e;
	struct guest_facts facts = sample_facts();
	scoped(verified_free_p) struct verified *v = NULL;

	(void)unused;
	snprintf(path, sizeof path, "%s/tests/vectors", getenv("srcdir"));
	assert_ok(trust_load(AT_FDCWD, path, NULL, &t, &e), e);
	assert_int_equal(t.count, 2);
	const struct buf *b = &vectors[2].bytes;
	assert_err(bundle_verify(sample_copy(b), b->size, &t, &facts, &v, &e), ERR_UNTRUSTED, e, "is revoked (2-revoked.statement)");
	t = sample_trust(&keys[1], 1);
	assert_ok(bundle_verify(sample_copy(b), b->size, &t, &facts, &v, &e), e);
}

static int write_file(const char *path, const struct buf *b)
{
	struct err e;
	int r = file_write(AT_FDCWD, path, b->data, b->size, 0644, (uid_t)-1, (gid_t)-1, &e);

	if (r)
		err_print(&e);
	return r ? 1 : 0;
}

static int write_all(const char *dir)
{
	char path[4096];

	for (size_t i = 0; i < VECTORS; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, vectors[i].name);
		if (write_file(path, &vectors[i].bytes))
			return 1;
	}
	return 0;
}

static int write_pin(char **argv)
{
	scoped_buf struct buf b = BUF_MAX(VECTOR_MAX);
	struct pin p;

	sample_pin(&p);
	snprintf(p.name, sizeof p.name, "%s", argv[1]);
	snprintf(p.vm_id, sizeof p.vm_id, "id-%s", argv[1]);
	if (!hex_decode(argv[2], p.tls_spki, SHA256_SIZE))
		return 1;
	p.name_count = 1;
	snprintf(p.names[0], sizeof p.names[0], "%s", argv[3]);
	snprintf(p.ssh_keys[0], PIN_SSH_LINE_MAX, "%s", argv[4]);
	make_pin(&p, keys, 1, &b);
	return write_file(argv[0], &b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(same_as_committed), cmocka_unit_test(read_by_todays_code) };

	make(NULL);
	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_all(argv[2]);
	if (argc == 7 && strcmp(argv[1], "pin") == 0)
		return write_pin(argv + 2);
	if (argc == 3 && strcmp(argv[1], "revoke") == 0)
		return write_file(argv[2], &vectors[5].bytes);
	return cmocka_run_group_tests(t, NULL, NULL);
}
