/* What a TPM answers, or whoever sits in its place, and a machine's SMBIOS strings. The first byte says which. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "agent/birth/birth.h"
#include "agent/birth/tpm_reply.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct cursor c;
	struct tpm2b b;
	struct err e = ERR_NONE;
	char word[64] = "";

	if (!size)
		return 0;
	const uint8_t *at = bytes + 1;
	size_t n = size - 1;
	if (bytes[0] == 's') {
		PROMISE(birth_oem_word(at, n, BIRTH_TOKEN_WORD, word, sizeof word) ? *word && strlen(word) < sizeof word : !*word);
		return 0;
	}
	if (n >= TPM_HEADER_SIZE)
		PROMISE(tpm_reply_size(at) <= TPM_REPLY_MAX);
	(void)tpm_reply_is_later(at, n);
	if (tpm_reply_open(at, n, "TPM2_Fuzz", &c, &e) || tpm_reply_parameters(&c, &e)) {
		PROMISE(*e.msg);
		return 0;
	}
	PROMISE(c.at >= at && c.end <= at + n);
	while (tpm_take_2b(&c, &b, &e) == 0)
		PROMISE(b.bytes >= at && b.bytes + b.size <= at + n);
	return 0;
}
