/* client.c - natalctl's side of the API: over natald's unix socket, or by HTTPS to the controller of a context. See cli.h.
 *
 * By our own client and not by libcurl for one reason: loading libcurl and what it pulls in took 17 of the 21 ms of a `vm create`. For the
 * same reason the client loads mbedtls only where it speaks TLS.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/client.h"
#include "common/http/problem.h"
#include "controller/cli/cli.h"
#include "controller/cli/context.h"

enum { REPLY_MAX = 80 << 20, REQUEST_MAX = 80 << 20, TIMEOUT_S = 130 };

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

/* Method, path and headers of one call; path is the caller's room. */
static int make_request(const struct cli *cli, const struct api_call *call, struct buf *path, struct buf *headers, struct http_request *rq,
	struct err *e)
{
	if (call->idempotency_key && (strlen(call->idempotency_key) > 60 || strpbrk(call->idempotency_key, "\r\n")))
		return err_set(e, ERR_USAGE, "an idempotency key is one line of at most 60 bytes");
	buf_printf(path, "%s%sproject=%s", call->path, strchr(call->path, '?') ? "&" : "?", cli->project);
	if (call->idempotency_key)
		buf_printf(headers, "Idempotency-Key: %s\r\n", call->idempotency_key);
	if (call->if_match)
		buf_printf(headers, "If-Match: %s\r\n", call->if_match);
	if (call->watch && *call->watch->tag)
		buf_printf(headers, "If-None-Match: %s\r\n", call->watch->tag);
	const char *body = call->body ? json_line(call->body) : "";
	*rq = (struct http_request){ .method = call->method, .path = path->data, .body = body, .body_size = strlen(body),
		.headers = headers->data, .once = strcmp(call->method, "GET") != 0 };
	return buf_check(path, "the request's path", e);
}

static void say_slow(int most_s)
{
	fprintf(stderr, "natalctl: natald has not answered for %d s; waiting on, %d s at most\n", HTTP_SLOW_MS / 1000, most_s);
}

static int exchange(const struct cli *cli, struct http_client *c, const struct api_call *call, struct http_reply *reply, struct err *e)
{
	scoped_buf struct buf path = BUF_MAX(2048), headers = BUF_MAX(512);
	struct http_request rq;
	int r = make_request(cli, call, &path, &headers, &rq, e);

	if (isatty(STDERR_FILENO) && !strstr(call->path, "wait="))      /* those wait because they were told to */
		c->slow = say_slow;
	return r ? r : http_exchange(c, &rq, 1000 * (call->timeout_s ? call->timeout_s : TIMEOUT_S), reply, e);
}

/* By the unix socket; natald is started where nobody listens. *ret_silent: nothing of an answer has come. */
static int exchange_local(struct cli *cli, const struct api_call *call, struct http_reply *reply, bool *ret_silent, struct err *e)
{
	char path[1100];
	bool running;
	int r;

	snprintf(path, sizeof path, "%s/natald.sock", cli->state);
	scoped_client struct http_client c = HTTP_CLIENT(REQUEST_MAX, .unix_path = path);
	*ret_silent = true;
	if ((r = stream_unix(path, &c.stream, e)) == -ERR_UNAVAILABLE || r == -ERR_LIMIT) {
		if ((r = daemon_ready(cli, true, &running, e)))
			return r;
		if (stream_unix(path, &c.stream, e))
			return lost(cli, strerror(e->sys_errno), e);
	}
	if (r || !(r = exchange(cli, &c, call, reply, e)))
		return r;
	*ret_silent = reply->part == HTTP_HEAD && c.in.size == 0;
	if (r != -ERR_UNAVAILABLE && r != -ERR_FORMAT)
		return r;
	struct err why = *e;
	return lost(cli, why.msg, e);
}

bool cli_is_local(const struct cli *cli)
{
	const char *named = cli_option(cli, "--context"), *state = getenv("NATAL_STATE");

	return named ? strcmp(named, CONTEXT_LOCAL) == 0 : cli_option(cli, "--state") || (state && *state) || (cli->verb && strcmp(cli->verb->noun, "daemon") == 0);
}

