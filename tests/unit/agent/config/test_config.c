/* What user-data and network-config may say, and where a mistake stands. */
#include "tests/unit/unit.h"
#include "agent/config/config.h"
#include "tests/unit/agent/seed.h"

static struct err e;

static int parse(const char *blob, const char *text, struct config **ret)
{
	struct test_seed s;

	seed_init(&s);
	seed_add(&s, blob, text);
	return config_parse(&s.v, ret, &e);
}

static void everything_is_taken(void **state)
{
	struct config *c;

	assert_ok(parse("user-data",
		"#cloud-config\n{\"hostname\":\"web-1.example.net\",\"timezone\":\"UTC\",\"groups\":\"a, b\",\"users\":[{\"name\":\"u\","
		"\"groups\":\"x,y\",\"uid\":7,\"lock_passwd\":false,\"ssh_authorized_keys\":[\"ssh-ed25519 A\"],\"sudo\":false}],"
		"\"ssh_authorized_keys\":[\"ssh-rsa B\"],"
		"\"write_files\":[{\"path\":\"/a\",\"content\":\"aGk=\",\"encoding\":\"b64\",\"permissions\":\"0600\",\"owner\":\"u:a\"}],"
		"\"runcmd\":[\"a b\",[\"c\",\"it's\"]],\"natal\":{\"policy\":{\"users\":\"continue\"}}}", &c), e);
	assert_string_equal(c->hostname, "web-1");
	assert_string_equal(c->fqdn, "web-1.example.net");
	assert_int_equal(c->group_count, 2);
	assert_string_equal(c->groups[1].name, "b");
	assert_int_equal(c->users[0].groups.count, 2);
	assert_string_equal(c->users[0].groups.at[1], "y");
	assert_int_equal(c->users[0].uid.value, 7);
	assert_int_equal(c->users[0].lock_passwd, TRI_NO);
	assert_int_equal(c->users[0].sudo.count, 0);
	assert_int_equal(c->users[0].ssh_authorized_keys.count, 1);
	assert_string_equal(c->users[0].ssh_authorized_keys.at[0], "ssh-ed25519 A");
	assert_int_equal(c->ssh.keys.count, 1);
	assert_string_equal(c->ssh.keys.at[0], "ssh-rsa B");
	assert_memory_equal(c->files[0].bytes, "hi", 2);
	assert_int_equal(c->files[0].mode, 0600);
	assert_string_equal(c->files[0].group, "a");
	assert_string_equal(c->runcmd, "#!/bin/sh\na b\n'c' 'it'\\''s'\n");
	assert_int_equal(c->policies[0].policy, POLICY_CONTINUE);
	config_free(c);
}

static void keys_without_users_make_the_default_user(void **state)
{
	struct config *c;

	assert_ok(parse("user-data", "#cloud-config\n{\"ssh_authorized_keys\":[\"ssh-ed25519 A\"]}", &c), e);
	assert_int_equal(c->user_count, 1);
	assert_string_equal(c->users[0].name, "debian");
	assert_string_equal(c->users[0].sudo.at[0], "ALL=(ALL) NOPASSWD:ALL");
	config_free(c);
}

