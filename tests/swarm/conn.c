/* conn.c - see conn.h */
#include "tests/swarm/conn.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/clock.h"

enum { REPLY_MAX = 1 << 20, READ_SIZE = 4096 };

void conn_init(struct conn *c, struct member *m)
{
	*c = (struct conn){ .member = m, .fd = -1, .out = BUF_MAX(REPLY_MAX), .in = BUF_MAX(REPLY_MAX), .reply = HTTP_REPLY(REPLY_MAX) };
}

static bool fail(struct conn *c, const char *what, const char *why)
{
	err_set(&c->failed, ERR_UNAVAILABLE, "%s: %s: %s", c->member->vm_id, what, why);
	conn_close(c);
	return true;
}

static int connect_to(const struct conn_to *to)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *a;
	int on = 1;

	if (getaddrinfo(to->host, to->port, &hints, &a) != 0)
		return -1;
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

int conn_open(struct conn *c, const struct conn_to *to)
{
	static const char v13[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3", v12[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
	int r = member_cred(c->member, &c->failed);

	if (r)
		return r;
	c->fd = connect_to(to);
	if (c->fd < 0)
		return err_sys(&c->failed, "connect to %s:%s", to->host, to->port);
	gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(c->tls, to->tls12 ? v12 : v13, NULL);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, c->member->cred);
	gnutls_transport_set_int(c->tls, c->fd);
	if (c->session.size)
		gnutls_session_set_data(c->tls, c->session.data, c->session.size);
	c->at = CONN_CONNECTING;
	c->want_write = true;
	c->resumed = false;
	return 0;
}

void conn_close(struct conn *c)
{
	if (c->tls)
		gnutls_deinit(c->tls);
	if (c->fd >= 0)
		close(c->fd);
	c->tls = NULL;
	c->fd = -1;
	c->at = CONN_CLOSED;
	buf_clear(&c->in);
}

void conn_free(struct conn *c)
{
	conn_close(c);
	gnutls_free(c->session.data);
	buf_fini(&c->out);
	buf_fini(&c->in);
	http_reply_fini(&c->reply);
}

static void keep_session(struct conn *c)
{
	gnutls_datum_t d = { 0 };

	if (gnutls_session_get_data2(c->tls, &d) < 0)
		return;
	gnutls_free(c->session.data);
	c->session = d;
}

static bool shake(struct conn *c)
{
	int rc = gnutls_handshake(c->tls);

	c->at = CONN_SHAKING;
	if (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED) {
		c->want_write = gnutls_record_get_direction(c->tls);
		return false;
	}
	if (rc < 0)
		return fail(c, "handshake", gnutls_strerror(rc));
	c->resumed = gnutls_session_is_resumed(c->tls);
	c->at = CONN_IDLE;
	c->want_write = false;
	return true;
}

void conn_ask(struct conn *c, const char *path, const struct buf *body)
{
	buf_clear(&c->out);
	buf_printf(&c->out, "POST %s HTTP/1.1\r\nHost: natald\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n", path, body->size);
	buf_add(&c->out, body->data, body->size);
	c->sent = 0;
	c->asked_ns = clock_ns(CLOCK_MONOTONIC);
	http_reply_fini(&c->reply);
	c->reply = HTTP_REPLY(REPLY_MAX);
	c->at = CONN_ASKING;
}

static bool send_some(struct conn *c)
{
	while (c->sent < c->out.size) {
		ssize_t n = gnutls_record_send(c->tls, c->out.data + c->sent, c->out.size - c->sent);
		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) {
			c->want_write = true;
			return false;
		}
		if (n < 0)
			return fail(c, "send", gnutls_strerror((int)n));
		c->sent += (size_t)n;
	}
	c->at = CONN_WAITING;
	c->want_write = false;
	return false;
}

static bool receive_some(struct conn *c)
{
	struct err e;

	for (;;) {
		char bytes[READ_SIZE];
		ssize_t n = gnutls_record_recv(c->tls, bytes, sizeof bytes);
		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			return false;
		if (n <= 0)
			return fail(c, "receive", n ? gnutls_strerror((int)n) : "closed");
		buf_add(&c->in, bytes, (size_t)n);
		if (http_reply_read(&c->reply, &c->in, &e))
			return fail(c, "reply", e.msg);
		if (c->reply.part != HTTP_WHOLE)
			continue;
		if (!c->session.size)           /* TLS 1.3 sends its tickets behind the handshake */
			keep_session(c);
		c->at = CONN_IDLE;
		return true;
	}
}

bool conn_run(struct conn *c)
{
	if (c->at == CONN_CONNECTING || c->at == CONN_SHAKING)
		return shake(c);
	if (c->at == CONN_ASKING && send_some(c))
		return true;
	return c->at == CONN_WAITING && receive_some(c);
}
