/* Time, language, resolver, log, entropy, and the end of a boot. */
#include "tests/unit/agent/planned.h"
#include <time.h>

static void chrony_where_it_is(void **state)
{
	is_debian();
	has_program("/usr/sbin/chronyd");
	planned("ntp: {servers: [a], pools: [b], peers: [c], allow: [10.0.0.0/8]}\n");
	const struct action *a = find_write("/etc/chrony/chrony.conf");
	assert_non_null(a);
	assert_memory_equal(a->bytes, "pool b iburst\nserver a iburst\npeer c\nallow 10.0.0.0/8\nkeyfile ", 62);
	assert_string_equal(command("ntp", 0), "/usr/bin/systemctl reload-or-restart chrony");
}

static void timesyncd_where_it_is_all_there_is(void **state)
{
	is_debian();
	has_program("/usr/lib/systemd/systemd-timesyncd");
	planned("ntp: {servers: [a], pools: [b]}\n");
	assert_written("/etc/systemd/timesyncd.conf.d/cloud-init.conf", "[Time]\nNTP=a b \n");
	assert_string_equal(command("ntp", 0), "/usr/bin/systemctl reload-or-restart systemd-timesyncd");
}

static void a_client_is_installed_where_there_is_none(void **state)
{
	is_fedora();
	planned("ntp:\n");
	assert_non_null(strstr(find_write("/etc/chrony.conf")->bytes, "pool 0.fedora.pool.ntp.org iburst\n"));
	assert_non_null(strstr(find_write("/etc/chrony.conf")->bytes, "keyfile /etc/chrony.keys\ndriftfile /var/lib/chrony/drift\n"));
	assert_null(strstr(find_write("/etc/chrony.conf")->bytes, "/etc/chrony/"));
	assert_string_equal(command("ntp", 0), "/usr/bin/dnf -y install -- chrony");
	assert_string_equal(command("ntp", 1), "/usr/bin/systemctl reload-or-restart chronyd");
}

static void a_client_of_ones_own(void **state)
{
	is_debian();
	has_program("/usr/sbin/myd");
	planned("ntp:\n  ntp_client: myd\n  servers: [a, b]\n  config:\n    confpath: /etc/myd.conf\n    check_exe: myd\n    service_name: myd\n"
		"    packages: []\n    template: |\n      ## template:jinja\n      {% for s in servers %}\n      use {{ s }}\n      {% endfor %}\n");
	assert_string_equal(problem("ntp"), "none");
	assert_written("/etc/myd.conf", "use a\nuse b\n\n");
}

static void an_unknown_client_is_said(void **state)
{
	is_debian();
	planned("ntp: {ntp_client: chronny}\n");
	assert_string_equal(problem("ntp"), "ntp.ntp_client 'chronny' is none that natal knows, and ntp.config does not describe it");
	assert_string_equal(item("ntp")->problem->hint, "did you mean 'chrony'?");
}

static void ntp_may_be_off(void **state)
{
	planned("ntp: {enabled: false, servers: [a]}\n");
	assert_int_equal(plan->item_count, 1);
}

static void keyboard_on_debian(void **state)
{
	is_debian();
	planned("keyboard: {layout: de, variant: nodeadkeys}\n");
	assert_written("/etc/default/keyboard", "# Written by natal.\n\nXKBMODEL=\"pc105\"\nXKBLAYOUT=\"de\"\nXKBVARIANT=\"nodeadkeys\"\n"
		"BACKSPACE=\"guess\"\n");
}

static void keyboard_elsewhere(void **state)
{
	is_fedora();
	planned("keyboard: {layout: de, model: pc104, options: 'grp:x'}\n");
	assert_string_equal(command("keyboard", 0), "/usr/bin/localectl set-x11-keymap de pc104  grp:x");
}

static void keyboard_is_no_shell_script(void **state)
{
	is_debian();
	planned("keyboard: {layout: 'de\"; reboot; \"'}\n");
	assert_non_null(strstr(problem("keyboard"), "has a quote, a backslash"));
}

static void keyboard_is_no_option(void **state)
{
	(void)state;
	is_fedora();
	planned("keyboard: {layout: '-H', model: root@example.net}\n");
	assert_non_null(strstr(problem("keyboard"), "or a '-' before it"));
}

static void locale_is_generated(void **state)
{
	is_debian();
	has_program("/usr/sbin/locale-gen");
	root_put(&root, "/etc/locale.gen", "# en_US.UTF-8 UTF-8\n");
	root_put(&root, "/etc/default/locale", "LC_TIME=C\nLANG=C\n");
	planned("locale: de_DE.UTF-8\n");
	assert_written("/etc/locale.gen", "# en_US.UTF-8 UTF-8\nde_DE.UTF-8 UTF-8\n");
	assert_written("/etc/default/locale", "LC_TIME=C\nLANG=de_DE.UTF-8\n");
	assert_string_equal(command("locale", 0), "/usr/sbin/locale-gen");
}

