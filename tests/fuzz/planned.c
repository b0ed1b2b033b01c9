/* planned.c - see planned.h */
#include "tests/fuzz/planned.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/plan/plan.h"
#include "common/lint/lint.h"
#include "common/userdata/parts.h"

static int root = -1;

/* Planning looks at a folder and changes nothing: an empty one. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[] = "/tmp/natal-fuzz-XXXXXX";

	(void)argc;
	(void)argv;
	if (!mkdtemp(path))
		return 1;
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rmdir(path);
	return root < 0;
}

/* What is valid to `schema` and `lint` is not refused when it is applied, but for what depends on the image: caps, and what would be fetched. */
static void agrees(const uint8_t *bytes, size_t size, const struct err *refused)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct lint l = { .file = "x" };

	if (part_sniff(bytes, size) != PART_CONFIG || refused->code == ERR_LIMIT || refused->code == ERR_DENIED)
		return;
	lint_text(&a, (const char *)bytes, size, false, &l);
	PROMISE(!l.valid);
}

/* The same of each item; templates of ntp and apt are read when they are filled in. */
static void items_agree(const uint8_t *bytes, size_t size, const struct plan *plan)
{
	for (size_t i = 0; i < plan->item_count; i++) {
		const struct item *it = &plan->items[i];
		if (it->problem && it->problem->code == ERR_FORMAT && strcmp(it->module, "ntp") != 0 && strcmp(it->module, "apt_configure") != 0)
			agrees(bytes, size, it->problem);
	}
}

int fuzz_plan(const char *name, const uint8_t *bytes, size_t size)
{
	struct blob blob = { .bytes = bytes, .size = size, .owner = "root" };
	struct verified v = { .manifest = { .blob_count = 1, .blobs = &blob } };
	const struct facts facts = { .root = root };
	const struct done done = { 0 };
	scoped(config_free_p) struct config *config = NULL;
	scoped(plan_free_p) struct plan *plan = NULL;
	struct err e = ERR_NONE;

	snprintf(blob.name, sizeof blob.name, "%s", name);
	if (config_parse(&v, &config, &e)) {
		PROMISE(*e.msg && !config);
		if (strcmp(name, "user-data") == 0)
			agrees(bytes, size, &e);
		return 0;
	}
	int r = plan_build(config, &facts, &done, &plan, &e);
	PROMISE(r ? *e.msg && !plan : plan != NULL);
	if (plan && strcmp(name, "user-data") == 0)
		items_agree(bytes, size, plan);
	for (size_t i = 0; plan && i < plan->action_count; i++)
		PROMISE(!plan->actions[i].path || (plan->actions[i].path[0] == '/' && !strstr(plan->actions[i].path, "/../")));
	return 0;
}
