/* A host's HAVE: what is read can be written, and is read again as the same. */
#include <string.h>
#include "tests/fuzz/fuzz.h"
#include "common/wire/hostframe.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct host_have have, same;
	scoped_buf struct buf out = BUF_MAX(1 << 20);
	struct err e = ERR_NONE;

	if (host_have_read(bytes, size, &have, &e)) {
		PROMISE(*e.msg);
		return 0;
	}
	PROMISE(have.count <= HOST_HAVE_MAX && host_have_write(&have, &out, &e) == 0 && host_have_read(out.data, out.size, &same, &e) == 0);
	PROMISE(same.count == have.count && memcmp(same.req, have.req, have.count * sizeof *have.req) == 0);
	for (size_t i = 0; i < have.count; i++)
		PROMISE(have.req[i] > 0 && have.req[i] <= (uint64_t)1 << 62);
	return 0;
}