static void some_locales_are_built_in(void **state)
{
	is_debian();
	planned("locale: C.UTF-8\nlocale_configfile: /etc/lang\n");
	assert_written("/etc/lang", "LANG=C.UTF-8\n");
	assert_string_equal(command("locale", 0), "");
}

static void locale_elsewhere_and_false(void **state)
{
	is_fedora();
	planned("locale: de_DE.UTF-8\n");
	assert_written("/etc/locale.conf", "LANG=de_DE.UTF-8\n");
}

static void no_locale_gen_is_said(void **state)
{
	is_debian();
	planned("locale: de_DE.UTF-8\n");
	assert_non_null(strstr(problem("locale"), "the package locales is not installed"));
}

static void rsyslog_files(void **state)
{
	is_debian();
	has_program("/usr/sbin/rsyslogd");
	planned("rsyslog:\n  configs: ['*.* @a', {filename: x.conf, content: 'b'}, 'c']\n  remotes: {m: h, n: 'kern.* @@h:5 # z'}\n");
	assert_written("/etc/rsyslog.d/20-cloud-config.conf", "*.* @a\nc\n# begin remotes\n*.* @h # m\nkern.* @@h:5 # n\n# end remotes\n");
	assert_written("/etc/rsyslog.d/x.conf", "b\n");
	assert_int_equal(find_write("/etc/rsyslog.d/x.conf")->mode, 0600);
	assert_string_equal(command("rsyslog", 0), "/usr/bin/systemctl reload-or-try-restart rsyslog");
}

/* One '@' of the element is its number. */
static double seconds_for(const char *before, const char *element, const char *behind)
{
	scoped_buf struct buf text = BUF_MAX(4 << 20);
	const char *number = strchr(element, '@');

	buf_str(&text, before);
	for (int i = 0; i < 40000; i++)
		buf_printf(&text, "%.*s%d%s,", (int)(number - element), element, i, number + 1);
	buf_str(&text, behind);
	seed_init(&seed);
	clock_t began = clock();
	planned(text.data);
	return (double)(clock() - began) / CLOCKS_PER_SEC;
}

static size_t arena_size(const struct arena *a)
{
	struct start { struct start *next; size_t used; } *c = (struct start *)a->chunks;
	size_t sum = 0;

	for (; c; c = c->next)
		sum += c->used;
	return sum;
}

/* A list of 40,000 took seconds and gigabytes, by the square: each element was looked for among those before it, each text made anew. */
static void many_of_each_take_no_square(void **state)
{
	is_debian();
	assert_true(seconds_for("rsyslog: {configs: [", "{filename: f@, content: x}", "]}\n") < 4);
	plan_free(plan);
	config_free(config);
	assert_true(seconds_for("rsyslog: {configs: [", "'*.* @'", "]}\n") < 4);
	assert_true(arena_size(&plan->arena) < 64 << 20);
	assert_int_equal(find_write("/etc/rsyslog.d/20-cloud-config.conf")->size, 388890);
	plan_free(plan);
	config_free(config);
	assert_true(seconds_for("fs_setup: [", "{device: /dev/x@, filesystem: ext4}", "]\n") < 4);
	plan_free(plan);
	config_free(config);
	assert_true(seconds_for("users: [{name: a, doas: [permit a], sudo: [", "ALL=/bin/x@", "]}]\n") < 4);
	assert_true(arena_size(&plan->arena) < 64 << 20);
	plan_free(plan);
	config_free(config);
	assert_true(seconds_for("users: [{name: a, doas: [", "permit a cmd x@", "]}]\n") < 4);
	assert_true(arena_size(&plan->arena) < 64 << 20);
}

static void rsyslog_stays_in_its_folder(void **state)
{
	is_debian();
	planned("rsyslog: {configs: [{filename: ../../x, content: b}]}\n");
	assert_string_equal(problem("rsyslog"), "rsyslog: '../../x' is no file's name");
}

static void resolver(void **state)
{
	planned("manage_resolv_conf: true\nresolv_conf: {nameservers: [10.0.0.1, '::1'], searchdomains: [a.b, c], domain: a.b,"
		" sortlist: [10.0.0.0/8], options: {rotate: true, debug: false, timeout: 1}}\n");
	assert_written("/etc/resolv.conf", "# Written by natal.\nnameserver 10.0.0.1\nnameserver ::1\nsearch a.b c\ndomain a.b\nsortlist 10.0.0.0/8\n"
		"options rotate timeout:1\n");
}

static void resolver_only_where_it_is_managed(void **state)
{
	planned("resolv_conf: {nameservers: [10.0.0.1]}\n");
	assert_null(find_write("/etc/resolv.conf"));
}

static void entropy(void **state)
{
	has_program("/usr/bin/pollinate");
	planned("random_seed: {data: aGVsbG8=, encoding: b64, command: [pollinate, -r], command_required: true}\n");
	assert_written("/var/lib/natal/random-seed", "hello");
	assert_true(find_write("/var/lib/natal/random-seed")->secret);
	assert_string_equal(command("seed_random", 0),
		"/bin/dd if=/var/lib/natal/random-seed of=/dev/urandom oflag=append conv=notrunc status=none");
	assert_string_equal(command("seed_random", 1), "/usr/bin/pollinate -r");
}

