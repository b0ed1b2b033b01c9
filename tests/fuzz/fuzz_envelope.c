/* The frame of an envelope: its parts stay inside the bytes, and writing them again gives the same bytes. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/media/envelope.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	for (int kind = 1; kind < ENVELOPE_KINDS; kind++) {
		struct envelope env;
		struct err e;
		uint64_t peeked;
		if (envelope_read(bytes, size, (enum envelope_kind)kind, "x", &env, &e))
			continue;
		PROMISE(env.payload >= bytes && env.payload + env.payload_size <= bytes + size && env.body + env.body_size == bytes + size);
		PROMISE(envelope_peek_size(bytes, "x", &peeked, &e) == 0 && peeked == size);
		scoped_buf struct buf out = BUF_MAX(ENVELOPE_SIZE_MAX);
		PROMISE(envelope_write(env.kind, env.payload, env.payload_size, env.signatures, env.signature_count, env.body,
				env.body_size, &out, &e) == 0);
		PROMISE(out.size == size && memcmp(out.data, bytes, size) == 0);
	}
	return 0;
}
