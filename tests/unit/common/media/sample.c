/* sample.c - see sample.h */
#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/media/iso.h"

static const uint8_t ed25519_head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
static const uint8_t p256_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
	0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };

static int rng(void *unused, unsigned char *out, size_t n)
{
	(void)unused;
	random_bytes(out, n);
	return 0;
}

static void p256_public(struct test_key *k, uint8_t spki[91])
{
	mbedtls_ecp_group g;
	mbedtls_ecp_point q;
	mbedtls_mpi d;
	size_t n;

	mbedtls_ecp_group_init(&g);
	mbedtls_ecp_point_init(&q);
	mbedtls_mpi_init(&d);
	memcpy(spki, p256_head, sizeof p256_head);
	assert_int_equal(mbedtls_ecp_group_load(&g, MBEDTLS_ECP_DP_SECP256R1), 0);
	assert_int_equal(mbedtls_mpi_read_binary(&d, k->p256, sizeof k->p256), 0);
	uint8_t base[65] = { 4, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03,
		0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
		0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6,
		0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 }; /* SEC 2 2.4.2: G of secp256r1 */
	mbedtls_ecp_point generator;
	mbedtls_ecp_point_init(&generator);
	assert_int_equal(mbedtls_ecp_point_read_binary(&g, &generator, base, sizeof base), 0);
	assert_int_equal(mbedtls_ecp_mul(&g, &q, &d, &generator, rng, NULL), 0);
	assert_int_equal(mbedtls_ecp_point_write_binary(&g, &q, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, spki + sizeof p256_head, 65), 0);
	mbedtls_ecp_point_free(&generator);
	mbedtls_mpi_free(&d);
	mbedtls_ecp_point_free(&q);
	mbedtls_ecp_group_free(&g);
}

struct test_key test_key(enum sig_alg alg, const char *seed)
{
	struct test_key k = { 0 };
	uint8_t bytes[32], spki[91];
	size_t size = 91;
	struct err e;

	sha256(seed, strlen(seed), bytes);
	if (alg == SIG_ED25519) {
		size = 44;
		memcpy(spki, ed25519_head, sizeof ed25519_head);
		crypto_sign_seed_keypair(spki + sizeof ed25519_head, k.ed25519, bytes);
	} else {
		bytes[0] &= 0x7f;                               /* below the order of the group */
		memcpy(k.p256, bytes, sizeof bytes);
		p256_public(&k, spki);
	}
	assert_ok(pubkey_from_spki(spki, size, "test key", &k.pub, &e), e);
	assert_int_equal(k.pub.alg, alg);
	return k;
}

/* A minimal positive DER INTEGER of a 32-byte number. */
static size_t der_integer(const mbedtls_mpi *v, uint8_t *out)
{
	uint8_t raw[33] = { 0 };
	size_t skip = 0;

	assert_int_equal(mbedtls_mpi_write_binary(v, raw + 1, 32), 0);
	while (skip < 32 && raw[skip] == 0 && !(raw[skip + 1] & 0x80))
		skip++;
	out[0] = 2;
	out[1] = (uint8_t)(33 - skip);
	memcpy(out + 2, raw + skip, 33 - skip);
	return 2 + 33 - skip;
}

size_t test_sign(const struct test_key *k, const void *message, size_t size, uint8_t out[SIG_MAX])
{
	if (k->pub.alg == SIG_ED25519) {
		crypto_sign_detached(out, NULL, message, size, k->ed25519);
		return 64;
	}
	mbedtls_ecp_group g;
	mbedtls_mpi d, r, s;
	uint8_t hash[SHA256_SIZE];
	mbedtls_ecp_group_init(&g);
	mbedtls_mpi_init(&d);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	sha256(message, size, hash);
	assert_int_equal(mbedtls_ecp_group_load(&g, MBEDTLS_ECP_DP_SECP256R1), 0);
	assert_int_equal(mbedtls_mpi_read_binary(&d, k->p256, sizeof k->p256), 0);
	assert_int_equal(mbedtls_ecdsa_sign_det_ext(&g, &r, &s, &d, hash, sizeof hash, MBEDTLS_MD_SHA256, rng, NULL), 0);
	size_t n = der_integer(&r, out + 2);
	n += der_integer(&s, out + 2 + n);
	out[0] = 0x30;
	out[1] = (uint8_t)n;
	mbedtls_mpi_free(&s);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&d);
	mbedtls_ecp_group_free(&g);
	return 2 + n;
}

