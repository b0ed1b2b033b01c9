/* Frames from a channel, fed in two halves: a reader ends, and what it gives lies in its buffer. */
#include "tests/fuzz/fuzz.h"
#include "common/wire/frame.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void take_all(struct frame_reader *r, size_t size)
{
	static const uint8_t key[32];
	struct frame f;
	bool have = true;

	for (size_t n = 0; have; n++) {
		PROMISE(n <= size);
		frame_next(r, &f, &have);
		if (!have)
			break;
		PROMISE(f.body_size <= FRAME_BODY_MAX);
		frame_authentic(&f, key);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped(frame_reader_fini) struct frame_reader r = FRAME_READER;
	size_t half = size ? bytes[0] % (size + 1) : 0;
	struct err e;

	if (frame_feed(&r, bytes, half, &e) == 0)
		take_all(&r, size);
	if (frame_feed(&r, bytes + half, size - half, &e) == 0)
		take_all(&r, size);
	return 0;
}
