/* Each module has one owner; what cloud-init owns natal neither reads nor plans. */
#include "tests/unit/unit.h"
#include <json-c/json.h>
#include "agent/plan/build.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;
static struct plan *plan;
static struct config *config;
static struct test_seed seed;

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	seed_init(&seed);
	plan = NULL;
	config = NULL;
	root_put(&root, "/usr/bin/cloud-init", "#!/usr/bin/python3\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plan_free(plan);
	config_free(config);
	root_fini(&root);
	return 0;
}

static int build(void)
{
	const struct facts f = { .root = root.fd, .owners = geteuid() == 0 };
	const struct done none = { 0 };
	int r = config_delegate(&seed.v, NULL, &config, &e);

	return r ? r : plan_build(config, &f, &none, &plan, &e);
}

static const struct action *writes(const char *path)
{
	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].kind == ACTION_WRITE && strcmp(plan->actions[i].path, path) == 0)
			return &plan->actions[i];
	return NULL;
}

static const char *problem(void)
{
	for (size_t i = 0; i < plan->item_count; i++)
		if (strcmp(plan->items[i].key, "cloud_init") == 0 && plan->items[i].problem)
			return plan->items[i].problem->msg;
	return "";
}

static void user_data_is_not_read(void **state)
{
	static const char *const texts[] = { "#part-handler\nimport os\n", "#cloud-config\n- no map\n", "#include http://192.0.2.1/x\n", "\x1f\x8b\x01" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		seed_init(&seed);
		seed_add(&seed, "user-data", texts[i]);
		assert_ok(build(), e);
		const struct action *a = writes("/var/lib/cloud/seed/nocloud/user-data");
		assert_non_null(a);
		assert_int_equal(a->size, strlen(texts[i]));
		assert_memory_equal(a->bytes, texts[i], a->size);
		assert_int_equal(a->mode, 0600);
		assert_true(a->secret);
		plan_free(plan);
		config_free(config);
		plan = NULL;
		config = NULL;
	}
}

static void caps_stay(void **state)
{
	static char large[CONFIG_DOC_MAX + 2];

	(void)state;
	memset(large, '#', CONFIG_DOC_MAX + 1);
	seed_add(&seed, "vendor-data", large);
	assert_err(build(), ERR_LIMIT, e, "vendor-data has 1048577 bytes: 1048576 at most");
	seed_init(&seed);
	seed_add(&seed, "novelty", "x");
	assert_err(build(), ERR_UNSUPPORTED, e, "blob 'novelty' is of no kind that this agent knows");
}

static void just_natals_own(void **state)
{
	(void)state;
	seed_add(&seed, "user-data", "#cloud-config\nusers: [{name: alice}]\nhostname: h\n");
	seed_add(&seed, "report-key", "0123456789abcdef0123456789abcdef");
	assert_ok(build(), e);
	assert_int_equal(plan->item_count, 3);
	assert_string_equal(plan->items[0].key, "report_key");
	assert_string_equal(plan->items[1].key, "machine_id");
	assert_string_equal(plan->items[2].key, "cloud_init");
	assert_null(writes("/etc/hostname"));
	assert_non_null(writes("/etc/cloud/cloud.cfg.d/99-natal.cfg"));
	assert_non_null(writes("/var/lib/cloud/seed/nocloud/meta-data"));
	assert_null(writes("/var/lib/cloud/seed/nocloud/vendor-data"));
}

/* Of the types that it is to make cloud-init makes those that are not there. */
static void cloud_init_makes_no_host_key(void **state)
{
	(void)state;
	seed_add(&seed, "ssh/ssh_host_rsa_key", "k");
	assert_ok(build(), e);
	assert_non_null(strstr(writes("/etc/cloud/cloud.cfg.d/99-natal.cfg")->bytes, "\nssh_deletekeys: false\nssh_genkeytypes: [ rsa ]\n"));
}

/* Even if the config had something for them. */
static void others_modules_are_not_asked(void **state)
{
	const struct facts f = { .root = root.fd, .owners = geteuid() == 0 };
	const struct done none = { 0 };

	(void)state;
	assert_ok(config_delegate(&seed.v, NULL, &config, &e), e);
	config->hostname = config->node_name = "h";
	assert_ok(plan_build(config, &f, &none, &plan, &e), e);
	assert_null(writes("/etc/hostname"));
	plan_free(plan);
	plan = NULL;
	config->delegated = false;
	assert_ok(plan_build(config, &f, &none, &plan, &e), e);
	assert_non_null(writes("/etc/hostname"));
}

static void one_owner_each(void **state)
{
	(void)state;
	for (size_t m = 0; m < module_count; m++) {
		assert_string_equal(module_owner(&modules[m], false), "natal-agent");
		assert_string_equal(module_owner(&modules[m], true), modules[m].owner == OWNER_AGENT ? "natal-agent" : "cloud-init");
		for (size_t k = 0; k < module_count; k++)
			if (strcmp(modules[m].name, modules[k].name) == 0)
				assert_int_equal(modules[m].owner, modules[k].owner);
	}
}

static void cloud_init_has_to_be_there(void **state)
{
	(void)state;
	root_put(&root, "/usr/bin/true", "");
	char path[128];
	snprintf(path, sizeof path, "%s/usr/bin/cloud-init", root.path);
	unlink(path);
	assert_ok(build(), e);
	assert_non_null(strstr(problem(), "cloud-init is not installed"));
	assert_null(writes("/var/lib/cloud/seed/nocloud/user-data"));
}

static void nobody_else_leads_it(void **state)
{
	static const struct { const char *path, *text, *msg; } cases[] = {
		{ "/proc/cmdline", "ro ds=nocloud;s=/x quiet\n", "the kernel's command line says 'ds=" },
		{ "/proc/cmdline", "ci.ds=None\n", "the kernel's command line says 'ci.ds=" },
		{ "/proc/cmdline", "cloud-config-url=http://192.0.2.1/\n", "says 'cloud-config-url=" },
		{ "/proc/cmdline", "network-config=e30=\n", "says 'network-config=" },
		{ "/proc/cmdline", "ro url=http://192.0.2.1/\n", "says 'url=" },
		{ "/proc/cmdline", "ip=192.0.2.9::192.0.2.1\n", "says 'ip=" },
		{ "/proc/cmdline", "ro foo=cc:ssh_deletekeys:%20true end_cc\n", "says 'cc:" },
		{ "/proc/cmdline", "root=/dev/vda fields=1 xds=2 curl=x zip=1\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		root_put(&root, cases[i].path, cases[i].text);
		assert_ok(build(), e);
		assert_true(*cases[i].msg ? strstr(problem(), cases[i].msg) != NULL : !*problem());
		plan_free(plan);
		config_free(config);
		plan = NULL;
		config = NULL;
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(user_data_is_not_read), TEST(caps_stay), TEST(just_natals_own), TEST(others_modules_are_not_asked), TEST(cloud_init_makes_no_host_key), TEST(one_owner_each), TEST(cloud_init_has_to_be_there),
		TEST(nobody_else_leads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
