/* JSON: what is accepted can be written, and what is written is accepted. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/data/json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_json struct json_object *o = NULL, *again = NULL;
	struct err e;

	if (json_parse(bytes, size, "x", &o, &e)) {
		PROMISE(*e.msg && !o);
		return 0;
	}
	const char *line = json_line(o);
	PROMISE(line && json_parse(line, strlen(line), "x", &again, &e) == 0);
	return 0;
}
