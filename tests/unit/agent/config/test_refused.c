/* User-data and network-config that nobody means well with: each is refused for its own reason, whoever signed it. */
#include "tests/unit/unit.h"
#include <ctype.h>
#include "agent/config/config.h"
#include "common/base/buf.h"
#include "common/lint/lint.h"
#include "common/userdata/words.h"
#include "tests/unit/agent/seed.h"

static struct err e;

static int parse(const char *blob, const char *text)
{
	struct config *c = NULL;
	struct test_seed s;

	seed_init(&s);
	seed_add(&s, blob, text);
	int r = config_parse(&s.v, &c, &e);
	if (!r)
		config_free(c);
	return r;
}

/* %s and %S in a text stand for 33 and 64 letters. */
static void spell(struct buf *text, const char *json)
{
	buf_str(text, "#cloud-config\n");
	for (const char *p = json; *p; p++)
		if (*p == '%' && tolower((unsigned char)p[1]) == 's')
			buf_str(text, *++p == 's' ? "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" :
				"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		else
			buf_add(text, p, 1);
}

static int user_data(const char *json)
{
	scoped_buf struct buf text = BUF_MAX(4 << 20);

	spell(&text, json);
	return parse("user-data", text.data);
}

#define USER(fields) "{\"users\":[{\"name\":\"a\"," fields "}]}"
#define FILES(fields) "{\"write_files\":[{" fields "}]}"
static const struct row { const char *text, *msg; enum err_code code; } rows[] = {
	/* names of the machine */
	{ "{\"hostname\":\"a b\"}", "hostname 'a b' is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"a\\nb\"}", "is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"..\"}", "is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"\"}", "is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"-a\"}", "is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"a-\"}", "is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"a..b\"}", "is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"%S\"}", "is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"../../etc\"}", "is no host name", ERR_FORMAT },
	{ "{\"fqdn\":\"a b.c\"}", "fqdn 'a b.c' is no host name", ERR_FORMAT },
	{ "{\"hostname\":\"a\\u0000b\"}", "holds a NUL", ERR_FORMAT },
	{ "{\"timezone\":\"Europe/../../etc/passwd\"}", "is no name of a time zone", ERR_FORMAT },
	{ "{\"timezone\":\"/etc/passwd\"}", "is no name of a time zone", ERR_FORMAT },
	{ "{\"timezone\":\"a\\nb\"}", "is no name of a time zone", ERR_FORMAT },
	{ "{\"hostname\":\"a\",\"manage_etc_hosts\":\"true\\u0000x\"}", "manage_etc_hosts holds a NUL", ERR_FORMAT },
	{ "{\"hostname\":\"a\",\"manage_etc_hosts\":[]}", "manage_etc_hosts is not a string", ERR_FORMAT },
	/* users */
	{ "{\"users\":[{\"name\":\"\"}]}", "'' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"../a\"}]}", "'../a' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"a/b\"}]}", "'a/b' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"a:b\"}]}", "'a:b' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"a\\nroot2\"}]}", "is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"123\"}]}", "'123' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\".a\"}]}", "'.a' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"a$b\"}]}", "'a$b' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"a@b\"}]}", "'a@b' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"ALL\"}]}", "'ALL' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"Defaults\"}]}", "'Defaults' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"-a\"}]}", "'-a' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"%s\"}]}", "is no name of a user", ERR_FORMAT },
	{ "{\"users\":[\"a\\u0000b\"]}", "names are texts of one line", ERR_FORMAT },
	{ "{\"users\":[{\"name\":\"a\\u0000b\"}]}", "'' is no name of a user", ERR_FORMAT },
	{ "{\"users\":[null]}", "users.0 is null, not a name or a map of fields", ERR_FORMAT },
	{ "{\"users\":[[7]]}", "a name is a text, and this is a whole number", ERR_FORMAT },
	{ USER("\"uid\":4294967295"), "users.a.uid 4294967295 is no number that a user can have", ERR_FORMAT },
	{ USER("\"uid\":65535"), "users.a.uid 65535 is no number that a user can have", ERR_FORMAT },
	{ USER("\"uid\":4294967296"), "users.a.uid is not a whole number", ERR_FORMAT },
	{ USER("\"uid\":99999999999999999999999"), "users.a.uid is not a whole number", ERR_FORMAT },
	{ USER("\"uid\":-1"), "users.a.uid is not a whole number", ERR_FORMAT },
	{ USER("\"uid\":1e3"), "users.a.uid is not a whole number", ERR_FORMAT },
	{ USER("\"uid\":\"0x1\""), "users.a.uid is not a whole number", ERR_FORMAT },
	{ USER("\"gecos\":\"a:0:0\""), "users.a.gecos holds a colon or a control character", ERR_FORMAT },
	{ USER("\"gecos\":\"a\\nroot2::0:0::/:/bin/sh\""), "users.a.gecos holds a colon or a control character", ERR_FORMAT },
	{ USER("\"shell\":\"sh\""), "users.a.shell is 'sh', not an absolute path", ERR_FORMAT },
	{ USER("\"shell\":\"/bin/sh\\nx\""), "users.a.shell holds a colon or a control character", ERR_FORMAT },
	{ USER("\"homedir\":\"home\""), "users.a.homedir is 'home', not an absolute path", ERR_FORMAT },
	{ USER("\"homedir\":\"/home/../etc/x\""), "users.a.homedir is '/home/../etc/x', not an absolute path", ERR_FORMAT },
	{ USER("\"homedir\":\"/home/..\""), "users.a.homedir is '/home/..', not an absolute path", ERR_FORMAT },
	{ USER("\"passwd\":\"secret\""), "users.a.passwd is not the hash of a password", ERR_FORMAT },
	{ USER("\"hashed_passwd\":\"$6$a:b\""), "users.a.hashed_passwd holds a colon", ERR_FORMAT },
	{ USER("\"passwd\":\"$6$a:b\""), "users.a.passwd holds a colon", ERR_FORMAT },
	{ USER("\"passwd\":\"!\\nroot2:!\""), "users.a.passwd holds a colon or a control character", ERR_FORMAT },
	{ USER("\"primary_group\":\"a b\""), "'a b' is no name of a group", ERR_FORMAT },
	{ USER("\"groups\":[\"a:b\"]"), "'a:b' is no name of a group", ERR_FORMAT },
	{ USER("\"groups\":\"adm, use  rs\""), "'use  rs' is no name of a group", ERR_FORMAT },
	{ USER("\"groups\":7"), "users.a.groups is not a list of strings", ERR_FORMAT },
	{ USER("\"sudo\":[\"ALL\\nroot2 ALL\"]"), "users.a.sudo: a rule is one line", ERR_FORMAT },
	{ USER("\"sudo\":[\"\"]"), "users.a.sudo: a rule is one line", ERR_FORMAT },
	{ USER("\"ssh_authorized_keys\":[\"command x\"]"), "is no line of an authorized_keys file, and there is no other key", ERR_FORMAT },
	{ USER("\"ssh_authorized_keys\":[\"# a comment\",\"ssh-none A\"]"), "users.a.ssh_authorized_keys.1 is no line of", ERR_FORMAT },
	{ USER("\"ssh_redirect_user\":true,\"ssh_authorized_keys\":[\"ssh-ed25519 A\"]"), "has no ssh_authorized_keys of his own", ERR_CONFLICT },
	{ "{\"groups\":[\"a/b\"]}", "'a/b' is no name of a group", ERR_FORMAT },
	{ "{\"groups\":[[\"a\"]]}", "groups: a list is no name of a group", ERR_FORMAT },
	{ "{\"groups\":{\"a\":[[\"b\"]]}}", "a name is a text, and this is a list", ERR_FORMAT },
	{ "{\"groups\":{\"a\":[\"b\\nc\"]}}", "is no name of a user", ERR_FORMAT },
	{ "{\"groups\":7}", "groups: a whole number is no name of a group", ERR_FORMAT },
	/* files */
	{ FILES("\"path\":\"a\""), "write_files.0.path 'a' is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"etc/a\""), "write_files.0.path 'etc/a' is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"/\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"/a/../../b\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"/a/..\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"/..\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"/.\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"//./\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"/a\\nb\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"/a\\u001bb\""), "is not an absolute path", ERR_FORMAT },
	{ FILES("\"path\":\"/a\\u0000b\""), "write_files.0.path holds a NUL", ERR_FORMAT },
	{ FILES("\"content\":\"a\""), "write_files.0: path is missing", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"permissions\":\"17777\""), "write_files.0.permissions is '17777', not octal text", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"permissions\":\"000000000644\""), "not octal text", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"permissions\":\"8\""), "not octal text", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"permissions\":\"\""), "not octal text", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"permissions\":\"0644\\u0000x\""), "not octal text", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"permissions\":420"), "not octal text", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"permissions\":[\"0644\"]"), "not octal text", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"encoding\":\"rot13\""), "is not one that this agent decodes", ERR_UNSUPPORTED },
	{ FILES("\"path\":\"/a\",\"encoding\":\"b64\",\"content\":\"a=b\""), "write_files.0.content is not base64", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"source\":{\"uri\":\"http://x/\"}"), "source is not fetched, and there is no content", ERR_DENIED },
	{ FILES("\"path\":\"/a\",\"encoding\":\"gz+b64\",\"content\":\"H4sIAAAAAAAAA0tMAgA=\""), "write_files.0.content cannot be unpacked", ERR_FORMAT },
	{ FILES("\"path\":\"/a\",\"encoding\":\"gz\",\"content\":\"x\""), "write_files.0.content is not gzip", ERR_FORMAT },
	{ "{\"write_files\":[[]]}", "write_files.0 is not an object", ERR_FORMAT },
	/* commands */
	{ "{\"runcmd\":[7]}", "runcmd.0 is not a list of strings", ERR_FORMAT },
	{ "{\"runcmd\":[{\"a\":1}]}", "runcmd.0 is not a list of strings", ERR_FORMAT },
	{ "{\"runcmd\":[[\"a\",[\"b\"]]]}", "runcmd.0.1 is not a string", ERR_FORMAT },
	{ "{\"runcmd\":\"a\"}", "runcmd is not a list", ERR_FORMAT },
	{ "{\"runcmd\":[\"a\\u0000b\"]}", "runcmd.0 holds a NUL", ERR_FORMAT },
	/* keys and policies */
	{ "{\"ca_certs\":{\"trusted\":[\"x\"]}}", "does not hold '-----BEGIN CERTIFICATE-----'", ERR_FORMAT },
	{ "{\"ca_certs\":{\"trusted\":[\"-----BEGIN CERTIFICATE-----\"]}}", "does not hold '-----BEGIN CERTIFICATE-----'", ERR_FORMAT },
	{ "{\"ca_certs\":{\"trusted\":[\"-----END CERTIFICATE----- -----BEGIN CERTIFICATE-----\"]}}", "does not hold '-----BEGIN CERTIFICATE-----'", ERR_FORMAT },
	{ "{\"merge_how\":\"zzz\"}", "'zzz' is no merger", ERR_FORMAT },
	{ "{\"chpasswd\":{\"users\":[{\"name\":\"a:b\",\"password\":\"x\",\"type\":\"text\"}]}}", "a name and a password of one line each", ERR_FORMAT },
	{ "{\"chpasswd\":{\"users\":[{\"name\":\"a\",\"password\":\"x\\ny\",\"type\":\"text\"}]}}", "a name and a password of one line each", ERR_FORMAT },
	{ "{\"chpasswd\":{\"users\":[{\"name\":\"a\",\"password\":\"$6$a:b\"}]}}", "the hash holds a colon", ERR_FORMAT },
	{ "{\"chpasswd\":{\"users\":[{\"name\":\"a\",\"type\":\"random\"}]}}", "is 'random', not hash, text or RANDOM", ERR_FORMAT },
	{ "{\"users\":[\"default\"],\"password\":\"x\\ny\"}", "a name and a password of one line each", ERR_FORMAT },
	{ USER("\"inactive\":\"soon\""), "not a number of days", ERR_FORMAT },
	{ "{\"ssh_keys\":{\"rsa_private\":\"x\"}}", "ssh_keys: rsa_private and rsa_public go together", ERR_FORMAT },
	{ "{\"natal\":{\"policy\":{\"users\":\"stop\"}}}", "'users' is 'stop', not fail, degrade or continue", ERR_FORMAT },
	{ "{\"natal\":{\"policy\":{\"users\":\"fail\\u0000x\"}}}", "not fail, degrade or continue", ERR_FORMAT },
	{ "{\"natal\":{\"policy\":{\"users\":null}}}", "'users' is '', not fail, degrade or continue", ERR_FORMAT },
	{ "{\"natal\":{\"policy\":{\"zz\":\"fail\"}}}", "'zz' is no module, and no item of one", ERR_FORMAT },
	{ "{\"natal\":{\"policy\":{\"user/a\":\"fail\"}}}", "'user/a' is no module, and no item of one", ERR_FORMAT },
	{ "{\"users\":{5: {}}}", "'' is no name of a user", ERR_FORMAT },
	{ "{\"groups\":{5: [a]}}", "'' is no name of a group", ERR_FORMAT },
	{ "{\"password\":\"a\\nb\"}", "a name and a password of one line each", ERR_FORMAT },
	{ "{\"users\":[\"a\"],\"password\":\"a\\nb\"}", "a name and a password of one line each", ERR_FORMAT },
	{ "{\"chpasswd\":{\"list\":[\"a:x\\ry\"]}}", "a name and a password of one line each", ERR_FORMAT },
	{ "7", "a cloud-config is a map", ERR_FORMAT },
};

