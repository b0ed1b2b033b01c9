/* Who gets which keys; what a user's item goes on without; whose user `default` is; what is left to users who were there before. */
#include "tests/unit/agent/planned.h"

#define KEY_A "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA a@a"
#define KEY_B "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB b@b"

static const char *written(const char *path)
{
	const struct action *a = find_write(path);

	return a ? arena_copy(&plan->arena, a->bytes, a->size) : "";
}

/* The note that holds the words; its place and message, or "". */
static const char *noted(const struct notes *notes, const char *words)
{
	static char line[800];

	for (size_t i = 0; i < notes->kept; i++)
		if (strstr(notes->at[i].err.msg, words)) {
			snprintf(line, sizeof line, "%s: %s", notes->at[i].err.where, notes->at[i].err.msg);
			return line;
		}
	return "";
}

static void keys_of_the_top_without_a_default_user(void **state)
{
	planned("users: [{name: app, system: true}, {name: bob}]\nssh_authorized_keys: ['" KEY_A "']\n");
	assert_null(find_write("/home/app/.ssh/authorized_keys"));
	assert_null(find_write("/home/bob/.ssh/authorized_keys"));
	assert_non_null(strstr(written("/root/.ssh/authorized_keys"), "login as the user \\\"NONE\\\" rather than the user \\\"root\\\""));
	assert_string_equal(noted(&config->notes, "root alone"),
		"user-data:3:1: ssh_authorized_keys are for the default user, and users names none: root alone gets them");
}

static void keys_of_the_top_without_a_default_user_where_root_may(void **state)
{
	planned("users: [{name: bob}]\ndisable_root: false\nssh_authorized_keys: ['" KEY_A "']\n");
	assert_string_equal(written("/root/.ssh/authorized_keys"), KEY_A "\n");
}

/* Twice over, as cloud-init has it: his own by `users`, and the top's behind them; of one key the latter. */
static void root_has_his_own_and_the_tops(void **state)
{
	planned("users: [default, {name: root, ssh_authorized_keys: ['" KEY_A "', '" KEY_B "']}]\nssh_authorized_keys: ['" KEY_B "']\n"
		"disable_root_opts: 'command=\"echo $USER $DISABLE_USER\"'\n");
	assert_string_equal(written("/root/.ssh/authorized_keys"), KEY_A "\ncommand=\"echo debian root\" " KEY_B "\n");
	assert_string_equal(written("/home/debian/.ssh/authorized_keys"), KEY_B "\n");
}

static void the_default_user_has_his_own_and_the_tops(void **state)
{
	planned("user: {name: joe, ssh_authorized_keys: ['from=\"h\" " KEY_A "', '" KEY_B "']}\nssh_authorized_keys: ['" KEY_A "']\n");
	assert_string_equal(written("/home/joe/.ssh/authorized_keys"), KEY_A "\n" KEY_B "\n");
}

static void root_as_the_default_user(void **state)
{
	planned("user: root\nssh_authorized_keys: ['" KEY_A "']\n");
	assert_non_null(strstr(written("/root/.ssh/authorized_keys"), "login as the user \\\"root\\\" rather than the user \\\"root\\\""));
	assert_string_equal(noted(&plan->notes, "to himself"), "user-data:3:22: root is the default user, and his keys send him to himself");
	planned_again("user: root\nssh_authorized_keys: ['" KEY_A "']\ndisable_root: false\n", "i-2");
	assert_string_equal(written("/root/.ssh/authorized_keys"), KEY_A "\n");
	assert_string_equal(noted(&plan->notes, "to himself"), "");
}

/* Whatever is said of root: cloud-init has the same words for all of them. */
static void one_who_is_sent_on(void **state)
{
	static const char *const of_root[] = { "", "disable_root: false\n", "disable_root_opts: no-pty\n" };
	char yaml[400];

	for (size_t i = 0; i < ARRAY_SIZE(of_root); i++) {
		snprintf(yaml, sizeof yaml, "users: [default, {name: old, ssh_redirect_user: true}]\nssh_authorized_keys: ['" KEY_A "']\n%s", of_root[i]);
		if (i)
			planned_again(yaml, "i-2");
		else
			planned(yaml);
		assert_string_equal(written("/home/old/.ssh/authorized_keys"), "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo "
			"'Please login as the user \\\"debian\\\" rather than the user \\\"old\\\".';echo;sleep 10;exit 142\" " KEY_A "\n");
	}
}

