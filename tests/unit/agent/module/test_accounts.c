/* Users' passwords, keys and numbers; scripts and when they run; sshd. */
#include "tests/unit/agent/planned.h"

static void subordinate_numbers_once_a_user(void **state)
{
	root_put(&root, "/etc/subuid", "xbob:100000:65536\nold:300000:65536");
	root_put(&root, "/etc/subgid", "xbob:100000:65536\nbob:165536:65536\n");
	planned("users: [{name: bob}, {name: sys, system: true}]\n");
	assert_written("/etc/subuid", "xbob:100000:65536\nold:300000:65536\nbob:365536:65536\n");
	assert_null(find_write("/etc/subgid"));
}

#define HASH "$6$salt$hash"
static void passwords_are_given_once_an_instance(void **state)
{
	static const char yaml[] = "users: [{name: root, lock_passwd: false, hashed_passwd: '" HASH "'}]\n";

	planned(yaml);
	assert_written("/etc/shadow", "root:" HASH ":100:0:99999:7:::\n");
	planned_again(yaml, "i-1");     /* its user has changed it since */
	assert_null(find_write("/etc/shadow"));
	planned_again(yaml, "i-2");
	assert_non_null(find_write("/etc/shadow"));
}

static void another_wish_is_given(void **state)
{
	planned("chpasswd: {expire: false, users: [{name: root, password: '" HASH "'}]}\n");
	assert_written("/etc/shadow", "root:" HASH ":100:0:99999:7:::\n");
	planned_again("chpasswd: {expire: true, users: [{name: root, password: '" HASH "'}]}\n", "i-1");
	assert_written("/etc/shadow", "root:" HASH ":0:0:99999:7:::\n");
}

