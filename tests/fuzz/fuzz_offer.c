/* What sources say that nobody signs: NoCloud's meta-data, its hint on the kernel's command line, SMBIOS strings. The first byte says which. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "agent/source/offer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct offer o = { .launch_index = -1, .notes.arena = &o.arena };
	struct err e = ERR_NONE;
	const char *folder = NULL;
	size_t count = 0;

	if (!size)
		return 0;
	const char *text = arena_copy(&o.arena, bytes + 1, size - 1);
	if (bytes[0] == 'm') {
		if (nocloud_meta(&o, bytes + 1, size - 1, &e))
			PROMISE(*e.msg);
		PROMISE(!o.keys || o.keys->kind == NODE_LIST);
	} else if (bytes[0] == 'h') {
		if (nocloud_hint(&o, text, &folder, &e))
			PROMISE(*e.msg && !folder);
		else
			PROMISE(!*folder || *folder == '/');
	} else {
		credentials_strings(&o, bytes + 1, size - 1, &count);
		PROMISE(!o.config || o.config->kind == NODE_MAP);
		if (o.config) {
			scoped_buf struct buf json = BUF_MAX(64 << 20);
			node_json(o.config, 0, &json);
		}
	}
	arena_fini(&o.arena);
	return 0;
}