static void nobody_to_be_sent_to(void **state)
{
	planned("users: [{name: old, ssh_redirect_user: true}]\nssh_authorized_keys: ['" KEY_A "']\n");
	assert_null(find_write("/home/old/.ssh/authorized_keys"));
	assert_string_equal(noted(&config->notes, "has no effect"),
		"user-data:2:21: users.old.ssh_redirect_user has no effect: users names no default user");
}

/* An empty variable of a template, a file's comment: sshd would pass them over, too. */
static void what_is_no_key_is_left_out(void **state)
{
	planned("users:\n- name: bob\n  ssh_authorized_keys:\n  - ''\n  - '# of the office'\n  - nonsense\n  - |\n    " KEY_A "\n\n    # and\n    " KEY_B "\n");
	assert_string_equal(written("/home/bob/.ssh/authorized_keys"), KEY_A "\n" KEY_B "\n");
	assert_string_equal(noted(&config->notes, "keys.0"), "user-data:5:5: users.bob.ssh_authorized_keys.0 is empty, and left out");
	assert_string_equal(noted(&config->notes, "keys.1"), "user-data:6:5: users.bob.ssh_authorized_keys.1 is a comment, and left out");
	assert_string_equal(noted(&config->notes, "keys.2"),
		"user-data:7:5: users.bob.ssh_authorized_keys.2 is no line of an authorized_keys file, and left out");
	assert_string_equal(noted(&config->notes, "keys.3"), "user-data:8:5: users.bob.ssh_authorized_keys.3 is a comment, and left out");
	assert_int_equal(config->notes.count, 4);
}

static void no_key_at_all(void **state)
{
	planned("users: [default]\nssh_authorized_keys: ['', ' ']\n");
	assert_null(find_write("/home/debian/.ssh/authorized_keys"));
	assert_null(find_write("/root/.ssh/authorized_keys"));
	assert_string_equal(noted(&config->notes, "is empty"), "user-data:3:23: ssh_authorized_keys.0 is empty, and left out");
}

/* cloud-init logs it and goes on; the rest of the item is done. */
static void a_member_who_is_nobody(void **state)
{
	planned("users: [bob]\ngroups:\n- g: [root, ghost, bob]\n- h: ghost\n");
	assert_string_equal(problem("accounts"), "none");
	assert_non_null(strstr(written("/etc/group"), "g:x:1000:bob,root\nh:x:1001:\n"));
	assert_string_equal(noted(&plan->notes, "group 'g'"), "user-data:4:13: group 'g': its member 'ghost' is no user");
	assert_string_equal(noted(&plan->notes, "group 'h'"), "user-data:5:6: group 'h': its member 'ghost' is no user");
	assert_int_equal(plan->notes.count, 2);
}

static void a_password_for_nobody(void **state)
{
	planned("chpasswd:\n  expire: false\n  users:\n  - {name: ghost, password: '$6$a$b'}\n  - {name: root, password: '$6$c$d'}\n  list: ['bogy:$6$e$f']\n");
	assert_string_equal(problem("accounts"), "none");
	assert_string_equal(written("/etc/shadow"), "root:$6$c$d:100:0:99999:7:::\n");
	assert_string_equal(noted(&plan->notes, "'ghost'"), "user-data:5:5: chpasswd: 'ghost' is no user of this guest");
	assert_string_equal(noted(&plan->notes, "'bogy'"), "user-data:7:10: chpasswd: 'bogy' is no user of this guest");
	assert_null(strstr(noted(&plan->notes, "'bogy'"), "$6$"));
}

static void a_number_stays(void **state)
{
	planned("users:\n- name: root\n  uid: 5\n  lock_passwd: false\n  hashed_passwd: '$6$c$d'\n");
	assert_string_equal(problem("accounts"), "none");
	assert_null(find_write("/etc/passwd"));
	assert_string_equal(written("/etc/shadow"), "root:$6$c$d:100:0:99999:7:::\n");
	assert_string_equal(noted(&plan->notes, "number"),
		"user-data:4:8: user 'root' has the number 0, 5 is wanted: numbers of existing users are not changed");
}

