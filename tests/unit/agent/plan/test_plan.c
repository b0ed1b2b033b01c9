/* From a config and a root to what is to be done: one case a module, and what the builder promises to all. */
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
	root_init(&root);
	seed_init(&seed);
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

static int build(const struct done *done)
{
	const struct facts f = { .root = root.fd, .owners = geteuid() == 0 };
	const struct done none = { 0 };
	int r = config_parse(&seed.v, &config, &e);

	return r ? r : plan_build(config, &f, done ? done : &none, &plan, &e);
}

static void user_data(const char *json)
{
	static char text[4096];

	snprintf(text, sizeof text, "#cloud-config\n%s", json);
	seed_add(&seed, "user-data", text);
}

static const struct action *find(enum action_kind kind, const char *path)
{
	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *a = &plan->actions[i];
		if (a->kind == kind && (!path || (a->path && strcmp(a->path, path) == 0)))
			return a;
	}
	return NULL;
}

__attribute__((returns_nonnull, noinline)) static const struct action *action(enum action_kind kind, const char *path)
{
	const struct action *a = find(kind, path);

	if (!a)
		fail_msg("no action %s %s", action_kind_name(kind), path ? path : "");
	return a ? a : (abort(), a);
}

__attribute__((returns_nonnull, noinline)) static const struct item *item(const char *key)
{
	for (size_t i = 0; i < plan->item_count; i++)
		if (strcmp(plan->items[i].key, key) == 0)
			return &plan->items[i];
	fail_msg("no item %s", key);
	abort();
}

static const char *problem(const char *key)
{
	const struct err *p = item(key)->problem;

	return p ? p->msg : "none";
}

#define assert_written(at, text) \
	do { \
		const struct action *a_ = action(ACTION_WRITE, at); \
		assert_int_equal(a_->size, strlen(text)); \
		assert_memory_equal(a_->bytes, text, strlen(text)); \
	} while (0)

static void nothing_wanted_nothing_done(void **state)
{
	root_put(&root, "/etc/machine-id", "11111111222233334444555555555555\n");
	char path[128];
	snprintf(path, sizeof path, "%s/etc/machine-id", root.path);
	chmod(path, 0444);
	user_data("{}");
	assert_ok(build(NULL), e);
	assert_int_equal(plan->item_count, 1);
	assert_int_equal(plan->action_count, 0);
}

