/* What nobody signed: let in by the image's policy alone, for what the policy lets it ask, on guests that no signed medium has provisioned. */
#include "tests/unit/unit.h"
#include "agent/journal.h"
#include "agent/seed.h"
#include "agent/source/offer.h"
#include "common/data/yaml.h"
#include "common/schema/schema.h"
#include "common/userdata/userdata.h"
#include "tests/unit/agent/seed.h"

#define UUID "11111111-2222-3333-4444-555555555555"
#define OTHER_UUID "99999999-2222-3333-4444-555555555555"
static struct err e;
static struct test_root root;

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
	return 0;
}

static int waive(enum waived source, const char *user, const struct journal *j, struct verified **ret)
{
	struct offer o = { .source = source, .origin = "the test", .launch_index = 2, .instance_id = "i-7", .hostname = "h",
		.user = { user, strlen(user) } };
	int r = seed_waive(root.fd, &o, UUID, j, ret, &e);

	arena_fini(&o.arena);
	return r;
}

static void the_policy_decides(void **s)
{
	struct journal none = { 0 };
	struct verified *v = NULL;

	(void)s;
	unlinkat(root.fd, "etc/natal/policy.json", 0);
	assert_err(waive(WAIVED_NOCLOUD, "x", &none, &v), ERR_UNTRUSTED, e, "the test: nobody signed it, and the image's policy does not waive");
	assert_non_null(strstr(e.hint, "\"waive\": {\"sources\": [\"nocloud\"]}"));
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"configdrive\"]}}");
	assert_err(waive(WAIVED_NOCLOUD, "x", &none, &v), ERR_UNTRUSTED, e, "does not waive the source nocloud");
	assert_null(v);
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"nocloud\"]}, \"clock\": 5}");
	assert_err(waive(WAIVED_NOCLOUD, "x", &none, &v), ERR_FORMAT, e, "clock");
}

static void a_signed_medium_was_first(void **s)
{
	struct journal mine = { .uuid = UUID, .sequence = 3 }, others = { .uuid = OTHER_UUID, .sequence = 3 }, unsigned_ = { .uuid = UUID };
	struct verified *v = NULL;

	(void)s;
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"nocloud\"]}}");
	assert_err(waive(WAIVED_NOCLOUD, "x", &mine, &v), ERR_UNTRUSTED, e, "this guest was provisioned by a signed medium");
	assert_ok(waive(WAIVED_NOCLOUD, "x", &unsigned_, &v), e);
	verified_free(v);
	assert_ok(waive(WAIVED_NOCLOUD, "x", &others, &v), e);
	verified_free(v);
}

/* Two instances must not become one. */
static void an_instance_id_is_not_cut(void **s)
{
	char id[101];
	struct offer o = { .source = WAIVED_NOCLOUD, .origin = "the test", .instance_id = id };
	struct journal none = { 0 };
	struct verified *v = NULL;

	(void)s;
	memset(id, '7', sizeof id - 1);
	id[sizeof id - 1] = 0;
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"nocloud\"]}}");
	assert_err(seed_waive(root.fd, &o, UUID, &none, &v, &e), ERR_LIMIT, e, "the test: the instance-id has 100 bytes: 63 at most");
	assert_null(v);
}

static void what_it_says_becomes_blobs(void **s)
{
	struct journal none = { 0 };
	struct verified *v = NULL, *again = NULL, *other = NULL;

	(void)s;
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"nocloud\"],\"refuse\":[\"runcmd\"]}}");
	assert_ok(waive(WAIVED_NOCLOUD, "#cloud-config\n", &none, &v), e);
	assert_ok(waive(WAIVED_NOCLOUD, "#cloud-config\n", &none, &again), e);
	assert_ok(waive(WAIVED_NOCLOUD, "#cloud-config\na: 1\n", &none, &other), e);
	assert_true(v->waived);
	assert_int_equal(v->waiver.refuse.count, 1);
	assert_false(v->waiver.allows);
	assert_int_equal(v->manifest.sequence, 0);
	assert_string_equal(v->manifest.vm.instance_id, "i-7");
	assert_string_equal(v->manifest.vm.uuid, UUID);
	const struct blob *user = verified_blob(v, BLOB_USER_DATA), *meta = verified_blob(v, BLOB_META_DATA);
	assert_int_equal(user->size, strlen("#cloud-config\n"));
	assert_memory_equal(meta->bytes, "{\"config\": {\"hostname\": \"h\"}, \"launch_index\": 2}", (size_t)meta->size);
	assert_null(verified_blob(v, BLOB_NETWORK_CONFIG));
	assert_memory_equal(v->digest, again->digest, sizeof v->digest);
	assert_memory_not_equal(v->digest, other->digest, sizeof v->digest);
	verified_free(v);
	verified_free(again);
	verified_free(other);
}

