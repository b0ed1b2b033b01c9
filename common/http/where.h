/* where.h - the address of a controller, as people write it: "https://host:port", "host:port", "host"; where the port is missing, 8443. */
#pragma once
#include "common/base/err.h"

struct http_where { char host[256], port[6]; };
/* usage: it is none. */
int http_where_read(const char *url, struct http_where *ret, struct err *e);
/* "https://host:port", an IPv6 address in brackets. */
enum { HTTP_WHERE_TEXT_MAX = 300 };
void http_where_text(const struct http_where *w, char out[HTTP_WHERE_TEXT_MAX]);