static void the_older_list(void **state)
{
	root_put(&root, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\na:x:1000:1000::/home/a:/bin/sh\n");
	root_put(&root, "/etc/shadow", "root:*:1:0:99999:7:::\na:!:1::::::\n");
	planned("chpasswd:\n  expire: false\n  list: |\n    root:" HASH "\n    a:$1$\n");
	const struct action *a = find_write("/etc/shadow");
	assert_non_null(a);
	assert_true(a->secret);
	assert_non_null(strstr(a->bytes, "root:" HASH ":100:"));
	assert_null(strstr(a->bytes, "a:$1$:"));        /* no hash: a password, and hashed */
	assert_non_null(strstr(a->bytes, "a:$6$"));
}

static int refused(const char *yaml)
{
	static char text[4096];
	struct config *c = NULL;

	snprintf(text, sizeof text, "#cloud-config\n%s", yaml);
	seed_init(&seed);
	seed_add(&seed, "user-data", text);
	int r = config_parse(&seed.v, &c, &e);
	if (!r)
		config_free(c);
	return r;
}

static void passwords_that_are_none(void **state)
{
	assert_err(refused("chpasswd: {users: [{name: a}]}\n"), ERR_FORMAT, e, "password is missing");
	assert_err(refused("chpasswd: {users: [{name: a, type: hsh, password: b}]}\n"), ERR_FORMAT, e, "type is 'hsh', not hash, text or RANDOM");
	assert_err(refused("chpasswd: {users: [{name: a, password: '$6$a:0:0'}]}\n"), ERR_FORMAT, e, "the hash holds a colon");
	assert_err(refused("chpasswd: {users: [{name: a, password: \"$6$a\\nroot2\"}]}\n"), ERR_FORMAT, e, "of one line each");
	assert_err(refused("chpasswd: {users: [{name: 'a:b', password: x}]}\n"), ERR_FORMAT, e, "of one line each");
}

static void passwords_that_are_made_up(void **state)
{
	static const char yaml[] = "users: [{name: a}]\nchpasswd: {expire: false, users: [{name: a, type: RANDOM}, {name: nobody-here, type: RANDOM}]}\n";

	planned(yaml);
	assert_string_equal(command("random_passwords", 0), "/bin/sh /var/lib/natal/random-passwords.sh");
	const struct action *a = find_write("/var/lib/natal/random-passwords.sh");
	assert_int_equal(a->mode, 0700);
	assert_non_null(strstr(arena_copy(&plan->arena, a->bytes, a->size), "\n}\nset_one 'a' keep\n"));
	assert_non_null(strstr(find_write("/etc/shadow")->bytes, "\na:!:"));
	planned_again(yaml, "i-1");
	assert_string_equal(command("random_passwords", 0), "");
	planned_again(yaml, "i-2");
	assert_string_not_equal(command("random_passwords", 0), "");
}

static bool shadow_has(const char *line)
{
	const struct action *a = find_write("/etc/shadow");

	return a && strstr(arena_printf(&plan->arena, "\n%.*s", (int)a->size, (const char *)a->bytes), arena_printf(&plan->arena, "\n%s", line));
}

/* Another wish of passwords locks who is named once more: not one whose password nobody would unlock. */
static void passwords_that_were_made_up_stay(void **state)
{
#define RANDOM_ROOT "chpasswd: {expire: false, users: [{name: root, type: RANDOM}]}\n"
	root_put(&root, "/etc/shadow", "root:" HASH ":1:0:99999:7:::\n");
	planned("users: [{name: root}]\n" RANDOM_ROOT);
	assert_true(shadow_has("root:!" HASH ":"));     /* the image's is none that may open it */
	root_put(&root, "/etc/shadow", "root:$6$made$up:1:0:99999:7:::\ncarol:$6$her$own:1:0:99999:7:::\n");
	planned_again("users: [{name: root, hashed_passwd: '" HASH "'}, {name: carol}]\n" RANDOM_ROOT, "i-1");
	assert_true(shadow_has("root:$6$made$up:1:") && shadow_has("carol:!$6$her$own:"));
	assert_string_equal(command("random_passwords", 0), "");
	planned_again("users: [{name: root}, {name: carol}]\nchpasswd: {expire: false, users: [{name: carol, type: RANDOM}]}\n", "i-1");
	assert_true(shadow_has("root:!$6$made$up:"));
	planned_again("users: [{name: root}, {name: carol}]\n" RANDOM_ROOT, "i-2");
	assert_true(shadow_has("root:!$6$made$up:"));
	assert_string_not_equal(command("random_passwords", 0), "");
}

/* sudo passes over a file whose name has a dot. */
static void rules_of_one_with_a_dot(void **state)
{
	planned("users: [{name: john.doe, sudo: 'ALL=(ALL) ALL'}]\n");
	assert_written("/etc/sudoers.d/90-natal-john+doe", "john.doe ALL=(ALL) ALL\n");
	planned_again("users: [{name: bob, sudo: ''}]\n", "i-1");
	assert_null(find_write("/etc/sudoers.d/90-natal-bob"));
}

static void hosts_without_a_new_name(void **state)
{
	root_put(&root, "/etc/hostname", "mole.example.org\n");
	root_put(&root, "/etc/hosts", "127.0.0.1 localhost\n");
	planned("hostname: other\npreserve_hostname: true\nmanage_etc_hosts: localhost\n");
	assert_null(find_write("/etc/hostname"));
	assert_written("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 other\n");
	planned_again("manage_etc_hosts: localhost\n", "i-1");
	assert_written("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 mole.example.org mole\n");
	root_put(&root, "/etc/hostname", "");
	planned_again("manage_etc_hosts: localhost\n", "i-1");
	assert_null(find_write("/etc/hosts"));
}

#define PUBLIC_KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA a@b"
static void the_keys_of_the_top_show_root_the_way(void **state)
{
	planned("users: [default]\nssh_authorized_keys: ['" PUBLIC_KEY "']\n");
	const struct action *a = find_write("/root/.ssh/authorized_keys");
	assert_non_null(a);
	assert_non_null(strstr(a->bytes, "Please login as the user \\\"debian\\\" rather than the user \\\"root\\\""));
	assert_int_equal(a->mode, 0600);
	assert_written("/home/debian/.ssh/authorized_keys", PUBLIC_KEY "\n");
}

static void unless_root_may_log_in(void **state)
{
	planned("users: [default]\ndisable_root: false\nssh_authorized_keys: ['" PUBLIC_KEY "']\n");
	assert_written("/root/.ssh/authorized_keys", PUBLIC_KEY "\n");
}

static void rules_of_two_users_in_one_file(void **state)
{
	root_put(&root, "/etc/doas.conf", "permit nopass ab as root");
	planned("users: [{name: a, doas: [permit nopass a]}, {name: b, doas: [permit b]}]\n");
	assert_written("/etc/doas.conf", "permit nopass ab as root\npermit nopass a\npermit b\n");
}

static void host_keys_are_made_once(void **state)
{
	has_program("/usr/bin/ssh-keygen");
	root_put(&root, "/etc/ssh/ssh_host_rsa_key", "the image's");
	planned("ssh_genkeytypes: [ed25519]\n");
	assert_string_equal(command("ssh_host_keys", 0), "/usr/bin/ssh-keygen -q -t ed25519 -N  -f /etc/ssh/ssh_host_ed25519_key");
	bool removed = false;
	for (size_t i = 0; i < plan->action_count; i++)
		removed |= plan->actions[i].kind == ACTION_REMOVE && strcmp(plan->actions[i].path, "/etc/ssh/ssh_host_rsa_key") == 0;
	assert_true(removed);
	planned_again("ssh_genkeytypes: [ed25519]\n", "i-1");
	assert_string_equal(command("ssh_host_keys", 0), "");
	for (size_t i = 0; i < plan->action_count; i++)
		assert_int_not_equal(plan->actions[i].kind, ACTION_REMOVE);
}

/* Which cloud-init made until 24.2, and sshd has refused longer than that. */
static void dsa_keys_are_left_out(void **state)
{
	has_program("/usr/bin/ssh-keygen");
	planned("ssh_genkeytypes: [dsa, ed25519]\n");
	assert_string_equal(command("ssh_host_keys", 0), "/usr/bin/ssh-keygen -q -t ed25519 -N  -f /etc/ssh/ssh_host_ed25519_key");
	assert_string_equal(command("ssh_host_keys", 1), "");
	planned_again("ssh_keys: {dsa_private: x, dsa_public: y, ed25519_private: a, ed25519_public: b}\n", "i-2");
	assert_written("/etc/ssh/ssh_host_ed25519_key", "a\n");
	assert_null(find_write("/etc/ssh/ssh_host_dsa_key"));
}

static void an_rsa_key_is_made_behind_the_boot(void **state)
{
	has_program("/usr/bin/ssh-keygen");
	live = true;
	planned("ssh_genkeytypes: [rsa, ed25519]\n");
	assert_string_equal(command("ssh_host_keys", 0), "/usr/bin/ssh-keygen -q -t ed25519 -N  -f /etc/ssh/ssh_host_ed25519_key");
	assert_string_equal(command("ssh_host_keys", 1), "");
	assert_int_equal(item("ssh_host_keys/rsa")->stage, STAGE_BEHIND);
	assert_string_equal(command("ssh_host_keys/rsa", 0), "/usr/bin/rm -f /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_rsa_key.pub");
	assert_string_equal(command("ssh_host_keys/rsa", 1), "/usr/bin/ssh-keygen -q -t rsa -N  -f /etc/ssh/ssh_host_rsa_key");
	assert_string_equal(command("ssh_host_keys/rsa", 2), "/usr/bin/systemctl try-reload-or-restart sshd.service");
	assert_string_equal(command("ssh_host_keys/rsa", 3), "/bin/sh /var/lib/natal/publish-keys.sh rsa");
	planned_again("ssh_genkeytypes: [rsa, ed25519]\n", "i-1");
	assert_string_equal(command("ssh_host_keys/rsa", 0), "");
	planned_again("ssh_genkeytypes: [rsa, ed25519]\n", "i-2");
	assert_string_equal(command("ssh_host_keys/rsa", 1), "/usr/bin/ssh-keygen -q -t rsa -N  -f /etc/ssh/ssh_host_rsa_key");
}

/* sshd would have nothing to start with; and a home that is to be told of it is told at the boot's end. */
static void an_rsa_key_that_is_waited_for(void **state)
{
	static const char *const yaml[] = { "ssh_genkeytypes: [rsa]\n", "ssh_genkeytypes: [ed25519, rsa]\nphone_home: {url: 'http://h/'}\n" };

	has_program("/usr/bin/ssh-keygen");
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		if (i == 0)
			planned(yaml[i]);
		else
			planned_again(yaml[i], "i-2");
		assert_string_equal(command("ssh_host_keys", i), "/usr/bin/ssh-keygen -q -t rsa -N  -f /etc/ssh/ssh_host_rsa_key");
		assert_string_equal(command("ssh_host_keys/rsa", 0), "");
	}
	planned_again("ssh_genkeytypes: [ed25519, rsa]\nphone_home: {url: 'http://h/', post: [pub_key_ed25519]}\n", "i-3");
	assert_string_equal(command("ssh_host_keys", 1), "");
}

