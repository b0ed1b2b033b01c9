/* host_side.c - the host in its thread: frames to it and from it. See hostd.h. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/text.h"
#include "common/data/json.h"
#include "controller/hostd/hostd.h"

/* Our own LIST: the controller's numbers are never 0. */
enum { REQ_OURS = 0, GUESTS_SAY_MAX = 4 << 20, FEED = 32 << 10 };

static void *host_thread(void *arg)
{
	struct hostd *h = arg;
	struct err e = ERR_NONE;

	if (host_run(h->host_fd, &h->config, &e))
		err_print(&e);
	close(h->host_fd);              /* the loop sees the end of the channel */
	return NULL;
}

int host_side_start(struct hostd *h, struct err *e)
{
	int pair[2], size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "a channel to the host");
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	h->fd = pair[0];
	h->host_fd = pair[1];
	h->config.state_dir = h->state;
	errno = pthread_create(&h->thread, NULL, host_thread, h);
	if (!errno)
		return 0;
	err_sys(e, "start the host's thread");
	close(h->host_fd);
	scope_close(&h->fd);
	h->fd = -1;
	return -(int)e->code;
}

void host_side_stop(struct hostd *h)
{
	if (h->fd < 0)
		return;
	close(h->fd);
	h->fd = -1;
	pthread_join(h->thread, NULL);
}

static int send_all(int fd, struct buf *b, const int fds[2], struct err *e)
{
	union { struct cmsghdr h; char bytes[CMSG_SPACE(2 * sizeof(int))]; } control = { .bytes = { 0 } };
	size_t n = !fds ? 0 : fds[1] >= 0 ? 2 : fds[0] >= 0;

	while (b->size) {
		struct iovec iov = { b->data, b->size };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
		if (n) {                /* descriptors go with the first byte */
			m.msg_control = &control;
			m.msg_controllen = CMSG_SPACE(n * sizeof(int));
			control.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
			memcpy(CMSG_DATA(&control.h), fds, n * sizeof(int));
		}
		ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return err_sys(e, "the host's channel");
		if (sent <= 0)
			continue;
		buf_drop(b, (size_t)sent);
		n = 0;
	}
	return 0;
}

int host_side_send(struct hostd *h, enum frame_type type, const void *body, size_t size, const int fds[2], struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(FRAME_HEADER_SIZE + FRAME_BODY_MAX);
	int r = frame_write(type, ++h->seq, body, size, NULL, &b, e);

	return r ? r : send_all(h->fd, &b, fds, e);
}

int host_side_greet(struct hostd *h, struct err *e)
{
	static const char list[] = "{\"req\":0}";

	return host_side_send(h, FRAME_HOST_LIST, list, sizeof list - 1, NULL, e);
}

static int say(struct hostd *h, enum frame_type type, const void *body, size_t size, struct err *e)
{
	return frame_write(type, ++h->seq, body, size, NULL, &h->pending, e);
}

/* The answer to our LIST is a greeting's list. */
static int greet_again(struct hostd *h, struct json_object *reply, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *guests = NULL;

	if (!json_object_object_get_ex(reply, "guests", &guests))
		return 0;
	json_put(o, "driver", h->driver);
	json_put(o, "accel", h->accel);
	json_object_object_add(o, "guests", json_object_get(guests));
	const char *text = json_line(o);
	return say(h, FRAME_HOST_HELLO, text, strlen(text), e);
}

static int on_reply(struct hostd *h, const struct frame *f, struct json_object *o, struct err *e)
{
	uint64_t req = json_uint(o, "req", 0);

	if (req == REQ_OURS)
		return greet_again(h, o, e);
	struct ask *ask = asks_find(&h->asks, req);
	int r = ask ? asks_answer(&h->asks, ask, f->body, f->body_size, e) : 0;
	return r ? r : say(h, FRAME_HOST_REPLY, f->body, f->body_size, e);
}

static int on_frame(struct hostd *h, const struct frame *f, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r;

	if (f->type == FRAME_HOST_FROM_GUEST)           /* the guest says again what is not acknowledged */
		return h->pending.size > GUESTS_SAY_MAX ? 0 : say(h, f->type, f->body, f->body_size, e);
	if ((r = json_parse(f->body, f->body_size, "a frame of the host", &o, e)))
		return r;
	if (f->type == FRAME_HOST_REPLY)
		return on_reply(h, f, o, e);
	if (f->type == FRAME_HOST_HELLO) {
		snprintf(h->driver, sizeof h->driver, "%s", json_text(o, "driver") ? json_text(o, "driver") : "");
		snprintf(h->accel, sizeof h->accel, "%s", json_text(o, "accel") ? json_text(o, "accel") : "");
	}
	return say(h, f->type, f->body, f->body_size, e);
}

