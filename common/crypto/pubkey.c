/* pubkey.c - see pubkey.h. Ed25519 is libsodium's, P-256 mbedtls', which is loaded for the first such signature. */
#include "common/crypto/pubkey.h"

#include <string.h>
#include "common/base/late.h"
#include "common/base/text.h"
#include "common/crypto/p256_functions.h"

static struct { P256_FUNCTIONS(LATE_MEMBER) } p256;
static const char *const p256_names[] = { P256_FUNCTIONS(LATE_NAME) };
static struct late p256_library = LATE(MBEDCRYPTO_SONAME, p256_names, &p256);

/* RFC 8410 4: AlgorithmIdentifier id-Ed25519, then a BIT STRING of 32 bytes. */
static const uint8_t ed25519_prefix[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
/* RFC 5480 2: id-ecPublicKey with namedCurve secp256r1, then a BIT STRING of an uncompressed point (04 X Y). */
static const uint8_t p256_prefix[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
	0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };

enum { P256_COORD = 32, DER_INTEGER = 2, DER_SEQUENCE = 0x30, PEM_MAX = 4096 };

static const struct { const char *name; const uint8_t *prefix; size_t prefix_size, spki_size; } algs[SIG_ALGS] = {
	[SIG_ED25519] = { "ed25519", ed25519_prefix, sizeof ed25519_prefix, sizeof ed25519_prefix + crypto_sign_PUBLICKEYBYTES },
	[SIG_ECDSA_P256_SHA256] = { "ecdsa-p256-sha256", p256_prefix, sizeof p256_prefix, sizeof p256_prefix + 2 * P256_COORD },
};

const char *sig_alg_name(enum sig_alg alg) { return alg > 0 && alg < SIG_ALGS ? algs[alg].name : NULL; }

enum sig_alg sig_alg_from_name(const char *name)
{
	for (int i = 1; i < SIG_ALGS; i++)
		if (strcmp(algs[i].name, name) == 0)
			return (enum sig_alg)i;
	return 0;
}

int pubkey_from_spki(const void *der, size_t size, const char *doc, struct pubkey *ret, struct err *e)
{
	for (int i = 1; i < SIG_ALGS; i++) {
		if (size < algs[i].prefix_size || memcmp(der, algs[i].prefix, algs[i].prefix_size) != 0)
			continue;
		if (size != algs[i].spki_size)
			return err_set(
				e, ERR_FORMAT, "%s: an %s key of %zu bytes: %zu are wanted", doc, algs[i].name, size, algs[i].spki_size);
		struct pubkey k = { .alg = (enum sig_alg)i, .spki_size = size };
		memcpy(k.spki, der, size);
		sha256(der, size, k.id);
		*ret = k;
		return 0;
	}
	if (size < 2 || ((const uint8_t *)der)[0] != DER_SEQUENCE)
		return err_set(e, ERR_FORMAT, "%s: is not a public key (SubjectPublicKeyInfo)", doc);
	return err_set(e, ERR_UNSUPPORTED, "%s: is neither an ed25519 nor an uncompressed ecdsa-p256 public key", doc);
}

static const char pem_begin[] = "-----BEGIN PUBLIC KEY-----\n", pem_end[] = "-----END PUBLIC KEY-----";

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int pubkey_from_pem(const char *pem, size_t size, const char *doc, struct pubkey *ret, struct err *e)
{
	char flat[2 * SPKI_MAX];
	size_t n = 0;
	const char *end;

	while (size && is_space(*pem)) {
		pem++;
		size--;
	}
	while (size && is_space(pem[size - 1]))
		size--;
	if (size > PEM_MAX)
		return err_set(e, ERR_LIMIT, "%s: a public key of %zu bytes: %d at most", doc, size, PEM_MAX);
	if (size < strlen(pem_begin) + strlen(pem_end) || memcmp(pem, pem_begin, strlen(pem_begin)) != 0 ||
	    memcmp(end = pem + size - strlen(pem_end), pem_end, strlen(pem_end)) != 0)
		return err_set(e, ERR_FORMAT, "%s: is not one PEM block 'PUBLIC KEY'", doc);
	for (const char *p = pem + strlen(pem_begin); p < end; p++) {
		if (is_space(*p))
			continue;
		if (n == sizeof flat)
			return err_set(e, ERR_UNSUPPORTED, "%s: is neither an ed25519 nor an uncompressed ecdsa-p256 public key", doc);
		flat[n++] = *p;
	}
	scoped_buf struct buf der = BUF_MAX(sizeof flat);
	int r = base64_decode(flat, n, doc, &der, e);
	return r ? r : pubkey_from_spki(der.data, der.size, doc, ret, e);
}

void pubkey_to_pem(const struct pubkey *k, struct buf *out)
{
	scoped_buf struct buf b64 = BUF_MAX(2 * SPKI_MAX);

	base64_encode(&b64, k->spki, k->spki_size);
	buf_str(out, pem_begin);
	for (size_t i = 0; i < b64.size; i += 64)
		buf_printf(out, "%.*s\n", (int)(b64.size - i < 64 ? b64.size - i : 64), b64.data + i);
	buf_printf(out, "%s\n", pem_end);
}

/* One INTEGER of a DER Ecdsa-Sig-Value: positive, minimal, at most 256 bits. Moves *at past it; -1 where it is none. */
static int der_integer(const uint8_t **at, const uint8_t *end, const uint8_t **ret, size_t *ret_size)
{
	const uint8_t *p = *at;

	if (end - p < 3 || p[0] != DER_INTEGER || p[1] == 0 || p[1] > P256_COORD + 1 || end - p < 2 + p[1])
		return -1;
	size_t n = p[1];
	p += 2;
	if (p[0] & 0x80 || (n > 1 && p[0] == 0 && !(p[1] & 0x80)) || (n > P256_COORD && p[0] != 0))
		return -1;
	*at = p + n;
	*ret = p;
	*ret_size = n;
	return 0;
}

static bool p256_verify(const struct pubkey *k, const uint8_t hash[SHA256_SIZE], const uint8_t *sig, size_t size)
{
	const uint8_t *at = sig + 2, *end = sig + size, *r_at, *s_at;
	size_t r_size, s_size;

	if (size < 8 || sig[0] != DER_SEQUENCE || sig[1] != size - 2 || der_integer(&at, end, &r_at, &r_size) != 0 ||
	    der_integer(&at, end, &s_at, &s_size) != 0 || at != end)
		return false;
	mbedtls_ecp_group group;
	mbedtls_ecp_point q;
	mbedtls_mpi r, s;
	p256.mbedtls_ecp_group_init(&group);
	p256.mbedtls_ecp_point_init(&q);
	p256.mbedtls_mpi_init(&r);
	p256.mbedtls_mpi_init(&s);
	const uint8_t *point = k->spki + sizeof p256_prefix - 1;        /* the prefix ends with the 04 that the point starts with */
	bool good = p256.mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
		p256.mbedtls_ecp_point_read_binary(&group, &q, point, 1 + 2 * P256_COORD) == 0 && p256.mbedtls_ecp_check_pubkey(&group, &q) == 0 &&
		p256.mbedtls_mpi_read_binary(&r, r_at, r_size) == 0 && p256.mbedtls_mpi_read_binary(&s, s_at, s_size) == 0 &&
		p256.mbedtls_ecdsa_verify(&group, hash, SHA256_SIZE, &q, &r, &s) == 0;
	p256.mbedtls_mpi_free(&s);
	p256.mbedtls_mpi_free(&r);
	p256.mbedtls_ecp_point_free(&q);
	p256.mbedtls_ecp_group_free(&group);
	return good;
}

int pubkey_verify(const struct pubkey *k, const void *message, size_t size, const uint8_t *sig, size_t sig_size, struct err *e)
{
	bool good = false;
	int r = k->alg == SIG_ECDSA_P256_SHA256 ? late_load(&p256_library, e) : 0;

	if (r)
		return r;
	if (k->alg == SIG_ED25519)
		good = sig_size == crypto_sign_BYTES &&
		       crypto_sign_verify_detached(sig, message, size, k->spki + sizeof ed25519_prefix) == 0;
	else if (k->alg == SIG_ECDSA_P256_SHA256) {
		uint8_t hash[SHA256_SIZE];
		sha256(message, size, hash);
		good = p256_verify(k, hash, sig, sig_size);
	}
	if (good)
		return 0;
	char id[2 * KEY_ID_SIZE + 1];
	hex_encode(k->id, KEY_ID_SIZE, id);
	return err_set(e, ERR_UNTRUSTED, "the signature by key %.16s does not verify", id);
}
