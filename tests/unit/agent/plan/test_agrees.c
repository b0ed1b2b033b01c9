/* What an item is refused for is not valid to schema and lint either, with its place and a hint; and what is valid to them is planned. */
#include "tests/unit/agent/planned.h"
#include "common/lint/lint.h"
#include "common/userdata/items.h"

static struct lint judged(struct arena *a, const char *yaml)
{
	struct lint l = { .file = "user-data" };
	const char *text = arena_printf(a, "#cloud-config\n%s\n", yaml);

	lint_text(a, text, strlen(text), false, &l);
	return l;
}

/* The first item that the document is to blame for; NULL. Programs and devices that this root folder has not are no fault of it. */
static const struct err *blamed(void)
{
	for (size_t i = 0; i < plan->item_count; i++)
		if (plan->items[i].problem && (plan->items[i].problem->code == ERR_FORMAT || plan->items[i].problem->code == ERR_LIMIT))
			return plan->items[i].problem;
	return NULL;
}

static const struct { const char *yaml, *msg, *where; } refused[] = {
	{ "random_seed: {data: 'a=b', encoding: b64}", "random_seed.data is not base64", "user-data:2:21" },
	{ "random_seed: {data: 'abc', encoding: base64}", "random_seed.data is not base64", "user-data:2:21" },
	{ "random_seed: {data: 'abc', encoding: gz}", "random_seed.data is not gzip", "user-data:2:21" },
	{ "random_seed: {file: seed, data: x}", "random_seed.file 'seed' is no absolute path", "user-data:2:21" },
	{ "phone_home: {url: 'file:///etc/x'}", "phone_home.url begins with neither http:// nor https://", "user-data:2:19" },
	{ "phone_home: {url: server}", "phone_home.url begins with neither", "user-data:2:19" },
	{ "phone_home: {url: 'http://h/a b'}", "phone_home.url holds a blank or a control character", "user-data:2:19" },
	{ "phone_home: {url: 'http://h/', tries: 101}", "phone_home.tries is 101: 100 at most", "user-data:2:39" },
	{ "packages: [vim, '-x']", "packages: '-x' is no package's name", "user-data:2:17" },
	{ "packages: ['']", "packages: '' is no package's name", "user-data:2:12" },
	{ "packages: ['vim nano']", "packages: 'vim nano' is no package's name", "user-data:2:12" },
	{ "packages: [[vim, '']]", "packages: '' is no version of vim", "user-data:2:18" },
	{ "packages: [{apt: [vim, --force]}]", "packages: '--force' is no package's name", "user-data:2:24" },
	{ "locale: 'a b'", "locale 'a b' is no name of a locale such as en_US.UTF-8", "user-data:2:9" },
	{ "locale: ''", "locale '' is no name of a locale", "user-data:2:9" },
	{ "locale: C\nlocale_configfile: lang", "locale_configfile 'lang' is no absolute path", "user-data:3:20" },
	{ "locale: C\nlocale_configfile: /", "locale_configfile '/' is no absolute path", "user-data:3:20" },
	{ "locale: C\nlocale_configfile: /etc/.", "locale_configfile '/etc/.' is no absolute path", "user-data:3:20" },
	{ "locale: C\nlocale_configfile: \"/etc/a\\tb\"", "locale_configfile", "user-data:3:20" },
	{ "mounts: [[vdb, data]]", "mounts: 'data' is no absolute path", "user-data:2:16" },
	{ "mounts: [[vdb, none]]", "mounts: 'none' is no absolute path", "user-data:2:16" },
	{ "mounts: [[vdb, /a/..]]", "mounts: '/a/..' is no absolute path", "user-data:2:16" },
	{ "mounts: [[ephemeral0, mnt]]", "mounts: 'mnt' is no absolute path", "user-data:2:23" },
	{ "mounts: [[vdb, /a, auto, 'a b']]", "mounts: a field of fstab is one word", "user-data:2:26" },
	{ "mounts: [[vdb]]\nmount_default_fields: [null, mnt, ext4, ro, '0', '0']", "mounts: 'mnt' is no absolute path", "user-data:2:10" },
	{ "swap: {filename: swap.img, size: 1M}", "swap: filename 'swap.img' is no absolute path", "user-data:2:18" },
	{ "swap: {filename: '/swap img'}", "swap: filename '/swap img' is no absolute path", "user-data:2:18" },
	{ "swap: {size: -5}", "swap: '-5' is no size such as", "user-data:2:14" },
	{ "swap: {size: 1025T}", "swap: '1025T' is too large", "user-data:2:14" },
	{ "swap: {size: auto, maxsize: 1125899906842625}", "is too large", "user-data:2:29" },
	{ "fs_setup: [{filesystem: ext4}]", "fs_setup: device and filesystem are wanted", "user-data:2:12" },
	{ "fs_setup: [{device: '', filesystem: ext4}]", "fs_setup: device and filesystem are wanted", "user-data:2:12" },
	{ "fs_setup: [{device: /dev/vdb}]", "fs_setup: device and filesystem are wanted", "user-data:2:12" },
	{ "fs_setup: [{device: /dev/vdb, filesystem: 'ext4 -x'}]", "fs_setup: device and filesystem are wanted", "user-data:2:43" },
	{ "keyboard: {layout: 'de\"'}", "keyboard.layout has a quote, a backslash, a '$' or a new line in it", "user-data:2:20" },
	{ "keyboard: {layout: '-H'}", "keyboard.layout has a quote, a backslash, a '$' or a new line in it, or a '-' before it", "user-data:2:20" },
	{ "keyboard: {layout: de, options: '$x'}", "keyboard.options has a quote", "user-data:2:33" },
	{ "manage_resolv_conf: true\nresolv_conf: {nameservers: ['a b']}", "resolv_conf.nameservers is no word", "user-data:3:29" },
	{ "manage_resolv_conf: true\nresolv_conf: {searchdomains: [[a]]}", "resolv_conf.searchdomains is no word", "user-data:3:31" },
	{ "manage_resolv_conf: true\nresolv_conf: {domain: ''}", "resolv_conf.domain is no word", "user-data:3:23" },
	{ "manage_resolv_conf: true\nresolv_conf: {options: {timeout: ''}}", "resolv_conf.options.timeout is no word", "user-data:3:25" },
	{ "rsyslog: {config_dir: etc}", "rsyslog.config_dir 'etc' is no absolute path", "user-data:2:23" },
	{ "rsyslog: {configs: [{filename: ../x, content: y}]}", "rsyslog: '../x' is no file's name", "user-data:2:32" },
	{ "rsyslog: {configs: [{filename: x/, content: y}]}", "rsyslog: 'x/' is no file's name", "user-data:2:32" },
	{ "rsyslog: {config_filename: '', configs: [y]}", "rsyslog: '' is no file's name", "user-data:2:28" },
	{ "rsyslog: {remotes: {a: '*.* @h:514 x'}}", "rsyslog.remotes.a is no \"FILTER @HOST:PORT\"", "user-data:2:24" },
	{ "rsyslog: {remotes: {a: \"*.*\\nx @h\"}}", "rsyslog.remotes.a is no \"FILTER @HOST:PORT\"", "user-data:2:24" },
	{ "ntp: {ntp_client: chrny}", "ntp.ntp_client 'chrny' is none that natal knows", "user-data:2:19" },
	{ "ntp: {ntp_client: mine, config: {confpath: /etc/mine}}", "wants confpath, check_exe, service_name and template", "user-data:2:33" },
	{ "ntp: {ntp_client: chrony, config: {confpath: etc/x}}", "ntp.config.confpath 'etc/x' is no absolute path", "user-data:2:46" },
	{ "yum_repos: {.x: {baseurl: 'http://h'}}", "yum_repos: '.x' is no file's name", "user-data:2:13" },
	{ "yum_repos: {x: {baseurl: 'http://h'}}\nyum_repo_dir: x", "yum_repo_dir 'x' is no absolute path", "user-data:3:15" },
	{ "zypper: {repos: [{id: a/b, baseurl: 'http://h'}]}", "zypper.repos: 'a/b' is no repository's name", "user-data:2:23" },
	{ "zypper: {repos: [{id: a, baseurl: \"http://h\\nx\"}]}", "an option of 'a' is longer than a line", "user-data:2:35" },
	{ "zypper: {repos: [{id: a, baseurl: 'http://h'}], config: {x: \"a\\nb\"}}", "zypper.config: a setting is longer than a line", "user-data:2:61" },
	{ "zypper: {repos: [{id: a, baseurl: 'http://h'}], config: {reposdir: x}}", "zypper.config.reposdir 'x' is no absolute path", "user-data:2:68" },
	{ "apk_repos: {alpine_repo: {version: \"v3\\nx\"}}", "apk_repos: a repository is longer than a line", "user-data:2:36" },
	{ "apt: {sources: {.x: {source: deb http://h s c}}}", "apt.sources: '.x' is no file's name", "user-data:2:17" },
	{ "apt: {sources: {x: {source: deb http://h s c, filename: ''}}}", "apt.sources: '' is no file's name", "user-data:2:57" },
	{ "apt: {sources: {x: {key: none}}}", "apt: the key of 'x' is not in its armour", "user-data:2:26" },
	{ "apt: {primary: [{arches: [s390x], uri: 'http://h', key: none}]}", "apt: the key of 'primary' is not in its armour", "user-data:2:57" },
	{ "disk_setup: {/dev/vdb: {layout: [101]}}", "a partition's share is a number of percent, 1 to 100", "user-data:2:34" },
	{ "disk_setup: {/dev/vdb: {layout: [[50, '83, size=1']]}}", "is no type of a partition", "user-data:2:39" },
};

