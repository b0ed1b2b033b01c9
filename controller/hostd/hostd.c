/* hostd.c - the loop of natal-hostd: one controller at a time, the next one where it does not answer. See hostd.h. */
#include "controller/hostd/hostd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/notify.h"
#include "common/http/problem.h"

#define FRAMES "/v1/host/frames"
enum { WAIT_S = 25, SEND_MS = 30000, FETCH_MS = 60000, BACKOFF_MS = 250, BACKOFF_MAX_MS = 30000, RENEW_LOOK_MS = 3600000 };
enum { SEND_MAX = 1 << 20, REPLY_MAX = 80 << 20 };

static void hang_up(struct line *l, size_t most)
{
	http_hang_up(&l->http);
	http_reply_fini(&l->reply);
	l->reply = HTTP_REPLY(most);
	l->busy = false;
}

static void hang_up_all(struct hostd *h)
{
	hang_up(&h->send, REPLY_MAX);
	hang_up(&h->wait, REPLY_MAX);
	hang_up(&h->fetch, REPLY_MAX);
	tls_client_free(give(h->tls));
	h->open = h->heard = false;
}

static int open_server(struct hostd *h, struct err *e)
{
	struct identity *x = h->identity;
	const struct http_where *at = &x->servers[h->server % x->server_count];
	struct line *lines[] = { &h->send, &h->wait, &h->fetch };
	int r;

	h->peer = (struct tls_peer){ .host = at->host, .port = at->port, .controller = x->own.controller, .cert_pem = x->own.certificate, .key_pem = x->own.key };
	memcpy(h->peer.pin, x->pin, sizeof h->peer.pin);
	if ((r = tls_client_new(&h->peer, &h->tls, e)))
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		lines[i]->http.tls = h->tls;
		lines[i]->http.host = at->host;
	}
	h->open = true;
	return 0;
}

/* From half of it to one and a half: hosts that lost one controller together do not come back together. */
static int64_t spread(int64_t ms)
{
	uint32_t r;

	random_bytes(&r, sizeof r);
	return ms / 2 + (int64_t)(r % (uint64_t)(ms + 1));
}

/* What was on its way is said again, but for greetings: a new one comes, which knows what is answered by then. */
static int take_back(struct hostd *h, struct err *e)
{
	scoped_buf struct buf rest = h->pending;
	size_t head = FRAME_HEADER_SIZE;

	h->pending = BUF_MAX(rest.max);
	for (size_t at = 0; at + head <= h->sending.size;) {
		const uint8_t *f = (const uint8_t *)h->sending.data + at;
		uint32_t size;
		memcpy(&size, f + 4, sizeof size);
		size = le32toh(size);
		if (f[8] != FRAME_HOST_HELLO)
			buf_add(&h->pending, f, head + size);
		at += head + size;
	}
	buf_add(&h->pending, rest.data, rest.size);
	buf_clear(&h->sending);
	return buf_check(&h->pending, "what the host has to say", e);
}

static int lost(struct hostd *h, const struct err *why, struct err *e)
{
	bool refused = why->code == ERR_DENIED || why->code == ERR_UNTRUSTED;
	int64_t ms = refused ? BACKOFF_MAX_MS : BACKOFF_MS << (h->failures < 7 ? h->failures : 7);

	if (!h->open)
		return 0;
	fprintf(stderr, "natal-hostd: controller=%s:%s reason=%s message=\"%s\"\n", h->peer.host, h->peer.port, err_reason(why->code), why->msg);
	hang_up_all(h);
	h->failures++;
	h->server++;                    /* the next one, next time */
	/* Each of several is tried once before a pause. */
	h->retry_ms = clock_mono_ms() + (h->failures < h->identity->server_count ? 0 : spread(ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS));
	h->greet = true;
	return take_back(h, e);
}

static int ask(struct line *l, const char *path, const struct buf *body, int within_ms, struct err *why)
{
	const struct http_request rq = { .method = "POST", .path = path, .body = body->data, .body_size = body->size, .type = "application/octet-stream" };

	http_reply_fini(&l->reply);
	l->reply = HTTP_REPLY(REPLY_MAX);
	l->deadline_ms = clock_mono_ms() + within_ms;
	int r = http_ask(&l->http, &rq, why);
	l->busy = !r;
	return r;
}

