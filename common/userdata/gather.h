/* gather.h - texts of user-data, one after the other, into one config and a list of scripts: what userdata_read() does once and
 * `natal-agent userdata merge` for each file. */
#pragma once
#include "common/userdata/parts.h"

struct gather {
	const struct userdata_in *in;
	const char *how;        /* the strategy of parts that name none; NULL: MERGE_PARTS */
	bool vendor;
	struct node *config;    /* NULL before the first text */
	size_t script_count;
	struct script *scripts;
	/* The gatherer's own. */
	struct node *vars;
	size_t text_size, values, copied;
};
/* Zero-initialised but for its first fields by the caller. Errors as userdata_read(). */
int gather_parts(struct gather *g, const char *doc, const void *bytes, size_t size, struct err *e);
