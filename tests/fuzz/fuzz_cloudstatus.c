/* cloud-init's status and result, parted by the first NUL: what is read is within its caps, printable, and the same when the file comes twice. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "agent/cloud_status.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void check(const struct cloud_words *w)
{
	PROMISE(w->count <= CLOUD_STATUS_WORDS && w->count <= w->all && (w->count == w->all || w->count == CLOUD_STATUS_WORDS));
	for (size_t i = 0; i < w->count; i++) {
		PROMISE(strlen(w->at[i]) <= CLOUD_STATUS_WORD);
		for (const char *p = w->at[i]; *p; p++)
			PROMISE((unsigned char)*p >= ' ' && *p != 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint8_t *end = size ? memchr(bytes, 0, size) : NULL;
	size_t n = end ? (size_t)(end - bytes) : size;
	const struct cloud_text status = { bytes, n }, result = { end ? end + 1 : bytes, end ? size - n - 1 : 0 };
	struct cloud_status s;
	struct err e = ERR_NONE;

	if (cloud_status_parse(&status, end ? &result : NULL, &s, &e)) {
		PROMISE(*e.msg && (e.code == ERR_FORMAT || e.code == ERR_LIMIT));
		return 0;
	}
	PROMISE(s.begun && s.ended == (end != NULL) && s.stage <= CLOUD_STAGES && s.datasource && !(s.ended && s.running));
	check(&s.errors);
	check(&s.recoverable);
	cloud_status_fini(&s);
	return 0;
}