void sample_init(struct sample *s)
{
	static const struct { const char *name, *text; uint32_t mode; } rows[] = {
		{ BLOB_USER_DATA, "#cloud-config\n{\"hostname\":\"web-1\"}\n", 0600 },
		{ "ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 AAAA\n", 0644 },
		{ BLOB_REPORT_KEY, "0123456789abcdef0123456789abcdef", 0600 },
	};

	*s = (struct sample){ 0 };
	s->m = (struct manifest){ .format = 1, .sequence = 5, .issued_at = SAMPLE_NOW - 100, .not_before = SAMPLE_NOW - 1000,
		.not_after = SAMPLE_NOW + 1000, .bundle_id = "b-17", .project = "default", .blob_count = 3 };
	s->m.controller.name_count = s->m.controller.pin_count = 1;
	snprintf(s->m.controller.id, 64, "c-1");
	snprintf(s->m.controller.names[0], 128, "natal.example");
	memset(s->m.controller.spki_pins[0], 0xc1, SHA256_SIZE);
	snprintf(s->m.vm.id, 64, "vm-9");
	snprintf(s->m.vm.name, 64, "web-1");
	snprintf(s->m.vm.instance_id, 64, "i-1");
	snprintf(s->m.vm.uuid, 37, SAMPLE_UUID);
	for (size_t i = 0; i < 3; i++) {
		struct blob *b = &s->blobs[i];
		snprintf(b->name, sizeof b->name, "%s", rows[i].name);
		snprintf(b->owner, sizeof b->owner, "root");
		b->mode = rows[i].mode;
		b->bytes = (const uint8_t *)rows[i].text;
		b->size = strlen(rows[i].text);
	}
	s->m.blobs = s->blobs;
}

/* The signatures of n keys over a payload; the values live in `values`. */
static void sign_all(enum envelope_kind kind, const struct buf *payload, const struct test_key *keys, size_t n, struct signature *sigs,
	uint8_t (*values)[SIG_MAX])
{
	scoped_buf struct buf pae = BUF_MAX(2 << 20);

	envelope_pae(kind, payload->data, payload->size, &pae);
	for (size_t i = 0; i < n; i++) {
		sigs[i] = (struct signature){ .alg = keys[i].pub.alg, .value = values[i] };
		sigs[i].size = test_sign(&keys[i], pae.data, pae.size, values[i]);
		memcpy(sigs[i].key_id, keys[i].pub.id, KEY_ID_SIZE);
	}
}

void sample_envelope(enum envelope_kind kind, const struct buf *payload, const struct test_key *keys, size_t n, struct buf *out)
{
	struct signature sigs[ENVELOPE_SIGNATURES_MAX];
	uint8_t values[ENVELOPE_SIGNATURES_MAX][SIG_MAX];
	struct err e;

	sign_all(kind, payload, keys, n, sigs, values);
	assert_ok(envelope_write(kind, payload->data, payload->size, sigs, n, NULL, 0, out, &e), e);
}

void sample_bundle_of(const struct sample *s, const char *manifest, const struct test_key *keys, size_t n, struct buf *out)
{
	scoped_buf struct buf payload = BUF_MAX(ENVELOPE_PAYLOAD_MAX);
	struct signature sigs[ENVELOPE_SIGNATURES_MAX];
	uint8_t values[ENVELOPE_SIGNATURES_MAX][SIG_MAX];
	struct err e;

	buf_str(&payload, manifest);
	sign_all(ENVELOPE_BUNDLE, &payload, keys, n, sigs, values);
	assert_ok(bundle_assemble(&s->m, payload.data, payload.size, sigs, n, out, &e), e);
}

void sample_bundle(struct sample *s, const struct test_key *keys, size_t n, struct buf *out)
{
	scoped_buf struct buf payload = BUF_MAX(ENVELOPE_PAYLOAD_MAX);
	struct err e;

	assert_ok(bundle_manifest(&s->m, &payload, &e), e);
	sample_bundle_of(s, payload.data, keys, n, out);
}

struct guest_facts sample_facts(void)
{
	return (struct guest_facts){ .uuid = SAMPLE_UUID, .rtc_unix_s = SAMPLE_NOW };
}

struct trust sample_trust(const struct test_key *keys, size_t n)
{
	struct trust t = { 0 };
	struct err e;

