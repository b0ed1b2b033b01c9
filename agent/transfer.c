/* transfer.c - see transfer.h */
#include "agent/transfer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "agent/curl_functions.h"
#include "common/base/clock.h"
#include "common/base/late.h"
#include "common/base/text.h"

enum { CONNECT_MS = 10000, STALLED_S = 20, PAUSE_FIRST_MS = 500, PAUSE_MAX_MS = 5000, HTTP_OK = 200, PIN_SIZE = 64 };

static struct { CURL_FUNCTIONS(LATE_MEMBER) } curl;
static const char *const curl_names[] = { CURL_FUNCTIONS(LATE_NAME) };
static struct late curl_library = LATE(CURL_SONAME, curl_names, &curl);

static void easy_p(CURL **c) { if (*c) curl.curl_easy_cleanup(*c); }
static void slist_p(struct curl_slist **l) { if (*l) curl.curl_slist_free_all(*l); }

/* One request: where it goes, what it brought. */
struct request {
	const struct transfer *t;
	struct url url;
	struct arena *arena;
	struct buf *out;
	char said[CURL_ERROR_SIZE];
	long status;
	char *location;                 /* the handle's; NULL */
};

static size_t take(char *bytes, size_t one, size_t n, void *data)
{
	struct buf *out = data;

	(void)one;
	buf_add(out, bytes, n);
	return out->failed ? 0 : n;
}

static void set_address(CURL *c, struct request *q)
{
	curl.curl_easy_setopt(c, CURLOPT_URL, q->url.ask);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl.curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, q->url.tls ? "https" : "http");
#else
	curl.curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(q->url.tls ? CURLPROTO_HTTPS : CURLPROTO_HTTP));
#endif
	curl.curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl.curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl.curl_easy_setopt(c, CURLOPT_USERAGENT, "natal-agent/" PACKAGE_VERSION);
	curl.curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl.curl_easy_setopt(c, CURLOPT_ERRORBUFFER, q->said);
	curl.curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl.curl_easy_setopt(c, CURLOPT_WRITEDATA, q->out);
	if (q->url.user) {
		curl.curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl.curl_easy_setopt(c, CURLOPT_USERNAME, q->url.user);
		curl.curl_easy_setopt(c, CURLOPT_PASSWORD, q->url.password);
	}
}

static void set_times(CURL *c, const struct request *q)
{
	int left_ms = clock_left_ms(q->t->deadline_ms);

	curl.curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1));
	curl.curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(left_ms > 0 && left_ms < CONNECT_MS ? left_ms : CONNECT_MS));
	curl.curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl.curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALLED_S);
}

/* The key is the trust: which name or whose signature its certificate has is nothing to it. */
static void set_pin(CURL *c, const uint8_t *spki)
{
	scoped_buf struct buf pin = BUF_MAX(PIN_SIZE);

	buf_str(&pin, "sha256//");
	base64_encode(&pin, spki, URL_DIGEST_SIZE);
	curl.curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, pin.data);
	curl.curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	curl.curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
}

/* 1: it may be otherwise soon. */
static int judge_curl(const struct request *q, CURLcode code, struct err *e)
{
	char said[160];

	snprintf(said, sizeof said, "%.*s", (int)sizeof said - 1, *q->said ? q->said : curl.curl_easy_strerror(code));
	text_printable(said);
	switch (code) {
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		err_set(e, ERR_UNTRUSTED, "%s: the server's key is not the one that the image's policy has for it", q->url.shown);
		err_hint(e, "\"spki\" of \"fetch\" in /etc/natal/policy.json of the image");
		return -(int)e->code;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		err_set(e, ERR_UNTRUSTED, "%s: %s", q->url.shown, said);
		err_hint(e, "the image's policy can have the server's key: \"fetch\": {\"hosts\": …}");
		return -(int)e->code;
	case CURLE_WRITE_ERROR:
		if (q->out->failed == ERR_LIMIT)
			return err_set(e, ERR_LIMIT, "%s: it is larger than %zu bytes", q->url.shown, q->out->max);
		return err_nomem(e);
	default:
		err_set(e, ERR_UNAVAILABLE, "%s: %s", q->url.shown, said);
		err_hint(e, "is the guest's network up, and does the server answer?");
		return 1;
	}
}