/* own: meta-data, as seed_waive() writes it; NULL. */
static int asked_beside(struct verified *v, const char *own, const char *text)
{
	struct arena a = { 0 };
	struct userdata u;
	struct node *below = NULL;
	struct userdata_in in = { .arena = &a, .user = text, .user_size = strlen(text), .launch_index = -1 };

	if (own) {
		assert_ok(yaml_read(&a, "meta-data", own, strlen(own), NULL, &below, &e), e);
		in.below = node_get(below, "config");
		in.keys = node_get(below, "keys");
	}
	int r = userdata_read(&in, &u, NULL, &e);
	assert_ok(r, e);
	r = waiver_check(v, &in, &u, &e);
	arena_fini(&a);
	return r;
}

static int asked(struct verified *v, const char *text) { return asked_beside(v, NULL, text); }

/* A waiver with these words in one of its lists. */
static struct verified waived(bool allow, const char *const *words)
{
	struct verified v = { .waived = true, .waiver = { .allows = allow } };
	struct waiver_words *w = allow ? &v.waiver.allow : &v.waiver.refuse;

	for (; *words; words++)
		snprintf(w->at[w->count++], WAIVER_KEY_SIZE, "%s", *words);
	return v;
}
#define REFUSES(...) waived(false, (const char *const[]){ __VA_ARGS__, NULL })
#define ALLOWS(...) waived(true, (const char *const[]){ __VA_ARGS__, NULL })

static void the_waiver_says_what_may_be_asked_for(void **s)
{
	struct verified v = REFUSES("runcmd", "scripts"), proven = { .waiver = v.waiver };

	(void)s;
	assert_ok(asked(&v, "#cloud-config\nhostname: h\n"), e);
	assert_err(asked(&v, "#cloud-config\na: 1\nruncmd: [x]\n"), ERR_DENIED, e, "runcmd of a source that nobody signed is refused");
	assert_string_equal(e.where, "user-data:3:9");
	assert_err(asked(&v, "#!/bin/sh\n"), ERR_DENIED, e, "scripts of a source that nobody signed are refused");
	assert_err(asked(&v, "#cloud-boothook\n#!/bin/sh\n"), ERR_DENIED, e, "scripts of a source");
	/* Whichever way it comes. */
	assert_err(asked(&v, "#cloud-config-jsonp\n[{\"op\": \"add\", \"path\": \"/runcmd\", \"value\": [1]}]\n"), ERR_DENIED, e, "runcmd of a source");
	assert_err(asked(&v, "## template: jinja\n#cloud-config\n{{ 'run' ~ 'cmd' }}: [x]\n"), ERR_DENIED, e, "runcmd of a source");
	assert_ok(asked(&proven, "#cloud-config\nruncmd: [x]\n"), e);
}

/* Root runs them where they lie. */
static void a_file_that_is_run_is_a_script(void **s)
{
	struct verified v = REFUSES("scripts");
	static const char *const paths[] = { "/var/lib/cloud/scripts/per-boot/x", "//var/./lib//cloud/scripts/./per-once/x/", "/var/lib/cloud/scripts/x" },
		*const others[] = { "/var/lib/cloud/scripts2/x", "/var/lib/cloud/scripts", "/srv/x", "../x" };
	char text[200];

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		snprintf(text, sizeof text, "#cloud-config\nwrite_files:\n- {path: /a}\n- {path: %s}\n", paths[i]);
		assert_err(asked(&v, text), ERR_DENIED, e, "scripts of a source that nobody signed are refused");
		assert_string_equal(e.where, "user-data:4:10");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(text, sizeof text, "#cloud-config\nwrite_files: [{path: %s}, x, {path: [1]}]\n", others[i]);
		assert_ok(asked(&v, text), e);
	}
	v = REFUSES("runcmd");
	assert_ok(asked(&v, "#cloud-config\nwrite_files: [{path: /var/lib/cloud/scripts/per-boot/x}]\n"), e);
}

