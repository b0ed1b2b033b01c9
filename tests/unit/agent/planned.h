/* planned.h - user-data and a root folder to a plan, for tests of modules. Each test file includes it once. */
#pragma once
#include "tests/unit/unit.h"
#include "agent/plan/build.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;
static struct plan *plan;
static struct config *config;
static struct test_seed seed;
static struct machine machine;
static struct done done_before;
static bool live;

static int setup(void **state)
{
	root_init(&root);
	seed_init(&seed);
	done_before = (struct done){ 0 };
	live = false;
	plan = NULL;
	config = NULL;
	return 0;
}

static int teardown(void **state)
{
	plan_free(plan);
	config_free(config);
	root_fini(&root);
	return 0;
}

/* The user-data after its first line, planned for what is in the root. */
static void planned(const char *yaml)
{
	static char text[4 << 20];
	const struct facts f = { .root = root.fd, .owners = false, .live = live };

	snprintf(text, sizeof text, "#cloud-config\n%s", yaml);
	seed_add(&seed, "user-data", text);
	machine_read(root.fd, &machine);
	assert_ok(config_parse_with(&seed.v, &(struct config_with){ NULL, &machine }, &config, &e), e);
	assert_ok(plan_build(config, &f, &done_before, &plan, &e), e);
}

/* Everything of the last plan was done, and the same guest starts again with this. */
static inline void planned_again(const char *yaml, const char *instance_id)
{
	static struct done_row rows[64];
	static char keys[64][160];

	done_before = (struct done){ 0, rows, "i-1" };
	for (size_t i = 0; i < plan->item_count && i < ARRAY_SIZE(rows); i++) {
		const struct item *it = &plan->items[i];
		if (it->frequency != FREQ_INSTANCE && it->frequency != FREQ_ONCE && it->frequency != FREQ_WISH)
			continue;
		struct done_row *row = &rows[done_before.count];
		snprintf(keys[done_before.count], sizeof keys[0], "%s", it->key);
		*row = (struct done_row){ keys[done_before.count++], it->frequency, { 0 } };
		memcpy(row->digest, it->digest, SHA256_SIZE);
	}
	plan_free(plan);
	config_free(config);
	plan = NULL;
	config = NULL;
	seed_init(&seed);
	snprintf(seed.v.manifest.vm.instance_id, sizeof seed.v.manifest.vm.instance_id, "%s", instance_id);
	planned(yaml);
}

static inline void has_program(const char *path) { root_put(&root, path, ""); }
static inline void is_debian(void)
{
	root_put(&root, "/etc/os-release", "NAME=\"Debian\"\nID=debian\nVERSION_CODENAME=bookworm\n");
	has_program("/usr/bin/apt-get");
}
static inline void is_fedora(void)
{
	root_put(&root, "/etc/os-release", "ID=\"fedora\"\nVERSION_ID=40\n");
	has_program("/usr/bin/dnf");
}

__attribute__((returns_nonnull, noinline)) static const struct item *item(const char *key)
{
	for (size_t i = 0; i < plan->item_count; i++)
		if (strcmp(plan->items[i].key, key) == 0)
			return &plan->items[i];
	fail_msg("no item %s", key);
	abort();
}

static inline const char *problem(const char *key) { return item(key)->problem ? item(key)->problem->msg : "none"; }

static const struct action *find_write(const char *path)
{
	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].kind == ACTION_WRITE && strcmp(plan->actions[i].path, path) == 0)
			return &plan->actions[i];
	return NULL;
}

static inline bool removes(const char *path)
{
	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].kind == ACTION_REMOVE && strcmp(plan->actions[i].path, path) == 0)
			return true;
	return false;
}

#define assert_written(at, text) \
	do { \
		const struct action *a_ = find_write(at); \
		if (!a_) \
			fail_msg("%s is not written", at); \
		else if (a_->size != strlen(text) || memcmp(a_->bytes, text, a_->size) != 0) \
			fail_msg("%s is written:\n%.*s", at, (int)a_->size, (const char *)a_->bytes); \
	} while (0)

/* The item's nth command, its words with blanks between them; "" where there is none. */
static inline const char *command(const char *key, size_t n)
{
	static char line[4096];
	size_t at = 0;

	line[0] = 0;
	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *a = &plan->actions[i];
		if (a->kind != ACTION_EXEC || strcmp(plan->items[a->item].key, key) != 0 || n-- > 0)
			continue;
		for (size_t k = 0; a->argv[k] && at < sizeof line; k++)
			at += (size_t)snprintf(line + at, sizeof line - at, "%s%s", k ? " " : "", a->argv[k]);
		break;
	}
	return line;
}