	policy_default(&t.policy);
	for (size_t i = 0; i < n; i++)
		assert_ok(trust_add(&t, &keys[i].pub, "test.pub", &e), e);
	return t;
}

uint8_t *sample_copy(const struct buf *b)
{
	uint8_t *p = malloc(b->size + 1);

	assert_non_null(p);
	memcpy(p, b->data, b->size);
	return p;
}

void sample_pin(struct pin *p)
{
	*p = (struct pin){ .format = 1, .sequence = 5, .issued_at = SAMPLE_NOW, .project = "default", .vm_id = "vm-9", .name = "web-1",
		.uuid = SAMPLE_UUID, .name_count = 2, .names = { "10.0.2.15", "[127.0.0.1]:2201" }, .ssh_count = 1, .has_ek = true };
	memset(p->tls_spki, 0x11, SHA256_SIZE);
	memset(p->ek_sha256, 0x22, SHA256_SIZE);
	snprintf(p->ssh_keys[0], PIN_SSH_LINE_MAX, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGf8mAixs4eSlNLC1fx5zR0j0MF9x5kZWlHqKhnfoMvv");
}

size_t sample_stride(void) { return getenv("NATAL_TEST_SAMPLES") ? 61 : 1; }

/* `known` (may be NULL) was verified before: the same bytes need not be judged again, *ret stays NULL. */
static int read_changed(int fd, size_t device_size, const struct test_key *k, const struct verified *known, struct verified **ret, struct err *e)
{
	struct trust t = sample_trust(k, 1);
	struct guest_facts facts = sample_facts();
	uint8_t *bytes;
	size_t size;
	int r = iso_read_bundle(fd, device_size, &bytes, &size, e);

	if (!r && known && size == known->size && memcmp(bytes, known->bytes, size) == 0) {
		free(bytes);
		return 0;
	}
	return r ? r : bundle_verify(bytes, size, &t, &facts, ret, e);
}

int sample_read_volume(int fd, size_t device_size, const struct test_key *k, struct verified **ret, struct err *e)
{
	return read_changed(fd, device_size, k, NULL, ret, e);
}

static int volume_fd(const struct buf *iso)
{
	int fd = memfd_create("medium", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, iso->data, iso->size), 0);
	return fd;
}

void sample_flipped_volume(const struct buf *iso, const struct test_key *k)
{
	scoped(verified_free_p) struct verified *whole = NULL;
	struct err e;
	size_t refused = 0;

	scoped_fd int fd = volume_fd(iso);
	assert_ok(sample_read_volume(fd, iso->size, k, &whole, &e), e);
	for (size_t at = 0; at < iso->size; at += sample_stride()) {
		scoped(verified_free_p) struct verified *v = NULL;
		uint8_t flipped = (uint8_t)~iso->data[at];
		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
		int r = read_changed(fd, iso->size, k, whole, &v, &e);
		assert_int_equal(pwrite(fd, iso->data + at, 1, (off_t)at), 1);
		if (r == 0) {
			assert_null(v);                         /* the identical bundle, or none */
			continue;
		}
		refused++;
		if (r != -ERR_UNTRUSTED && r != -ERR_FORMAT && r != -ERR_LIMIT && r != -ERR_UNSUPPORTED && r != -ERR_NOT_FOUND)
			fail_msg("byte %zu: code %d (%s)", at, r, e.msg);
		if (strncmp(e.msg, "medium: ", 8) != 0 && strncmp(e.msg, "natal.bundle: ", 14) != 0 && strncmp(e.msg, "bundle: ", 8) != 0)
			fail_msg("byte %zu: message '%s'", at, e.msg);
	}
	assert_true(refused >= whole->size / sample_stride());                    /* each byte of the bundle, and what leads to it */
}

void sample_truncated_volume(const struct buf *iso, const struct test_key *k)
{
	struct err e;

	scoped_fd int fd = volume_fd(iso);
	for (size_t n = iso->size - 1; n > sample_stride(); n -= sample_stride()) {
		scoped(verified_free_p) struct verified *v = NULL;
		assert_int_equal(ftruncate(fd, (off_t)n), 0);
		if (n < 17 * ISO_SECTOR)
			assert_err(sample_read_volume(fd, n, k, &v, &e), ERR_NOT_FOUND, e, "are too few for an ISO 9660 volume");
		else
			assert_err(sample_read_volume(fd, n, k, &v, &e), ERR_FORMAT, e, "medium: the volume has");
	}
}
