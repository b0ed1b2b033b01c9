/* sign.c - see sign.h */
#include "tests/fuzz/sign.h"

#include <string.h>

static uint8_t secret_key[64];
static struct pubkey public_key;

static void key_make(const char *seed, struct pubkey *ret, uint8_t sk[64])
{
	static const uint8_t head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	uint8_t hash[32], spki[44];
	struct err e;

	memcpy(spki, head, sizeof head);
	sha256(seed, strlen(seed), hash);
	crypto_sign_seed_keypair(spki + sizeof head, sk, hash);
	if (pubkey_from_spki(spki, sizeof spki, "fuzz key", ret, &e))
		abort();
}

void fuzz_trust(struct trust *ret)
{
	struct pubkey vector;
	uint8_t unused[64];
	struct err e;

	*ret = (struct trust){ 0 };
	policy_default(&ret->policy);
	key_make("natal fuzz key", &public_key, secret_key);
	key_make("natal test vector, ed25519", &vector, unused);
	if (trust_add(ret, &public_key, "fuzz", &e) || trust_add(ret, &vector, "vector", &e))
		abort();
}

int fuzz_sign(enum envelope_kind kind, const void *payload, size_t payload_size, const void *body, size_t body_size, struct buf *out)
{
	scoped_buf struct buf pae = BUF_MAX(ENVELOPE_PAYLOAD_MAX + ENVELOPE_PAE_HEAD_MAX);
	uint8_t value[64];
	struct signature sig = { .alg = SIG_ED25519, .value = value, .size = sizeof value };
	struct err e;

	envelope_pae(kind, payload, payload_size, &pae);
	if (pae.failed)
		return -1;
	crypto_sign_detached(value, NULL, (const uint8_t *)pae.data, pae.size, secret_key);
	memcpy(sig.key_id, public_key.id, KEY_ID_SIZE);
	return envelope_write(kind, payload, payload_size, &sig, 1, body, body_size, out, &e) ? -1 : 0;
}

size_t fuzz_split(const uint8_t *bytes, size_t size, const uint8_t **body, size_t *body_size)
{
	const uint8_t *nul = size ? memrchr(bytes, 0, size) : NULL;

	*body = nul ? nul + 1 : bytes + size;
	*body_size = (size_t)(bytes + size - *body);
	return nul ? (size_t)(nul - bytes) : size;
}
