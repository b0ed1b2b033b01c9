/* mime.h - a MIME message (RFC 2045, 2046, 2183, 2231) down to its leaves, as mail programs and cloud-init's make-mime write them.
 *
 * Multiparts are walked in order, MIME_MULTIPARTS_MAX of them and to MIME_DEPTH_MAX; each leaf is decoded (base64, quoted-printable, 7bit, 8bit, binary) and shown to
 * the caller.  A header that decides how bytes are read (Content-Type, Content-Transfer-Encoding) may stand once in a part: readers
 * differ about which of two counts, and what one of them checked another would run.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "common/base/arena.h"
#include "common/base/err.h"

enum { MIME_DEPTH_MAX = 8, MIME_MULTIPARTS_MAX = 256, MIME_HEADERS_MAX = 64, MIME_HEADER_BYTES_MAX = 32 << 10, MIME_BOUNDARY_MAX = 256 };

struct mime_leaf {
	const char *type;       /* "text/cloud-config", in lower case; text/plain where none is said */
	const char *filename;   /* of Content-Disposition, else the type's name; NULL: none */
	const char *merge;      /* Merge-Type or X-Merge-Type; NULL: none */
	const char *launch;     /* Launch-Index; NULL: none */
	const void *bytes;      /* decoded, maybe the input's own */
	size_t size;
	unsigned line;          /* of the body's first byte in the message */
};

struct mime_reader {
	struct arena *arena;
	const char *doc;
	/* Called per leaf, in order; what it returns other than 0 ends the walk. */
	int (*leaf)(void *data, const struct mime_leaf *leaf, struct err *e);
	void *data;
	bool *cut;              /* set where a multipart's closing boundary is missing; may be NULL */
};

/* cloud-init's rule: "mime-version:" in any case stands in the first 4096 bytes. */
bool mime_is(const void *bytes, size_t size);
/* Errors: format and limit with their line, unsupported (an encoding, a charset); the leaf function's own. */
int mime_read(const struct mime_reader *r, const void *bytes, size_t size, struct err *e);

/* header.c: a header's parts. */
struct mime_header { const char *name, *value; };
struct mime_headers { size_t count; struct mime_header *at; };
/* The first header of that name, NULL where there is none. */
const char *mime_header(const struct mime_headers *h, const char *name);
/* A parameter of a structured header ("boundary" of `multipart/mixed; boundary="x"`), RFC 2231's pieces and percents resolved; NULL: none. */
const char *mime_param(struct arena *a, const char *value, const char *name);
