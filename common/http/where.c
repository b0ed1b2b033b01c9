/* where.c - see where.h */
#include "common/http/where.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

int http_where_read(const char *url, struct http_where *ret, struct err *e)
{
	const char *at = text_starts(url, "https://") ? url + 8 : url, *end = at + strcspn(at, "/"), *colon = NULL;
	bool bracket = *at == '[';
	uint64_t port = 8443;

	const char *host = at + bracket, *host_end = bracket ? memchr(at, ']', (size_t)(end - at)) : memchr(at, ':', (size_t)(end - at));
	if (!host_end && !bracket)
		host_end = end;
	if (host_end)
		colon = host_end + bracket;
	size_t n = host_end ? (size_t)(host_end - host) : 0, digits = colon && *colon == ':' ? (size_t)(end - colon - 1) : 0;
	bool good = n && n < sizeof ret->host && colon && (colon == end || (*colon == ':' && digits && digits < sizeof ret->port)) &&
		(!*end || !end[1]) && !strstr(at, "//") && !text_starts(url, "http://");
	memset(ret->port, 0, sizeof ret->port);
	if (good && digits)
		memcpy(ret->port, colon + 1, digits);
	if (!good || (digits && !text_number(ret->port, &port)) || port == 0 || port > 65535) {
		err_set(e, ERR_USAGE, "'%.200s' is no address of a controller", url);
		err_hint(e, "https://HOST:PORT, as natald --listen has it");
		return -(int)e->code;
	}
	memcpy(ret->host, host, n);
	ret->host[n] = 0;
	snprintf(ret->port, sizeof ret->port, "%u", (unsigned)port);
	return 0;
}

void http_where_text(const struct http_where *w, char out[HTTP_WHERE_TEXT_MAX])
{
	bool v6 = strchr(w->host, ':');

	snprintf(out, HTTP_WHERE_TEXT_MAX, "https://%s%s%s:%s", v6 ? "[" : "", w->host, v6 ? "]" : "", w->port);
}