static int judge_status(const struct request *q, struct err *e)
{
	bool passes = q->status >= 500 || q->status == 408 || q->status == 429;
	bool denied = q->status == 401 || q->status == 403;

	err_set(e, denied ? ERR_DENIED : q->status == 404 || q->status == 410 ? ERR_NOT_FOUND : ERR_UNAVAILABLE, "%s: the server answers %ld",
		q->url.shown, q->status);
	err_hint(e, denied ? "it wants a user and password, or other ones" : passes ? "the server is at fault, or busy" : "is the address right?");
	return passes ? 1 : -(int)e->code;
}

static int ask(struct request *q, struct err *e)
{
	scoped(easy_p) CURL *c = curl.curl_easy_init();
	scoped(slist_p) struct curl_slist *headers = NULL;
	char *location = NULL;

	if (!c)
		return err_nomem(e);
	*q->said = 0;
	buf_clear(q->out);
	set_address(c, q);
	set_times(c, q);
	if (q->t->spki)
		set_pin(c, q->t->spki);
	for (size_t i = 0; q->t->headers && q->t->headers[i] && url_same_server(&q->url, q->t->url); i++) {
		struct curl_slist *more = curl.curl_slist_append(headers, q->t->headers[i]);
		if (!more)
			return err_nomem(e);
		headers = more;
	}
	curl.curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	CURLcode code = curl.curl_easy_perform(c);
	if (code)
		return judge_curl(q, code, e);
	curl.curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &q->status);
	curl.curl_easy_getinfo(c, CURLINFO_REDIRECT_URL, &location);
	q->location = location ? arena_text(q->arena, location) : NULL;
	return q->status == HTTP_OK || q->location ? 0 : judge_status(q, e);
}

/* Where it leads. User and password are of the first server alone. */
static int follow(struct request *q, struct err *e)
{
	struct url next;
	int r = url_follow(q->arena, &q->url, q->location, &next, e);

	if (r)
		return r;
	if (q->t->spki && !url_same_server(&next, q->t->url)) {
		err_set(e, ERR_DENIED, "%s leads to %s: another server than the one whose key is known", q->url.shown, next.shown);
		err_hint(e, "name the address that it leads to, and its server in the image's policy");
		return -(int)e->code;
	}
	if (q->url.tls && !next.tls)
		return err_set(e, ERR_DENIED, "%s leads to %s: from https to http", q->url.shown, next.shown);
	if (url_same_server(&next, q->t->url)) {
		next.user = q->t->url->user;
		next.password = q->t->url->password;
	} else {
		next.user = next.password = NULL;
	}
	q->url = next;
	return 0;
}

/* 1: it may be otherwise soon. */
static int attempt(const struct transfer *t, struct buf *out, struct err *e)
{
	scoped(arena_fini) struct arena arena = { 0 };
	struct request q = { .t = t, .url = *t->url, .arena = &arena, .out = out };
	int r = 0;

	for (int i = 0; !r && i <= TRANSFER_REDIRECTS_MAX; i++) {
		q.location = NULL;
		if ((r = ask(&q, e)) == 0 && !q.location)
			break;
		if (!r && i == TRANSFER_REDIRECTS_MAX)
			r = err_set(e, ERR_UNAVAILABLE, "%s: more than %d addresses, each leading to the next", t->url->shown, TRANSFER_REDIRECTS_MAX);
		r = r ? r : follow(&q, e);
	}
	return r;
}

int transfer_get(const struct transfer *t, struct buf *out, struct err *e)
{
	int pause_ms = PAUSE_FIRST_MS, r = late_load(&curl_library, e);

	if (r) {
		err_hint(e, "what is fetched is fetched by libcurl: install it in the image");
		return r;
	}
	if (curl.curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(e, ERR_UNAVAILABLE, "libcurl cannot begin");
	out->max = t->max;
	while ((r = attempt(t, out, e)) > 0) {
		int left_ms = clock_left_ms(t->deadline_ms), wait_ms = pause_ms < left_ms ? pause_ms : left_ms;
		const struct timespec pause = { wait_ms / 1000, wait_ms % 1000 * 1000000L };
		if (left_ms <= 0)
			return -(int)e->code;
		fprintf(stderr, "fetch=retry message=\"%s\"\n", e->msg);
		nanosleep(&pause, NULL);
		pause_ms = 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
	}
	return r;
}