/* sshd-keygen@rsa.service would make one while natal does. */
static void an_rsa_key_that_a_unit_waits_for(void **state)
{
	has_program("/usr/bin/ssh-keygen");
	root_put(&root, "/usr/lib/systemd/system/sshd-keygen@.service", "");
	planned("ssh_genkeytypes: [ed25519, rsa]\n");
	assert_string_equal(command("ssh_host_keys", 1), "/usr/bin/ssh-keygen -q -t rsa -N  -f /etc/ssh/ssh_host_rsa_key");
	assert_string_equal(command("ssh_host_keys/rsa", 0), "");
}

static const char *publishing(void)
{
	const struct action *a = find_write("/var/lib/natal/publish-keys.sh");

	return a ? arena_copy(&plan->arena, a->bytes, a->size) : "";
}

static void keys_that_are_made_are_shown(void **state)
{
	has_program("/usr/bin/ssh-keygen");
	planned("ssh_genkeytypes: [ed25519]\n");
	assert_string_equal(command("ssh_publish", 0), "/bin/sh /var/lib/natal/publish-keys.sh");
	assert_non_null(strstr(publishing(), "echo '-----BEGIN SSH HOST KEY FINGERPRINTS-----'\nfor t in ecdsa ed25519 rsa; do\n  [ \"${1:-$t}\" = $t ] || continue\n"));
	planned_again("ssh_genkeytypes: [ed25519]\n", "i-1");
	assert_string_equal(command("ssh_publish", 0), "");
	planned_again("ssh_genkeytypes: [ed25519]\nssh_publish_hostkeys: {blacklist: [rsa]}\nssh_fp_console_blacklist: [ssh-ed25519]\n", "i-2");
	assert_non_null(strstr(publishing(), "FINGERPRINTS-----'\nfor t in ecdsa; do\n"));
	assert_non_null(strstr(publishing(), "BEGIN SSH HOST KEY KEYS-----'\nfor t in ecdsa ed25519; do\n"));
}

