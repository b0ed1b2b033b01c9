/* The words about goals: each frame's body and the goal document. What is read can be written, and is read again as the same. */
#include <string.h>
#include "tests/fuzz/fuzz.h"
#include "common/wire/goalframe.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void again(int r, const struct err *e) { PROMISE(r == 0 || *e->msg); }

static void document(const uint8_t *bytes, size_t size)
{
	struct goal_doc d = { 0 }, same = { 0 };
	scoped_buf struct buf out = BUF_MAX(4 << 20);
	struct err e;
	int r = goal_doc_read(bytes, size, &d, &e);

	again(r, &e);
	if (r)
		return;
	PROMISE(goal_doc_write(&d, &out, &e) == 0 && goal_doc_read(out.data, out.size, &same, &e) == 0 && same.state == d.state);
	goal_doc_fini(&d);
	goal_doc_fini(&same);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_buf struct buf out = BUF_MAX(1 << 20);
	struct hello hello;
	struct goal goal;
	struct fetch fetch;
	struct chunk chunk;
	struct heartbeat beat;
	struct err e;

	document(bytes, size);
	if (hello_read(bytes, size, &hello, &e) == 0)
		PROMISE(hello_write(&hello, &out, &e) == 0 && hello_read(out.data, out.size, &hello, &e) == 0);
	buf_clear(&out);
	if (goal_read(bytes, size, &goal, &e) == 0)
		PROMISE(goal.size <= GOAL_SIZE_MAX && goal_write(&goal, &out, &e) == 0 && goal_read(out.data, out.size, &goal, &e) == 0);
	buf_clear(&out);
	if (fetch_read(bytes, size, &fetch, &e) == 0)
		PROMISE(fetch_write(&fetch, &out, &e) == 0 && fetch_read(out.data, out.size, &fetch, &e) == 0);
	buf_clear(&out);
	if (heartbeat_read(bytes, size, &beat, &e) == 0)
		PROMISE(heartbeat_write(&beat, &out, &e) == 0 && heartbeat_read(out.data, out.size, &beat, &e) == 0);
	buf_clear(&out);
	if (chunk_read(bytes, size, &chunk, &e) == 0)
		PROMISE(chunk.bytes + chunk.size == bytes + size && chunk_write(&chunk, &out, &e) == 0 && out.size == size &&
			memcmp(out.data, bytes, size) == 0);
	return 0;
}
