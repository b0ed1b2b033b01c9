/* Which service's files a guest's network becomes, what of an older one goes, and that a wrong one changes nothing. */
#include <pthread.h>
#include <time.h>
#include "tests/unit/unit.h"
#include "agent/networks.h"
#include "agent/plan/build.h"
#include "common/base/clock.h"
#include "common/data/yaml.h"
#include "tests/unit/agent/seed.h"

#define DHCP "{\"version\":2,\"ethernets\":{\"e0\":{\"match\":{\"macaddress\":\"52:54:00:00:00:01\"},\"set-name\":\"lan\",\"dhcp4\":true}}}"
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

static int build(const char *network, bool live)
{
	const struct facts f = { .root = root.fd, .owners = geteuid() == 0, .live = live };
	const struct done none = { 0 };

	if (network)
		seed_add(&seed, "network-config", network);
	int r = config_parse(&seed.v, &config, &e);
	return r ? r : plan_build(config, &f, &none, &plan, &e);
}

static const struct action *find(enum action_kind kind, const char *path)
{
	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].kind == kind && plan->actions[i].path && strcmp(plan->actions[i].path, path) == 0)
			return &plan->actions[i];
	return NULL;
}

/* NULL: there is none; *actions: how many it has. */
static const struct item *network_item(size_t *actions)
{
	const struct item *found = NULL;

	*actions = 0;
	for (size_t i = 0; i < plan->item_count; i++)
		if (strcmp(plan->items[i].key, "network") == 0)
			found = &plan->items[i];
	for (size_t k = 0; found && k < plan->action_count; k++)
		*actions += &plan->items[plan->actions[k].item] == found;
	return found;
}

static bool runs(const char *program, const char *word)
{
	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].kind == ACTION_EXEC && strcmp(plan->actions[i].argv[0], program) == 0 && strcmp(plan->actions[i].argv[1], word) == 0)
			return true;
	return false;
}

static void files_are_of_the_service_that_runs(void **state)
{
	static const struct { const char *there[3], *written; unsigned mode; } cases[] = {
		{ { "/usr/lib/systemd/systemd-networkd" }, "/etc/systemd/network/10-cloud-init-lan.network", 0644 },
		{ { "/usr/lib/systemd/systemd-networkd", "/usr/sbin/NetworkManager", "/etc/systemd/system/multi-user.target.wants/NetworkManager.service" },
			"/etc/NetworkManager/system-connections/cloud-init-e0.nmconnection", 0600 },
		{ { "/usr/lib/systemd/systemd-networkd", "/usr/sbin/netplan" }, "/etc/netplan/50-cloud-init.yaml", 0600 },
		{ { "/usr/sbin/ifup", "/etc/network/interfaces" }, "/etc/network/interfaces", 0644 },
		{ { "/usr/sbin/ifup", "/etc/sysconfig/network-scripts/network-functions" }, "/etc/sysconfig/network-scripts/ifcfg-lan", 0644 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t k = 0; k < 3 && cases[i].there[k]; k++)
			root_put(&root, cases[i].there[k], "x");
		assert_ok(build(DHCP, false), e);
		const struct action *a = find(ACTION_WRITE, cases[i].written);
		if (!a)
			fail_msg("%s is not written", cases[i].written);
		assert_int_equal(a->mode, cases[i].mode);
		assert_int_equal(plan->notes.kept, 0);
		assert_string_equal(plan->items[a->item].key, "network");
		teardown(NULL);
		setup(NULL);
	}
}

static void a_guest_without_a_service_is_told_so(void **state)
{
	(void)state;
	assert_ok(build(DHCP, false), e);
	assert_int_equal(plan->notes.kept, 1);
	assert_non_null(strstr(plan->notes.at[0].err.msg, "no network service that natal knows"));
	assert_non_null(find(ACTION_WRITE, "/etc/systemd/network/10-cloud-init-lan.network"));
}

static void debian_keeps_them_in_a_folder(void **state)
{
	(void)state;
	root_put(&root, "/usr/sbin/ifup", "x");
	root_put(&root, "/etc/network/interfaces", "# mine\nsource /etc/network/interfaces.d/*\n");
	assert_ok(build(DHCP, false), e);
	assert_non_null(find(ACTION_WRITE, "/etc/network/interfaces.d/50-cloud-init"));
	assert_null(find(ACTION_WRITE, "/etc/network/interfaces"));
	assert_non_null(find(ACTION_WRITE, "/etc/udev/rules.d/70-persistent-net.rules"));
}

static void older_files_go_others_stay(void **state)
{
	static const char *const go[] = { "/etc/systemd/network/10-natal-old.network", "/etc/systemd/network/10-cloud-init-old.network",
		"/etc/systemd/network/10-cloud-init-old.link", "/etc/netplan/50-cloud-init.yaml",
		"/etc/NetworkManager/system-connections/cloud-init-old.nmconnection" };
	static const char *const stay[] = { "/etc/systemd/network/50-mine.network", "/etc/netplan/01-mine.yaml",
		"/etc/sysconfig/network-scripts/ifcfg-mine" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(go); i++)
		root_put(&root, go[i], "x");
	for (size_t i = 0; i < ARRAY_SIZE(stay); i++)
		root_put(&root, stay[i], "x");
	root_put(&root, "/etc/sysconfig/network-scripts/ifcfg-old", "# Created by cloud-init automatically, do not edit.\n");
	root_put(&root, "/usr/lib/systemd/systemd-networkd", "x");
	assert_ok(build(DHCP, false), e);
	for (size_t i = 0; i < ARRAY_SIZE(go); i++)
		assert_non_null(find(ACTION_REMOVE, go[i]));
	for (size_t i = 0; i < ARRAY_SIZE(stay); i++)
		assert_null(find(ACTION_REMOVE, stay[i]));
	assert_non_null(find(ACTION_REMOVE, "/etc/sysconfig/network-scripts/ifcfg-old"));
}

