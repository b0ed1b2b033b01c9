/* server.c - see server.h */
#include "controller/http/server_impl.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "common/base/clock.h"

enum { CONNECTIONS_MAX = 4096, IDLE_TIMEOUT_S = 120, CONNECTION_MEMORY = 16 << 10, NET_MEMORY = 4 << 10, FILES_KEPT = 256, REAP_MS = 500 };


static void on_connection(void *arg, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *session = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	struct server *s = arg;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		conn_free(&s->conns, *context);
		*context = NULL;
		return;
	}
	struct conn *n = conn_new(&s->conns, fd ? fd->connect_fd : -1, session && session->tls_session);
	*context = n;
	if (!n || !n->tls)
		return;
	n->connection = c;
	const union MHD_ConnectionInfo *address = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (address && address->client_addr)
		rate_host(address->client_addr, n->peer.host);
	conn_freshen(&s->conns, n);
	tls_door_begin(s->to_net.door, session->tls_session, &n->shaken);
}

static int listen_on(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof a.sun_path) {
		err_set(e, ERR_LIMIT, "the socket's path %s is longer than %zu bytes", path, sizeof a.sun_path - 1);
		err_hint(e, "choose a shorter state folder with --state");
		return -(int)e->code;
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "a socket");
	unlink(path);
	mode_t old = umask(0177);
	int rc = bind(fd, (struct sockaddr *)&a, sizeof a);
	umask(old);
	if (rc < 0 || chmod(path, 0600) < 0 || listen(fd, 512) < 0)
		return err_sys(e, "listen on %s", path);
	return give_fd(&fd);
}

static int watch(struct server *s, int fd, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? err_sys(e, "wait for connections") : 0;
}

static int epoll_of(struct MHD_Daemon *d)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(d, MHD_DAEMON_INFO_EPOLL_FD);
	return info ? info->epoll_fd : -1;
}

/* As many as the limit of files allows; the rest is for the store, guests and programs. */
static size_t connections_max(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur <= 2 * FILES_KEPT)
		return FILES_KEPT;
	return l.rlim_cur - FILES_KEPT;
}

static int hex_of(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/* RFC 3986 2.4, in place; but a slash and a NUL stay as they came: what was one component is not two, and what follows is not passed over. */
static size_t unescape(void *arg, struct MHD_Connection *c, char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		int high = *at == '%' ? hex_of(at[1]) : -1, low = high >= 0 ? hex_of(at[2]) : -1, byte = low >= 0 ? 16 * high + low : -1;
		bool stays = byte <= 0 || byte == '/';
		*to++ = stays ? *at : (char)byte;
		at += stays ? 0 : 2;
	}
	*to = 0;
	return (size_t)(to - text);
}

static int start_local(struct server *s, struct err *e)
{
	int fd = listen_on(s->path, e);

	if (fd < 0)
		return -(int)e->code;
	s->local = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, exchange_data, s, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, exchange_ended, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
	if (s->local)
		return watch(s, epoll_of(s->local), e);
	close(fd);
	return err_set(e, ERR_INTERNAL, "start the HTTP server on %s", s->path);
}

static void server_free(struct server *s)
{
	if (!s)
		return;
	if (s->net)
		MHD_stop_daemon(s->net);
	if (s->local)
		MHD_stop_daemon(s->local);
	for (size_t i = 0; i < s->listener_count; i++)
		close(s->listeners[i]);
	if (s->epoll >= 0)
		close(s->epoll);
	rates_fini(&s->rates);
	free(s);
}
scope_fn(struct server, server_free)

int server_start(const char *path, struct server **ret, struct err *e)
{
	scoped(server_free_p) struct server *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return err_nomem(e);
	s->last = &s->first;
	s->conns.max = connections_max();
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return err_sys(e, "wait for connections");
	snprintf(s->path, sizeof s->path, "%s", path);
	if (strlen(path) >= sizeof s->path)
		return listen_on(path, e);      /* which says so */
	if ((r = rates_init(&s->rates, e)) || (r = start_local(s, e)))
		return r;
	*ret = give(s);
	return 0;
}

int server_net(struct server *s, const struct server_net *net, struct err *e)
{
	s->to_net = *net;
	s->net = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TLS | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_DUAL_STACK | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		exchange_data, s, MHD_OPTION_HTTPS_CERT_CALLBACK, tls_door_certificate, MHD_OPTION_HTTPS_PRIORITIES, tls_priorities,
		MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, exchange_ended, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)s->conns.max, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)NET_MEMORY, MHD_OPTION_END);
	if (!s->net)
		return err_set(e, ERR_INTERNAL, "start the HTTPS server");
	return watch(s, epoll_of(s->net), e);
}

int server_listen(struct server *s, int fd, struct err *e)
{
	if (s->listener_count == LISTENERS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d listeners", LISTENERS_MAX);
	s->listeners[s->listener_count++] = fd;
	return watch(s, fd, e);
}

static void listeners_watch(struct server *s, bool on)
{
	for (size_t i = 0; i < s->listener_count; i++)
		epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->listeners[i], &(struct epoll_event){ .events = on ? EPOLLIN : 0 });
}

