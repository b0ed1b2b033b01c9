/* client.c - see client.h */
#include "common/http/client.h"

#include <poll.h>
#include <string.h>
#include "common/base/clock.h"

enum { READ_SIZE = 16 << 10 };

void http_hang_up(struct http_client *c)
{
	stream_close(give(c->stream));
	buf_clear(&c->in);
	c->events = 0;
}

void http_client_fini(struct http_client *c)
{
	http_hang_up(c);
	buf_fini(&c->out);
	buf_fini(&c->in);
}

static int connect_now(struct http_client *c, struct err *e)
{
	buf_clear(&c->in);
	c->sent = 0;
	return c->tls ? stream_tls(c->tls, clock_mono_ms() + HTTP_CONNECT_MS, &c->stream, e) : stream_unix(c->unix_path, &c->stream, e);
}

static int write_request(struct http_client *c, const struct http_request *rq, struct err *e)
{
	buf_clear(&c->out);
	c->out.failed = 0;
	buf_printf(&c->out, "%s %s HTTP/1.1\r\nHost: %s\r\n", rq->method, rq->path, c->host ? c->host : "natald");
	if (rq->body_size)
		buf_printf(&c->out, "Content-Type: %s\r\n", rq->type ? rq->type : "application/json");
	buf_printf(&c->out, "Content-Length: %zu\r\n%s\r\n", rq->body_size, rq->headers ? rq->headers : "");
	buf_add(&c->out, rq->body, rq->body_size);
	return buf_check(&c->out, "the request", e);
}

int http_ask(struct http_client *c, const struct http_request *rq, struct err *e)
{
	int r = write_request(c, rq, e);

	if (r)
		return r;
	c->reused = c->stream;
	c->again = !rq->once;
	c->sent = 0;
	c->events = POLLOUT;
	return c->stream ? 0 : connect_now(c, e);
}

/* A connection that was kept may have been closed by the server before it saw the request. */
static bool may_retry(struct http_client *c, const struct http_reply *reply)
{
	return c->reused && c->again && reply->part == HTTP_HEAD && c->in.size == 0;
}

static int retry(struct http_client *c, struct err *e)
{
	http_hang_up(c);
	c->reused = false;
	c->events = POLLOUT;
	return connect_now(c, e);
}

/* A server that refuses early closes early: what it said is read all the same. */
static int send_some(struct http_client *c, struct err *e)
{
	short wants = 0;
	size_t n;

	while (c->sent < c->out.size && !wants) {
		if (c->stream->type->write(c->stream, c->out.data + c->sent, c->out.size - c->sent, &n, &wants, e)) {
			c->sent = c->out.size;
			return 0;
		}
		c->sent += n;
	}
	if (wants)
		c->events = wants;
	return 0;
}

static int receive_some(struct http_client *c, struct http_reply *reply, bool *ret_ended, struct err *e)
{
	short wants = 0;
	size_t n = 1;
	int r = 0;

	while (!r && !wants && n && reply->part != HTTP_WHOLE) {
		char *room = buf_room(&c->in, READ_SIZE);
		if (!room)
			return buf_check(&c->in, "an HTTP reply", e);
		if ((r = c->stream->type->read(c->stream, room, READ_SIZE, &n, &wants, e))) {
			*ret_ended = true;
			return r;
		}
		buf_grew(&c->in, n);
		if (n)
			r = http_reply_read(reply, &c->in, e);
	}
	*ret_ended = !wants && !n;
	if (wants)
		c->events = wants;
	return r;
}

int http_take(struct http_client *c, struct http_reply *reply, bool *ret_whole, struct err *e)
{
	bool ended = false;
	int r;

	*ret_whole = false;
	if (!c->stream)
		return err_set(e, ERR_INTERNAL, "nothing was asked");
	if ((r = send_some(c, e)) || c->sent < c->out.size)
		return r;
	r = receive_some(c, reply, &ended, e);
	if (ended && may_retry(c, reply))
		return retry(c, e);
	if (!r && ended)
		r = http_reply_end(reply, &c->in, e);
	if (r) {
		http_hang_up(c);
		return r;
	}
	*ret_whole = reply->part == HTTP_WHOLE;
	if (*ret_whole && (!reply->keep || c->in.size))         /* more than was asked for: whose is it? */
		http_hang_up(c);
	return 0;
}

int http_fd(const struct http_client *c) { return c->stream ? c->stream->fd : -1; }
short http_events(const struct http_client *c) { return c->events; }

int http_exchange(struct http_client *c, const struct http_request *rq, int timeout_ms, struct http_reply *reply, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	int64_t slow_ms = c->slow ? clock_mono_ms() + HTTP_SLOW_MS : deadline_ms;
	bool whole = false;
	int r = http_ask(c, rq, e);

	while (!r && !(r = http_take(c, reply, &whole, e)) && !whole) {
		struct pollfd p = { http_fd(c), http_events(c), 0 };
		int n = poll(&p, 1, clock_left_ms(slow_ms < deadline_ms ? slow_ms : deadline_ms));
		if (n == 0 && slow_ms < deadline_ms) {
			c->slow(timeout_ms / 1000);
			slow_ms = deadline_ms;
			continue;
		}
		if (n == 0 || (n < 0 && errno != EINTR))
			r = err_set(e, ERR_UNAVAILABLE, "no answer within %d s", timeout_ms / 1000);
	}
	if (r)
		http_hang_up(c);
	return r;
}
