/* exchange.c - one request from its headers to its reply: who asks, may they, what do they say; and what is answered. See server_impl.h. */
#include "controller/http/server_impl.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/clock.h"
#include "common/base/text.h"

static void request_free(struct request *rq)
{
	if (!rq)
		return;
	buf_fini(&rq->body);
	buf_fini(&rq->reply_raw);
	json_free(rq->json);
	json_free(rq->reply);
	free(rq->path);
	free(rq->refused);
	free(rq);
}

struct conn *conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void identify_local(struct conn *n)
{
	struct ucred cred;
	socklen_t size = sizeof cred;

	n->peer.id = (struct identity){ .role = ROLE_OPERATOR, .name = "local" };
	n->peer.uid = getsockopt(n->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0 ? cred.uid : (uid_t)-1;
}

static void identify_net(struct server *s, struct MHD_Connection *c, struct conn *n)
{
	const union MHD_ConnectionInfo *address = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const union MHD_ConnectionInfo *session = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	struct err why;

	if (address && address->client_addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)address->client_addr)->sin_addr, n->peer.address, sizeof n->peer.address);
	else if (address && address->client_addr->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)address->client_addr)->sin6_addr, n->peer.address, sizeof n->peer.address);
	n->peer.id.role = ROLE_ANYONE;
	if (session && tls_door_peer(s->to_net.door, session->tls_session, s->to_net.controller, &n->peer, &why) == 0) {
		n->peer.good_at = n->peer.known ? *s->to_net.generation : 0;
		return;
	}
	n->peer.id = (struct identity){ .role = ROLE_ANYONE };
	n->refused = calloc(1, sizeof *n->refused);
	if (n->refused)
		*n->refused = session ? why : (struct err){ .code = ERR_INTERNAL, .msg = "no TLS session" };
}

/* Its certificate has counted once; does it still?  Asked again when anything was revoked, and by the clock each time. */
static int still_good(struct server *s, struct peer *peer, struct err *e)
{
	uint64_t generation = *s->to_net.generation;

	if (peer->id.role == ROLE_ANYONE)
		return 0;
	if (peer->not_after < clock_unix_s()) {
		err_set(e, ERR_UNTRUSTED, "the certificate has expired while the connection was open");
		err_hint(e, "log in again with a new token: natalctl access grant, natalctl login");
		return -(int)e->code;
	}
	if (peer->good_at == generation)
		return 0;
	int r = s->to_net.admit(s->to_net.arg, peer, e);
	if (!r)
		peer->good_at = generation;
	return r;
}

int server_still_admits(struct server *s, const struct request *rq, struct err *e)
{
	return !rq->peer || rq->peer->local ? 0 : still_good(s, rq->peer, e);
}

static int net_good(struct server *s, struct conn *n, struct err *e)
{
	int r = still_good(s, &n->peer, e);

	if (!r && !n->showed && n->peer.id.role != ROLE_ANYONE) {
		n->showed = true;
		rates_showed(&s->rates, n->peer.host, clock_mono_ms());
	}
	return r;
}

/* request → authenticate: before anything of the body is kept. */
static int authenticate(struct server *s, struct request *rq, struct err *e)
{
	struct MHD_Connection *c = rq->connection;
	struct conn *n = conn_of(c);

	if (!n)
		return err_nomem(e);
	rq->peer = &n->peer;
	if (!n->identified && n->tls) {
		identify_net(s, c, n);
		n->since_ms = clock_mono_ms();
	}
	if (!n->identified && !n->tls)
		identify_local(n);
	n->identified = true;
	rq->close = conn_outstays(n, clock_mono_ms());
	if (s->draining) {
		rq->close = true;
		return err_set(e, ERR_UNAVAILABLE, "natald is stopping");
	}
	if ((rq->retry_after_s = rates_take(&s->rates, &n->peer, clock_mono_ms()))) {
		err_set(e, ERR_UNAVAILABLE, "too many requests");
		err_hint(e, "ask again in %u s", rq->retry_after_s);
		return -(int)e->code;
	}
	if (n->refused) {
		*e = *n->refused;
		return -(int)e->code;
	}
	if (n->tls)
		return net_good(s, n, e);
	if (n->peer.uid != geteuid() && n->peer.uid != 0)
		return err_set(e, ERR_DENIED, "this natald serves user %u and root, not user %u", (unsigned)geteuid(), (unsigned)n->peer.uid);
	return 0;
}

struct taking { struct request *rq; struct err *e; int r; };
static enum MHD_Result take_param(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct taking *t = arg;

	t->r = request_param_take(t->rq, kind == MHD_HEADER_KIND, name, value ? value : "", t->e);
	return t->r ? MHD_NO : MHD_YES;
}