static void keys_are_not_shown(void **state)
{
	static const char *const yaml[] = { "ssh: {emit_keys_to_console: false}\n", "ssh_publish_hostkeys: {enabled: false}\n",
		"ssh_publish_hostkeys: {enabled: true}\nssh: {emit_keys_to_console: false}\n" };

	has_program("/usr/bin/ssh-keygen");
	planned("hostname: x\n");
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		planned_again(yaml[i], "i-2");
		assert_string_equal(publishing(), "");
	}
}

static void the_images_keys_may_stay(void **state)
{
	has_program("/usr/bin/ssh-keygen");
	root_put(&root, "/etc/ssh/ssh_host_ecdsa_key", "the image's");
	planned("ssh_deletekeys: false\nssh_genkeytypes: [ecdsa, ed25519]\n");
	assert_string_equal(command("ssh_host_keys", 0), "/usr/bin/ssh-keygen -q -t ed25519 -N  -f /etc/ssh/ssh_host_ed25519_key");
	for (size_t i = 0; i < plan->action_count; i++)
		assert_int_not_equal(plan->actions[i].kind, ACTION_REMOVE);
}

static void sshd_is_told(void **state)
{
	root_put(&root, "/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n");
	planned("ssh_pwauth: false\n");
	assert_written("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication no\n");
}

static void an_sshd_without_drop_ins(void **state)
{
	root_put(&root, "/etc/ssh/sshd_config", "# Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n");
	planned("ssh_pwauth: true\n");
	assert_written("/etc/ssh/sshd_config", "# natal: begin\nPasswordAuthentication yes\n# natal: end\n# Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n");
	root_put(&root, "/etc/ssh/sshd_config", "# natal: begin\nPasswordAuthentication yes\n# natal: end\nPort 22\n");
	planned_again("ssh_pwauth: no\n", "i-1");
	assert_written("/etc/ssh/sshd_config", "# natal: begin\nPasswordAuthentication no\n# natal: end\nPort 22\n");
}

static void ssh_keys_that_are_none(void **state)
{
	assert_err(refused("ssh_keys: {rsa_public: x}\n"), ERR_FORMAT, e, "rsa_private and rsa_public go together");
	assert_err(refused("ssh_genkeytypes: [dsb]\n"), ERR_UNSUPPORTED, e, "'dsb' is none of rsa, ecdsa, ed25519");
}