int host_side_read(struct hostd *h, struct err *e)
{
	char chunk[FEED];
	struct frame f;
	bool have;

	for (;;) {
		ssize_t n = recv(h->fd, chunk, sizeof chunk, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return err_set(e, ERR_UNAVAILABLE, "the host has ended");
		int r = frame_feed(&h->from_host, chunk, (size_t)n, e);
		if (r)
			return r;
		for (frame_next(&h->from_host, &f, &have); have; frame_next(&h->from_host, &f, &have))
			if ((r = on_frame(h, &f, e)))
				return r;
	}
}

/* One that is known is answered again, or still under way. */
static int take_ask(struct hostd *h, const struct frame *f, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct ask *ask;
	int r = json_parse(f->body, f->body_size, "a request of the controller's", &o, e);

	if (r)
		return r;
	uint64_t req = json_uint(o, "req", 0);
	if (!req)
		return err_set(e, ERR_FORMAT, "a request of the controller's without a number");
	if (!(ask = asks_find(&h->asks, req)))
		return asks_add(&h->asks, req, f, &ask, e);
	return ask->answered ? say(h, FRAME_HOST_REPLY, ask->answer, strlen(ask->answer), e) : 0;
}

static int take_frame(struct hostd *h, const struct frame *f, struct err *e)
{
	switch ((int)f->type) {
	case FRAME_HOST_TO_GUEST:
		return host_side_send(h, f->type, f->body, f->body_size, NULL, e);
	case FRAME_HOST_CREATE: case FRAME_HOST_START: case FRAME_HOST_STOP: case FRAME_HOST_DELETE: case FRAME_HOST_EJECT: case FRAME_HOST_FORWARD:
	case FRAME_HOST_LOG: case FRAME_HOST_INPUT:
		return take_ask(h, f, e);
	default:
		return err_set(e, ERR_FORMAT, "a frame of type %d, which hosts are not asked", (int)f->type);
	}
}

int host_side_take(struct hostd *h, const void *bytes, size_t n, struct err *e)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	struct err why;
	struct frame f;
	bool have;
	int r;

	for (size_t at = 0; at < n; at += FEED) {
		if ((r = frame_feed(&in, (const char *)bytes + at, n - at < FEED ? n - at : FEED, e)))
			return r;
		for (frame_next(&in, &f, &have); have; frame_next(&in, &f, &have)) {
			if (!(r = take_frame(h, &f, &why)))
				continue;
			if (r == -ERR_SYSTEM)           /* the host is not there any more */
				return *e = why, r;
			fprintf(stderr, "natal-hostd: frame type=%d dropped: %s\n", (int)f.type, (text_printable(why.msg), why.msg));
		}
	}
	return 0;
}

static void close_both(int (*fds)[2])
{
	for (int i = 0; i < 2; i++)
		if ((*fds)[i] >= 0)
			close((*fds)[i]);
}

/* The medium, and what brings the agent, in the order of their keys. */
static int fetch_for(struct hostd *h, struct json_object *body, int fds[2], struct err *e)
{
	const char *vm = json_text(body, "vm_id");
	struct json_object *medium;
	char path[160];
	int r;

	if (!vm || strlen(vm) > 64 || !json_object_object_get_ex(body, "medium", &medium) || !json_object_get_boolean(medium))
		return 0;
	snprintf(path, sizeof path, "/v1/host/media/%s", vm);
	if ((r = fetch_file(h, path, &fds[0], e)) || !json_text(body, "agent"))
		return r;
	snprintf(path, sizeof path, "/v1/host/carrier/%s", vm);
	return fetch_file(h, path, &fds[1], e);
}

/* What cannot be fetched at all is the answer. */
static int refuse(struct hostd *h, struct ask *ask, const struct err *why, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *error = json_object_new_object();
	int r;

	json_put_uint(o, "req", ask->req);
	json_put_bool(o, "ok", false);
	json_put(error, "reason", err_reason(why->code));
	json_put(error, "message", why->msg);
	json_put(error, "hint", why->hint);
	json_object_object_add(o, "error", error);
	const char *text = json_line(o);
	return (r = asks_answer(&h->asks, ask, text, strlen(text), e)) ? r : say(h, FRAME_HOST_REPLY, text, strlen(text), e);
}

static int begin(struct hostd *h, struct ask *ask, struct err *e)
{
	scoped_json struct json_object *body = NULL;
	scoped(close_both) int fds[2] = { -1, -1 };
	int r = json_parse(ask->body, strlen(ask->body), "a request of the controller's", &body, e);

	if (!r && ask->type == FRAME_HOST_START)
		r = fetch_for(h, body, fds, e);
	if (r == -ERR_UNAVAILABLE)
		return r;
	ask->begun = true;
	if (r) {
		struct err why = *e;
		return refuse(h, ask, &why, e);
	}
	return host_side_send(h, ask->type, ask->body, strlen(ask->body), fds, e);
}

bool host_side_waits(const struct hostd *h)
{
	for (const struct ask *x = h->asks.first; x; x = x->next)
		if (!x->answered && !x->begun)
			return true;
	return false;
}

/* In their order: one that cannot be begun yet holds those behind it. */
int host_side_begin(struct hostd *h, struct err *e)
{
	int r = 0;

	for (struct ask *x = h->asks.first, *next; !r && x; x = next) {
		next = x->next;
		if (!x->answered && !x->begun)
			r = begin(h, x, e);
	}
	return r;
}
