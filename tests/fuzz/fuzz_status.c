/* A status body, and its acknowledgement: what is read can be written. */
#include "tests/fuzz/fuzz.h"
#include "common/wire/ack.h"
#include "common/wire/status.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void acknowledgement(const uint8_t *bytes, size_t size)
{
	scoped_buf struct buf out = BUF_MAX(4 << 20);
	struct ack a;
	struct err e;

	if (ack_read(bytes, size, &a, &e))
		PROMISE(*e.msg);
	else
		PROMISE(ack_write(&a, &out, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct status s = { 0 };
	scoped_buf struct buf out = BUF_MAX(4 << 20);
	struct err e;

	acknowledgement(bytes, size);
	if (status_read(bytes, size, &s, &e)) {
		PROMISE(*e.msg);
		return 0;
	}
	PROMISE(s.phase < PHASES && status_write(&s, &out, &e) == 0);
	status_fini(&s);
	return 0;
}