/* What is said of the same text before there is a guest: not valid, and where. */
static struct lint judged(struct arena *a, const char *json)
{
	scoped_buf struct buf text = BUF_MAX(4 << 20);
	struct lint l = { .file = "user-data" };

	spell(&text, json);
	lint_text(a, text.data, text.size, false, &l);
	return l;
}

static bool has_place(const struct lint *l)
{
	for (size_t i = 0; i < l->notes.kept; i++)
		if (l->notes.at[i].level == NOTE_ERROR && strstr(l->notes.at[i].err.where, ":2:"))
			return true;
	return false;
}

static void user_data_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		scoped(arena_fini) struct arena a = { 0 };
		int r = user_data(rows[i].text);
		if (r != -(int)rows[i].code || !strstr(e.msg, rows[i].msg))
			fail_msg("%s: %d '%s', wanted '%s'", rows[i].text, r, r ? e.msg : "accepted", rows[i].msg);
		const struct lint l = judged(&a, rows[i].text);
		/* The image's policy says whether something is fetched. */
		if (rows[i].code != ERR_DENIED && (l.valid || !has_place(&l)))
			fail_msg("%s: refused when it is applied, and lint says %s%s", rows[i].text, l.valid ? "valid" : "not where: ",
				l.valid ? "" : l.notes.at[0].err.where);
	}
}