static int take_query(struct MHD_Connection *c, struct request *rq, struct err *e)
{
	struct taking t = { rq, e, 0 };

	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, take_param, &t);
	if (!t.r)
		MHD_get_connection_values(c, MHD_HEADER_KIND, take_param, &t);
	if (!*rq->project)
		snprintf(rq->project, sizeof rq->project, "%s", *rq->peer->id.project ? rq->peer->id.project : "default");
	return t.r;
}

static struct request *begin(struct server *s, struct MHD_Connection *c, const char *url, const char *method)
{
	struct request *rq = calloc(1, sizeof *rq);

	if (!rq)
		return NULL;
	rq->connection = c;
	rq->began_ns = clock_ns(CLOCK_MONOTONIC);
	rq->reply_raw = BUF_MAX(REPLY_RAW_MAX);
	if (strlen(url) >= REQUEST_PATH_MAX || strlen(method) >= sizeof rq->method) {
		err_set(&rq->failed, ERR_LIMIT, "the path or the method is too long");
	} else if (!(rq->path = strdup(url))) {
		err_nomem(&rq->failed);
	} else {
		snprintf(rq->method, sizeof rq->method, "%s", method);
		if (authenticate(s, rq, &rq->failed) == 0 && route_find(rq, &rq->failed) == 0 && take_query(c, rq, &rq->failed) == 0)
			(void)route_admit(rq->route, rq->peer, rq->project, &rq->failed);
	}
	size_t most = rq->failed.code ? 1 : rq->route->body_max ? rq->route->body_max : REQUEST_SMALL_MAX;
	rq->body = BUF_MAX(most);
	if (rq->peer)
		conn_enter(conn_of(c), CONN_BODY, most);
	return rq;
}

static void add_headers(const struct request *rq, struct MHD_Response *resp, const char *type)
{
	char digits[12];

	MHD_add_response_header(resp, "Content-Type", type);
	if (rq->retry_after_s) {
		snprintf(digits, sizeof digits, "%u", rq->retry_after_s);
		MHD_add_response_header(resp, "Retry-After", digits);
	}
	for (size_t i = 0; i < rq->header_count; i++)
		MHD_add_response_header(resp, rq->headers[i].name, rq->headers[i].value);
	if (rq->close)
		MHD_add_response_header(resp, "Connection", "close");
}

/* Its bytes are the request's own, which lives until the reply has gone. */
static struct MHD_Response *make_response(struct request *rq)
{
	struct MHD_Response *resp = NULL;
	const char *type = "application/json";

	if (rq->failed.code) {
		json_free(rq->reply);
		rq->reply = problem_json(&rq->failed);
		rq->status = rq->retry_after_s ? MHD_HTTP_TOO_MANY_REQUESTS : err_http_status(rq->failed.code);
		type = "application/problem+json";
	} else if (rq->route->raw) {
		resp = MHD_create_response_from_buffer(rq->reply_raw.size, rq->reply_raw.data ? rq->reply_raw.data : (char *)"",
			MHD_RESPMEM_PERSISTENT);
		type = rq->route->type ? rq->route->type : "application/octet-stream";
	}
	if (!resp) {
		const char *line = rq->status == MHD_HTTP_NOT_MODIFIED ? "" : rq->reply ? json_line(rq->reply) : "{}";
		resp = MHD_create_response_from_buffer(strlen(line), (char *)line, MHD_RESPMEM_PERSISTENT);
	}
	if (resp)
		add_headers(rq, resp, type);
	return resp;
}

static enum MHD_Result answer(struct MHD_Connection *c, struct request *rq)
{
	struct MHD_Response *resp = make_response(rq);

	if (!resp)
		return MHD_NO;
	if (conn_of(c))
		conn_enter(conn_of(c), CONN_REPLY, rq->reply_raw.size);
	enum MHD_Result r = MHD_queue_response(c, (unsigned)(rq->status ? rq->status : 200), resp);
	MHD_destroy_response(resp);
	request_over(rq);
	return r;
}

enum MHD_Result exchange_data(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
	const char *data,
	size_t *size, void **keep)
{
	struct server *s = arg;
	struct request *rq = *keep;

	if (!rq) {
		*keep = rq = begin(s, c, url, method);
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
		conn_enter(conn_of(c), CONN_BUSY, 0);
		MHD_suspend_connection(c);
		*s->last = rq;
		s->last = &rq->next;
	}
	return MHD_YES;
}

void exchange_ended(void *arg, struct MHD_Connection *c, void **keep, enum MHD_RequestTerminationCode why)
{
	struct conn *n = conn_of(c);

	request_free(*keep);
	*keep = NULL;
	if (n)
		conn_rest(n);
}