static void a_key_is_refused_by_all_its_names(void **s)
{
	static const char *const pairs[][2] = { { "ca_certs", "ca-certs: {}" }, { "ca-certs", "ca_certs: {}" }, { "package_upgrade", "apt_upgrade: true" },
		{ "package_update", "apt_update: true" }, { "apt", "apt_mirror: http://m/" }, { "apt_sources", "apt: {}" },
		{ "users", "user: {name: r}" }, { "user", "users: [r]" }, { "chpasswd", "password: p" }, { "password", "chpasswd: {}" },
		{ "hostname", "fqdn: a.b" }, { "write-files", "write_files: []" }, { "write_files", "write-files: []" }, { "grub-dpkg", "grub_dpkg: {}" },
		{ "apt-sources", "apt_mirror: http://m/" } };

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct verified v = REFUSES(pairs[i][0]);
		char text[80];
		snprintf(text, sizeof text, "#cloud-config\n%s\n", pairs[i][1]);
		assert_err(asked(&v, text), ERR_DENIED, e, "of a source that nobody signed is refused");
	}
}

static void a_word_that_is_no_key_refuses_everything(void **s)
{
	struct verified v = REFUSES("fetch", "run_cmd"), w = REFUSES("network"), a = ALLOWS("scripts", "network-config", "run_cmd"), c = ALLOWS("commands");

	(void)s;
	assert_err(asked(&v, "#cloud-config\nhostname: h\n"), ERR_FORMAT, e, "waive.refuse: 'run_cmd' is no key of cloud-config");
	assert_non_null(strstr(e.hint, "and commands"));
	assert_err(asked(&w, "#cloud-config\nhostname: h\n"), ERR_FORMAT, e, "waive.refuse: 'network' is a key of cloud-config that has no effect");
	assert_non_null(strstr(e.hint, "network-config is the source's"));
	assert_err(asked(&a, "#cloud-config\n{}\n"), ERR_FORMAT, e, "waive.allow: 'run_cmd' is no key of cloud-config");
	assert_err(asked(&c, "#cloud-config\n{}\n"), ERR_FORMAT, e, "waive.allow: 'commands' is no key of cloud-config");
}

static void only_what_is_allowed_is_let_through(void **s)
{
	static const char own[] = "{config: {hostname: h, users: [{name: root, passwd: $6$x}]}, keys: [k1, k2]}";
	struct verified v = ALLOWS("users", "locale", "ssh-authorized-keys"), none = { .waived = true, .waiver = { .allows = true } };

	(void)s;
	assert_ok(asked(&v, "#cloud-config\nlocale: C\nuser: {name: a}\nssh_authorized_keys: [k]\nmerge_how: 'list(append)'\n"), e);
	assert_err(asked(&v, "#cloud-config\nlocale: C\nrandom_seed: {}\n"), ERR_DENIED, e, "random_seed of a source that nobody signed is not allowed");
	assert_string_equal(e.where, "user-data:3:14");
	assert_non_null(strstr(e.hint, "add it to \"allow\""));
	assert_err(asked(&v, "#cloud-config\nnobody_knows_this: 1\n"), ERR_DENIED, e, "nobody_knows_this of a source");
	assert_err(asked(&v, "#!/bin/sh\n"), ERR_DENIED, e, "scripts of a source that nobody signed are not allowed");
	assert_ok(asked(&none, "#cloud-config\n{}\n"), e);
	assert_err(asked(&none, "#cloud-config\nhostname: h\n"), ERR_DENIED, e, "hostname of a source");
	/* What the source itself says is read, and user-data adds nothing to it. */
	assert_ok(asked_beside(&none, own, "#cloud-config\n{}\n"), e);
	assert_ok(asked_beside(&none, own, "#cloud-config\nssh_authorized_keys: [k2]\n"), e);
	assert_err(asked_beside(&none, own, "#cloud-config\nhostname: i\n"), ERR_DENIED, e, "hostname of a source");
	assert_err(asked_beside(&none, own, "#cloud-config\nssh_authorized_keys: [k3]\n"), ERR_DENIED, e, "ssh_authorized_keys of a source");
	assert_err(asked_beside(&none, own, "#cloud-config\nmerge_how: 'list(append)+dict(recurse_list)'\nusers: [{name: b}]\n"), ERR_DENIED, e, "users of a source");
	/* Refused is taken from it; a file that is run is a script. */
	v = ALLOWS("write_files", "runcmd");
	snprintf(v.waiver.refuse.at[v.waiver.refuse.count++], WAIVER_KEY_SIZE, "runcmd");
	assert_err(asked(&v, "#cloud-config\nruncmd: [x]\n"), ERR_DENIED, e, "runcmd of a source that nobody signed is refused");
	assert_ok(asked(&v, "#cloud-config\nwrite_files: [{path: /srv/x}]\n"), e);
	assert_err(asked(&v, "#cloud-config\nwrite_files: [{path: /var/lib/cloud/scripts/per-boot/x}]\n"), ERR_DENIED, e, "scripts of a source");
	v = ALLOWS("write_files", "scripts");
	assert_ok(asked(&v, "#cloud-config\nwrite_files: [{path: /var/lib/cloud/scripts/per-boot/x}]\n"), e);
	assert_ok(asked(&v, "#!/bin/sh\n"), e);
}

