/* client.c - natalctl's side of the API: HTTP/1.1 over natald's unix socket, one exchange a connection. See cli.h.
 *
 * Written out here and not left to libcurl for one reason: loading libcurl and what it pulls in took 17 of the 21 ms of a `vm create`.
 * It speaks to our own server only: status line, headers, a body up to the end of the connection.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/cli/cli.h"

enum { REPLY_MAX = 80 << 20, TIMEOUT_S = 130, HEAD_MAX = 2048 };

int natald_connect(const struct cli *cli)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s/natald.sock", cli->state) >= sizeof a.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? give_fd(&fd) : -1;
}

static int lost(const struct cli *cli, const char *how, struct err *e)
{
	err_set(e, ERR_UNAVAILABLE, "natald at %s/natald.sock: %s", cli->state, how);
	err_hint(e, "its log is %.100s/natald.log", cli->state);
	return -(int)e->code;
}

/* The error that a problem document carries. */
static int as_error(const char *text, size_t size, unsigned status, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct err ignored;

	if (json_parse(text, size, "reply", &o, &ignored) || !json_text(o, "reason"))
		return err_set(e, ERR_INTERNAL, "natald answered with HTTP status %u and no reason", status);
	err_set(e, err_from_reason(json_text(o, "reason")), "%s", json_text(o, "message") ? json_text(o, "message") : "");
	if (json_text(o, "hint"))
		err_hint(e, "%s", json_text(o, "hint"));
	if (json_text(o, "where"))
		snprintf(e->where, sizeof e->where, "%s", json_text(o, "where"));
	return -(int)e->code;
}

static int send_request(const struct cli *cli, int fd, const struct api_call *call, struct err *e)
{
	const char *body = call->body ? json_line(call->body) : "";
	scoped_buf struct buf head = BUF_MAX(HEAD_MAX);

	if (call->idempotency_key && (strlen(call->idempotency_key) > 60 || strpbrk(call->idempotency_key, "\r\n")))
		return err_set(e, ERR_USAGE, "an idempotency key is one line of at most 60 bytes");
	buf_printf(&head, "%s %s%sproject=%s HTTP/1.1\r\nHost: natald\r\nConnection: close\r\nContent-Length: %zu\r\n", call->method,
		call->path,
		strchr(call->path, '?') ? "&" : "?", cli->project, strlen(body));
	if (call->idempotency_key)
		buf_printf(&head, "Idempotency-Key: %s\r\n", call->idempotency_key);
	buf_str(&head, "\r\n");
	int r = buf_check(&head, "the request's path", e);
	if (r)
		return r;
	/* A server that refuses early closes early: what it said is read all the same. */
	if (fd_write_all(fd, head.data, head.size) < 0 || fd_write_all(fd, body, strlen(body)) < 0)
		return errno == EPIPE || errno == ECONNRESET ? 0 : lost(cli, strerror(errno), e);
	return 0;
}

static int read_reply(const struct cli *cli, int fd, int timeout_s, struct buf *in, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + 1000LL * timeout_s;

	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		int n = poll(&p, 1, (int)clock_left_ms(deadline_ms));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, ERR_SYSTEM, "natald at %s/natald.sock did not answer within %d s", cli->state, timeout_s);
		char *room = buf_room(in, 65536);
		if (!room)
			return buf_check(in, "natald's reply", e);
		ssize_t got = read(fd, room, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return lost(cli, strerror(errno), e);
		if (got == 0)
			return 0;
		buf_grew(in, (size_t)got);
	}
}

/* Content-Length, or SIZE_MAX where there is none. */
static size_t length_of(const char *head, const char *end)
{
	static const char name[] = "\r\ncontent-length: ";

	for (; head + sizeof name < end; head++)
		if (strncasecmp(head, name, sizeof name - 1) == 0) {
			char digits[20];
			uint64_t n;
			const char *at = head + sizeof name - 1;
			snprintf(digits, sizeof digits, "%.*s", (int)strcspn(at, "\r"), at);
			return text_number(digits, &n) ? (size_t)n : SIZE_MAX;
		}
	return SIZE_MAX;
}

static int take_reply(const struct cli *cli, const struct buf *in, struct buf *out, struct err *e)
{
	const char *end = in->data ? memmem(in->data, in->size, "\r\n\r\n", 4) : NULL;
	uint64_t status;
	char digits[4] = "";

	if (!end || !text_starts(in->data, "HTTP/1.1 "))
		return lost(cli, in->size ? "that was no HTTP" : "it closed the connection", e);
	memcpy(digits, in->data + 9, 3);
	const char *body = end + 4;
	size_t size = in->size - (size_t)(body - in->data);
	if (!text_number(digits, &status) || length_of(in->data, end + 2) != size)
		return lost(cli, "the answer is cut short", e);
	if (status < 200 || status > 299)
		return as_error(body, size, (unsigned)status, e);
	buf_add(out, body, size);
	return buf_check(out, "natald's reply", e);
}

static int exchange(struct cli *cli, const struct api_call *call, struct buf *in, struct err *e)
{
	bool running;
	int r;

	scoped_fd int fd = natald_connect(cli);
	if (fd < 0) {
		if ((r = daemon_ready(cli, true, &running, e)))
			return r;
		if ((fd = natald_connect(cli)) < 0)
			return lost(cli, strerror(errno), e);
	}
	return (r = send_request(cli, fd, call, e)) ? r : read_reply(cli, fd, call->timeout_s ? call->timeout_s : TIMEOUT_S, in, e);
}

int api_raw(struct cli *cli, const struct api_call *call, struct buf *out, struct err *e)
{
	scoped_buf struct buf in = BUF_MAX(REPLY_MAX);

	int r = exchange(cli, call, &in, e);
	/* A natald that was dying as we connected: asking again changes nothing, and starts the next one. */
	if ((r == -ERR_UNAVAILABLE || (!r && !in.size)) && !in.size && strcmp(call->method, "GET") == 0) {
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
		r = exchange(cli, call, &in, e);
	}
	return r ? r : take_reply(cli, &in, out, e);
}

int api_json(struct cli *cli, const struct api_call *call, struct json_object **ret, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(REPLY_MAX);

	int r = api_raw(cli, call, &out, e);
	return r || !ret ? r : json_parse(out.data, out.size, "natald's reply", ret, e);
}

int url_name(const char *name, char out[200], struct err *e)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *name; name++) {
		if (n > 190)
			return err_set(e, ERR_LIMIT, "a name of more than 63 bytes");
		unsigned char c = (unsigned char)*name;
		if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_' || c == '.') {
			out[n++] = (char)c;
		} else {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	out[n] = 0;
	return n ? 0 : err_set(e, ERR_USAGE, "an empty name");
}