static void names_and_netplan_take_effect_before_the_network(void **state)
{
	(void)state;
	root_put(&root, "/usr/lib/systemd/systemd-networkd", "x");
	assert_ok(build(DHCP, true), e);
	assert_true(runs("/usr/bin/udevadm", "control") && runs("/usr/bin/udevadm", "trigger"));
	assert_false(runs("/usr/sbin/netplan", "generate"));
	teardown(NULL);
	setup(NULL);
	root_put(&root, "/usr/sbin/netplan", "x");
	assert_ok(build(DHCP, true), e);
	assert_true(runs("/usr/sbin/netplan", "generate") && runs("/usr/bin/udevadm", "trigger"));
}

#define OPENSTACK "{\"links\":[{\"id\":\"t\",\"type\":\"vif\",\"ethernet_mac_address\":\"52:54:00:00:00:01\"}]," \
	"\"networks\":[{\"link\":\"t\",\"type\":\"ipv4_dhcp\"}]}"
static void openstack_names_come_from_the_guest(void **state)
{
	(void)state;
	root_put(&root, "/usr/lib/systemd/systemd-networkd", "x");
	root_put(&root, "/sys/class/net/ens7/address", "52:54:00:00:00:01\n");
	assert_ok(build(OPENSTACK, false), e);
	assert_non_null(find(ACTION_WRITE, "/etc/systemd/network/10-cloud-init-ens7.network"));
}

static void a_wrong_one_changes_nothing(void **state)
{
	size_t actions;

	(void)state;
	root_put(&root, "/usr/lib/systemd/systemd-networkd", "x");
	root_put(&root, "/etc/systemd/network/10-cloud-init-old.network", "x");
	assert_ok(build(OPENSTACK, false), e);
	const struct item *item = network_item(&actions);
	assert_non_null(item);
	assert_int_equal(actions, 0);
	assert_non_null(item->problem);
	assert_non_null(strstr(item->problem->msg, "no interface has the MAC address '52:54:00:00:00:01'"));
}

/* In ConfigDrive it is a file beside the others, and needs no word on its language. */
static void network_data_of_a_source_is_openstacks(void **state)
{
	(void)state;
	root_put(&root, "/usr/lib/systemd/systemd-networkd", "x");
	root_put(&root, "/sys/class/net/ens7/address", "52:54:00:00:00:01\n");
	seed.v.waived = true;
	seed_add(&seed, "network-data", OPENSTACK);
	assert_ok(build(NULL, false), e);
	assert_non_null(find(ACTION_WRITE, "/etc/systemd/network/10-cloud-init-ens7.network"));
	teardown(NULL);
	setup(NULL);
	seed.v.waived = true;
	seed_add(&seed, "network-data", "[]");
	assert_int_equal(build(NULL, false), -ERR_FORMAT);
	assert_string_equal(e.msg, "network_data.json is a map, not a list");
}

/* One language is taken: that which says more. */
static void network_config_goes_before_network_data(void **state)
{
	(void)state;
	root_put(&root, "/usr/lib/systemd/systemd-networkd", "x");
	seed.v.waived = true;
	seed_add(&seed, "network-data", OPENSTACK);
	assert_ok(build(DHCP, false), e);
	assert_non_null(find(ACTION_WRITE, "/etc/systemd/network/10-cloud-init-lan.network"));
}

static void *late_interface(void *data)
{
	const struct timespec soon = { 0, 100000000L };

	(void)data;
	nanosleep(&soon, NULL);
	root_put(&root, "/sys/class/net/ens7/address", "52:54:00:00:00:01\n");
	return NULL;
}

static void interfaces_that_are_named_are_awaited(void **state)
{
	struct arena a __attribute__((cleanup(arena_fini))) = { 0 };
	const struct facts f = { .root = root.fd, .arena = &a };
	struct networks n = { 0 };
	struct node *data;
	pthread_t thread;

	(void)state;
	assert_ok(yaml_read(&a, "x", OPENSTACK, strlen(OPENSTACK), NULL, &data, &e), e);
	int64_t before_ms = clock_mono_ms();
	assert_ok(networks_await(&f, data, 60, &e), e);
	assert_true(clock_mono_ms() - before_ms >= 60);
	pthread_create(&thread, NULL, late_interface, NULL);
	assert_ok(networks_await(&f, data, 20000, &e), e);
	assert_ok(networks_look(&f, &n, &e), e);
	pthread_join(thread, NULL);
	assert_int_equal(n.host.count, 1);
	assert_true(clock_mono_ms() - before_ms < 10000);
}

static void disabled_leaves_it_as_it_is(void **state)
{
	size_t actions;

	(void)state;
	root_put(&root, "/etc/systemd/network/10-cloud-init-old.network", "x");
	assert_ok(build("{\"network\":{\"config\":\"disabled\"}}", false), e);
	assert_null(network_item(&actions));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_are_of_the_service_that_runs), TEST(a_guest_without_a_service_is_told_so), TEST(debian_keeps_them_in_a_folder),
		TEST(older_files_go_others_stay), TEST(names_and_netplan_take_effect_before_the_network), TEST(openstack_names_come_from_the_guest),
		TEST(a_wrong_one_changes_nothing), TEST(network_data_of_a_source_is_openstacks), TEST(network_config_goes_before_network_data),
		TEST(interfaces_that_are_named_are_awaited), TEST(disabled_leaves_it_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