/* What cloud-init takes, and so does natal: both say so. */
static const char *const taken[] = {
	"{\"users\":[\"john.doe\",\"Admin\",\"1a\",\"_a\",\"web$\"],\"groups\":[\"MyGroup\",\"a.b\"]}",
	USER("\"groups\":\"MyGroup, a.b\",\"primary_group\":\"Staff\""), USER("\"groups\":{\"sbuild\":null}"),
	"{\"user\":{\"name\":\"a\",\"groups\":{\"sbuild\":null}}}",
	USER("\"sudo\":\"\""), USER("\"sudo\":false"), USER("\"passwd\":\"\""), USER("\"passwd\":\"!\""),
	"{\"hostname\":\"my_host\"}", "{\"fqdn\":\"_a_b.c_d\"}", "{\"manage_etc_hosts\":true}", "{\"manage_etc_hosts\":\"localhost\"}",
	"{\"hostname\":\"a\",\"preserve_hostname\":true,\"manage_etc_hosts\":true}",
	FILES("\"path\":\"/etc//a\""), FILES("\"path\":\"//a\""), FILES("\"path\":\"/a/\""), FILES("\"path\":\"/a/./b\""), FILES("\"path\":\"/..a/b..\""),
	FILES("\"path\":\"/a\",\"append\":true,\"defer\":true"), FILES("\"path\":\"/a\",\"owner\":\":adm\""),
	USER("\"ssh_redirect_user\":true,\"ssh_authorized_keys\":[\"# none\",\"\"]"), "{\"users\":[\"a\"],\"password\":\"x\"}",
	"{\"natal\":{\"policy\":{\"users/a\":\"fail\"}},\"users\":[\"a\"]}",
	"{\"chpasswd\":{\"users\":[{\"name\":\"root\",\"type\":\"RANDOM\"}]}}", "{\"chpasswd\":{\"list\":[\"root:R\"]}}", "{\"chpasswd\":{\"list\":\"blah\"}}", "{\"chpasswd\":{\"list\":\"a:\"}}",
	"{\"ca_certs\":{\"trusted\":[\"# ours\\n-----BEGIN CERTIFICATE-----\\nx\\n-----END CERTIFICATE-----\"]}}",
	"{\"runcmd\":[[],\"\",null]}", "{\"ssh_pwauth\":\"maybe\"}", "{\"merge_how\":\"dict(replace)+list(append)+str()\"}",
};