static void what_is_refused_is_not_valid(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		scoped(arena_fini) struct arena a = { 0 };
		const struct lint l = judged(&a, refused[i].yaml);
		const struct err *said = l.valid ? NULL : &l.notes.at[0].err;
		planned(refused[i].yaml);
		const struct err *why = blamed();
		if (!said || !strstr(said->msg, refused[i].msg) || strcmp(said->where, refused[i].where) != 0)
			fail_msg("%s: lint says %s %s", refused[i].yaml, said ? said->where : "valid", said ? said->msg : "");
		else if (!why || strcmp(why->msg, said->msg) != 0 || strcmp(why->where, said->where) != 0 || strcmp(why->hint, said->hint) != 0)
			fail_msg("%s: planned: %s %s", refused[i].yaml, why ? why->where : "taken", why ? why->msg : "");
		else if (!*said->hint && !strstr(said->msg, "too large"))
			fail_msg("%s: no hint", refused[i].yaml);
		teardown(state);
		setup(state);
	}
}

/* What cloud-init takes, and natal refused or took for something else once, and what stands at an edge. */
static const char *const taken[] = {
	"random_seed: {data: '!!', encoding: b64}", "random_seed: {data: 'YQ==\n', encoding: b64}", "random_seed: {data: '!!', encoding: raw}", "random_seed: {file: /dev/urandom}",
	"phone_home: {url: 'HTTPS://h/$INSTANCE_ID', tries: 100}", "phone_home: {url: 'http://h', tries: 0}",
	"packages: [vim, [vim, '2:9.0'], {apt: [nano]}]", "locale: 'off'", "locale: false", "locale: 'de_DE.UTF-8@euro'",
	"mounts: [[vdb, /data], [vdc, none, swap], [ephemeral0, /mnt], [UUID=1-2]]", "mounts: [[vdb, none]]\nmount_default_fields: [null, null, swap, sw, '0', '0']",
	"swap: {size: 0x10}", "swap: {size: 512M, maxsize: 0x100000}", "swap: {size: auto, filename: /a/swap}", "swap: {size: 1024T}",
	"fs_setup: [{device: /dev/vdb, filesystem: ext4}]", "disk_setup: {/dev/vdb: {layout: [0x20, [68, swap]]}}", "disk_setup: {/dev/vdb: {layout: true}}",
	"keyboard: {layout: 'de,us', options: 'grp:toggle'}", "resolv_conf: {domain: 'a b'}", "manage_resolv_conf: true\nresolv_conf: {nameservers: [1.1.1.1, 8], options: {rotate: true, timeout: 1}}",
	"rsyslog: {configs: [{filename: a..b, content: y}, z], remotes: {a: '*.* @@[::1]:514 # log', b: h, c: null, 5: '@h'}}", "ntp: {ntp_client: chrny, enabled: false}",
	"ntp: {ntp_client: chrony}", "ntp: {ntp_client: systemd-timesyncd}", "ntp: {ntp_client: ntp}", "ntp: {ntp_client: ntpdate}", "ntp: {ntp_client: auto}", "ntp:",
	"ntp: {ntp_client: mine, config: {confpath: /etc/mine, check_exe: mine, service_name: mine, template: x}}",
	"yum_repos: {'a b': {baseurl: 'http://h'}}", "zypper: {repos: [{id: a b, baseurl: 'http://h', enabled: true}], config: {x: }}", "zypper: {config: {reposdir: x}}",
	"apk_repos: {preserve_repositories: true, alpine_repo: {version: \"v3\\nx\"}}", "apt: {sources: {x/y: {source: deb http://h s c}, .z: {filename: z, source: deb http://h s c}}}",
	"natal: {policy: {write_files: fail, hostname: continue}}\nhostname: a",
};