static void commands_are_refused_whichever_module_runs_them(void **s)
{
	static const char *const bad[] = { "bootcmd: [x]", "runcmd: [x]", "write_files: [{path: /x}]", "vendor_data: {prefix: [sh]}", "random_seed: {command: [sh]}",
		"random_seed: {file: /etc/cron.d/x}", "power_state: {condition: x}", "ntp: {config: {confpath: /x}}", "rsyslog: {service_reload_command: [sh]}",
		"locale_configfile: /x", "swap: {filename: /x}", "user: {name: r, sudo: 'ALL=(ALL) ALL'}", "users: []", "groups: {sudo: [x]}", "mounts: [[a, b]]",
		"disk_setup: {}", "fs_setup: []", "apt: {conf: x}", "apt_mirror: http://m/", "packages: [x]", "yum_repos: {}", "zypper: {}", "apk_repos: {}",
		"random-seed: {}\nrandom_seed: {command: [sh]}" };
	static const char *const good[] = { "hostname: h", "locale: C", "random_seed: {data: x}", "power_state: {mode: reboot}", "ntp: {servers: [a]}", "swap: {size: 1G}",
		"ssh_authorized_keys: [k]", "package_upgrade: true", "vendor_data: {enabled: true}" };
	struct verified v = REFUSES("commands");
	char text[200];

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(bad) + ARRAY_SIZE(good); i++) {
		bool wrong = i < ARRAY_SIZE(bad);
		snprintf(text, sizeof text, "#cloud-config\n%s\n", wrong ? bad[i] : good[i - ARRAY_SIZE(bad)]);
		int r = asked(&v, text);
		if ((r == -(int)ERR_DENIED) != wrong || (r && (!strstr(e.msg, "is refused by the image's policy") || !strstr(e.hint, "\"commands\""))))
			fail_msg("%s: %d %s", text, r, e.msg);
	}
	assert_err(asked(&v, "#!/bin/sh\n"), ERR_DENIED, e, "scripts of a source that nobody signed are refused");
	assert_err(asked(&v, "#cloud-config\nrandom_seed: {data: x, file: /x}\n"), ERR_DENIED, e, "random_seed.file of a source that nobody signed is refused");
	assert_string_equal(e.where, "user-data:2:30");
	assert_ok(asked_beside(&v, "{config: {users: [{name: root}]}}", "#cloud-config\n{}\n"), e);
	assert_err(asked_beside(&v, "{config: {users: [{name: root}]}}", "#cloud-config\nuser: {name: x}\n"), ERR_DENIED, e, "user of a source");
}

