/* The schema: any document is judged, the same way twice; a wrong one says what is wrong. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/base/arena.h"
#include "common/lint/lint.h"
#include "common/data/yaml.h"
#include "common/schema/schema.h"
#include "common/userdata/meaning.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct notes notes = { .arena = &a }, again = { .arena = &a };
	struct node *config = NULL;
	struct err e;

	if (yaml_read(&a, "x", bytes, size, NULL, &config, &e)) {
		PROMISE(*e.msg);
		return 0;
	}
	int r = schema_check(config, &notes);
	PROMISE(!r == !notes.of[NOTE_ERROR]);
	PROMISE(schema_check(config, &again) == r && again.count == notes.count && again.of[NOTE_DEPRECATED] == notes.of[NOTE_DEPRECATED]);
	for (size_t i = 0; i < notes.kept; i++)
		PROMISE(*notes.at[i].err.msg && notes.at[i].path && !strchr(notes.at[i].err.msg, '\n'));
	schema_support(config, &again);
	struct notes meant = { .arena = &a };
	if (r == 0)
		meaning_check(&a, config, &meant);
	for (size_t i = 0; i < meant.kept; i++)
		PROMISE(*meant.at[i].err.msg && *meant.at[i].path && *meant.at[i].err.where && !strchr(meant.at[i].err.msg, '\n'));
	struct lint l = { .file = "x" };
	lint_text(&a, (const char *)bytes, size, false, &l);
	struct json_object *o = lint_json(&l);
	PROMISE(json_line(o) != NULL);
	json_object_put(o);
	return 0;
}
