/* fetch.h - texts that a config names and does not hold: #include, and the source of write_files.
 *
 * config_parse_with() asks for each, by the image's policy; who gives it (agent/fetched.h) fetches nothing while it parses.  What is not here
 * yet is listed in the config: until it is, user-data that includes something counts for nothing (`partial`), and a file whose
 * source is not here is left out.
 */
#pragma once
#include "common/media/fetch.h"
#include "common/userdata/userdata.h"

enum { CONFIG_HEADERS_MAX = 32, CONFIG_WANTS_MAX = 256 };

struct config_want {
	struct url url;
	const struct fetch_host *pin;   /* the server's key, or NULL */
	bool once;                      /* not again for this instance */
	bool file;                      /* of write_files: its failure is that file's alone */
	const char *const *headers;     /* "Name: value", NULL-terminated; NULL: none */
};

struct config_fetch {
	const struct fetch_policy *policy;
	/* ret->bytes NULL: it is not here yet. An error: it could not be fetched. */
	int (*get)(void *data, struct arena *a, const struct config_want *w, struct userdata_text *ret, struct err *e);
	void *data;
};