/* Each key that natal applies has been thought of: it is one of `commands`, in whole or by a field, or it stands here as harmless. */
static void every_key_is_a_command_or_is_none(void **s)
{
	static const char *const harmless[] = { "merge_how", "merge_type", "launch-index", "version", "preserve_hostname", "hostname", "fqdn",
		"prefer_fqdn_over_hostname", "create_hostname_file", "manage_etc_hosts", "ssh_pwauth", "chpasswd", "password", "ssh_keys", "ssh_authorized_keys",
		"ssh_deletekeys", "ssh_genkeytypes", "disable_root", "disable_root_opts", "allow_public_ssh_keys", "ssh_quiet_keygen", "ssh_publish_hostkeys", "ssh",
		"ssh_key_console_blacklist", "ssh_fp_console_blacklist", "ca_certs", "ca-certs", "device_aliases", "growpart", "resize_rootfs", "mount_default_fields",
		"package_update", "package_upgrade", "package_reboot_if_required", "apt_update", "apt_upgrade", "apt_reboot_if_required", "yum_repo_dir", "locale",
		"keyboard", "timezone", "manage_resolv_conf", "resolv_conf", "phone_home", "final_message", "natal" };
	static const char *const fields[] = { "vendor_data", "random_seed", "power_state", "ntp", "swap" };
	struct verified v = REFUSES("commands");
	char text[300];

	(void)s;
	for (const struct schema_module *const *m = schema_modules; *m; m++)
		for (const struct field *f = (*m)->keys; f->name && ((*m)->support == SUPPORT_APPLIED || (*m)->support == SUPPORT_PLANNED); f++) {
			bool known = false, by_field = false;
			for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
				known |= strcmp(harmless[i], f->name) == 0;
			for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
				by_field |= strcmp(fields[i], f->name) == 0;
			snprintf(text, sizeof text, "#cloud-config\n%s: %s\n", f->name, by_field ?
				"{prefix: x, command: x, condition: x, config: x, filename: x}" : strncmp(f->name, "merge_", 6) == 0 ? "'list(append)'" : "[]");
			if ((asked(&v, text) == 0) != known)
				fail_msg("%s (of %s): is it a command?", f->name, (*m)->name);
		}
}

static void the_network_configuration_may_be_refused(void **s)
{
	const struct node n = { .kind = NODE_MAP, .place = { .doc = "network-config", .line = 1, .col = 1 } };
	struct verified no = REFUSES("runcmd", "network-config"), yes = REFUSES("commands"), out = ALLOWS("users"), in = ALLOWS("network-config"), proven = no;

	(void)s;
	proven.waived = false;
	assert_err(waiver_check_network(&no, &n, &e), ERR_DENIED, e, "network-config of a source that nobody signed is refused by the image's policy");
	assert_string_equal(e.where, "network-config:1:1");
	assert_err(waiver_check_network(&out, &n, &e), ERR_DENIED, e, "network-config of a source that nobody signed is not allowed");
	assert_ok(waiver_check_network(&yes, &n, &e), e);
	assert_ok(waiver_check_network(&in, &n, &e), e);
	assert_ok(waiver_check_network(&proven, &n, &e), e);
}

static void hints_name_seeds_of_this_machine(void **s)
{
	static const struct { const char *hint, *folder; } good[] = {
		{ "ds=nocloud;s=/seed/ quiet", "/seed/" }, { "ds=nocloud-net;seedfrom=file:///seed", "/seed" }, { "ds=nocloud", "" }, { "ds=nocloud;h=x;i=y", "" },
	};
	static const char *const bad[] = { "ds=nocloud;s=http://x/", "ds=nocloud;s=https://x/", "ds=nocloud;s=../x", "ds=nocloud;s=ftp://x", "ds=nocloud;s=file://host/x" };

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct offer o = { 0 };
		const char *folder = NULL;
		assert_ok(nocloud_hint(&o, good[i].hint, &folder, &e), e);
		assert_string_equal(folder, good[i].folder);
		arena_fini(&o.arena);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct offer o = { 0 };
		const char *folder = NULL;
		assert_err(nocloud_hint(&o, bad[i], &folder, &e), ERR_UNSUPPORTED, e, "natal fetches none");
		arena_fini(&o.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policy_decides), cmocka_unit_test(a_signed_medium_was_first), cmocka_unit_test(what_it_says_becomes_blobs),
		cmocka_unit_test(a_file_that_is_run_is_a_script), cmocka_unit_test(a_key_is_refused_by_all_its_names), cmocka_unit_test(a_word_that_is_no_key_refuses_everything), cmocka_unit_test(an_instance_id_is_not_cut), cmocka_unit_test(the_waiver_says_what_may_be_asked_for), cmocka_unit_test(hints_name_seeds_of_this_machine),
		cmocka_unit_test(only_what_is_allowed_is_let_through), cmocka_unit_test(commands_are_refused_whichever_module_runs_them), cmocka_unit_test(every_key_is_a_command_or_is_none),
		cmocka_unit_test(the_network_configuration_may_be_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