static void taken_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		scoped(arena_fini) struct arena a = { 0 };
		const struct lint l = judged(&a, taken[i]);
		if (!l.valid)
			fail_msg("%s: lint: %s", taken[i], l.notes.at[0].err.msg);
		if (user_data(taken[i]))
			fail_msg("%s: %s", taken[i], e.msg);
	}
}

#define NIC(fields) "{\"version\":2,\"ethernets\":{\"e0\":{" fields "}}}"
static const struct row nets[] = {
	{ "{\"version\":1}", "network config of version 1 has no 'config'", ERR_FORMAT },
	{ "{\"ethernets\":{}}", "network config has no 'version'", ERR_FORMAT },
	{ "{\"version\":2,\"bridges\":[]}", "bridges: a map is wanted, this is a list", ERR_FORMAT },
	{ "{\"version\":2,\"ethernets\":{\"a\\nb\":{}}}", "control character", ERR_FORMAT },
	{ "{\"version\":2,\"ethernets\":{\"a b\":{}}}", "'a b' is no interface name", ERR_FORMAT },
	{ "{\"version\":2,\"ethernets\":{\"\":{}}}", "'' is no interface name", ERR_FORMAT },
	{ NIC("\"match\":{\"name\":\"e0\\n[Link]\"}"), "match.name holds a control character", ERR_FORMAT },
	{ NIC("\"match\":{\"macaddress\":\"52:54:00:00:00:0a:0b\"}"), "macaddress '52:54:00:00:00:0a:0b' is no MAC address", ERR_FORMAT },
	{ NIC("\"match\":{\"macaddress\":\"52:54:00:00:00:0a\"},\"set-name\":\"a/b\""), "name 'a/b' is no interface name", ERR_FORMAT },
	{ NIC("\"match\":{\"macaddress\":\"52:54:00:00:00:0a\"},\"set-name\":\"abcdefghijklmnop\""), "too long for an interface's name", ERR_LIMIT },
	{ NIC("\"addresses\":[\"192.0.2.7/2x\"]"), "'2x' is no prefix length or mask of IPv4", ERR_FORMAT },
	{ NIC("\"addresses\":[\"192.0.2.7/1:\"]"), "'1:' is no prefix length", ERR_FORMAT },
	{ NIC("\"addresses\":[\"192.0.2.7/\\n4\"]"), "address holds a control character", ERR_FORMAT },
	{ NIC("\"addresses\":[\"192.0.2.7/9999999999\"]"), "'9999999999' is no prefix length", ERR_FORMAT },
	{ NIC("\"addresses\":[\"2001:db8::7/64\"],\"gateway6\":\"192.0.2\""), "gateway '192.0.2' is not an address", ERR_FORMAT },
	{ NIC("\"mtu\":67"), "mtu 67 is less than 68", ERR_FORMAT },
	{ NIC("\"routes\":[{\"to\":\"default\",\"via\":\"a\\nb\"}]"), "gateway holds a control character", ERR_FORMAT },
	{ NIC("\"routes\":[7]"), "a route is a map", ERR_FORMAT },
	{ NIC("\"nameservers\":{\"search\":[\"\"]}"), "search: '' is no word", ERR_FORMAT },
};

