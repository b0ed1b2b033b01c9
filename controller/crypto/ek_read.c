/* ek_read.c - see ek.h: a TPM2B_PUBLIC (TPM 2.0 Part 2, 12.2.5), strictly. */
#include <gnutls/abstract.h>
#include <string.h>
#include "common/base/cursor.h"
#include "controller/crypto/ek.h"

/* Part 2: 6.3 algorithms; 8.3 attributes. */
enum { ALG_RSA = 0x0001, ALG_AES = 0x0006, ALG_SHA256 = 0x000b, ALG_NULL = 0x0010, ALG_CFB = 0x0043 };
enum { FIXED_TPM = 1 << 1, FIXED_PARENT = 1 << 4, MADE_BY_TPM = 1 << 5, RESTRICTED = 1 << 16, DECRYPTS = 1 << 17, SIGNS = 1 << 18 };
enum { STORAGE = FIXED_TPM | FIXED_PARENT | MADE_BY_TPM | RESTRICTED | DECRYPTS };
static const uint8_t exponent[] = { 1, 0, 1 };

static void pub_free(gnutls_pubkey_t *p) { if (*p) gnutls_pubkey_deinit(*p); }

static int spki_of(struct ek *ek, struct err *e)
{
	scoped(pub_free) gnutls_pubkey_t key = NULL;
	gnutls_datum_t m = { ek->modulus, (unsigned)ek->modulus_size }, x = { (unsigned char *)exponent, sizeof exponent }, spki = { 0 };

	if (gnutls_pubkey_init(&key) < 0)
		return err_nomem(e);
	if (gnutls_pubkey_import_rsa_raw(key, &m, &x) < 0 || gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki) < 0)
		return err_set(e, ERR_FORMAT, "ek: its modulus is none");
	sha256(spki.data, spki.size, ek->digest);
	gnutls_free(spki.data);
	return 0;
}

/* type, nameAlg, objectAttributes, authPolicy. */
static int take_head(struct cursor *c, struct err *e)
{
	uint16_t type, name_alg, policy_size;
	uint32_t attributes;
	const uint8_t *policy;
	int r;

	if ((r = cursor_u16be(c, &type, e)) || (r = cursor_u16be(c, &name_alg, e)) || (r = cursor_u32be(c, &attributes, e)) ||
	    (r = cursor_u16be(c, &policy_size, e)) || (r = cursor_take(c, policy_size, &policy, e)))
		return r;
	if (type == ALG_RSA && name_alg == ALG_SHA256 && (attributes & STORAGE) == STORAGE && !(attributes & SIGNS))
		return 0;
	err_set(e, ERR_UNSUPPORTED, "ek: type %04x under hash %04x with attributes %08x: a restricted RSA key for decryption under SHA-256 is wanted", type,
		name_alg, attributes);
	err_hint(e, "TCG EK Credential Profile, template L-1: swtpm_setup and TPM makers provide one");
	return -(int)e->code;
}

/* parameters: symmetric, scheme, keyBits, exponent. */
static int take_parameters(struct cursor *c, struct ek *ek, struct err *e)
{
	uint16_t alg, bits, mode, scheme, key_bits;
	uint32_t power;
	int r;

	if ((r = cursor_u16be(c, &alg, e)) || (r = cursor_u16be(c, &bits, e)) || (r = cursor_u16be(c, &mode, e)) || (r = cursor_u16be(c, &scheme, e)) ||
	    (r = cursor_u16be(c, &key_bits, e)) || (r = cursor_u32be(c, &power, e)))
		return r;
	if (alg != ALG_AES || mode != ALG_CFB || (bits != 128 && bits != 256) || scheme != ALG_NULL)
		return err_set(e, ERR_UNSUPPORTED, "ek: its symmetric cipher is %04x %u %04x, its scheme %04x: AES in CFB mode and none are wanted", alg, bits, mode,
			scheme);
	if (power && power != 65537)
		return err_set(e, ERR_UNSUPPORTED, "ek: its exponent is %u: 65537 is wanted", (unsigned)power);
	ek->aes_bits = bits;
	ek->modulus_size = key_bits / 8;
	return 0;
}

int ek_read(const void *bytes, size_t size, struct ek *ret, struct err *e)
{
	struct cursor c = cursor_of(bytes ? bytes : "", size, "ek");
	struct ek ek = { .modulus_size = 0 };
	const uint8_t *modulus;
	uint16_t total, n;
	int r;

	if ((r = cursor_u16be(&c, &total, e)))
		return r;
	if (total != cursor_left(&c))
		return err_set(e, ERR_FORMAT, "ek: says %u bytes and has %zu", total, cursor_left(&c));
	if ((r = take_head(&c, e)) || (r = take_parameters(&c, &ek, e)) || (r = cursor_u16be(&c, &n, e)) || (r = cursor_take(&c, n, &modulus, e)) ||
	    (r = cursor_done(&c, e)))
		return r;
	if (n != ek.modulus_size || n < EK_MODULUS_MIN || n > EK_MODULUS_MAX || !(modulus[0] & 0x80) || !(modulus[n - 1] & 1))
		return err_set(e, ERR_UNSUPPORTED, "ek: a modulus of %u bytes: an odd one of 2,048 to 4,096 bits is wanted", n);
	memcpy(ek.modulus, modulus, n);
	if ((r = spki_of(&ek, e)))
		return r;
	*ret = ek;
	return 0;
}
