/* final.c - the end of a boot: a message, word to whoever waits for this guest, and the machine switched off or started anew. */
#include "agent/module/guest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/items.h"

#define MESSAGE_PATH STATE_DIR "/final-message.sh"
#define ADDRESS_PATH STATE_DIR "/phone-home.curl"
#define CONDITION_PATH STATE_DIR "/power-condition.sh"
enum { MESSAGE_TIMEOUT_MS = 30 * 1000, TRY_S = 30, WAIT_S = 3, SWITCH_TIMEOUT_MS = 60 * 1000 };

/* $uptime and the like are known when it is said: each becomes a variable of the script between quoted texts. */
static void message_script(const char *message, struct buf *out)
{
	static const char *const names[] = { "uptime", "timestamp", "version", "datasource", "UPTIME", "TIMESTAMP", "VERSION", "DATASOURCE" };

	buf_str(out, "#!/bin/sh\nread -r uptime _ < /proc/uptime\ntimestamp=$(date -R)\nversion=" PACKAGE_VERSION "\ndatasource=natal\nsay() {\n");
	while (*message) {
		size_t n = strcspn(message, "$"), braces = message[n] == '$' && message[n + 1] == '{', m = 0, k = 0;
		const char *name = message + n + 1 + braces;
		while (message[n] && isalpha((unsigned char)name[m]))
			m++;
		while (k < ARRAY_SIZE(names) && !(strlen(names[k]) == m && strncmp(names[k], name, m) == 0))
			k++;
		bool known = message[n] && k < ARRAY_SIZE(names) && (!braces || name[m] == '}');
		char *plain = strndup(message, known || !message[n] ? n : n + 1);
		buf_str(out, "printf %s ");
		text_shell_quote(out, plain ? plain : "");
		free(plain);
		buf_str(out, "\n");
		if (known)
			buf_printf(out, "printf %%s \"$%s\"\n", names[k % 4]);
		message += known ? n + 1 + 2 * braces + m : message[n] ? n + 1 : n;
	}
	buf_str(out, "printf '\\n'\n}\nsay\n[ ! -w /dev/console ] || say 2> /dev/null > /dev/console\nexit 0\n");
}

int module_final_message(struct builder *b, struct err *e)
{
	static const char *const argv[] = { "/bin/sh", MESSAGE_PATH, NULL };
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *message = node_str(cloud_key(b, "final_message")), *text;

	if (!message || !*message)
		return 0;
	want_item(b, "");
	want_frequency(b, FREQ_BOOT);
	message_script(message, &out);
	if (take_text(b, &out, &text, e) || want_dir(b, STATE_DIR, 0700, 0, 0, e) || want_text(b, MESSAGE_PATH, text, 0700, e))
		return want_failed(b, e);
	if (want_due(b))
		want_exec(b, argv, MESSAGE_TIMEOUT_MS, "at every boot");
	return 0;
}

static bool posts(const struct node *list, const char *what)
{
	if (!list || list->kind != NODE_LIST)
		return true;            /* all */
	for (size_t i = 0; i < list->count; i++)
		if (node_is(list->items[i], what))
			return true;
	return false;
}

bool phone_home_posts(struct builder *b, const char *what)
{
	const struct node *ph = cloud_key(b, "phone_home");

	return node_truth(ph) && posts(node_get(ph, "post"), what);
}

/* ssh-keygen(1), as module/ssh_host_keys.c runs it: the last word is the private half's path. */
static bool makes_key(const char *const *argv, const char *path)
{
	const char *last = argv[0];
	size_t n;

	if (strcmp(argv[0], "/usr/bin/ssh-keygen") != 0)
		return false;
	for (; *argv; argv++)
		last = *argv;
	n = strlen(last);
	return strncmp(path, last, n) == 0 && strcmp(path + n, ".pub") == 0;
}

/* A public host key is a file by then, where this guest has or gets one of the type. */
static const char *key_field(struct builder *b, const char *name, const char *type)
{
	const char *path = arena_printf(&b->plan->arena, "/etc/ssh/ssh_host_%s_key.pub", type);
	struct err ignored;
	struct fact there;
	bool comes = facts_stat(b->facts, path, &there, &ignored) == 0 && there.kind == FACT_FILE;

	for (size_t i = 0; i < b->plan->action_count; i++) {
		const struct action *x = &b->plan->actions[i];
		if (x->path && strcmp(x->path, path) == 0)
			comes = x->kind != ACTION_REMOVE;
		comes |= x->kind == ACTION_EXEC && makes_key(x->argv, path);
	}
	return comes ? arena_printf(&b->plan->arena, "%s@%s", name, path) : arena_printf(&b->plan->arena, "%s=N/A", name);
}

/* An address may hold a password, which is nobody's who sees what programs are called with: curl(1) reads it from a file. */
static int address_file(struct builder *b, const char *url, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *text;

	buf_str(&out, "url = \"");
	for (const char *c = url; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 127)
			return err_set(e, ERR_FORMAT, "phone_home.url holds a blank or a control character");
		if (*c == '"' || *c == '\\')
			buf_u8(&out, '\\');
		buf_u8(&out, (uint8_t)*c);
	}
	buf_str(&out, "\"\n");
	int r = take_text(b, &out, &text, e);
	if (r || (r = want_dir(b, STATE_DIR, 0700, 0, 0, e)))
		return r;
	return want_file(b, &(struct want_file){ ADDRESS_PATH, text, strlen(text), 0600, 0, 0, true, false }, e);
}

