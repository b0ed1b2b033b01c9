/* server.c - see server.h */
#include "controller/http/server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "common/base/text.h"

enum { CONNECTIONS_MAX = 4096, IDLE_TIMEOUT_S = 120, CONNECTION_MEMORY = 16 << 10 };

struct server {
	struct MHD_Daemon *mhd;
	char path[108];
	struct request *first, **last;          /* whole requests, not taken yet */
};

static void request_free(struct request *rq)
{
	if (!rq)
		return;
	buf_fini(&rq->body);
	buf_fini(&rq->reply_raw);
	json_free(rq->json);
	json_free(rq->reply);
	free(rq);
}

static uid_t peer_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred cred;
	socklen_t n = sizeof cred;

	return info && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0 ? cred.uid : (uid_t)-1;
}

/* request → authenticate: before anything of the body is kept. */
static int admit(struct request *rq, struct err *e)
{
	if (rq->peer_uid != geteuid() && rq->peer_uid != 0)
		return err_set(e, ERR_DENIED, "this natald serves user %u and root, not user %u", (unsigned)geteuid(),
			(unsigned)rq->peer_uid);
	int r = route_find(rq, e);
	/* The local socket's peer is an operator, and nothing else. */
	return r ? r : route_admit(rq->route, "operator", e);
}

/* What is too long is refused: cut, two keys would be one. */
static int take_query(struct MHD_Connection *c, struct request *rq, struct err *e)
{
	const struct { const char *key; char *out; size_t size; } keys[] = {
		{ "project", rq->project, sizeof rq->project }, { "after", rq->after, sizeof rq->after },
			{ "wait", rq->wait, sizeof rq->wait },
		{ "max", rq->max, sizeof rq->max }, { "force", rq->force, sizeof rq->force },
			{ "grace", rq->grace, sizeof rq->grace },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *v = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, keys[i].key);
		if (v && text_copy(keys[i].out, keys[i].size, v, keys[i].key, e))
			return -(int)e->code;
	}
	if (!*rq->project)
		snprintf(rq->project, sizeof rq->project, "default");
	const char *idem = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Idempotency-Key");
	return idem ? text_copy(rq->idempotency_key, sizeof rq->idempotency_key, idem, "Idempotency-Key", e) : 0;
}

static struct request *begin(struct MHD_Connection *c, const char *url, const char *method)
{
	struct request *rq = calloc(1, sizeof *rq);

	if (!rq)
		return NULL;
	rq->connection = c;
	rq->peer_uid = peer_of(c);
	rq->reply_raw = BUF_MAX(REPLY_RAW_MAX);
	if (strlen(url) >= sizeof rq->path || strlen(method) >= sizeof rq->method) {
		err_set(&rq->failed, ERR_LIMIT, "the path or the method is too long");
	} else {
		snprintf(rq->path, sizeof rq->path, "%s", url);
		snprintf(rq->method, sizeof rq->method, "%s", method);
		if (admit(rq, &rq->failed) == 0)
			take_query(c, rq, &rq->failed);
	}
	rq->body = BUF_MAX(rq->failed.code ? 1 : rq->route->body_max ? rq->route->body_max : REQUEST_SMALL_MAX);
	return rq;
}

/* Its bytes are the request's own, which lives until the reply has gone. */
static struct MHD_Response *make_response(struct request *rq)
{
	struct MHD_Response *resp = NULL;
	const char *type = "application/json";

	if (rq->failed.code) {
		json_free(rq->reply);
		rq->reply = problem_json(&rq->failed);
		rq->status = err_http_status(rq->failed.code);
		type = "application/problem+json";
	} else if (rq->route->raw) {
		resp = MHD_create_response_from_buffer(rq->reply_raw.size, rq->reply_raw.data ? rq->reply_raw.data : (char *)"",
			MHD_RESPMEM_PERSISTENT);
		type = "application/octet-stream";
	}
	if (!resp) {
		const char *line = rq->reply ? json_line(rq->reply) : "{}";
		resp = MHD_create_response_from_buffer(strlen(line), (char *)line, MHD_RESPMEM_PERSISTENT);
	}
	if (resp)
		MHD_add_response_header(resp, "Content-Type", type);
	return resp;
}

static enum MHD_Result answer(struct MHD_Connection *c, struct request *rq)
{
	struct MHD_Response *resp = make_response(rq);

	if (!resp)
		return MHD_NO;
	enum MHD_Result r = MHD_queue_response(c, (unsigned)(rq->status ? rq->status : 200), resp);
	MHD_destroy_response(resp);
	return r;
}

/* Called by libmicrohttpd: first for the headers, then with pieces of the body, then without; and again after each resume. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
	const char *data,
	size_t *size, void **keep)
{
	struct server *s = arg;
	struct request *rq = *keep;

	if (!rq) {
		*keep = rq = begin(c, url, method);
		return rq ? MHD_YES : MHD_NO;
	}
	if (*size) {
		if (!rq->failed.code) {
			buf_add(&rq->body, data, *size);
			buf_check(&rq->body, "the request body", &rq->failed);
		}
		*size = 0;
		return MHD_YES;
	}
	if (rq->failed.code || rq->done)
		return answer(c, rq);
	if (!rq->suspended) {
		rq->suspended = true;
		MHD_suspend_connection(c);
		*s->last = rq;
		s->last = &rq->next;
	}
	return MHD_YES;
}

/* A connection that closes while its request is suspended is noticed only when it is resumed: the request outlives it until then. */
static void on_completed(void *arg, struct MHD_Connection *c, void **keep, enum MHD_RequestTerminationCode why)
{
	request_free(*keep);
	*keep = NULL;
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

int server_start(const char *path, struct server **ret, struct err *e)
{
	struct server *s = calloc(1, sizeof *s);

	if (!s)
		return err_nomem(e);
	s->last = &s->first;
	int fd = listen_on(path, e);
	if (fd < 0) {
		free(s);
		return -(int)e->code;
	}
	snprintf(s->path, sizeof s->path, "%s", path);
	s->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
	if (!s->mhd) {
		close(fd);
		free(s);
		return err_set(e, ERR_INTERNAL, "start the HTTP server on %s", path);
	}
	*ret = s;
	return 0;
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
	MHD_stop_daemon(s->mhd);
	unlink(s->path);
	free(s);
}

int server_fd(const struct server *s)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	return info ? info->epoll_fd : -1;
}

/* One MHD_run() does one step of each connection (a resumed one is called, then its reply is written): run until it has nothing left. */
void server_run(struct server *s)
{
	int n = 0;

	do
		MHD_run(s->mhd);
	while (server_timeout_ms(s) == 0 && ++n < 64);
}

int server_timeout_ms(struct server *s)
{
	MHD_UNSIGNED_LONG_LONG ms;
	return MHD_get_timeout(s->mhd, &ms) == MHD_YES ? (int)(ms > 60000 ? 60000 : ms) : -1;
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
	MHD_resume_connection(rq->connection);
}
