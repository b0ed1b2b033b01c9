/* User-data: whatever is given, what comes out is a map and scripts with safe names, and errors have words. The first byte says what else
 * there is: vendor-data (behind a line "====") and a launch index. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/userdata/parts.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static int fetch(void *data, struct arena *a, const struct userdata_url *url, struct userdata_text *ret, struct err *e)
{
	(void)data;
	ret->bytes = url->once ? NULL : arena_text(a, url->text);
	ret->size = strlen(url->text);
	return *url->text == '-' ? err_set(e, ERR_DENIED, "not this one") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char cut[] = "\n====\n";
	const struct userdata_include include = { fetch, NULL };
	struct arena a = { 0 };
	struct notes notes = { .arena = &a };
	struct userdata out = { 0 };
	struct parts parts = { 0 };
	struct err e = ERR_NONE;

	if (!size)
		return 0;
	const uint8_t *user = bytes + 1, *vendor = memmem(user, size - 1, cut, sizeof cut - 1);
	struct userdata_in in = { .arena = &a, .user = user, .user_size = vendor ? (size_t)(vendor - user) : size - 1,
		.launch_index = (bytes[0] & 3) - 1, .include = bytes[0] & 4 ? &include : NULL };
	if (vendor) {
		in.vendor = vendor + sizeof cut - 1;
		in.vendor_size = (size_t)(bytes + size - vendor) - (sizeof cut - 1);
	}
	if (userdata_read(&in, &out, &notes, &e)) {
		PROMISE(*e.msg && !out.config);
	} else {
		PROMISE(out.config && out.config->kind == NODE_MAP);
		for (size_t i = 0; i < out.script_count; i++)
			PROMISE(*out.scripts[i].name && *out.scripts[i].name != '.' && !strchr(out.scripts[i].name, '/'));
		scoped_buf struct buf json = BUF_MAX(64 << 20);
		node_json(out.config, 0, &json);
	}
	if (parts_read(&(struct parts_in){ &a, "x", user, in.user_size, NULL, &notes }, &parts, &e) == 0)
		PROMISE(parts_show(&a, &parts)->count == parts.count && parts.count <= USERDATA_PARTS_MAX);
	arena_fini(&a);
	return 0;
}