static int want_call(struct builder *b, const struct node *ph, struct err *e)
{
	static const char *const types[] = { "rsa", "ecdsa", "ed25519" };
	struct arena *a = &b->plan->arena;
	const char *id = b->config->verified->manifest.vm.instance_id, *host = b->config->hostname ? b->config->hostname : b->facts->node_name;
	const char *fqdn = b->config->fqdn ? b->config->fqdn : host, *const names[] = { "INSTANCE_ID", id, NULL };
	const char *url = fill_in(a, cloud_text(ph, "url", ""), names), *fields[6], *argv[40];
	const struct node *tries_node = node_get(ph, "tries"), *post = node_get(ph, "post");
	const int64_t tries = !tries_node ? 10 : tries_node->integer < 1 ? 1 : tries_node->integer;
	size_t n = 0, f = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const char *name = arena_printf(a, "pub_key_%s", types[i]);
		if (posts(post, name))
			fields[f++] = key_field(b, name, types[i]);
	}
	const char *const said[][2] = { { "instance_id", id }, { "hostname", host }, { "fqdn", fqdn } };
	for (size_t i = 0; i < ARRAY_SIZE(said); i++)
		if (posts(post, said[i][0]))
			fields[f++] = arena_printf(a, "%s=%s", said[i][0], said[i][1]);
	const char *const head[] = { "/usr/bin/curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", "--proto", "=http,https",
		"--max-time", arena_printf(a, "%d", TRY_S), "--retry-all-errors", "--retry", arena_printf(a, "%lld", (long long)(tries - 1)),
		"--retry-delay", arena_printf(a, "%d", WAIT_S) };
	for (; n < ARRAY_SIZE(head); n++)
		argv[n] = head[n];
	for (size_t i = 0; i < f; i++) {
		argv[n++] = "--data-urlencode";
		argv[n++] = fields[i];
	}
	argv[n++] = "--config";
	argv[n++] = ADDRESS_PATH;
	argv[n] = NULL;
	int r = address_file(b, url, e);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++)
		want_note(b, argv[i], strlen(argv[i]));
	if (want_due(b))
		want_exec(b, words_join(a, argv, NULL), (int)tries * (TRY_S + WAIT_S) * 1000, "once an instance");
	return 0;
}

int module_phone_home(struct builder *b, struct err *e)
{
	const struct node *ph = cloud_key(b, "phone_home");

	if (!ph)
		return 0;
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	return item_call(ph, e) || want_call(b, ph, e) ? want_failed(b, e) : 0;
}

/* The condition is asked by systemd, just before: ExecCondition= of the unit that waits for the end of this stage. */
static int want_condition(struct builder *b, const struct node *condition, const char **ret, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *text;
	int r;

	*ret = NULL;
	if (!condition || condition->kind == NODE_BOOL)
		return 0;
	buf_str(&out, "#!/bin/sh\n");
	shell_command(&out, condition);
	if ((r = take_text(b, &out, &text, e)) || (r = want_dir(b, STATE_DIR, 0700, 0, 0, e)) || (r = want_text(b, CONDITION_PATH, text, 0700, e)))
		return r;
	*ret = "--property=ExecCondition=/bin/sh " CONDITION_PATH;
	return 0;
}

static int want_switch(struct builder *b, const struct node *ps, struct err *e)
{
	static const struct { const char *mode, *letter; } modes[] = { { "poweroff", "-P" }, { "reboot", "-r" }, { "halt", "-H" } };
	struct arena *a = &b->plan->arena;
	const struct node *condition = node_get(ps, "condition"), *delay = node_get(ps, "delay");
	/* A number as it counts: 0x10 and 010 are YAML's 16 and 8. */
	const char *when = !delay ? "now" : delay->kind == NODE_INT ? arena_printf(a, "%lld", (long long)delay->integer) : delay->text, *letter = "-P", *test, *tool, *message = cloud_text(ps, "message", NULL);
	int r;

	if (condition && condition->kind == NODE_BOOL && !condition->boolean)
		return 0;
	if ((r = guest_program(b, "systemd-run", &tool, e)) || (r = want_condition(b, condition, &test, e)))
		return r;
	if (!tool)
		return err_set(e, ERR_NOT_FOUND, "power_state: this guest has no systemd-run");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		letter = node_is(node_get(ps, "mode"), modes[i].mode) ? modes[i].letter : letter;
	when = strcmp(when, "now") == 0 ? when : arena_printf(a, "+%s", when + (*when == '+'));
	const char *argv[] = { tool, "--no-block", "--collect", "--unit=natal-power-state", "--property=After=natal-late.service natal-behind.service",
		"--property=Type=oneshot", test ? test : "--description=the end that user-data asks for", "--", "/sbin/shutdown", letter, when,
		message, NULL };
	for (size_t i = 0; argv[i]; i++)
		want_note(b, argv[i], strlen(argv[i]));
	if (want_due(b))
		want_exec(b, words_join(a, argv, NULL), SWITCH_TIMEOUT_MS, "once an instance");
	return 0;
}

int module_power_state(struct builder *b, struct err *e)
{
	const struct node *ps = cloud_key(b, "power_state");

	if (!ps)
		return 0;
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	return want_switch(b, ps, e) ? want_failed(b, e) : 0;
}