/* libmicrohttpd takes a connection that waits for the client's part of a handshake for ready, and asks it again and again (0.9.75). Such
 * ones are suspended, and watched here: until something comes, or the deadline shuts them down. */
static void park_handshakes(struct server *s)
{
	for (struct conn *n; (n = s->conns.fresh);) {
		struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = n };
		conn_seen(n);
		if (n->shaken || n->identified || epoll_ctl(s->epoll, EPOLL_CTL_ADD, n->fd, &ev) < 0)
			continue;
		n->parked = true;
		MHD_suspend_connection(n->connection);
	}
}

static void unpark(struct server *s, struct conn *n)
{
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, n->fd, NULL);
	n->parked = false;
	MHD_resume_connection(n->connection);
	conn_freshen(&s->conns, n);
}

static void unpark_ready(struct server *s)
{
	struct epoll_event ev[256];
	int n;

	do {
		n = epoll_wait(s->epoll, ev, ARRAY_SIZE(ev), 0);
		for (int i = 0; i < n; i++)
			if (ev[i].data.ptr)
				unpark(s, ev[i].data.ptr);
	} while (n == ARRAY_SIZE(ev));
}

void server_drain(struct server *s)
{
	s->draining = true;
	listeners_watch(s, false);
	unlink(s->path);                /* who comes now starts the next natald, which waits for this one's lock */
}

size_t server_connections(const struct server *s) { return s->conns.count; }

static void server_run_last(struct server *s)
{
	if (s->net)
		MHD_run(s->net);
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	/* libmicrohttpd aborts over a connection that is still suspended. */
	for (struct request *rq; (rq = server_take(s));) {
		err_set(&rq->failed, ERR_UNAVAILABLE, "natald is stopping");
		server_reply(s, rq);
		server_run(s);
	}
	for (struct conn *n = s->conns.first; n; n = n->next)
		if (n->parked)
			unpark(s, n);
	server_run_last(s);
	if (!s->draining)
		unlink(s->path);        /* else it may be the next natald's already */
	server_free(s);
}

int server_fd(const struct server *s) { return s->epoll; }

static void accept_all(struct server *s, int listener)
{
	int on = 1;

	for (int n = 0; n < 256 && s->conns.count < s->conns.max; n++) {
		struct sockaddr_storage a;
		socklen_t size = sizeof a;
		int fd = accept4(listener, (struct sockaddr *)&a, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		uint8_t host[PEER_HOST_SIZE];
		rate_host((struct sockaddr *)&a, host);
		if (!rates_come(&s->rates, host, clock_mono_ms())) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		MHD_add_connection(s->net, fd, (struct sockaddr *)&a, size);    /* closes it where it fails */
	}
}

/* Where there is no room, the oldest who has asked for nothing yet makes some; who comes waits in the kernel's queue meanwhile. */
static void accept_and_reap(struct server *s)
{
	int64_t now = clock_mono_ms();

	if (now >= s->reap_ms) {
		conns_reap(&s->conns, now);
		s->reap_ms = now + REAP_MS;
	}
	bool full = s->conns.count >= s->conns.max;
	if (full)
		conns_push_out(&s->conns);
	if (full != s->full && !s->draining)
		listeners_watch(s, !full);
	s->full = full;
	for (size_t i = 0; !full && !s->draining && i < s->listener_count; i++)
		accept_all(s, s->listeners[i]);
}

static int daemon_timeout_ms(struct MHD_Daemon *d)
{
	MHD_UNSIGNED_LONG_LONG ms;
	return d && MHD_get_timeout(d, &ms) == MHD_YES ? (int)(ms > 60000 ? 60000 : ms) : -1;
}

/* One MHD_run() does one step of each connection (a resumed one is called, then its reply is written): run until it has nothing left. */
static void run_daemon(struct server *s, struct MHD_Daemon *d)
{
	int n = 0;

	do {
		MHD_run(d);
		park_handshakes(s);
	} while (daemon_timeout_ms(d) == 0 && ++n < 64);
}

void server_run(struct server *s)
{
	run_daemon(s, s->local);
	if (!s->net)
		return;
	unpark_ready(s);
	accept_and_reap(s);
	run_daemon(s, s->net);
}

int server_timeout_ms(struct server *s)
{
	int a = daemon_timeout_ms(s->local), b = daemon_timeout_ms(s->net), least = a < 0 || (b >= 0 && b < a) ? b : a;

	return s->conns.count && s->net && (least < 0 || least > REAP_MS) ? REAP_MS : least;
}

bool server_has(const struct server *s) { return s->first; }

struct request *server_take(struct server *s)
{
	struct request *rq = s->first;

	if (rq) {
		s->first = rq->next;
		if (!s->first)
			s->last = &s->first;
		rq->next = NULL;
	}
	return rq;
}

void server_reply(struct server *s, struct request *rq)
{
	rq->done = true;
	rq->close |= s->draining;
	MHD_resume_connection(rq->connection);
}
