/* Packages and where they come from. */
#include "tests/unit/agent/planned.h"

#define ARMOUR "-----BEGIN PGP PUBLIC KEY BLOCK-----\\nAAAA\\n-----END PGP PUBLIC KEY BLOCK-----"
#define ARMOUR_TEXT "-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"
#define INSTALL "/usr/bin/apt-get --option=Dpkg::Options::=--force-confold --option=Dpkg::options::=--force-unsafe-io --assume-yes --quiet install -- "

static void apt_installs_after_an_update(void **state)
{
	is_debian();
	planned("packages: [vim, [nginx, '1.2-3'], {apt: [git], snap: [code]}]\n");
	assert_string_equal(command("packages", 0), "/usr/bin/apt-get --option=Dpkg::Options::=--force-confold --assume-yes --quiet update");
	assert_string_equal(command("packages", 1), INSTALL "vim nginx=1.2-3 git");
	assert_string_equal(command("packages", 2), "");
	assert_int_equal(item("packages")->frequency, FREQ_INSTANCE);
	assert_int_equal(item("packages")->stage, STAGE_LATE);
}

static void dnf_installs(void **state)
{
	is_fedora();
	planned("packages: [vim, [nginx, '1.2-3']]\n");
	assert_string_equal(command("packages", 0), "/usr/bin/dnf -y install -- vim nginx-1.2-3");
	assert_string_equal(command("packages", 1), "");
}

static void an_upgrade_and_the_restart_that_it_asks_for(void **state)
{
	is_debian();
	has_program("/usr/bin/systemd-run");
	planned("package_upgrade: true\npackage_reboot_if_required: true\n");
	assert_non_null(strstr(command("packages", 1), " dist-upgrade"));
	assert_non_null(strstr(command("packages", 2), "--property=ConditionPathExists=/run/reboot-required /usr/bin/systemctl reboot"));
}

static void nothing_is_installed_where_nothing_is_asked_for(void **state)
{
	is_debian();
	planned("package_update: false\n");
	assert_string_equal(command("packages", 0), "");
}

static void apk_and_its_repositories(void **state)
{
	root_put(&root, "/etc/os-release", "ID=alpine\n");
	has_program("/sbin/apk");
	planned("packages: [vim, [git, '2']]\napk_repos: {alpine_repo: {version: v3.20, community_enabled: true, testing_enabled: true},"
		" local_repo_base_url: 'http://l'}\n");
	assert_string_equal(command("packages", 0), "/sbin/apk update");
	assert_string_equal(command("packages", 1), "/sbin/apk add -- vim git=2");
	assert_written("/etc/apk/repositories", "# Written by natal.\nhttps://dl-cdn.alpinelinux.org/alpine/v3.20/main\n"
		"https://dl-cdn.alpinelinux.org/alpine/v3.20/community\nhttps://dl-cdn.alpinelinux.org/alpine/edge/testing\nhttp://l/v3.20\n");
}

