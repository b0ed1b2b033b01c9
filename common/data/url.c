/* url.c - see url.h */
#include "common/data/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "common/base/text.h"

#define DIGEST_WORD "sha256="

const char *url_shown(struct arena *a, const char *text)
{
	const char *colon = strstr(text, "://"), *from = colon ? colon + 3 : text;
	size_t scheme = (size_t)(from - text), n = strcspn(from, "?#"), server = strcspn(from, "/?#");
	const char *at = NULL;

	for (const char *p = from; p < from + server; p++)
		if (*p == '@')
			at = p + 1;
	const char *rest = at ? at : from;
	char *shown = arena_printf(a, "%.*s%.*s%s", scheme < 64 ? (int)scheme : 64, text, (int)(n < 300 ? n - (size_t)(rest - from) : 300), rest,
		from[n] == '?' ? "?…" : "");
	text_printable(shown);
	return shown;
}

static int bad(struct arena *a, const char *text, struct err *e, const char *what)
{
	return err_set(e, ERR_FORMAT, "'%.200s': %s", url_shown(a, text), what);
}

/* What may stand in an address; others are written as %XX. */
static bool is_clean(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p))
			return false;
	return true;
}

static int nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* NULL: a '%' without two digits, or a byte that no header may carry. */
static const char *decode(struct arena *a, const char *text, size_t n)
{
	char *out = arena_copy(a, text, n), *to = out;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (c == '%') {
			int high = i + 2 < n ? nibble(text[i + 1]) : -1, low = i + 2 < n ? nibble(text[i + 2]) : -1;
			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if ((unsigned char)c < ' ' || c == 127)
			return NULL;
		*to++ = c;
	}
	*to = 0;
	return out;
}

static int take_user(struct arena *a, const char *text, const char *from, size_t n, struct url *u, struct err *e)
{
	const char *colon = memchr(from, ':', n);
	size_t user = colon ? (size_t)(colon - from) : n;

	u->user = decode(a, from, user);
	u->password = decode(a, colon ? colon + 1 : "", colon ? n - user - 1 : 0);
	if (!u->user || !u->password || strchr(u->user, ':'))
		return bad(a, text, e, "the user or password in front of the host cannot be read");
	return 0;
}

static int take_port(struct arena *a, const char *text, const char *from, size_t n, struct url *u, struct err *e)
{
	uint64_t port;

	if (n == 0 || n > 5 || !text_number(arena_copy(a, from, n), &port) || port == 0 || port > 65535)
		return bad(a, text, e, "the port is no number from 1 to 65535");
	u->port = (unsigned)port;
	return 0;
}

static bool is_host(const char *host, size_t n, bool six)
{
	for (size_t i = 0; i < n; i++)
		if (six ? !isxdigit((unsigned char)host[i]) && !strchr(":.", host[i]) : !isalnum((unsigned char)host[i]) && !strchr("-.", host[i]))
			return false;
	return n > 0 && n <= URL_HOST_MAX && (six ? memchr(host, ':', n) != NULL : host[0] != '.' && host[0] != '-');
}

/* "user:password@host:port" */
static int take_server(struct arena *a, const char *text, const char *from, size_t n, struct url *u, struct err *e)
{
	const char *at = memchr(from, '@', n), *end = from + n;
	int r = 0;

	if (at && memchr(at + 1, '@', (size_t)(end - at - 1)))
		return bad(a, text, e, "two '@' stand in front of the path: write one as %40");
	if (at && (r = take_user(a, text, from, (size_t)(at - from), u, e)))
		return r;
	from = at ? at + 1 : from;
	bool six = from < end && *from == '[';
	const char *close = six ? memchr(from, ']', (size_t)(end - from)) : NULL, *host = six ? from + 1 : from;
	const char *stop = six ? close : memchr(from, ':', (size_t)(end - from)), *rest = six && close ? close + 1 : stop;
	stop = stop ? stop : end;
	if ((six && !close) || !is_host(host, (size_t)(stop - host), six) || (rest && rest < end && *rest != ':'))
		return bad(a, text, e, "the host is no name of letters, digits, '-' and '.'");
	char *lower = arena_copy(a, host, (size_t)(stop - host));
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	u->host = lower;
	u->port = u->tls ? 443 : 80;
	return rest && rest < end ? take_port(a, text, rest + 1, (size_t)(end - rest - 1), u, e) : 0;
}