static void network_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		int r = parse("network-config", nets[i].text);
		if (r != -(int)nets[i].code || !strstr(e.msg, nets[i].msg))
			fail_msg("%s: %d '%s', wanted '%s'", nets[i].text, r, r ? e.msg : "accepted", nets[i].msg);
	}
}

/* before, then `each` (%d: its number) n times with commas, then after. */
static int many(const char *blob, const char *const part[3], int n)
{
	scoped_buf struct buf text = BUF_MAX(8 << 20);

	buf_str(&text, part[0]);
	for (int i = 0; i < n; i++) {
		const char *number = strstr(part[1], "%d");
		buf_str(&text, i ? "," : "");
		if (number)
			buf_printf(&text, "%.*s%d%s", (int)(number - part[1]), part[1], i, number + 2);
		else
			buf_str(&text, part[1]);
	}
	buf_str(&text, part[2]);
	return parse(blob, text.data);
}

/* As many as the caps of config.h say, and one more. */
static void caps(void **state)
{
	static const struct { const char *blob, *part[3]; int max; const char *msg; } kinds[] = {
		{ "user-data", { "#cloud-config\n{\"users\":[", "\"u%d\"", "]}" }, CONFIG_ACCOUNTS_MAX, "257 users: 256 at most" },
		{ "user-data", { "#cloud-config\n{\"groups\":[", "\"g%d\"", "]}" }, CONFIG_ACCOUNTS_MAX, "257 groups: 256 at most" },
		{ "user-data", { "#cloud-config\n{\"users\":[{\"name\":\"u\",\"groups\":[", "\"g%d\"", "]}]}" }, WORDS_ACCOUNTS_MAX, "users/u/groups: 257 groups: 256 at most" },
		{ "user-data", { "#cloud-config\n{\"users\":[{\"name\":\"u\",\"groups\":{", "\"g%d\":null", "}}]}" }, WORDS_ACCOUNTS_MAX, "257 groups: 256 at most" },
		{ "user-data", { "#cloud-config\n{\"users\":[{\"name\":\"u\",\"groups\":\"", "g%d", "\"}]}" }, WORDS_ACCOUNTS_MAX, "257 groups: 256 at most" },
		{ "user-data", { "#cloud-config\n{\"users\":[", "{\"name\":\"u%d\",\"groups\":\"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\"}", "]}" }, WORDS_GROUPS_MAX / 16,
			"users/u256/groups: more than 4096 groups of all users" },
		{ "user-data", { "#cloud-config\n{\"groups\":[{\"g\":[", "\"u%d\"", "]}]}" }, WORDS_ACCOUNTS_MAX, "more than 256 names" },
		{ "user-data", { "#cloud-config\n{\"write_files\":[", "{\"path\":\"/f%d\"}", "]}" }, CONFIG_FILES_MAX, "4097 files: 4096 at most" },
		{ "network-config", { "{\"version\":2,\"ethernets\":{", "\"e%d\":{}", "}}" }, NETCONF_LINKS_MAX, "more than 512 interfaces" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_ok(many(kinds[i].blob, kinds[i].part, kinds[i].max), e);
		assert_err(many(kinds[i].blob, kinds[i].part, kinds[i].max + 1), ERR_LIMIT, e, kinds[i].msg);
	}
}

/* One text of 1 MiB under many names. */
static void files_in_all(void **state)
{
	scoped_buf struct buf text = BUF_MAX(4 << 20);

	(void)state;
	buf_str(&text, "#cloud-config\nwrite_files:\n- path: /f\n  content: &a ");
	for (int i = 0; i < 1 << 14; i++)
		buf_str(&text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	for (int i = 1; i < 64; i++)
		buf_printf(&text, "\n- {path: /f%d, content: *a}", i);
	assert_ok(parse("user-data", text.data), e);
	buf_str(&text, "\n- {path: /more, content: *a}\n");
	assert_err(parse("user-data", text.data), ERR_LIMIT, e, "the files come to more than 67108864 bytes");
}

static void size_and_depth(void **state)
{
	static const char *const file[] = { "#cloud-config\n{\"write_files\":[{\"path\":\"/", "a", "\"}]}" };
	scoped_buf struct buf text = BUF_MAX(32 << 20);

	(void)state;
	buf_str(&text, "#cloud-config\n");
	for (int i = 0; i < 5000; i++)
		buf_str(&text, "[");
	assert_err(parse("user-data", text.data), ERR_LIMIT, e, "more than 64 deep");
	buf_clear(&text);
	buf_str(&text, file[0]);
	for (int i = 0; i < 4000; i++)
		buf_str(&text, file[1]);
	buf_str(&text, file[2]);
	assert_err(parse("user-data", text.data), ERR_FORMAT, e, "is not an absolute path");
	buf_clear(&text);
	buf_str(&text, "#cloud-config\n{");
	while (text.size < USERDATA_SIZE_MAX)
		buf_str(&text, "                                                                ");
	buf_str(&text, "}");
	assert_err(parse("user-data", text.data), ERR_LIMIT, e, "bytes: 16777216 at most");
	buf_clear(&text);
	while (text.size <= CONFIG_DOC_MAX)
		buf_str(&text, "# a comment of a network configuration that is longer than any network\n");
	assert_err(parse("network-config", text.data), ERR_LIMIT, e, "bytes: 1048576 at most");
}

/* What comes into one line of a file ends it nowhere. */
static void a_line_is_one_line(void **state)
{
	static const struct { const char *text, *where, *path; } lines[] = {
		{ "{\"ntp\":{\"servers\":[\"a\",\"a\\ncmdallow all\\nmailonchange x\"]}}", "user-data:2:24", "ntp.servers.1 holds a new line" },
		{ "{\"ntp\":{\"pools\":[\"a\\nb\"]}}", "user-data:2:18", "ntp.pools.0" }, { "{\"ntp\":{\"peers\":[\"a\\rb\"]}}", "user-data:2:18", "ntp.peers.0" },
		{ "{\"ntp\":{\"allow\":[\"a\\u0000b\"]}}", "user-data:2:18", "ntp.allow.0" },
		{ "{\"apt\":{\"proxy\":\"http://x\\\";\\nDPkg::Pre-Invoke {\\\"id\\\";};\"}}", "user-data:2:17", "apt.proxy holds a quote" },
		{ "{\"apt\":{\"http_proxy\":\"x\\\";y\"}}", "user-data:2:22", "apt.http_proxy holds a quote" },
		{ "{\"apt\":{\"https_proxy\":\"x\\n\"}}", "user-data:2:23", "apt.https_proxy" }, { "{\"apt\":{\"ftp_proxy\":\"\\\"\"}}", "user-data:2:21", "apt.ftp_proxy" },
		{ "{\"apt_proxy\":\"x\\\";y\"}", "user-data:2:14", "apt_proxy holds a quote" }, { "{\"apt_http_proxy\":\"\\\"\"}", "user-data:2:19", "apt_http_proxy" },
		{ "{\"apt_https_proxy\":\"\\\"\"}", "user-data:2:20", "apt_https_proxy" }, { "{\"apt_ftp_proxy\":\"\\\"\"}", "user-data:2:18", "apt_ftp_proxy" },
		{ "{\"apt\":{\"primary\":[{\"arches\":[\"default\"],\"uri\":\"http://a\\nb\"}]}}", "user-data:2:48", "apt.primary.0.uri" },
		{ "{\"apt\":{\"security\":[{\"arches\":[\"default\"],\"search\":[\"a\\nb\"]}]}}", "user-data:2:53", "apt.security.0.search.0" },
		{ "{\"apt_mirror\":\"a\\nb\"}", "user-data:2:15", "apt_mirror" }, { "{\"apt_mirror_search\":[\"a\\nb\"]}", "user-data:2:23", "apt_mirror_search.0" },
		{ "{\"disable_root_opts\":\"no-pty\\nssh-ed25519 AAAA\"}", "user-data:2:22", "disable_root_opts" },
	};
	static const char *const good[] = { "{\"ntp\":{\"servers\":[\"a iburst\"]}}", "{\"apt\":{\"proxy\":\"http://u:p@x:3142/\",\"conf\":\"a \\\"b\\\";\\n\"}}",
		"{\"rsyslog\":{\"remotes\":{\"a\":\"*.*\\t@h\"},\"configs\":[\"a\\nb\"]}}", "{\"disable_root_opts\":\"command=\\\"x\\\"\"}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		scoped(arena_fini) struct arena a = { 0 };
		int r = user_data(lines[i].text);
		if (r != -(int)ERR_FORMAT || !strstr(e.msg, lines[i].path) || strcmp(e.where, lines[i].where) != 0 || !strstr(e.hint, "one line of a file"))
			fail_msg("%s: %d '%s' at '%s' (%s)", lines[i].text, r, r ? e.msg : "accepted", e.where, e.hint);
		const struct lint l = judged(&a, lines[i].text);
		bool told = false;
		for (size_t k = 0; k < l.notes.kept; k++)
			told |= strstr(l.notes.at[k].err.msg, lines[i].path) && strcmp(l.notes.at[k].err.where, lines[i].where) == 0;
		if (l.valid || !told)
			fail_msg("%s: lint: %s", lines[i].text, l.notes.kept ? l.notes.at[0].err.msg : "nothing");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_ok(user_data(good[i]), e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_data_rows), cmocka_unit_test(taken_rows), cmocka_unit_test(network_rows), cmocka_unit_test(caps), cmocka_unit_test(files_in_all), cmocka_unit_test(a_line_is_one_line), cmocka_unit_test(size_and_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