static void zypper_and_its_repositories(void **state)
{
	root_put(&root, "/etc/os-release", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n");
	has_program("/usr/bin/zypper");
	root_put(&root, "/etc/zypp/zypp.conf", "[main]\nx=1\n");
	planned("packages: [vim]\npackage_upgrade: true\nzypper: {repos: [{id: my repo, baseurl: 'http://x', enabled: true}], config: {x: 1, y: 2}}\n");
	assert_string_equal(command("packages", 0), "/usr/bin/zypper --non-interactive refresh");
	assert_string_equal(command("packages", 1), "/usr/bin/zypper --non-interactive update");
	assert_string_equal(command("packages", 2), "/usr/bin/zypper --non-interactive install --auto-agree-with-licenses -- vim");
	assert_written("/etc/zypp/repos.d/my-repo.repo", "# Written by natal.\n[my-repo]\nbaseurl = http://x\nenabled = 1\n");
	assert_written("/etc/zypp/zypp.conf", "[main]\nx=1\ny=2\n");
}

static void no_tool_is_said(void **state)
{
	planned("packages: [vim]\n");
	assert_string_equal(problem("packages"), "this guest has none of apt-get, dnf, yum, zypper and apk");
}

static void no_option_passes_for_a_package(void **state)
{
	is_debian();
	planned("packages: [--allow-unauthenticated]\n");
	assert_string_equal(problem("packages"), "packages: '--allow-unauthenticated' is no package's name");
}

static void sources_with_keys(void **state)
{
	is_debian();
	planned("apt:\n  sources:\n    my repo:\n      source: 'deb [signed-by=$KEY_FILE] http://x/$RELEASE $RELEASE main'\n      key: \"" ARMOUR "\"\n"
		"    plain.list: {source: 'deb $MIRROR ${RELEASE}-backports main', key: \"" ARMOUR "\"}\n");
	assert_string_equal(problem("apt_configure"), "none");
	assert_written("/etc/apt/sources.list.d/my_repo.list", "deb [signed-by=/etc/apt/keyrings/my_repo.asc] http://x/bookworm bookworm main\n");
	assert_written("/etc/apt/keyrings/my_repo.asc", ARMOUR_TEXT);
	assert_written("/etc/apt/sources.list.d/plain.list", "deb http://deb.debian.org/debian bookworm-backports main\n");
	assert_written("/etc/apt/trusted.gpg.d/plain.list.asc", ARMOUR_TEXT);
}

static void sources_of_one_file_follow_one_another(void **state)
{
	is_debian();
	root_put(&root, "/etc/apt/sources.list.d/all.list", "deb http://old/ x y\n");
	planned("apt: {sources: {a: {source: deb http://a/ b c, filename: all.list}, b: {source: deb http://b/ b c, filename: all},"
		" c: {source: deb http://c/ b c, append: false}}}\n");
	assert_written("/etc/apt/sources.list.d/all.list", "deb http://old/ x y\ndeb http://a/ b c\ndeb http://b/ b c\n");
	assert_written("/etc/apt/sources.list.d/c.list", "deb http://c/ b c\n");
}

static void sources_have_a_limit(void **state)
{
	scoped_buf struct buf text = BUF_MAX(1 << 20);

	is_debian();
	for (int n = 4096; n < 4098; n++) {
		seed_init(&seed);
		buf_clear(&text);
		buf_str(&text, "apt: {sources: {");
		for (int i = 0; i < n; i++)
			buf_printf(&text, "s%d: {source: deb http://a/ %d c, filename: x},", i, i);
		buf_str(&text, "}}\n");
		planned(text.data);
		assert_string_equal(problem("apt_configure"), n == 4096 ? "none" : "apt.sources: 4097 sources: 4096 at most");
		plan_free(plan);
		config_free(config);
	}
	plan = NULL;
	config = NULL;
}

static void a_source_that_another_begins_with(void **state)
{
	is_debian();
	planned("apt: {sources: {a: {source: deb http://a/ b main contrib, filename: x}, b: {source: deb http://a/ b main, filename: x}}}\n");
	assert_written("/etc/apt/sources.list.d/x.list", "deb http://a/ b main contrib\ndeb http://a/ b main\n");
	root_put(&root, "/etc/apt/sources.list.d/x.list", "deb http://a/ b main contrib\ndeb http://a/ b main\n");
	planned_again("apt: {sources: {a: {source: deb http://a/ b main, filename: x}}}\n", "i-2");
	assert_null(find_write("/etc/apt/sources.list.d/x.list"));
}

static void what_comes_from_servers_is_refused(void **state)
{
	is_debian();
	planned("apt: {sources: {a: {source: deb http://a/ b c, keyid: ABCD}}}\n");
	assert_string_equal(problem("apt_configure"), "apt: the key of 'a' is not fetched from a server by its number");
}

static void ppas_are_refused(void **state)
{
	is_debian();
	planned("apt: {sources: {a: {source: 'ppa:x/y'}}}\n");
	assert_string_equal(problem("apt_configure"), "apt.sources.a: add-apt-repository is not run for 'ppa:x/y'");
}

static void a_key_has_its_armour(void **state)
{
	is_debian();
	planned("apt: {sources: {a: {source: deb http://a/ b c, key: abc}}}\n");
	assert_non_null(strstr(problem("apt_configure"), "the key of 'a' is not in its armour"));
}

static void mirrors_and_suites(void **state)
{
	is_debian();
	planned("apt: {primary: [{arches: [default], uri: 'http://m/debian'}, {arches: [mips], uri: 'http://no/'}], disable_suites: [security]}\n");
	assert_written("/etc/apt/sources.list", "deb http://m/debian bookworm main\ndeb http://m/debian bookworm-updates main\n"
		"# suite disabled by natal: deb http://security.debian.org/debian-security bookworm-security main\n");
}

static void deb822_where_the_guest_has_it(void **state)
{
	is_debian();
	root_put(&root, "/etc/apt/sources.list.d/debian.sources", "Types: deb\n");
	planned("apt: {primary: [{arches: [default], search: ['http://m/debian']}], disable_suites: [$RELEASE-updates]}\n");
	const struct action *a = find_write("/etc/apt/sources.list.d/debian.sources");
	assert_non_null(a);
	assert_non_null(strstr(a->bytes, "URIs: http://m/debian\nSuites: bookworm\n"));
	assert_null(find_write("/etc/apt/sources.list"));
}

static void sources_list_as_given_and_left_alone(void **state)
{
	is_debian();
	planned("apt: {sources_list: 'deb $PRIMARY $RELEASE main', proxy: 'http://p:1', https_proxy: 'http://q:2', conf: 'X \"y\";'}\n");
	assert_written("/etc/apt/sources.list", "deb http://deb.debian.org/debian bookworm main");
	assert_written("/etc/apt/apt.conf.d/90cloud-init-aptproxy", "Acquire::http::Proxy \"http://p:1\";\nAcquire::https::Proxy \"http://q:2\";\n");
	assert_written("/etc/apt/apt.conf.d/94cloud-init-config", "X \"y\";");
}

static void what_holds_a_password_is_roots(void **state)
{
	is_debian();
	planned("apt:\n  http_proxy: 'http://u:s3cret@p:1/'\n  conf: 'Acquire::https::Proxy \"http://v:s3cret@q\";'\n"
		"  sources: {a: {source: 'deb https://u:s3cret@h/x y z'}, b: {source: 'deb https://u@h/x y z'}}\n");
	assert_int_equal(find_write("/etc/apt/apt.conf.d/90cloud-init-aptproxy")->mode, 0600);
	assert_int_equal(find_write("/etc/apt/apt.conf.d/94cloud-init-config")->mode, 0600);
	assert_int_equal(find_write("/etc/apt/sources.list.d/a.list")->mode, 0600);
	assert_int_equal(find_write("/etc/apt/sources.list.d/b.list")->mode, 0644);
	assert_true(find_write("/etc/apt/apt.conf.d/90cloud-init-aptproxy")->secret);
	planned_again("apt: {proxy: 'http://p:1/a:b@c'}\n", "i-1");
	assert_int_equal(find_write("/etc/apt/apt.conf.d/90cloud-init-aptproxy")->mode, 0644);
}

static void a_repository_with_a_password_is_roots(void **state)
{
	is_fedora();
	planned("yum_repos: {r: {baseurl: 'http://h/', password: s3cret}, s: {baseurl: 'http://h/'}}\n");
	assert_int_equal(find_write("/etc/yum.repos.d/r.repo")->mode, 0600);
	assert_int_equal(find_write("/etc/yum.repos.d/s.repo")->mode, 0644);
}

static void preserved(void **state)
{
	is_debian();
	planned("apt: {sources_list: deb a b c, preserve_sources_list: true}\n");
	assert_null(find_write("/etc/apt/sources.list"));
	assert_string_equal(problem("apt_configure"), "none");
}

static void answers_are_secret(void **state)
{
	is_debian();
	has_program("/usr/bin/debconf-set-selections");
	planned("apt: {debconf_selections: {a: 'x x/y password secret', b: \"z z/z string 1\\n\"}}\n");
	assert_written("/var/lib/natal/debconf-selections", "x x/y password secret\nz z/z string 1\n");
	assert_true(find_write("/var/lib/natal/debconf-selections")->secret);
	assert_int_equal(find_write("/var/lib/natal/debconf-selections")->mode, 0600);
	assert_string_equal(command("apt_configure", 0), "/usr/bin/debconf-set-selections /var/lib/natal/debconf-selections");
}

static void yum_repositories(void **state)
{
	is_fedora();
	planned("yum_repos: {My Repo: {name: mine, baseurl: 'http://x/', gpgcheck: false, priority: 5, gpgkey: \"a\\nb\"}}\n");
	assert_written("/etc/yum.repos.d/My-Repo.repo",
		"# Written by natal.\n[My-Repo]\nname = mine\nbaseurl = http://x/\ngpgcheck = 0\npriority = 5\ngpgkey = a\n\tb\nenabled = 1\n");
}

/* Of before there was `apt`: as cloud-init 22.4 converts them. */
static void older_keys_of_apt(void **state)
{
	is_debian();
	planned("apt_sources: [{source: 'deb http://a/ x y'}, {source: 'deb http://b/ x y'}, {source: 'deb http://c/ x y', filename: c.list}, 7]\n"
		"apt_proxy: 'http://p:3128'\napt_ftp_proxy: 'http://f:3128'\napt_http_proxy: ''\napt_preserve_sources_list: true\n");
	assert_string_equal(problem("apt_configure"), "none");
	assert_written("/etc/apt/sources.list.d/cloud_config_sources.list", "deb http://a/ x y\ndeb http://b/ x y\n");
	assert_written("/etc/apt/sources.list.d/c.list", "deb http://c/ x y\n");
	assert_written("/etc/apt/apt.conf.d/90cloud-init-aptproxy", "Acquire::http::Proxy \"http://p:3128\";\nAcquire::ftp::Proxy \"http://f:3128\";\n");
	assert_int_equal(plan->notes.kept, 1);
	assert_string_equal(plan->notes.at[0].err.msg, "an element of apt_sources is passed over: it is no map of texts");
	planned_again("apt: {proxy: 'http://new:1'}\napt_proxy: 'http://old:1'\n", "i-1");
	assert_written("/etc/apt/apt.conf.d/90cloud-init-aptproxy", "Acquire::http::Proxy \"http://new:1\";\n");
}

static void an_older_mirror(void **state)
{
	is_debian();
	planned("apt_mirror_search: ['http://one/', 'http://two/']\napt_custom_sources_list: \"deb $MIRROR $RELEASE main\\n\"\n");
	assert_written("/etc/apt/sources.list", "deb http://one/ bookworm main\n");
	assert_string_equal(plan->notes.at[0].err.msg, "apt.primary: of search the first is taken, whether or not it resolves");
	planned_again("apt_mirror: 'http://three/'\napt_custom_sources_list: \"deb $MIRROR $RELEASE main\\n\"\n", "i-1");
	assert_written("/etc/apt/sources.list", "deb http://three/ bookworm main\n");
	assert_int_equal(plan->notes.kept, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(older_keys_of_apt), T(an_older_mirror), T(what_holds_a_password_is_roots), T(a_repository_with_a_password_is_roots), T(apt_installs_after_an_update), T(dnf_installs), T(an_upgrade_and_the_restart_that_it_asks_for),
		T(nothing_is_installed_where_nothing_is_asked_for), T(apk_and_its_repositories), T(zypper_and_its_repositories), T(no_tool_is_said), T(no_option_passes_for_a_package),
		T(sources_with_keys), T(sources_of_one_file_follow_one_another), T(sources_have_a_limit), T(a_source_that_another_begins_with), T(what_comes_from_servers_is_refused), T(ppas_are_refused),
		T(a_key_has_its_armour), T(mirrors_and_suites), T(deb822_where_the_guest_has_it), T(sources_list_as_given_and_left_alone),
		T(preserved), T(answers_are_secret), T(yum_repositories),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
