/* What a guest calls its EK: what is taken is an RSA key for which a challenge can be made, or is refused with a reason. */
#include "tests/fuzz/fuzz.h"
#include "controller/crypto/ek.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t name[BIRTH_AK_NAME_SIZE] = { 0, 0x0b }, secret[BIRTH_SECRET_SIZE] = { 1 };
	struct birth_challenge c = { 0 };
	struct ek ek = { .aes_bits = 7 };
	struct err e = ERR_NONE;

	if (ek_read(bytes, size, &ek, &e)) {
		PROMISE(*e.msg && ek.aes_bits == 7);
		return 0;
	}
	PROMISE((ek.aes_bits == 128 || ek.aes_bits == 256) && ek.modulus_size >= EK_MODULUS_MIN && ek.modulus_size <= EK_MODULUS_MAX);
	PROMISE(ek_challenge(&ek, name, secret, &c, &e) ? *e.msg : c.encrypted_size == 2 + ek.modulus_size);
	return 0;
}