/* Nothing was made for him: nobody could get in as him. */
static void a_new_user_needs_a_number_of_his_own(void **state)
{
	planned("users: [{name: bob, uid: 0}]\n");
	assert_string_equal(problem("accounts"), "user 'bob': another user has the number 0");
	assert_null(find_write("/etc/passwd"));
}

/* Words of os-release(5) and whom they make `default`. */
static void the_default_user_of_each_distribution(void **state)
{
	static const struct { const char *release, *tail; } rows[] = {
		{ "ID=debian\n", "Debian:/home/debian:/bin/bash\n" },
		{ "ID=ubuntu\nID_LIKE=debian\n", "Ubuntu:/home/ubuntu:/bin/bash\n" },
		{ "ID=fedora\n", "fedora Cloud User:/home/fedora:/bin/bash\n" },
		{ "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\n", "Cloud User:/home/cloud-user:/bin/bash\n" },
		{ "ID=\"rhel\"\nID_LIKE=\"fedora\"\n", "Cloud User:/home/cloud-user:/bin/bash\n" },
		{ "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "rocky Cloud User:/home/rocky:/bin/bash\n" },
		{ "ID=\"almalinux\"\n", "almalinux Cloud User:/home/almalinux:/bin/bash\n" },
		{ "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "suse Cloud User:/home/suse:/bin/bash\n" },
		{ "ID=alpine\n", "alpine Cloud User:/home/alpine:/bin/ash\n" },
		{ "ID=arch\n", "arch Cloud User:/home/arch:/bin/bash\n" },
		/* Of those that are like others, the nearest. */
		{ "ID=pop\nID_LIKE=\"ubuntu debian\"\n", "Ubuntu:/home/ubuntu:/bin/bash\n" },
		{ "ID=ol\nID_LIKE=\"nothing rhel fedora\"\n", "Cloud User:/home/cloud-user:/bin/bash\n" },
		{ "ID=alp\n", ":Debian:/home/debian:/bin/bash\n" },
		{ "ID=debian-like\n", "Debian:/home/debian:/bin/bash\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		root_put(&root, "/etc/os-release", rows[i].release);
		if (i)
			planned_again("users: [default]\n", "i-2");
		else
			planned("users: [default]\n");
		if (!strstr(written("/etc/passwd"), rows[i].tail))
			fail_msg("%s: %s", rows[i].release, written("/etc/passwd"));
	}
}

static void the_groups_of_the_default_user(void **state)
{
	is_fedora();
	planned("users: [default]\n");
	assert_string_equal(written("/etc/group"), "root:x:0:\nshadow:x:42:\nadm:x:1000:fedora\nsystemd-journal:x:1001:fedora\nwheel:x:1002:fedora\nfedora:x:1003:\n");
	assert_string_equal(written("/etc/sudoers.d/90-natal-fedora"), "fedora ALL=(ALL) NOPASSWD:ALL\n");
}

static void useradds_own_defaults(void **state)
{
	root_put(&root, "/etc/default/useradd", "# SHELL=/bin/no\nSHELL=/bin/dash\nHOME=/srv/people/\nSKEL=/etc/skel2\nSHELL=/bin/bash\n");
	root_put(&root, "/etc/skel2/.rc", "rc\n");
	root_put(&root, "/etc/skel/.other", "no\n");
	planned("users: [{name: bob}, {name: eve, shell: /bin/zsh, homedir: /e}]\n");
	assert_non_null(strstr(written("/etc/passwd"), "bob:x:1000:1000::/srv/people/bob:/bin/bash\neve:x:1001:1001::/e:/bin/zsh\n"));
	assert_string_equal(written("/srv/people/bob/.rc"), "rc\n");
	assert_string_equal(written("/e/.rc"), "rc\n");
	assert_null(find_write("/e/.other"));
}

static bool makes(const char *path, unsigned mode)
{
	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].kind == ACTION_MKDIR && strcmp(plan->actions[i].path, path) == 0)
			return plan->actions[i].mode == mode;
	return false;
}

/* cloud-init writes files before it makes users. */
static void what_write_files_puts_into_the_skeleton(void **state)
{
	root_put(&root, "/etc/skel/.rc", "rc\n");
	root_put(&root, "/etc/skel/.old", "old\n");
	root_put(&root, "/etc/skel/.own", "the skeleton's\n");
	root_put(&root, "/home/bob/.own", "his\n");
	planned("users: [bob]\nwrite_files:\n- {path: /etc/skel/.rc, content: \"more\\n\", append: true}\n- {path: /etc/skel/.old, content: new, permissions: '0600'}\n"
		"- {path: /etc/skel/.config/app/x, content: x, permissions: '0755'}\n- {path: /etc/skel/.d/late, content: late, defer: true}\n"
		"- {path: /etc/skeleton, content: x}\n");
	assert_string_equal(written("/home/bob/.rc"), "rc\nmore\n");
	assert_string_equal(written("/home/bob/.old"), "new");
	assert_int_equal(find_write("/home/bob/.old")->mode, 0600);
	assert_string_equal(written("/home/bob/.config/app/x"), "x");
	assert_int_equal(find_write("/home/bob/.config/app/x")->mode, 0755);
	assert_null(find_write("/home/bob/.d/late"));
	assert_false(makes("/home/bob/.d", 0755));
	assert_null(find_write("/home/bob/.own"));
	assert_null(find_write("/home/bobeton"));
	assert_string_equal(problem("users/bob"), "none");
}

static void what_was_appended_by_an_earlier_run(void **state)
{
	root_put(&root, "/etc/skel/.rc", "rc\nmore\n");
	planned("users: [bob, {name: eve, homedir: /e}]\nwrite_files: [{path: /etc/skel/.rc, content: \"more\\n\", append: true}]\n");
	assert_string_equal(written("/home/bob/.rc"), "rc\nmore\n");
	assert_string_equal(written("/e/.rc"), "rc\nmore\n");
}

static void what_write_files_says_of_new_users(void **state)
{
	planned("users: [bob]\nwrite_files: [{path: /etc/default/useradd, content: \"SHELL=/bin/zsh\"}, {path: /etc/login.defs, content: \"HOME_MODE 0711\"}]\n");
	assert_non_null(strstr(written("/etc/passwd"), "bob:x:1000:1000::/home/bob:/bin/zsh\n"));
	assert_true(makes("/home/bob", 0711));
}

static void numbers_of_login_defs(void **state)
{
	root_put(&root, "/etc/login.defs", "#UID_MIN 1\nUID_MIN\t\t 5000\nUID_MAX 5001\nGID_MIN 700\nGID_MAX 0x2c8\nSYS_UID_MIN 201\nSYS_UID_MAX 210\nUSERGROUPS_ENAB no\n");
	root_put(&root, "/etc/default/useradd", "GROUP=42\n");
	root_put(&root, "/etc/subuid", "");
	planned("groups: [people]\nusers: [bob, eve, {name: sys, system: true}, {name: low, uid: 600}]\n");
	assert_string_equal(written("/etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nbob:x:5000:42::/home/bob:/bin/sh\neve:x:5001:42::/home/eve:/bin/sh\n"
		"sys:x:210:42::/home/sys:/bin/sh\nlow:x:600:42::/home/low:/bin/sh\n");
	assert_string_equal(written("/etc/group"), "root:x:0:\nshadow:x:42:\npeople:x:700:\n");
	assert_string_equal(written("/etc/subuid"), "bob:100000:65536\neve:165536:65536\n");
}

/* The highest has an owner: then the first free ones, each of another. */
static void numbers_below_the_last(void **state)
{
	root_put(&root, "/etc/login.defs", "UID_MIN 5000\nUID_MAX 5010\nGID_MIN 5000\nGID_MAX 5010\n");
	planned("groups: [a]\nusers: [{name: last, uid: 5010}, {name: bob, groups: [b, c]}, {name: mid, uid: 5003}, eve]\n");
	assert_string_equal(problem("accounts"), "none");
	assert_non_null(strstr(written("/etc/passwd"), "last:x:5010:"));
	assert_non_null(strstr(written("/etc/passwd"), "bob:x:5000:"));
	assert_non_null(strstr(written("/etc/passwd"), "eve:x:5001:"));
}

static void members_are_whole_names(void **state)
{
	root_put(&root, "/etc/group", "root:x:0:\npeople:x:700:xann,annie\nothers:x:701:ann,bob\n");
	planned("groups: [{people: [ann, bob], others: [bob]}]\nusers: [{name: ann, groups: others}, {name: bob, groups: people}]\n");
	assert_non_null(strstr(written("/etc/group"), "people:x:700:xann,annie,bob,ann\n"));
	assert_non_null(strstr(written("/etc/group"), "others:x:701:ann,bob\n"));
}

static void no_number_is_left(void **state)
{
	root_put(&root, "/etc/login.defs", "UID_MIN 5000\nUID_MAX 5000\n");
	planned("users: [bob, eve]\n");
	assert_string_equal(problem("accounts"), "user 'eve': no number is left for it");
}

static void numbers_that_are_none(void **state)
{
	root_put(&root, "/etc/login.defs", "UID_MIN 5000\nUID_MAX 4000\nGID_MIN ten\nGID_MAX 99999999999\nUSERGROUPS_ENAB yes\n");
	planned("users: [bob]\n");
	assert_non_null(strstr(written("/etc/passwd"), "bob:x:1000:1000:"));
}

static void the_default_user_is_not_sent_to_himself(void **state)
{
	planned("user: {name: joe, ssh_redirect_user: true}\nssh_authorized_keys: ['" KEY_A "']\n");
	assert_string_equal(written("/home/joe/.ssh/authorized_keys"), KEY_A "\n");
}

static void defaults_that_are_none(void **state)
{
	root_put(&root, "/etc/default/useradd", "SHELL=bash\nHOME=/a:/b/\nSKEL=\n");
	root_put(&root, "/etc/skel/.rc", "rc\n");
	planned("users: [bob]\n");
	assert_non_null(strstr(written("/etc/passwd"), "bob:x:1000:1000::/home/bob:/bin/sh\n"));
	assert_string_equal(written("/home/bob/.rc"), "rc\n");
}

#define OLD "root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000:Old:/home/old:/bin/sh\n"
#define NEW_SHADOW "root:*:1:0:99999:7:::\nold:!:1:0:99999:7:::\n"
/* cloud-init's create_user(): of one who is there only the password, its lock, sudo and keys. */
static void who_was_there_stays_as_he_was(void **state)
{
	root_put(&root, "/etc/passwd", OLD);
	root_put(&root, "/etc/shadow", NEW_SHADOW);
	root_put(&root, "/etc/skel/.rc", "rc");
	root_put(&root, "/etc/subuid", "");
	has_program("/usr/sbin/semanage");
	planned("users:\n- name: old\n  gecos: New\n  shell: /bin/zsh\n  homedir: /srv/old\n  primary_group: staff\n  groups: [wheel]\n  passwd: $6$a$b\n"
		"  expiredate: '2032-09-01'\n  inactive: '5'\n  selinux_user: staff_u\n  hashed_passwd: $6$c$d\n  lock_passwd: false\n  sudo: ALL=(ALL) ALL\n"
		"  ssh_authorized_keys: ['" KEY_A "']\n");
	assert_string_equal(problem("accounts"), "none");
	assert_null(find_write("/etc/passwd"));
	assert_null(find_write("/etc/group"));
	assert_null(find_write("/etc/subuid"));
	assert_null(find_write("/var/lib/natal/users"));
	assert_null(find_write("/home/old/.rc"));
	assert_string_equal(command("users/old", 0), "");
	assert_string_equal(written("/etc/shadow"), "root:*:1:0:99999:7:::\nold:$6$c$d:100:0:99999:7:::\n");
	assert_string_equal(written("/etc/sudoers.d/90-natal-old"), "old ALL=(ALL) ALL\n");
	assert_string_equal(written("/home/old/.ssh/authorized_keys"), KEY_A "\n");
	assert_string_equal(noted(&plan->notes, "was there"), "user-data:4:10: user 'old' was there before natal: "
		"gecos, shell, homedir, passwd, primary_group, groups, expiredate, inactive, selinux_user are left as they are");
}

static void passwd_is_for_a_new_user(void **state)
{
	planned("users: [{name: root, lock_passwd: false, passwd: $6$a$b}, {name: bob, lock_passwd: false, passwd: $6$a$b}]\n");
	assert_string_equal(written("/etc/shadow"), "root:*:1:0:99999:7:::\nbob:$6$a$b:100:0:99999:7:::\n");
}

static void nothing_is_said_of_what_is_so(void **state)
{
	root_put(&root, "/etc/passwd", OLD "debian:x:1001:1001::/home/debian:/bin/sh\n");
	root_put(&root, "/etc/group", "root:x:0:\nshadow:x:42:\nold:x:1000:\nwheel:x:7:a,old\n");
	planned("users: [default, {name: old, gecos: Old, shell: /bin/sh, groups: wheel}]\n");
	assert_string_equal(noted(&plan->notes, "was there"), "");
	assert_null(find_write("/etc/passwd"));
	assert_null(find_write("/etc/group"));
}

/* On record before he is in passwd(5), which comes last: what is there is there as a whole. */
static void who_is_made_is_on_record(void **state)
{
	static const char *const paths[] = { "/var/lib/natal/users", "/etc/group", "/etc/shadow", "/etc/passwd" };
	size_t last = 0;

	planned("users: [{name: bob}, {name: sys, system: true}]\n");
	assert_string_equal(written("/var/lib/natal/users"), "bob:1000\nsys:999\n");
	assert_int_equal(find_write("/var/lib/natal/users")->mode, 0600);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		size_t at = 0;
		while (at < plan->action_count && &plan->actions[at] != find_write(paths[i]))
			at++;
		assert_true(at < plan->action_count && at >= last);
		last = at;
	}
}

/* Other user-data for the same instance, or a run that ended too soon. */
static void who_was_made_becomes_what_is_wanted(void **state)
{
	root_put(&root, "/etc/passwd", OLD);
	root_put(&root, "/etc/shadow", NEW_SHADOW);
	root_put(&root, "/var/lib/natal/users", "old:1000");
	root_put(&root, "/etc/skel/.rc", "rc");
	planned("users: [{name: old, gecos: New, shell: /bin/zsh, groups: [wheel], inactive: '5'}, {name: bob}]\n");
	assert_string_equal(written("/etc/passwd"),
		"root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000:New:/home/old:/bin/zsh\nbob:x:1001:1001::/home/bob:/bin/sh\n");
	assert_non_null(strstr(written("/etc/group"), "wheel:x:1000:old\n"));
	assert_non_null(strstr(written("/etc/shadow"), "old:!:1:0:99999:7:5::\n"));
	assert_string_equal(written("/home/old/.rc"), "rc");
	assert_string_equal(written("/var/lib/natal/users"), "old:1000\nbob:1001\n");
	assert_string_equal(noted(&plan->notes, "was there"), "");
}

static void another_of_that_name_is_another(void **state)
{
	root_put(&root, "/etc/passwd", OLD);
	root_put(&root, "/var/lib/natal/users", "old:100\nold:10001\nxold:1000\n");
	planned("users: [{name: old, shell: /bin/zsh}]\n");
	assert_null(find_write("/etc/passwd"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(keys_of_the_top_without_a_default_user), T(keys_of_the_top_without_a_default_user_where_root_may), T(root_has_his_own_and_the_tops),
		T(the_default_user_has_his_own_and_the_tops), T(root_as_the_default_user), T(one_who_is_sent_on), T(nobody_to_be_sent_to), T(what_is_no_key_is_left_out), T(no_key_at_all),
		T(a_member_who_is_nobody), T(a_password_for_nobody), T(a_number_stays), T(a_new_user_needs_a_number_of_his_own),
		T(the_default_user_of_each_distribution), T(the_groups_of_the_default_user), T(useradds_own_defaults),
		T(what_write_files_puts_into_the_skeleton), T(what_was_appended_by_an_earlier_run), T(what_write_files_says_of_new_users), T(numbers_of_login_defs), T(numbers_below_the_last), T(members_are_whole_names), T(no_number_is_left),
		T(numbers_that_are_none), T(the_default_user_is_not_sent_to_himself), T(defaults_that_are_none),
		T(who_was_there_stays_as_he_was), T(passwd_is_for_a_new_user), T(nothing_is_said_of_what_is_so), T(who_is_made_is_on_record), T(who_was_made_becomes_what_is_wanted),
		T(another_of_that_name_is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
