/* A certificate's intent as a row of the store holds it. The first byte is how long a public key stands beside it.
 * What is read can be written, and is read again as the same. */
#include <string.h>
#include "tests/fuzz/fuzz.h"
#include "controller/signer/intent.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static size_t length(const char *text, size_t room) { return strnlen(text, room); }

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t spki[1024] = { 0x30 };
	static struct cert_intent is, same;
	scoped_buf struct buf out = BUF_MAX(64 << 10);
	struct err e = ERR_NONE;

	if (size < 1)
		return 0;
	const size_t spki_size = 4 * (size_t)bytes[0];
	if (intent_read(bytes + 1, size - 1, spki, spki_size, &is, &e)) {
		PROMISE(*e.msg);
		return 0;
	}
	PROMISE(is.spki_size == spki_size && spki_size && spki_size <= sizeof is.spki && is.name_count <= CERT_NAMES_MAX && is.purpose < CERT_PURPOSES);
	PROMISE(length(is.common_name, sizeof is.common_name) < sizeof is.common_name && length(is.uri, sizeof is.uri) < sizeof is.uri);
	for (size_t i = 0; i < is.name_count; i++)
		PROMISE(length(is.names[i], sizeof is.names[i]) < sizeof is.names[i]);
	PROMISE(intent_write(&is, &out, &e) == 0 && intent_read(out.data, out.size, spki, spki_size, &same, &e) == 0);
	PROMISE(strcmp(is.common_name, same.common_name) == 0 && strcmp(is.uri, same.uri) == 0 && is.purpose == same.purpose && is.name_count == same.name_count);
	PROMISE(is.not_before == same.not_before && is.not_after == same.not_after && memcmp(is.serial, same.serial, sizeof is.serial) == 0);
	for (size_t i = 0; i < is.name_count; i++)
		PROMISE(strcmp(is.names[i], same.names[i]) == 0);
	return 0;
}