/* Whole frames, up to SEND_MAX and one at least. */
static size_t next_part(const struct buf *b)
{
	size_t at = 0;

	while (at + FRAME_HEADER_SIZE <= b->size) {
		uint32_t size;
		memcpy(&size, b->data + at + 4, sizeof size);
		size_t end = at + FRAME_HEADER_SIZE + le32toh(size);
		if (at && end > SEND_MAX)
			break;
		at = end;
	}
	return at;
}

/* What is to be said goes first; once it was heard, somebody waits for work. */
static int kick(struct hostd *h, struct err *why)
{
	scoped_buf struct buf body = BUF_MAX(SEND_MAX + 2 * FRAME_BODY_MAX);
	char path[64];
	int r;

	if (!h->send.busy && h->pending.size) {
		size_t n = next_part(&h->pending);
		buf_add(&h->sending, h->pending.data, n);
		buf_drop(&h->pending, n);
		if ((r = asks_have(&h->asks, &body, why)))
			return r;
		buf_add(&body, h->sending.data, h->sending.size);
		return (r = buf_check(&body, "what the host says", why)) ? r : ask(&h->send, FRAMES, &body, SEND_MS, why);
	}
	if (h->wait.busy || h->send.busy || !h->heard)
		return 0;
	snprintf(path, sizeof path, FRAMES "?wait=%d", WAIT_S);
	return (r = asks_have(&h->asks, &body, why)) ? r : ask(&h->wait, path, &body, 1000 * WAIT_S + SEND_MS, why);
}

/* why: of the controller; it is tried again. e: of ours. */
static int take(struct hostd *h, struct line *l, struct err *why, struct err *e)
{
	bool whole = false;
	int r;

	if (!l->busy)
		return 0;
	if (clock_left_ms(l->deadline_ms) == 0)
		return err_set(why, ERR_UNAVAILABLE, "no answer in time");
	if ((r = http_take(&l->http, &l->reply, &whole, why)) || !whole)
		return r;
	l->busy = false;
	if ((r = http_reply_good(&l->reply, why)))
		return r;
	if (!h->heard)
		fprintf(stderr, "natal-hostd: controller=%s:%s found, session=%s\n", h->peer.host, h->peer.port, stream_tls_resumed(h->tls) ? "resumed" : "new");
	h->heard = true;
	h->failures = 0;
	if (l == &h->send)
		buf_clear(&h->sending);
	return host_side_take(h, l->reply.body.data, l->reply.body.size, e) ? err_set(why, e->code, "%s", e->msg) : 0;
}

int fetch_file(struct hostd *h, const char *path, int *ret_fd, struct err *e)
{
	const struct http_request rq = { .method = "GET", .path = path };
	struct line *l = &h->fetch;

	hang_up(l, REPLY_MAX);
	int r = http_exchange(&l->http, &rq, FETCH_MS, &l->reply, e);
	if (r)
		return r == -ERR_UNAVAILABLE ? r : err_set(e, ERR_UNAVAILABLE, "%s", e->msg);
	if ((r = http_reply_good(&l->reply, e)))
		return e->code == ERR_INTERNAL ? err_set(e, ERR_UNAVAILABLE, "%s", e->msg) : r;
	scoped_fd int fd = memfd_create("natal-medium", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || fd_write_all(fd, l->reply.body.data, l->reply.body.size) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return err_sys(e, "memory for the medium");
	*ret_fd = give_fd(&fd);
	hang_up(l, REPLY_MAX);          /* it held private keys */
	return 0;
}

static int renew(struct hostd *h, struct err *e)
{
	struct err why;

	h->renew_ms = clock_mono_ms() + RENEW_LOOK_MS;
	if (enrol_renew(&h->send.http, &h->identity->own, &why)) {
		fprintf(stderr, "natal-hostd: certificate not renewed: %s\n", why.msg);
		return 0;
	}
	fprintf(stderr, "natal-hostd: certificate renewed, not_after=%llu\n", (unsigned long long)h->identity->own.not_after);
	identity_learn(h->identity);
	int r = identity_save(h->state, h->identity, e);
	hang_up_all(h);                 /* and on with the new one */
	h->greet = true;
	return r;
}

static size_t fill_poll(struct hostd *h, int signal_fd, struct pollfd f[4], int *timeout_ms)
{
	const struct line *lines[] = { &h->send, &h->wait };
	int64_t until = clock_mono_ms() + 60000;
	size_t n = 2;

	f[0] = (struct pollfd){ signal_fd, POLLIN, 0 };
	f[1] = (struct pollfd){ h->fd, POLLIN, 0 };
	if (!h->open && h->retry_ms < until)
		until = h->retry_ms;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i]->busy && http_fd(&lines[i]->http) >= 0) {
			f[n++] = (struct pollfd){ http_fd(&lines[i]->http), http_events(&lines[i]->http), 0 };
			until = lines[i]->deadline_ms < until ? lines[i]->deadline_ms : until;
		}
	*timeout_ms = clock_left_ms(until);
	return n;
}