static void mistakes_name_their_place(void **state)
{
	static const struct { const char *text, *where, *msg; enum err_code code; } cases[] = {
		{ "{\n\"write_files\":[{\"path\":\"/a\",\"content\":1}]}", "user-data:3:29", "write_files.0.content is not a string",
			ERR_FORMAT },
		{ "{\"runcmd\":[\"a\",{}]}", "user-data:2:16", "runcmd.1 is not a list of strings", ERR_FORMAT },
		{ "{\"hostname\":7}", "user-data:2:2", "hostname is not a string", ERR_FORMAT },
		{ "{\"users\":7}", "user-data:2:10", "users is not a list", ERR_FORMAT },
		{ "{\"users\":[{\"name\":\"a\",\"system\":\"yes\"}]}", "user-data:2:23", "users.a.system is not true or false",
			ERR_FORMAT },
		{ "{\"users\":[{\"name\":\"a\",\"uid\":-1}]}", "user-data:2:23", "users.a.uid is not a whole number", ERR_FORMAT },
		{ "{\"users\":[{\"name\":\"a\",\"sudo\":[\"A\\nB\"]}]}", "user-data:2:23", "users.a.sudo: a rule is one line", ERR_FORMAT },
		{ "{\"users\":[{\"name\":\"a\",\"ssh_authorized_keys\":[\"A\\nB c\"]}]}", "user-data:2:46", "is no line of an authorized_keys file", ERR_FORMAT },
		{ "{\"users\":{\"john\":{},\n\"john.doe\":{\"uid\":-1}}}", "user-data:3:13", "users.john.doe.uid is not a whole number", ERR_FORMAT },
		{ "{\"users\":{\"a\":{},\n\"a.uid\":{\"gecos\":\"x:y\"},\"a.b\":{}}}", "user-data:3:10", "users.a.uid.gecos holds a colon", ERR_FORMAT },
		{ "{\"bootcmd\":[]}", "user-data:2:12", "bootcmd is empty", ERR_FORMAT },
		{ "[]", "user-data:2:1", "a cloud-config is a map", ERR_FORMAT },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *c;
		char text[512];
		snprintf(text, sizeof text, "#cloud-config\n%s", cases[i].text);
		assert_err(parse("user-data", text, &c), cases[i].code, e, cases[i].msg);
		assert_string_equal(e.where, cases[i].where);
	}
}

static void unknown_keys_are_warned_about(void **state)
{
	static const struct { const char *text, *where, *msg, *hint; } cases[] = {
		{ "hostnam: a\n", "user-data:2:1", "unknown key 'hostnam'", "did you mean 'hostname'?" },
		{ "users:\n- name: a\n  shel: /bin/sh\n", "user-data:4:3", "users.0 has an unknown key 'shel'", "did you mean 'shell'?" },
		{ "natal:\n  polcy: {}\n", "user-data:3:3", "natal has an unknown key 'polcy'", "did you mean 'policy'?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *c;
		char text[512];
		snprintf(text, sizeof text, "#cloud-config\n%s", cases[i].text);
		assert_ok(parse("user-data", text, &c), e);
		assert_int_equal(c->notes.count, 1);
		assert_string_equal(c->notes.at[0].err.where, cases[i].where);
		assert_string_equal(c->notes.at[0].err.msg, cases[i].msg);
		assert_string_equal(c->notes.at[0].err.hint, cases[i].hint);
		config_free(c);
	}
}

static void a_header_is_needed(void **state)
{
	struct config *c;

	assert_err(parse("user-data", "{}", &c), ERR_FORMAT, e, "the first line is no header");
	assert_err(parse("user-data", "hostname: a\n", &c), ERR_FORMAT, e, "the first line is no header: 'hostname:'");
	assert_err(parse("user-data", "#cloud-cfg\n", &c), ERR_FORMAT, e, "the first line is no header: '#cloud-cfg'");
	assert_err(parse("user-data", "password: hunter2\n", &c), ERR_FORMAT, e, "the first line is no header: 'password:'");
	assert_null(strstr(e.msg, "hunter2"));
	assert_err(parse("user-data", "hunter2\n", &c), ERR_FORMAT, e, "the first line is no header");
	assert_null(strstr(e.msg, "hunter2"));
	assert_non_null(strstr(e.hint, "#cloud-config"));
	assert_ok(parse("user-data", "#cloud-config", &c), e);
	config_free(c);
}

static void blobs_of_no_known_kind(void **state)
{
	struct test_seed s;
	struct config *c;

	assert_err(parse("ssh/id_rsa", "x", &c), ERR_UNSUPPORTED, e, "blob 'ssh/id_rsa' is of no kind");
	seed_init(&s);
	seed_add(&s, "user-data", "#cloud-config\n{}");
	s.blobs[0].sealed = true;
	assert_err(config_parse(&s.v, &c, &e), ERR_UNSUPPORTED, e, "blob 'user-data' is sealed");
}

static void network_is_taken(void **state)
{
	struct config *c;

	assert_ok(parse("network-config",
		"{\"version\":2,\"ethernets\":{\"e0\":{\"match\":{\"macaddress\":\"52:54:00:00:00:01\"},\"set-name\":\"lan\",\"mtu\":1400,"
		"\"addresses\":[\"192.0.2.7/24\",\"2001:db8::7/64\"],\"nameservers\":{\"addresses\":[\"192.0.2.1\"],\"search\":[\"a.b\"]},"
		"\"routes\":[{\"to\":\"default\",\"via\":\"192.0.2.1\",\"metric\":5}]}}}", &c), e);
	assert_true(c->has_network);
	assert_int_equal(c->network_kind, NETCONF_V2);
	assert_non_null(node_get(node_get(c->network, "ethernets"), "e0"));
	config_free(c);
}

static void what_an_owner_leaves_out_is_roots(void **state)
{
	static const struct { const char *owner, *user, *group; } cases[] = {
		{ "bob", "bob", "root" }, { "bob:", "bob", "root" }, { ":adm", "root", "adm" }, { "bob:adm", "bob", "adm" }, { "None:-1", "root", "root" },
		{ "", "root", "root" }, { " bob : adm ", "bob", "adm" },
	};
	struct config *c;
	char text[160];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof text, "#cloud-config\nwrite_files: [{path: /a, owner: '%s'}]\n", cases[i].owner);
		assert_ok(parse("user-data", text, &c), e);
		assert_string_equal(c->files[0].user, cases[i].user);
		assert_string_equal(c->files[0].group, cases[i].group);
		config_free(c);
	}
}