/* One script of each kind. */
#define PART(type, name) "--b\nContent-Type: text/" type "\nContent-Disposition: attachment; filename=" name "\n\n#!/bin/sh\n\n"
static void parts(const char *instance_id)
{
	static const char mime[] = "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n" PART("x-shellscript-per-boot", "boot")
		PART("x-shellscript-per-instance", "inst") PART("x-shellscript-per-once", "once") PART("cloud-boothook", "hook")
		PART("x-shellscript", "user") "--b--\n";
	struct done_row rows[8];
	struct done d = { 0, rows, "i-1" };
	const struct facts f = { .root = root.fd };
	static char keys[8][160];

	for (size_t i = 0; plan && i < plan->item_count; i++)
		if (plan->items[i].frequency == FREQ_INSTANCE || plan->items[i].frequency == FREQ_ONCE) {
			snprintf(keys[d.count], sizeof keys[0], "%s", plan->items[i].key);
			rows[d.count] = (struct done_row){ keys[d.count], plan->items[i].frequency, { 0 } };
			memcpy(rows[d.count++].digest, plan->items[i].digest, SHA256_SIZE);
		}
	plan_free(plan);
	config_free(config);
	plan = NULL;
	config = NULL;
	seed_init(&seed);
	snprintf(seed.v.manifest.vm.instance_id, sizeof seed.v.manifest.vm.instance_id, "%s", instance_id);
	seed_add(&seed, "user-data", mime);
	assert_ok(config_parse(&seed.v, &config, &e), e);
	assert_ok(plan_build(config, &f, &d, &plan, &e), e);
}