/* With the controller, as far as it can be done now. */
static int talk(struct hostd *h, struct err *why, struct err *e)
{
	int r;

	if (!h->open && (r = open_server(h, why)))
		return r;
	if (h->greet && (h->greet = false, host_side_greet(h, e)))
		return err_set(why, e->code, "%s", e->msg);
	if ((r = take(h, &h->send, why, e)) || (r = take(h, &h->wait, why, e)))
		return r;
	return h->heard && host_side_waits(h) && (r = host_side_begin(h, why)) ? r : kick(h, why);
}

static int step(struct hostd *h, int signal_fd, bool *ret_stop, struct err *e)
{
	struct signalfd_siginfo si = { .ssi_signo = 0 };
	struct err why = ERR_NONE;
	struct pollfd f[4];
	int timeout_ms, r;
	size_t n = fill_poll(h, signal_fd, f, &timeout_ms);

	if (poll(f, n, timeout_ms) < 0 && errno != EINTR)
		return err_sys(e, "wait for work");
	if (f[0].revents && read(signal_fd, &si, sizeof si) == sizeof si && si.ssi_signo != SIGHUP) {
		*ret_stop = true;
		return 0;
	}
	if (f[1].revents && (r = host_side_read(h, e)))
		return r;
	if (!h->open && clock_mono_ms() < h->retry_ms)
		return 0;
	if (h->heard && !h->send.busy && (si.ssi_signo == SIGHUP || (clock_mono_ms() >= h->renew_ms && enrol_is_due(&h->identity->own))) && (r = renew(h, e)))
		return r;
	r = talk(h, &why, e);
	return e->code ? -(int)e->code : r ? lost(h, &why, e) : 0;
}

int hostd_run(struct hostd *h, int signal_fd, struct err *e)
{
	bool stop = false;
	int r;

	h->fd = -1;
	h->from_host = FRAME_READER;
	h->pending = BUF_MAX(64 << 20);
	h->sending = BUF_MAX(2 * SEND_MAX + FRAME_BODY_MAX);
	h->send.http = h->wait.http = h->fetch.http = HTTP_CLIENT(SEND_MAX + 3 * FRAME_BODY_MAX);
	h->send.reply = h->wait.reply = h->fetch.reply = HTTP_REPLY(REPLY_MAX);
	if ((r = host_side_start(h, e)))
		return r;
	fprintf(stderr, "natal-hostd: version=%s state=%s host=%s ready\n", PACKAGE_VERSION, h->state, h->identity->own.uri);
	notify_ready();
	e->code = 0;
	while (!stop && !r)
		r = step(h, signal_fd, &stop, e);
	notify_stopping();
	hang_up_all(h);
	host_side_stop(h);
	struct line *lines[] = { &h->send, &h->wait, &h->fetch };
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		http_client_fini(&lines[i]->http);
		http_reply_fini(&lines[i]->reply);
	}
	buf_fini(&h->pending);
	buf_fini(&h->sending);
	frame_reader_fini(&h->from_host);
	asks_fini(&h->asks);
	return r;
}