static void what_is_valid_is_planned(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		scoped(arena_fini) struct arena a = { 0 };
		const struct lint l = judged(&a, taken[i]);
		if (!l.valid)
			fail_msg("%s: lint: %s", taken[i], l.notes.at[0].err.msg);
		planned(taken[i]);
		if (blamed())
			fail_msg("%s: planned: %s", taken[i], blamed()->msg);
		teardown(state);
		setup(state);
	}
}

static void sizes_count_as_numbers(void **state)
{
	(void)state;
	planned("swap: {size: 0x100000}\n");
	assert_string_equal(command("mounts", 0), "/usr/bin/fallocate -l 1048576 /swap.img");
	planned_again("swap: {size: 0x100000, maxsize: 4096}\n", "i-2");
	assert_string_equal(command("mounts", 0), "/usr/bin/fallocate -l 4096 /swap.img");
}

/* What cloud-init takes for false asks for no locale of that name. */
static void no_locale_is_asked_for(void **state)
{
	(void)state;
	planned("locale: 'Off'\n");
	for (size_t i = 0; i < plan->item_count; i++)
		assert_string_not_equal(plan->items[i].key, "locale");
	assert_null(find_write("/etc/locale.conf"));
}

/* The names that a policy may have are those of the agent's modules. */
static void policies_name_modules(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < module_count; i++) {
		size_t k = 0;
		while (item_modules[k] && strcmp(item_modules[k], modules[i].name) != 0)
			k++;
		if (!item_modules[k])
			fail_msg("module '%s' is not in item_modules", modules[i].name);
		bool first = true;
		for (size_t j = 0; j < i; j++)
			first &= strcmp(modules[j].name, modules[i].name) != 0;
		n += first;
	}
	assert_null(item_modules[n]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_refused_is_not_valid, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_valid_is_planned, setup, teardown),
		cmocka_unit_test_setup_teardown(sizes_count_as_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(no_locale_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(policies_name_modules, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