int cli_context(const struct cli *cli, struct context *ret, bool *ret_local, struct err *e)
{
	*ret_local = true;
	return cli_is_local(cli) ? 0 : context_get(cli_option(cli, "--context"), ret, ret_local, e);
}

/* A third of its time before its end a certificate is renewed, on the way. Where that fails, what was asked for is what counts. */
static void renew(struct http_client *c, struct context *x)
{
	struct err ignored;

	if (enrol_is_due(&x->own) && enrol_renew(c, &x->own, &ignored) == 0)
		(void)context_put(x, &ignored);
}

/* Who is let in to one project means that one. */
static void own_project(struct cli *cli, const struct context *x)
{
	const char *at = strstr(x->own.uri, "/project/");

	if (at && !cli_option(cli, "--project"))
		snprintf(cli->project, sizeof cli->project, "%.*s", (int)strcspn(at + 9, "/"), at + 9);
}

static int exchange_net(struct cli *cli, struct context *x, const struct api_call *call, struct http_reply *reply, struct err *e)
{
	struct tls_peer peer = { .host = x->where.host, .port = x->where.port, .controller = x->own.controller, .cert_pem = x->own.certificate,
		.key_pem = x->own.key };
	scoped(tls_client_free_p) struct tls_client *tls = NULL;

	memcpy(peer.pin, x->pin, sizeof peer.pin);
	own_project(cli, x);
	int r = tls_client_new(&peer, &tls, e);
	if (r)
		return r;
	scoped_client struct http_client c = HTTP_CLIENT(REQUEST_MAX, .tls = tls, .host = x->where.host);
	r = exchange(cli, &c, call, reply, e);
	if (!r && reply->status < 300)
		renew(&c, x);
	return r ? err_wrap(e, "context %s", x->name) : 0;
}

int api_raw(struct cli *cli, const struct api_call *call, struct buf *out, struct err *e)
{
	scoped_context struct context x = { .name = "" };
	bool local, silent;
	int r = cli_context(cli, &x, &local, e);

	if (r)
		return r;
	scoped_reply struct http_reply reply = HTTP_REPLY(REPLY_MAX);
	r = local ? exchange_local(cli, call, &reply, &silent, e) : exchange_net(cli, &x, call, &reply, e);
	/* A natald that was dying as we connected: asking again changes nothing, and starts the next one. */
	if (r == -ERR_UNAVAILABLE && local && silent && strcmp(call->method, "GET") == 0) {
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
		http_reply_fini(&reply);
		reply = HTTP_REPLY(REPLY_MAX);
		r = exchange_local(cli, call, &reply, &silent, e);
	}
	if (r)
		return r;
	if (call->watch) {
		call->watch->same = reply.status == 304;
		if (!http_reply_header(&reply, "ETag", call->watch->tag, sizeof call->watch->tag))
			*call->watch->tag = 0;
		if (call->watch->same)
			return 0;
	}
	if ((r = http_reply_good(&reply, e)))
		return r;
	if (out->max >= reply.body.max && !out->data) {
		*out = reply.body;
		reply.body = BUF_MAX(0);
		return 0;
	}
	buf_add(out, reply.body.data, reply.body.size);
	return buf_check(out, "natald's reply", e);
}

int api_json(struct cli *cli, const struct api_call *call, struct json_object **ret, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(REPLY_MAX);

	int r = api_raw(cli, call, &out, e);
	if (r || !ret || (call->watch && call->watch->same) || (r = json_parse(out.data ? out.data : "", out.size, "natald's reply", ret, e)))
		return r;
	if (!json_object_is_type(*ret, json_type_object)) {
		json_free(give(*ret));
		return err_set(e, ERR_INTERNAL, "natald's reply is no object");
	}
	if (!cli->json && !call->raw)
		show_clean(*ret);
	return 0;
}

/* What has a meaning of its own in a path is in no name: the server would take it for another path. */
static bool is_part(const char *name)
{
	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		if (*p < ' ' || *p == 0x7f || strchr("/%?#\\", *p))
			return false;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int url_name(const char *name, char out[200], struct err *e)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	if (!is_part(name))
		return err_set(e, ERR_USAGE, "'%.63s' is no name: a name has no '/', '%%', '?', '#', '\\' and no control characters", name);
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