static void assert_run(const char *which)
{
	static const char *const keys[] = { "scripts/per-boot/boot", "scripts/per-instance/inst", "scripts/per-once/once", "boothooks/boothook/hook",
		"scripts/user/user" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if ((command(keys[i], 0)[0] != 0) != (which[i] == 'x'))
			fail_msg("%s: '%s'", keys[i], command(keys[i], 0));
}

static void scripts_have_their_frequencies(void **state)
{
	parts("i-1");
	assert_run("xxxxx");
	assert_string_equal(command("scripts/per-once/once", 0), "/var/lib/natal/scripts/per-once/once");
	assert_true(find_write("/var/lib/natal/scripts/user/user")->secret);
	assert_int_equal(find_write("/var/lib/natal/scripts/user/user")->mode, 0700);
	assert_int_equal(item("boothooks/boothook/hook")->stage, STAGE_EARLY);
	parts("i-1");
	assert_run("x--x-");
	parts("i-2");
	assert_run("xx-xx");
}

static void bootcmd_at_every_boot(void **state)
{
	planned("bootcmd: [[echo, \"it's\"]]\n");
	assert_string_equal(command("bootcmd", 0), "/var/lib/natal/scripts/bootcmd/bootcmd.sh");
	planned_again("bootcmd: [[echo, \"it's\"]]\n", "i-1");
	assert_string_equal(command("bootcmd", 0), "/var/lib/natal/scripts/bootcmd/bootcmd.sh");
	assert_written("/var/lib/natal/scripts/bootcmd/bootcmd.sh", "#!/bin/sh\n'echo' 'it'\\''s'\n");
}

#define VENDOR "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n" PART("x-shellscript", "user") \
	"--b\nContent-Type: text/cloud-config\n\n#cloud-config\ntimezone: UTC\n--b--\n"
static void vendors_scripts_have_their_prefix(void **state)
{
	seed_add(&seed, "vendor-data", VENDOR);
	planned("vendor_data: {enabled: true, prefix: [/bin/nice, 5]}\n");
	assert_string_equal(command("scripts/vendor/user", 0), "/bin/nice 5 /var/lib/natal/scripts/vendor/user");
	assert_non_null(item("timezone"));
}

static void vendor_data_may_be_off(void **state)
{
	seed_add(&seed, "vendor-data", VENDOR);
	planned("vendor_data: {enabled: false}\n");
	assert_string_equal(command("scripts/vendor/user", 0), "");
	assert_int_equal(plan->item_count, 1);
}

static void keys_of_the_source_may_be_left(void **state)
{
	seed.v.waived = true;
	seed_add(&seed, "meta-data", "keys: ['" PUBLIC_KEY "']\n");
	planned("users: [default]\nallow_public_ssh_keys: false\n");
	assert_null(find_write("/home/debian/.ssh/authorized_keys"));
}

static void a_lock_is_a_wish(void **state)
{
	root_put(&root, "/etc/shadow", "root:" HASH ":1:0:99999:7:::\n");
	planned("users: [{name: root, lock_passwd: true}]\n");
	assert_written("/etc/shadow", "root:!" HASH ":100:0:99999:7:::\n");
}

static void scripts_of_older_user_data_go(void **state)
{
	root_put(&root, "/var/lib/natal/scripts/user/part-001", "#!/bin/sh\nold\n");
	root_put(&root, "/var/lib/natal/scripts/per-boot/a", "#!/bin/sh\nold\n");
	root_put(&root, "/var/lib/natal/scripts/bootcmd/bootcmd.sh", "#!/bin/sh\nold\n");
	planned("hostname: x\n");
	assert_true(removes("/var/lib/natal/scripts/user/part-001") && removes("/var/lib/natal/scripts/per-boot/a"));
	assert_true(removes("/var/lib/natal/scripts/bootcmd/bootcmd.sh"));
	planned_again("bootcmd: [x]\n", "i-1");
	assert_false(removes("/var/lib/natal/scripts/bootcmd/bootcmd.sh"));
	assert_true(removes("/var/lib/natal/scripts/user/part-001"));
}

/* What is too much for one item is no reason to leave the others out. */
static void a_limit_is_of_its_item(void **state)
{
	root_put(&root, "/etc/skel/1/2/3/4/5/6/7/8/9/x", "deep");
	planned("users: [{name: bob}]\nhostname: other\n");
	assert_non_null(strstr(problem("users/bob"), "folders more than 8 deep"));
	assert_written("/etc/hostname", "other\n");
}

/* cloud-init locks whom it names, once an instance: what the guest's people make of it since stays. */
static void who_is_named_is_locked(void **state)
{
	static const char yaml[] = "users: [{name: root}]\n";

	root_put(&root, "/etc/shadow", "root:" HASH ":1:0:99999:7:::\n");
	planned(yaml);
	assert_written("/etc/shadow", "root:!" HASH ":100:0:99999:7:::\n");
	planned_again(yaml, "i-1");
	assert_null(find_write("/etc/shadow"));
	planned_again(yaml, "i-2");
	assert_non_null(find_write("/etc/shadow"));
}

static void who_is_not_to_be_locked_is_opened(void **state)
{
	static const char yaml[] = "users: [{name: root, lock_passwd: false}]\n";

	root_put(&root, "/etc/shadow", "root:!" HASH ":1:0:99999:7:::\n");
	planned(yaml);
	assert_written("/etc/shadow", "root:" HASH ":100:0:99999:7:::\n");
	planned_again(yaml, "i-1");
	assert_null(find_write("/etc/shadow"));
	root_put(&root, "/etc/shadow", "root:!:1:0:99999:7:::\n");
	planned_again(yaml, "i-2");
	assert_null(find_write("/etc/shadow"));
}

static void home_is_told_of_keys_that_are_made(void **state)
{
	static const char yaml[] = "ssh_genkeytypes: [ed25519]\nphone_home: {url: 'http://h/', post: [pub_key_ed25519, pub_key_rsa]}\n";

	has_program("/usr/bin/ssh-keygen");
	root_put(&root, "/etc/ssh/ssh_host_rsa_key.pub", "the image's");
	planned(yaml);
	assert_non_null(strstr(command("phone_home", 0), "pub_key_ed25519@/etc/ssh/ssh_host_ed25519_key.pub"));
	assert_non_null(strstr(command("phone_home", 0), "pub_key_rsa=N/A"));
}

static void appended_once(void **state)
{
	static const char yaml[] = "write_files: [{path: /etc/x, content: b, append: true}]\n";

	root_put(&root, "/etc/x", "a");
	planned(yaml);
	assert_written("/etc/x", "ab");
	planned_again(yaml, "i-1");
	assert_null(find_write("/etc/x"));
	planned_again("write_files: [{path: /etc/x, content: a, append: true}]\n", "i-3");
	assert_null(find_write("/etc/x"));      /* a run that did not come to its end */
}

static void pieces_of_one_file(void **state)
{
	root_put(&root, "/etc/x", "0");
	planned("write_files: [{path: /etc/x, content: a, append: true}, {path: /etc/x, content: b, append: true}, {path: /etc/x, content: c, append: true}]\n");
	assert_written("/etc/x", "0abc");
}

/* A user who puts a link there gets no copy of what he cannot read. */
static void appended_through_no_link_of_a_users(void **state)
{
	if (geteuid() != 0)
		skip();
	root_put(&root, "/etc/shadow", "root:secret\n");
	root_put(&root, "/srv/web/x", "");
	assert_int_equal(symlinkat("/etc/shadow", root.fd, "srv/web/notes"), 0);
	assert_int_equal(symlinkat("/etc", root.fd, "srv/web/dir"), 0);
	assert_int_equal(fchownat(root.fd, "srv/web/dir", 77, 78, AT_SYMLINK_NOFOLLOW), 0);
	planned("write_files: [{path: /srv/web/notes, content: a, append: true}, {path: /srv/web/dir/shadow, content: a, append: true}]\n");
	assert_non_null(strstr(item("write_files/srv/web/notes")->problem->msg, "/srv/web/notes is a symlink, a file is wanted"));
	assert_non_null(strstr(item("write_files/srv/web/dir/shadow")->problem->msg, "is a symlink of user 77: not followed"));
}

static void what_is_no_text_is_kept(void **state)
{
	char path[128];

	root_put(&root, "/etc/x", "");
	snprintf(path, sizeof path, "%s/etc/x", root.path);
	FILE *f = fopen(path, "w");
	assert_int_equal(fwrite("a\0b", 1, 3, f), 3);
	fclose(f);
	planned("write_files: [{path: /etc/x, content: c, append: true}]\n");
	const struct action *a = find_write("/etc/x");
	assert_non_null(a);
	assert_int_equal(a->size, 4);
	assert_memory_equal(a->bytes, "a\0bc", 4);
}

#define LATER(mode) "write_files: [{path: /srv/x, content: a, owner: 'web:web', permissions: '" mode "', defer: true}]\n"
static void deferred_until_the_owner_is_there(void **state)
{
	planned(LATER("0640"));
	assert_string_equal(command("write_files/deferred/srv/x", 0), "natal:put /var/lib/natal/deferred/deferred~srv~x /srv/x web web 0640 whole");
	planned_again(LATER("0640"), "i-1");
	assert_string_equal(command("write_files/deferred/srv/x", 0), "");
	planned_again(LATER("0600"), "i-1");
	assert_string_not_equal(command("write_files/deferred/srv/x", 0), "");
}

static void deferred_behind_what_is_there(void **state)
{
	static const char yaml[] = "write_files: [{path: /srv//x/, content: ab, owner: 'web:adm', permissions: '0640', append: true, defer: true}]\n";

	planned(yaml);
	assert_string_equal(command("write_files/deferred/srv/x", 0), "natal:put /var/lib/natal/deferred/deferred~srv~x /srv/x web adm 0640 append");
	planned_again(yaml, "i-1");
	assert_string_equal(command("write_files/deferred/srv/x", 0), "");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(subordinate_numbers_once_a_user), T(passwords_are_given_once_an_instance), T(another_wish_is_given), T(the_older_list),
		T(passwords_that_are_none), T(the_keys_of_the_top_show_root_the_way), T(unless_root_may_log_in),
		T(rules_of_two_users_in_one_file), T(host_keys_are_made_once), T(dsa_keys_are_left_out), T(an_rsa_key_is_made_behind_the_boot), T(an_rsa_key_that_is_waited_for), T(an_rsa_key_that_a_unit_waits_for), T(keys_that_are_made_are_shown), T(keys_are_not_shown),
		T(the_images_keys_may_stay), T(sshd_is_told), T(an_sshd_without_drop_ins),
		T(ssh_keys_that_are_none), T(scripts_have_their_frequencies), T(bootcmd_at_every_boot), T(appended_once), T(pieces_of_one_file),
		T(appended_through_no_link_of_a_users), T(what_is_no_text_is_kept), T(deferred_until_the_owner_is_there), T(deferred_behind_what_is_there), T(passwords_that_are_made_up), T(passwords_that_were_made_up_stay), T(rules_of_one_with_a_dot),
		T(hosts_without_a_new_name), T(vendors_scripts_have_their_prefix), T(vendor_data_may_be_off),
		T(keys_of_the_source_may_be_left), T(a_lock_is_a_wish), T(scripts_of_older_user_data_go), T(a_limit_is_of_its_item), T(who_is_named_is_locked), T(who_is_not_to_be_locked_is_opened), T(home_is_told_of_keys_that_are_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
