/* cloud_status.h - what cloud-init says of its run: /run/cloud-init/status.json, and result.json once it has come to its end.
 *
 * Written by cloud-init in mode delegate, and by natal-agent itself where the package natal-cloud-init-compat stands in for it; read to judge the one and
 * to answer for the other.  The bytes are foreign: JSON of at most CLOUD_STATUS_MAX bytes, of which the members below are taken and the others passed over;
 * of errors the first CLOUD_STATUS_WORDS, each at most CLOUD_STATUS_WORD bytes, made printable.  Shape: cloud-init's documentation, "Boot status", and what 22.4
 * to 25 write.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "common/base/arena.h"
#include "common/base/err.h"

#define CLOUD_STATUS_PATH "/run/cloud-init/status.json"
#define CLOUD_RESULT_PATH "/run/cloud-init/result.json"
enum { CLOUD_STATUS_MAX = 1 << 20, CLOUD_STATUS_WORDS = 16, CLOUD_STATUS_WORD = 400, CLOUD_STAGES = 4 };

struct cloud_words { size_t count, all; const char *at[CLOUD_STATUS_WORDS]; };  /* all: with those that were left out */

struct cloud_status {
	struct arena arena;
	bool begun, ended;              /* there is a status.json; a result.json */
	size_t stage;                   /* that runs, or that ran last: 1 … CLOUD_STAGES; 0: none yet */
	bool running;                   /* … the first */
	const char *datasource;         /* "DataSourceNoCloud [seed=…]", "" */
	uint64_t at_unix_s;             /* of the last that happened; 0 */
	struct cloud_words errors;      /* that ended a module or a stage */
	struct cloud_words recoverable; /* that did not: cloud-init 23.4 and later */
};

/* "init-local", "init", "modules-config", "modules-final" for 1 … CLOUD_STAGES */
const char *cloud_stage_name(size_t stage);
/* Of texts; NULL where there is no such file. Errors: format with the file's name, limit. cloud_status_fini() after success. */
struct cloud_text { const void *bytes; size_t size; };
int cloud_status_parse(const struct cloud_text *status, const struct cloud_text *result, struct cloud_status *ret, struct err *e);
/* Of the files below root. */
int cloud_status_read(int root, struct cloud_status *ret, struct err *e);
void cloud_status_fini(struct cloud_status *s);