static void accounts_keep_what_is_there(void **state)
{
	root_put(&root, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n+nis::::::\nold:x:1000:1000::/home/old:/bin/sh\n");
	user_data("{\"groups\":[\"g\"],\"users\":[{\"name\":\"new\",\"groups\":\"g\"},{\"name\":\"root\",\"shell\":\"/bin/zsh\"}]}");
	assert_ok(build(NULL), e);
	assert_written("/etc/passwd",
		"root:x:0:0:root:/root:/bin/sh\n+nis::::::\nold:x:1000:1000::/home/old:/bin/sh\nnew:x:1001:1001::/home/new:/bin/sh\n");
	assert_written("/etc/group", "root:x:0:\nshadow:x:42:\ng:x:1000:new\nnew:x:1001:\n");
	assert_written("/etc/shadow", "root:*:1:0:99999:7:::\nnew:!:100:0:99999:7:::\n");
	assert_null(find(ACTION_WRITE, "/etc/gshadow"));
	assert_true(action(ACTION_WRITE, "/etc/shadow")->secret);
}

static void keys_are_added_to_those_there(void **state)
{
	root_put(&root, "/root/.ssh/authorized_keys", "ssh-rsa OLD\nssh-ed25519 A\n");
	user_data("{\"users\":[{\"name\":\"root\",\"ssh_authorized_keys\":[\"ssh-ed25519 A\",\"ssh-ed25519 B\"]}]}");
	assert_ok(build(NULL), e);
	assert_written("/root/.ssh/authorized_keys", "ssh-rsa OLD\nssh-ed25519 A\nssh-ed25519 B\n");
}

static void hostname_and_hosts(void **state)
{
	root_put(&root, "/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 old\n::1 localhost\n");
	user_data("{\"hostname\":\"web-1\",\"fqdn\":\"web-1.example.net\",\"manage_etc_hosts\":\"localhost\"}");
	assert_ok(build(NULL), e);
	assert_written("/etc/hostname", "web-1\n");
	assert_written("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 web-1.example.net web-1\n::1 localhost\n");
	assert_null(find(ACTION_HOSTNAME, NULL));     /* the root is not the running system's */
}

static void machine_id_is_the_uuid(void **state)
{
	user_data("{}");
	assert_ok(build(NULL), e);
	assert_written("/etc/machine-id", "11111111222233334444555555555555\n");
}

static void host_keys_replace_what_the_image_had(void **state)
{
	root_put(&root, "/etc/ssh/ssh_host_rsa_key", "left behind");
	root_put(&root, "/etc/ssh/sshd_config", "x");
	seed_add(&seed, "ssh/ssh_host_ed25519_key", "private");
	seed_add(&seed, "ssh/ssh_host_ed25519_key.pub", "public");
	assert_ok(build(NULL), e);
	assert_written("/etc/ssh/ssh_host_ed25519_key", "private");
	assert_true(action(ACTION_WRITE, "/etc/ssh/ssh_host_ed25519_key")->secret);
	assert_non_null(find(ACTION_REMOVE, "/etc/ssh/ssh_host_rsa_key"));
	assert_null(find(ACTION_REMOVE, "/etc/ssh/sshd_config"));
}

static void tls_key_is_for_the_group_that_reads_it(void **state)
{
	root_put(&root, "/etc/group", "root:x:0:\nssl-cert:x:110:\n");
	seed_add(&seed, "tls/key.pem", "key");
	seed_add(&seed, "tls/cert.pem", "cert\n");
	seed_add(&seed, "tls/chain.pem", "chain\n");
	assert_ok(build(NULL), e);
	assert_int_equal(action(ACTION_WRITE, "/etc/natal/tls/key.pem")->mode, 0640);
	assert_int_equal(action(ACTION_WRITE, "/etc/natal/tls/key.pem")->gid, 110);
	assert_written("/etc/natal/tls/fullchain.pem", "cert\nchain\n");
}

static void tls_needs_both_halves(void **state)
{
	seed_add(&seed, "tls/cert.pem", "cert\n");
	assert_ok(build(NULL), e);
	assert_non_null(strstr(problem("tls_identity"), "/etc/natal/tls/key.pem is not here, and the goal brings its public half alone"));
}

/* A public half without its private one is of the key that is here, or of one that this guest has not got any more. */
static void a_kept_key_is_the_one_that_is_meant(void **state)
{
	static const char mine[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB host\n",
		other[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC host\n";

	root_put(&root, "/etc/ssh/ssh_host_ed25519_key", "private");
	root_put(&root, "/etc/ssh/ssh_host_ed25519_key.pub", mine);
	seed_add(&seed, "ssh/ssh_host_ed25519_key.pub", other);
	assert_ok(build(NULL), e);
	assert_non_null(strstr(problem("ssh_host_keys"), "/etc/ssh/ssh_host_ed25519_key is not the key whose public half the goal brings alone"));
	assert_null(find(ACTION_WRITE, "/etc/ssh/ssh_host_ed25519_key.pub"));
}

static void ca_certificates_need_their_tool(void **state)
{
	user_data("{\"ca_certs\":{\"trusted\":[\"-----BEGIN CERTIFICATE-----\\nQQ==\\n-----END CERTIFICATE-----\"]}}");
	assert_ok(build(NULL), e);
	assert_non_null(strstr(problem("ca_certificates"), "the package ca-certificates is not installed"));
}

static void ca_certificates_ask_the_result(void **state)
{
	root_put(&root, "/usr/sbin/update-ca-certificates", "");
	root_put(&root, "/etc/ssl/certs/ca-certificates.crt", "other\n");
	user_data("{\"ca_certs\":{\"trusted\":[\"-----BEGIN CERTIFICATE-----\\nQQ==\\n-----END CERTIFICATE-----\"]}}");
	assert_ok(build(NULL), e);
	assert_string_equal(action(ACTION_EXEC, NULL)->argv[0], "/usr/sbin/update-ca-certificates");
	plan_free(plan);
	config_free(config);
	root_put(&root, "/etc/ssl/certs/ca-certificates.crt", "other\n-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n");
	assert_ok(build(NULL), e);
	assert_null(find(ACTION_EXEC, NULL));
}

static void timezone_must_be_there(void **state)
{
	user_data("{\"timezone\":\"Mars/Base\"}");
	assert_ok(build(NULL), e);
	assert_string_equal(problem("timezone"), "timezone 'Mars/Base': this guest has no /usr/share/zoneinfo/Mars/Base");
	assert_null(find(ACTION_SYMLINK, NULL));
}

static void timezone_is_a_link(void **state)
{
	root_put(&root, "/usr/share/zoneinfo/UTC", "TZif");
	user_data("{\"timezone\":\"UTC\"}");
	assert_ok(build(NULL), e);
	assert_memory_equal(action(ACTION_SYMLINK, "/etc/localtime")->bytes, "/usr/share/zoneinfo/UTC", 23);
}

static void network_of_older_bundles_goes(void **state)
{
	root_put(&root, "/etc/systemd/network/10-natal-old.network", "x");
	root_put(&root, "/etc/systemd/network/50-mine.network", "x");
	seed_add(&seed, "network-config", "{\"version\":2,\"ethernets\":{\"e0\":{\"dhcp4\":true,\"dhcp6\":true}}}");
	assert_ok(build(NULL), e);
	assert_written("/etc/systemd/network/10-cloud-init-e0.network", "[Match]\nName=e0\n\n[Network]\nDHCP=yes\n");
	assert_non_null(find(ACTION_REMOVE, "/etc/systemd/network/10-natal-old.network"));
	assert_null(find(ACTION_REMOVE, "/etc/systemd/network/50-mine.network"));
}

static void runcmd_runs_once(void **state)
{
	user_data("{\"runcmd\":[\"true\"]}");
	assert_ok(build(NULL), e);
	assert_non_null(action(ACTION_EXEC, NULL));
	assert_int_equal(item("runcmd")->frequency, FREQ_INSTANCE);
	assert_int_equal(item("runcmd")->stage, STAGE_LATE);
	struct done_row ran = { "runcmd", FREQ_INSTANCE, { 0 } };
	struct done done = { 1, &ran, seed.v.manifest.vm.instance_id };
	memcpy(ran.digest, item("runcmd")->digest, SHA256_SIZE);
	plan_free(plan);
	config_free(config);
	assert_ok(build(&done), e);
	assert_null(find(ACTION_EXEC, NULL));
}

static void policies_are_by_item_before_module(void **state)
{
	user_data("{\"write_files\":[{\"path\":\"/a\"},{\"path\":\"/b\"}],"
		"\"natal\":{\"policy\":{\"write_files/a\":\"fail\",\"write_files\":\"continue\"}}}");
	assert_ok(build(NULL), e);
	assert_int_equal(item("write_files/a")->policy, POLICY_FAIL);
	assert_int_equal(item("write_files/b")->policy, POLICY_CONTINUE);
}

static void one_path_has_one_owner(void **state)
{
	user_data("{\"hostname\":\"a\",\"rsyslog\":{\"configs\":[{\"filename\":\"/etc/hostname\",\"content\":\"x\"}]}}");
	assert_err(build(NULL), ERR_CONFLICT, e, "/etc/hostname is wanted twice: by hostname and by rsyslog");
}

/* As in cloud-init, whose write_files comes before nearly all others. */
static void a_module_has_the_last_word_on_a_file(void **state)
{
	user_data("{\"hostname\":\"a\",\"write_files\":[{\"path\":\"/etc/hostname\",\"content\":\"b\\n\"},{\"path\":\"/etc/other\",\"content\":\"c\"}]}");
	assert_ok(build(NULL), e);
	const struct action *a = find(ACTION_WRITE, "/etc/hostname");
	assert_non_null(a);
	assert_string_equal(plan->items[a->item].key, "hostname");
	assert_memory_equal(a->bytes, "a\n", 2);
	assert_non_null(find(ACTION_WRITE, "/etc/other"));
	for (size_t k = 0; k < plan->action_count; k++)
		assert_false(strcmp(plan->items[plan->actions[k].item].key, "write_files/etc/hostname") == 0 && plan->actions[k].kind == ACTION_WRITE);
	assert_int_equal(plan->notes.kept, 1);
	assert_string_equal(plan->notes.at[0].err.msg, "/etc/hostname is wanted by write_files/etc/hostname and by hostname: hostname has it, "
		"as the last one in cloud-init's order");
}

static void but_for_what_comes_before_it(void **state)
{
	user_data("{\"random_seed\":{\"file\":\"/seed\",\"data\":\"x\"},\"write_files\":[{\"path\":\"/seed\",\"content\":\"mine\"}]}");
	assert_ok(build(NULL), e);
	const struct action *a = find(ACTION_WRITE, "/seed");
	if (a)
		assert_memory_equal(a->bytes, "mine", 4);
	assert_int_equal(plan->notes.kept, a ? plan->notes.kept : 0);
}

/* It puts its lines into what is there, and would not see the user's. */
static void a_file_that_a_module_edits_is_no_file_of_the_users(void **state)
{
	root_put(&root, "/etc/hosts", "127.0.0.1 localhost\n");
	user_data("{\"hostname\":\"a\",\"manage_etc_hosts\":true,\"write_files\":[{\"path\":\"/etc/hosts\",\"content\":\"x\"}]}");
	assert_ok(build(NULL), e);
	assert_non_null(item("write_files/etc/hosts")->problem);
	assert_non_null(strstr(item("write_files/etc/hosts")->problem->msg, "/etc/hosts is wanted by write_files/etc/hosts and by hostname"));
	const struct action *a = find(ACTION_WRITE, "/etc/hosts");
	assert_non_null(a);
	assert_string_equal(plan->items[a->item].module, "hostname");
}

static void keys_of_items_are_words(void **state)
{
	user_data("{\"write_files\":[{\"path\":\"/a b\"},{\"path\":\"/a_b\"}]}");
	assert_ok(build(NULL), e);
	assert_string_equal(item("write_files/a_b")->module, "write_files");
	for (size_t i = 0; i < plan->item_count; i++) {
		assert_null(strchr(plan->items[i].key, ' '));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(plan->items[i].key, plan->items[k].key);
	}
}

static void links_do_not_leave_the_root(void **state)
{
	char path[128];

	snprintf(path, sizeof path, "%s/out", root.path);
	assert_int_equal(symlink("/etc", path), 0);
	root_put(&root, "/etc/inside", "x");
	user_data("{\"write_files\":[{\"path\":\"/out/inside\",\"content\":\"x\"}]}");
	assert_ok(build(NULL), e);
	assert_null(find(ACTION_WRITE, "/out/inside"));       /* looked up below the root: it is there, as wanted */
}

/* What stands in the way, and who is not there, is said of its item; the others go on. */
static void files_that_cannot_be(void **state)
{
	root_put(&root, "/srv/folder/x", "x");
	user_data("{\"write_files\":[{\"path\":\"/srv/folder\"},{\"path\":\"/etc/passwd/x\"},{\"path\":\"/a\",\"owner\":\"ghost\"},"
		"{\"path\":\"/b\",\"owner\":\"root:ghosts\"},{\"path\":\"/c\"}]}");
	assert_ok(build(NULL), e);
	assert_string_equal(problem("write_files/srv/folder"), "/srv/folder is a folder, a file is wanted");
	assert_string_equal(problem("write_files/etc/passwd/x"), "/etc/passwd/x: /etc/passwd is no folder");
	assert_string_equal(problem("write_files/a"), "owner 'ghost' is no user of this guest");
	assert_string_equal(problem("write_files/b"), "owner 'ghosts' is no group of this guest");
	assert_non_null(find(ACTION_WRITE, "/c"));
}

static void a_policy_names_an_item(void **state)
{
	user_data("{\"natal\":{\"policy\":{\"hostnam\":\"fail\"}}}");
	assert_err(build(NULL), ERR_FORMAT, e, "natal.policy: 'hostnam' is no module, and no item of one");
	user_data("{\"natal\":{\"policy\":{\"users/a\":\"fail\"}}}");
	assert_err(build(NULL), ERR_FORMAT, e, "natal.policy: 'users/a' is no item of this plan");
}

static void numbers_and_locks_of_users(void **state)
{
	root_put(&root, "/etc/shadow", "root:$6$hash:1:0:99999:7:::\n");
	user_data("{\"users\":[{\"name\":\"root\"},{\"name\":\"a\",\"passwd\":\"$6$b\"}]}");
	assert_ok(build(NULL), e);
	assert_written("/etc/shadow", "root:!$6$hash:100:0:99999:7:::\na:!$6$b:100:0:99999:7:::\n");
}

static void a_number_that_is_taken(void **state)
{
	user_data("{\"users\":[{\"name\":\"toor\",\"uid\":0}]}");
	assert_ok(build(NULL), e);
	assert_string_equal(problem("accounts"), "user 'toor': another user has the number 0");
	assert_null(find(ACTION_WRITE, "/etc/passwd"));
}

static void host_keys_of_two_sources(void **state)
{
	seed_add(&seed, "ssh/ssh_host_ed25519_key", "private");
	user_data("{\"ssh_keys\":{\"ed25519_private\":\"x\",\"ed25519_public\":\"y\"}}");
	assert_ok(build(NULL), e);
	assert_string_equal(problem("ssh_host_keys"), "/etc/ssh/ssh_host_ed25519_key comes both as a blob and in ssh_keys of user-data");
}

static void link_in(const char *target, const char *path)
{
	char full[256];

	snprintf(full, sizeof full, "%s%s", root.path, path);
	assert_int_equal(symlink(target, full), 0);
}

/* ~/.ssh/authorized_keys -> /etc/shadow: root would read it, and hand it to the user as a file of his. */
static void a_users_links_hand_him_nothing(void **state)
{
	root_put(&root, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nmallory:x:1000:1000::/home/mallory:/bin/sh\n");
	root_put(&root, "/etc/skel/.config/file", "skel\n");
	root_put(&root, "/var/lib/natal/users", "mallory:1000\n");
	root_put(&root, "/etc/victim/keep", "x");
	root_put(&root, "/home/mallory/.ssh/known_hosts", "");
	link_in("/etc/shadow", "/home/mallory/.ssh/authorized_keys");
	link_in("/etc/victim", "/home/mallory/.config");
	user_data("{\"users\":[{\"name\":\"mallory\",\"ssh_authorized_keys\":[\"ssh-ed25519 A\"]}]}");
	assert_ok(build(NULL), e);
	assert_string_equal(problem("users/mallory"), "/home/mallory/.ssh/authorized_keys is a symlink, a file is wanted");
	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].path && strstr(plan->actions[i].path, "/home/mallory/"))
			fail_msg("an action on %s", plan->actions[i].path);
}

static void skel_is_not_put_through_a_link(void **state)
{
	root_put(&root, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nmallory:x:1000:1000::/home/mallory:/bin/sh\n");
	root_put(&root, "/etc/skel/.config/file", "skel\n");
	root_put(&root, "/var/lib/natal/users", "mallory:1000\n");
	root_put(&root, "/etc/victim/keep", "x");
	root_put(&root, "/home/mallory/mine", "");
	link_in("/etc/victim", "/home/mallory/.config");
	user_data("{\"users\":[{\"name\":\"mallory\"}]}");
	assert_ok(build(NULL), e);
	assert_string_equal(problem("users/mallory"), "none");
	assert_null(find(ACTION_WRITE, "/home/mallory/.config/file"));
}

static size_t index_of(const char *key) { return (size_t)(item(key) - plan->items); }

/* Homes and files lie on what was mounted, and on what bootcmd left. */
static void the_ground_comes_first(void **state)
{
	user_data("{\"bootcmd\":[\"true\"],\"mounts\":[[\"tmpfs\",\"/home\",\"tmpfs\"]],\"users\":[{\"name\":\"bob\"}],"
		"\"hostname\":\"web\",\"write_files\":[{\"path\":\"/data/x\"}]}");
	assert_ok(build(NULL), e);
	assert_true(index_of("machine_id") < index_of("bootcmd"));
	assert_true(index_of("bootcmd") < index_of("mounts"));
	assert_true(index_of("mounts") < index_of("accounts"));
	assert_true(index_of("accounts") < index_of("users/bob"));
	assert_true(index_of("users/bob") < index_of("write_files/data/x"));
}

static void a_round_ends_where_the_ground_may_change(void **state)
{
	bool ground = false;

	user_data("{\"bootcmd\":[\"true\"],\"users\":[{\"name\":\"bob\"}],\"write_files\":[{\"path\":\"/data/x\"}]}");
	assert_ok(build(NULL), e);
	size_t end = plan_round(plan, 0, &ground);
	assert_true(ground && end > 1);
	assert_string_equal(plan->items[end - 1].key, "bootcmd");
	assert_int_equal(plan_round(plan, end, &ground), plan->item_count);
	assert_false(ground);
}

/* A partition that grows makes no account possible: what is wrong behind it is met before. */
static void what_devices_do_not_change_is_foreseen(void **state)
{
	bool ground = false;

	user_data("{\"bootcmd\":[\"true\"],\"users\":[{\"name\":\"bob\"}]}");
	assert_ok(build(NULL), e);
	size_t end = plan_round(plan, 0, &ground);
	assert_int_equal(plan_foreseen(plan), end);
	plan->items[end - 1].ground = GROUND_DEVICES;
	assert_int_equal(plan_round(plan, 0, &ground), end);
	assert_true(ground);
	assert_int_equal(plan_foreseen(plan), plan->item_count);
}

static void without_such_programs_there_is_one_round(void **state)
{
	bool ground = true;

	user_data("{\"mounts\":[[\"tmpfs\",\"/home\",\"tmpfs\"]],\"users\":[{\"name\":\"bob\"}],\"runcmd\":[\"true\"]}");
	assert_ok(build(NULL), e);
	assert_int_equal(plan_round(plan, 0, &ground), plan->item_count);
	assert_false(ground);
}

static void what_comes_behind_is_planned_again(void **state)
{
	const struct facts f = { .root = root.fd, .owners = geteuid() == 0 };
	const struct done none = { 0 };
	uint8_t digest[SHA256_SIZE], of_file[SHA256_SIZE];
	bool ground;

	root_put(&root, "/data/x", "same");
	assert_int_equal(fchmodat(root.fd, "data/x", 0644, 0), 0);
	user_data("{\"bootcmd\":[\"true\"],\"write_files\":[{\"path\":\"/data/x\",\"content\":\"same\"},{\"path\":\"/new/y\",\"content\":\"y\"}]}");
	assert_ok(build(NULL), e);
	assert_null(find(ACTION_WRITE, "/data/x"));
	action(ACTION_MKDIR, "/new");
	size_t end = plan_round(plan, 0, &ground), count = plan->item_count, claims = plan->claim_count;
	memcpy(digest, plan->items[end - 1].digest, sizeof digest);
	memcpy(of_file, item("write_files/data/x")->digest, sizeof of_file);
	plan->items[end - 1].outcome = OUTCOME_DONE;
	assert_int_equal(unlinkat(root.fd, "data/x", 0), 0);
	root_put(&root, "/new/other", "");
	assert_ok(plan_again(plan, plan->items[end - 1].row, &(struct planning){ config, &f, &none }, &e), e);
	assert_written("/data/x", "same");
	assert_null(find(ACTION_MKDIR, "/new"));
	assert_int_equal(plan->item_count, count);
	assert_int_equal(plan->claim_count, claims);
	assert_int_equal(plan->items[end - 1].outcome, OUTCOME_DONE);
	assert_memory_equal(plan->items[end - 1].digest, digest, sizeof digest);
	assert_memory_equal(item("write_files/data/x")->digest, of_file, sizeof of_file);
}

/* One that the first round has made may be gone by now. */
static void folders_that_were_made_are_looked_at(void **state)
{
	const struct facts f = { .root = root.fd, .owners = geteuid() == 0 };
	const struct done none = { 0 };

	user_data("{\"mounts\":[[\"tmpfs\",\"/data\",\"tmpfs\"]],\"write_files\":[{\"path\":\"/data/x\",\"content\":\"new\"},"
		"{\"path\":\"/data/y\",\"content\":\"same\"}]}");
	assert_ok(build(NULL), e);
	root_put(&root, "/data/y", "same");
	assert_int_equal(fchmodat(root.fd, "data/y", 0644, 0), 0);
	assert_ok(plan_again(plan, item("mounts")->row, &(struct planning){ config, &f, &none }, &e), e);
	assert_written("/data/x", "new");
	assert_null(find(ACTION_WRITE, "/data/y"));
}

static void a_plan_shows_no_secret(void **state)
{
	scoped_buf struct buf text = BUF_MAX(1 << 20);

	seed_add(&seed, "ssh/ssh_host_ed25519_key", "very private");
	assert_ok(build(NULL), e);
	plan_print(plan, &text);
	struct json_object *o = plan_json(plan);
	const char *json = json_object_to_json_string(o);
	uint8_t digest[SHA256_SIZE];
	char hex[65];
	sha256("very private", 12, digest);
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	assert_null(strstr(json, hex));
	assert_null(strstr(json, "very private"));
	assert_null(strstr(text.data, "very private"));
	assert_non_null(strstr(text.data, "write    /etc/ssh/ssh_host_ed25519_key 0600 12 bytes, secret (absent)"));
	json_object_put(o);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_wanted_nothing_done), TEST(accounts_keep_what_is_there),
		TEST(keys_are_added_to_those_there), TEST(hostname_and_hosts), TEST(machine_id_is_the_uuid),
			TEST(host_keys_replace_what_the_image_had),
		TEST(tls_key_is_for_the_group_that_reads_it), TEST(tls_needs_both_halves),
		TEST(a_kept_key_is_the_one_that_is_meant), TEST(ca_certificates_need_their_tool),
		TEST(ca_certificates_ask_the_result), TEST(timezone_must_be_there), TEST(timezone_is_a_link),
			TEST(network_of_older_bundles_goes),
		TEST(runcmd_runs_once), TEST(policies_are_by_item_before_module), TEST(one_path_has_one_owner), TEST(a_module_has_the_last_word_on_a_file), TEST(but_for_what_comes_before_it), TEST(a_file_that_a_module_edits_is_no_file_of_the_users),
			TEST(keys_of_items_are_words),
		TEST(links_do_not_leave_the_root), TEST(files_that_cannot_be), TEST(a_policy_names_an_item),
			TEST(numbers_and_locks_of_users), TEST(a_number_that_is_taken), TEST(host_keys_of_two_sources),
		TEST(a_users_links_hand_him_nothing), TEST(skel_is_not_put_through_a_link), TEST(a_plan_shows_no_secret),
		TEST(the_ground_comes_first), TEST(a_round_ends_where_the_ground_may_change), TEST(what_devices_do_not_change_is_foreseen), TEST(without_such_programs_there_is_one_round),
		TEST(what_comes_behind_is_planned_again), TEST(folders_that_were_made_are_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