static int take_fragment(struct arena *a, const char *text, const char *fragment, struct url *u, struct err *e)
{
	char hex[2 * URL_DIGEST_SIZE + 1] = "";
	size_t n = strlen(fragment);

	if (!text_starts(fragment, DIGEST_WORD) || n != strlen(DIGEST_WORD) + 2 * URL_DIGEST_SIZE)
		return bad(a, text, e, "what follows '#' is not sha256= and 64 hexadecimal digits");
	for (size_t i = 0; i < 2 * URL_DIGEST_SIZE; i++)
		hex[i] = (char)tolower((unsigned char)fragment[strlen(DIGEST_WORD) + i]);
	if (!hex_decode(hex, u->digest, URL_DIGEST_SIZE))
		return bad(a, text, e, "what follows '#' is not sha256= and 64 hexadecimal digits");
	u->has_digest = true;
	return 0;
}

int url_parse(struct arena *a, const char *text, struct url *ret, struct err *e)
{
	struct url u = { 0 };
	size_t n = strlen(text), scheme = strcspn(text, ":");
	int r;

	if (n > URL_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "an address of %zu bytes: %d at most", n, URL_SIZE_MAX);
	u.tls = scheme == 5 && strncasecmp(text, "https", 5) == 0;
	if ((!u.tls && !(scheme == 4 && strncasecmp(text, "http", 4) == 0)) || !text_starts(text + scheme, "://")) {
		bad(a, text, e, "this is no address that begins with https:// or http://");
		err_hint(e, "files and other protocols are not fetched");
		return -(int)e->code;
	}
	if (!is_clean(text))
		return bad(a, text, e, "there is a space or another byte in it that no address has: write it as %XX");
	const char *server = text + scheme + 3, *path = server + strcspn(server, "/?#"), *query = path + strcspn(path, "?#"),
		*fragment = path + strcspn(path, "#");
	if ((r = take_server(a, text, server, (size_t)(path - server), &u, e)) || (*fragment && (r = take_fragment(a, text, fragment + 1, &u, e))))
		return r;
	bool six = strchr(u.host, ':') != NULL;
	u.ask = arena_printf(a, "http%s://%s%s%s:%u%s%.*s", u.tls ? "s" : "", six ? "[" : "", u.host, six ? "]" : "", u.port, *path == '/' ? "" : "/",
		(int)(fragment - path), path);
	u.shown = arena_printf(a, "http%s://%s%s%s%s%s%.*s%s", u.tls ? "s" : "", six ? "[" : "", u.host, six ? "]" : "",
		u.port == (u.tls ? 443u : 80u) ? "" : arena_printf(a, ":%u", u.port), *path == '/' ? "" : "/", (int)(query - path), path,
		*query == '?' ? "?…" : "");
	*ret = u;
	return 0;
}

bool url_same_server(const struct url *a, const struct url *b) { return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0; }

int url_follow(struct arena *a, const struct url *from, const char *location, struct url *ret, struct err *e)
{
	size_t n = strcspn(location, "#");

	if (strcspn(location, ":") >= strcspn(location, "/?#") || !strstr(location, "://"))
		return err_set(e, ERR_UNSUPPORTED, "%s leads to a place that is no whole address", from->shown);
	int r = url_parse(a, arena_copy(a, location, n), ret, e);
	return r ? err_wrap(e, "%s leads to another place", from->shown) : 0;
}