static void an_empty_one_says_nothing(void **state)
{
	static const char *const empty[] = { "", "\n", "# nothing\n", "null\n" };
	struct config *c;

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		assert_ok(parse("network-config", empty[i], &c), e);
		assert_false(c->has_network);
		config_free(c);
	}
}

static void network_mistakes(void **state)
{
	static const struct { const char *nic, *msg; } cases[] = {
		{ "\"addresses\":[\"192.0.2.7/33\"]", "'33' is no prefix length or mask of IPv4" },
		{ "\"addresses\":[\"2001:db8::/129\"]", "'129' is no prefix length or mask of IPv6" },
		{ "\"addresses\":[\"192.0.2.7/\"]", "'' is no prefix length" },
		{ "\"addresses\":[\"192.0.2.7/24\"],\"gateway4\":\"a\"", "gateway 'a' is not an address" },
		{ "\"nameservers\":{\"addresses\":[\"a\\nb\"]}", "nameservers holds a control character" },
		{ "\"nameservers\":{\"addresses\":[\"ab\"]}", "nameservers: 'ab' is not an address" },
		{ "\"nameservers\":{\"search\":[\"a b\"]}", "search: 'a b' is no word" },
		{ "\"match\":{\"name\":\"a b\"}", "'a b' is no interface name" },
		{ "\"match\":{\"macaddress\":\"52:54:00:00:00:0g\"}", "macaddress '52:54:00:00:00:0g' is no MAC address" },
		{ "\"dhcp4\":true,\"routes\":[{\"via\":\"192.0.2.1\"}]", "the route has no destination" },
		{ "\"dhcp4\":true,\"routes\":[{\"to\":\"192.0.2.1/x\",\"via\":\"192.0.2.1\"}]", "'x' is no prefix length" },
		{ "\"dhcp4\":true,\"routes\":[{\"to\":\"default\"}]", "a default route needs a gateway" },
		{ "\"mtu\":70000", "mtu '70000' is not a whole number from 0 to 65536" },
		{ "\"dhcp4\":\"perhaps\"", "neither true nor false" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *c;
		char text[512];
		snprintf(text, sizeof text, "{\"version\":2,\"ethernets\":{\"e0\":{%s}}}", cases[i].nic);
		assert_err(parse("network-config", text, &c), ERR_FORMAT, e, cases[i].msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_taken), cmocka_unit_test(keys_without_users_make_the_default_user),
		cmocka_unit_test(mistakes_name_their_place), cmocka_unit_test(a_header_is_needed), cmocka_unit_test(unknown_keys_are_warned_about), cmocka_unit_test(blobs_of_no_known_kind),
		cmocka_unit_test(network_is_taken), cmocka_unit_test(what_an_owner_leaves_out_is_roots), cmocka_unit_test(an_empty_one_says_nothing), cmocka_unit_test(network_mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
