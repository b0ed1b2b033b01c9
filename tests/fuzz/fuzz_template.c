/* Templates: an error has a place, and what is written stays below its maximum. A first byte of "$" is a basic template. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/data/yaml.h"
#include "common/userdata/template.h"

static const char values[] = "{v1: {local-hostname: web-1, region: eu, n: 3, list: [1, two, 3.5, null, true], map: {a: {b: c}}}, name: 'Gr\xc3\xbc\xc3\x9f' }";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena a = { 0 };
	struct node *vars = NULL;
	const char *out = NULL;
	size_t n = 0;
	struct err e = ERR_NONE;

	PROMISE(yaml_read(&a, "vars", values, sizeof values - 1, NULL, &vars, &e) == 0);
	char *text = arena_printf(&a, "## template: %s\n%.*s", size && bytes[0] == '$' ? "basic" : "jinja", (int)size, (const char *)bytes);
	if (template_render(&(struct template_in){ &a, "x", text, strlen(text), template_vars(&a, vars) }, &out, &n, &e))
		PROMISE(*e.msg && !out && strncmp(e.where, "x:", 2) == 0);
	else
		PROMISE(out && n <= TEMPLATE_OUT_MAX && !out[n]);
	arena_fini(&a);
	return 0;
}
