/* A server's HTTP reply: read in one piece or in many it is the same reply, or is refused each time; nothing is taken beyond its caps or its end. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/http/reply.h"

enum { MOST = 4096 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* piece: bytes at a time; the connection ends behind the last. left: what was not the reply's. */
static int read_all(const uint8_t *bytes, size_t size, size_t piece, struct http_reply *r, size_t *left)
{
	struct buf in = BUF_MAX(1 << 20);
	struct err e = ERR_NONE;
	int rc = 0;

	for (size_t at = 0; !rc && at < size && r->part != HTTP_WHOLE; at += piece) {
		buf_add(&in, bytes + at, size - at < piece ? size - at : piece);
		rc = http_reply_read(r, &in, &e);
		PROMISE(r->body.size <= MOST && r->head.size <= HTTP_HEAD_MAX);
		if (r->part == HTTP_WHOLE)
			*left = in.size + (size - at < piece ? 0 : size - at - piece);
	}
	if (!rc && r->part != HTTP_WHOLE) {
		rc = http_reply_end(r, &in, &e);
		*left = 0;
		PROMISE(rc || !r->keep);
	}
	PROMISE(!rc || *e.msg);
	PROMISE(rc || (r->part == HTTP_WHOLE && r->status >= 200 && r->status <= 599));
	buf_fini(&in);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct http_reply whole = HTTP_REPLY(MOST), pieces = HTTP_REPLY(MOST);
	size_t piece = size ? (size_t)bytes[0] % 40 + 1 : 1, left = 0, left2 = 0;
	char value[64] = "";

	if (size > 1 << 16)
		return 0;
	int a = read_all(bytes + (size > 0), size - (size > 0), 1 << 17, &whole, &left);
	int b = read_all(bytes + (size > 0), size - (size > 0), piece, &pieces, &left2);
	PROMISE((a == 0) == (b == 0));
	if (a == 0) {
		PROMISE(whole.status == pieces.status && whole.keep == pieces.keep && left == left2);
		PROMISE(whole.body.size == pieces.body.size && (!whole.body.size || memcmp(whole.body.data, pieces.body.data, whole.body.size) == 0));
		PROMISE(whole.head.size == pieces.head.size);
		if (http_reply_header(&whole, "Retry-After", value, sizeof value))
			PROMISE(strlen(value) < sizeof value && !strpbrk(value, "\r\n"));
	}
	http_reply_fini(&whole);
	http_reply_fini(&pieces);
	return 0;
}