static void a_required_command_is_there(void **state)
{
	planned("random_seed: {command: [pollinate], command_required: true}\n");
	assert_string_equal(problem("seed_random"), "random_seed.command 'pollinate' is required, and not there");
}

static void phone_home(void **state)
{
	root_put(&root, "/etc/ssh/ssh_host_rsa_key.pub", "x");
	planned("hostname: a.b\nphone_home: {url: 'http://h/$INSTANCE_ID/', tries: 3, post: [pub_key_rsa, pub_key_ecdsa, instance_id, fqdn]}\n");
	assert_string_equal(command("phone_home", 0), "/usr/bin/curl --silent --show-error --fail --output /dev/null --proto =http,https --max-time 30"
		" --retry-all-errors --retry 2 --retry-delay 3 --data-urlencode pub_key_rsa@/etc/ssh/ssh_host_rsa_key.pub"
		" --data-urlencode pub_key_ecdsa=N/A --data-urlencode instance_id=i-1 --data-urlencode fqdn=a.b --config /var/lib/natal/phone-home.curl");
	assert_written("/var/lib/natal/phone-home.curl", "url = \"http://h/i-1/\"\n");
}

/* Nobody sees the address in the plan, in a log or among the processes: it is in a file of root's. */
static void phone_home_with_a_password(void **state)
{
	planned("phone_home: {url: 'https://u:p\"w@h/?token=t'}\n");
	assert_null(strstr(command("phone_home", 0), "token"));
	const struct action *a = find_write("/var/lib/natal/phone-home.curl");
	assert_non_null(a);
	assert_true(a->secret);
	assert_int_equal(a->mode, 0600);
	assert_written("/var/lib/natal/phone-home.curl", "url = \"https://u:p\\\"w@h/?token=t\"\n");
	planned_again("phone_home: {url: \"http://h/\\noutput = /etc/passwd\"}\n", "i-2");
	assert_non_null(strstr(problem("phone_home"), "phone_home.url holds a blank or a control character"));
}

static void phone_home_over_http_alone(void **state)
{
	planned("phone_home: {url: 'file:///etc/shadow'}\n");
	assert_non_null(strstr(problem("phone_home"), "begins with neither http:// nor https://"));
}

static void final_message(void **state)
{
	planned("final_message: \"it's up $uptime s, ${version}; $other $(reboot)\"\n");
	const struct action *a = find_write("/var/lib/natal/final-message.sh");
	assert_non_null(a);
	assert_non_null(strstr(a->bytes, "printf %s 'it'\\''s up '\nprintf %s \"$uptime\"\nprintf %s ' s, '\nprintf %s \"$version\"\nprintf %s '; $'\n"
		"printf %s 'other $'\nprintf %s '(reboot)'\n"));
	assert_int_equal(item("final_message")->frequency, FREQ_BOOT);
}

static void power_state(void **state)
{
	has_program("/usr/bin/systemd-run");
	planned("power_state: {mode: reboot, delay: '+5', message: bye now, condition: [test, -e, \"/it's\"]}\n");
	assert_written("/var/lib/natal/power-condition.sh", "#!/bin/sh\n'test' '-e' '/it'\\''s'\n");
	assert_non_null(strstr(command("power_state", 0), "--property=After=natal-late.service natal-behind.service --property=Type=oneshot "
		"--property=ExecCondition=/bin/sh /var/lib/natal/power-condition.sh -- /sbin/shutdown -r +5 bye now"));
	planned_again("power_state: {mode: halt, delay: 0x10}\n", "i-2");
	assert_non_null(strstr(command("power_state", 0), "/sbin/shutdown -H +16"));
}

static void a_false_condition_switches_nothing(void **state)
{
	has_program("/usr/bin/systemd-run");
	planned("power_state: {mode: poweroff, condition: false}\n");
	assert_string_equal(command("power_state", 0), "");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(chrony_where_it_is), T(timesyncd_where_it_is_all_there_is), T(a_client_is_installed_where_there_is_none), T(a_client_of_ones_own),
		T(an_unknown_client_is_said), T(ntp_may_be_off), T(keyboard_on_debian), T(keyboard_elsewhere), T(keyboard_is_no_shell_script), T(keyboard_is_no_option),
		T(locale_is_generated), T(some_locales_are_built_in), T(locale_elsewhere_and_false), T(no_locale_gen_is_said), T(rsyslog_files), T(many_of_each_take_no_square),
		T(rsyslog_stays_in_its_folder), T(resolver), T(resolver_only_where_it_is_managed), T(entropy), T(a_required_command_is_there),
		T(phone_home), T(phone_home_with_a_password), T(phone_home_over_http_alone), T(final_message), T(power_state), T(a_false_condition_switches_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
