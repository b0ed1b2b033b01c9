/* client.c - natalctl's side of the API: libcurl over natald's unix socket. See cli.h. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/cli/cli.h"

enum { REPLY_MAX = 80 << 20, TIMEOUT_S = 130 };

static size_t collect(char *bytes, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_add(b, bytes, size * n);
	return b->failed ? 0 : size * n;
}

static void list_free(struct curl_slist **l) { curl_slist_free_all(*l); }

static int make_url(struct cli *cli, const char *path, char *url, size_t size, struct err *e)
{
	int n = snprintf(url, size, "http://natald%s%sproject=%s", path, strchr(path, '?') ? "&" : "?", cli->project);
	return n < 0 || (size_t)n >= size ? err_set(e, ERR_LIMIT, "the request's path is too long") : 0;
}

/* The error that a problem document carries. */
static int as_error(const struct buf *reply, long status, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct err ignored;

	if (json_parse(reply->data ? reply->data : "", reply->size, "reply", &o, &ignored) || !json_text(o, "reason"))
		return err_set(e, ERR_INTERNAL, "natald answered with HTTP status %ld and no reason", status);
	err_set(e, err_from_reason(json_text(o, "reason")), "%s", json_text(o, "message") ? json_text(o, "message") : "");
	if (json_text(o, "hint"))
		err_hint(e, "%s", json_text(o, "hint"));
	if (json_text(o, "where"))
		snprintf(e->where, sizeof e->where, "%s", json_text(o, "where"));
	return -(int)e->code;
}

static int add_header(struct curl_slist **list, const char *line, struct err *e)
{
	struct curl_slist *more = curl_slist_append(*list, line);

	if (!more)
		return err_nomem(e);
	*list = more;
	return 0;
}

static int headers(const struct api_call *call, struct curl_slist **list, struct err *e)
{
	char line[160];
	int r;

	if ((r = add_header(list, "Expect:", e)) || (r = add_header(list, "Content-Type: application/json", e)))
		return r;
	if (!call->idempotency_key)
		return 0;
	if (snprintf(line, sizeof line, "Idempotency-Key: %s", call->idempotency_key) >= 80 || strpbrk(line, "\r\n"))
		return err_set(e, ERR_USAGE, "an idempotency key is one line of at most 60 bytes");
	return add_header(list, line, e);
}

static int perform(struct cli *cli, const struct api_call *call, struct buf *out, struct err *e)
{
	scoped(list_free) struct curl_slist *list = NULL;
	char url[1024], sock[1100];
	long status = 0;
	CURL *c = cli->curl ? cli->curl : (cli->curl = curl_easy_init());
	int r;

	if (!c)
		return err_nomem(e);
	if ((r = make_url(cli, call->path, url, sizeof url, e)) || (r = headers(call, &list, e)))
		return r;
	snprintf(sock, sizeof sock, "%s/natald.sock", cli->state);
	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, sock);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, call->method);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)(call->timeout_s ? call->timeout_s : TIMEOUT_S));
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	if (call->body) {
		const char *line = json_line(call->body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, line);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(line));
	} else if (strcmp(call->method, "POST") == 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
	}
	CURLcode rc = curl_easy_perform(c);
	if (rc != CURLE_OK) {
		err_set(e, ERR_UNAVAILABLE, "natald at %s: %s", sock, curl_easy_strerror(rc));
		err_hint(e, "its log is %.100s/natald.log", cli->state);
		return -(int)e->code;
	}
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300 ? 0 : as_error(out, status, e);
}

int api_raw(struct cli *cli, const struct api_call *call, struct buf *out, struct err *e)
{
	bool running;

	int r = daemon_ready(cli, true, &running, e);
	return r ? r : perform(cli, call, out, e);
}

int api_json(struct cli *cli, const struct api_call *call, struct json_object **ret, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(REPLY_MAX);

	int r = api_raw(cli, call, &out, e);
	return r || !ret ? r : json_parse(out.data, out.size, "natald's reply", ret, e);
}

void api_done(struct cli *cli)
{
	if (cli->curl)
		curl_easy_cleanup(cli->curl);
	cli->curl = NULL;
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
