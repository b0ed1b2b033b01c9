/* test_reply.c - HTTP replies, well and badly made, each cut at every byte. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include <string.h>
#include "common/http/reply.h"

enum { MOST = 64 };
static struct err e;
static struct http_reply r;

/* All of it in one piece, then the end. */
static int take(const char *text)
{
	scoped_buf struct buf in = BUF_MAX(1 << 20);

	http_reply_fini(&r);
	r = HTTP_REPLY(MOST);
	e = ERR_NONE;
	buf_str(&in, text);
	int rc = http_reply_read(&r, &in, &e);
	return rc || r.part == HTTP_WHOLE ? rc : http_reply_end(&r, &in, &e);
}

static void bodies(void **state)
{
	char value[16];

	(void)state;
	assert_ok(take("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nRetry-After:  3 \r\n\r\nhello"), e);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body.data, "hello");
	assert_true(r.keep);
	assert_true(http_reply_header(&r, "retry-after", value, sizeof value));
	assert_string_equal(value, "3");
	assert_false(http_reply_header(&r, "etag", value, sizeof value));
	assert_false(http_reply_header(&r, "retry-after", value, 1));
	assert_ok(take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n02\r\nlo\r\n0\r\n\r\n"), e);
	assert_string_equal(r.body.data, "hello");
	assert_ok(take("HTTP/1.1 200 OK\r\n\r\nhello"), e);
	assert_string_equal(r.body.data, "hello");
	assert_false(r.keep);
	assert_ok(take("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), e);
	assert_int_equal(r.status, 204);
	assert_false(r.keep);
	assert_ok(take("HTTP/1.1 304 Not Modified\r\nContent-Length: 60\r\n\r\n"), e);
	assert_int_equal(r.body.size, 0);
}

static void refused(void **state)
{
	char many[HTTP_HEAD_MAX + 100];

	(void)state;
	assert_err(take("220 mail.example ESMTP\r\n"), ERR_UNAVAILABLE, e, "that was no HTTP");
	assert_err(take("220 mail.example ESMTP\r\n\r\n"), ERR_FORMAT, e, "that was no HTTP");
	assert_err(take("HTTP/1.1 2x0 OK\r\n\r\n"), ERR_FORMAT, e, "that was no HTTP");
	assert_err(take("HTTP/2.0 200 OK\r\n\r\n"), ERR_FORMAT, e, "that was no HTTP");
	assert_err(take(""), ERR_UNAVAILABLE, e, "it closed the connection");
	assert_err(take("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), ERR_UNAVAILABLE, e, "the answer is cut short");
	assert_err(take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel"), ERR_UNAVAILABLE, e, "the answer is cut short");
	assert_err(take("HTTP/1.1 101 Switching\r\n\r\n"), ERR_UNSUPPORTED, e, "changes the protocol");
	/* What two readers could understand in two ways. */
	assert_err(take("HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\na"), ERR_FORMAT, e, "how long it is in one way");
	assert_err(take("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), ERR_FORMAT, e, "in one way");
	assert_err(take("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na"), ERR_FORMAT, e, "in one way");
	assert_err(take("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), ERR_UNSUPPORTED, e, "other than chunked");
	assert_err(take("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"), ERR_FORMAT, e, "a line that is no header");
	assert_err(take("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"), ERR_FORMAT, e, "a line that is no header");
	assert_err(take("HTTP/1.1 200 OK\r\nA: b\nContent-Length: 1\r\n\r\n"), ERR_FORMAT, e, "a control character");
	assert_err(take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\n\r\n"), ERR_FORMAT, e, "a chunk of no size");
	assert_err(take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"), ERR_FORMAT, e, "not as long as it says");
	assert_err(take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n"), ERR_FORMAT, e, "not as long as it says");
	/* Caps. */
	assert_err(take("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n"), ERR_LIMIT, e, "of 65 bytes, 64 at most");
	assert_err(take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffff\r\n"), ERR_LIMIT, e, "more than 64 bytes");
	snprintf(many, sizeof many, "HTTP/1.1 200 OK\r\nA: %0*d\r\n\r\n", HTTP_HEAD_MAX, 1);
	assert_err(take(many), ERR_LIMIT, e, "headers are longer than");
	size_t n = (size_t)snprintf(many, sizeof many, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i <= HTTP_HEADERS_MAX; i++)
		n += (size_t)snprintf(many + n, sizeof many - n, "A: b\r\n");
	snprintf(many + n, sizeof many - n, "\r\n");
	assert_err(take(many), ERR_LIMIT, e, "more than 64 headers");
}

/* Every cut of a good reply is no reply, and no crash. */
static void cut(void **state)
{
	static const char whole[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
	char part[sizeof whole];

	(void)state;
	for (size_t n = 0; n < sizeof whole - 1; n++) {
		memcpy(part, whole, n);
		part[n] = 0;
		assert_int_not_equal(take(part), 0);
	}
	assert_ok(take(whole), e);
	http_reply_fini(&r);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(bodies), cmocka_unit_test(refused), cmocka_unit_test(cut) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
