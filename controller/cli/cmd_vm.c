/* cmd_vm.c - natalctl vm: create, list, start, stop, delete, reissue, pin. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/cli/cli.h"
#include "controller/cli/vm.h"

enum { FILE_MAX = 32 << 20 };

static int read_file(const char *path, size_t max, struct buf *out, struct err *e)
{
	*out = BUF_MAX(max);
	return file_read(AT_FDCWD, path, out, NULL, e);
}

static struct json_object *list_of(struct json_object *o, const char *key)
{
	struct json_object *a;

	if (json_object_object_get_ex(o, key, &a))
		return a;
	a = json_object_new_array();
	json_object_object_add(o, key, a);
	return a;
}

static struct json_object *last_user(struct json_object *body, const char *option, struct err *e)
{
	struct json_object *a;

	if (json_object_object_get_ex(body, "users", &a) && json_object_array_length(a))
		return json_object_array_get_idx(a, json_object_array_length(a) - 1);
	err_set(e, ERR_USAGE, "%s before any --user", option);
	err_hint(e, "--user alice %s…", option);
	return NULL;
}

/* Each line of the file that is no comment is a key. */
static int add_ssh_key(struct json_object *body, const char *path, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(0);
	struct json_object *user = last_user(body, "--ssh-key", e);
	size_t n = 0;

	int r = user ? read_file(path, 64 << 10, &b, e) : -(int)e->code;
	for (char *line, *rest = b.data; !r && rest && (line = strsep(&rest, "\n"));) {
		line[strcspn(line, "\r")] = 0;
		if (!*line || *line == '#')
			continue;
		if (text_starts(line, "-----")) {
			err_set(e, ERR_USAGE, "--ssh-key %s is a private key", path);
			err_hint(e, "give the public one: %s.pub", path);
			return -(int)e->code;
		}
		json_object_array_add(list_of(user, "ssh_keys"), json_object_new_string(line));
		n++;
	}
	return r ? r : n ? 0 : err_set(e, ERR_FORMAT, "--ssh-key %s holds no key", path);
}

static int add_guest_file(struct json_object *body, const char *spec, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(0), text = BUF_MAX(FILE_MAX / 3 * 4 + 8);
	const char *colon = strrchr(spec, ':');
	struct json_object *f;
	char path[2048], mode[16];
	struct stat st;
	int r;

	if (!colon || colon == spec || colon[1] != '/' || (size_t)(colon - spec) >= sizeof path)
		return err_set(e, ERR_USAGE, "--file '%s' is not HOSTPATH:/GUESTPATH", spec);
	memcpy(path, spec, (size_t)(colon - spec));
	path[colon - spec] = 0;
	if ((r = read_file(path, FILE_MAX, &bytes, e)))
		return r;
	base64_encode(&text, bytes.data ? bytes.data : "", bytes.size);
	if ((r = buf_check(&text, path, e)))
		return r;
	f = json_object_new_object();
	json_put(f, "path", colon + 1);
	json_put(f, "content_b64", text.data ? text.data : "");
	snprintf(mode, sizeof mode, "%04o", stat(path, &st) == 0 ? (unsigned)st.st_mode & 0777 : 0644U);
	json_put(f, "mode", mode);
	json_object_array_add(list_of(body, "files"), f);
	return 0;
}

static int add_ca(struct json_object *body, const char *path, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(0);

	int r = read_file(path, 256 << 10, &b, e);
	if (!r)
		json_object_array_add(list_of(body, "ca_certs"), json_object_new_string(b.data ? b.data : ""));
	return r;
}

static int add_ek(struct json_object *body, const char *path, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(0);

	int r = read_file(path, 8000, &b, e);
	if (!r)
		json_put(body, "ek", b.data ? b.data : "");
	return r;
}

static bool port(const char *s, size_t n, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9' || *ret > 65535)
			return false;
		*ret = 10 * *ret + (uint64_t)(s[i] - '0');
	}
	return n && *ret <= 65535;
}

static int add_forward(struct json_object *body, const char *spec, struct err *e)
{
	size_t n = strcspn(spec, ":");
	uint64_t guest, host = 0;

	if (!port(spec, n, &guest) || !guest || (spec[n] && !port(spec + n + 1, strlen(spec + n + 1), &host)))
		return err_set(e, ERR_USAGE, "--forward '%s' is not GUESTPORT or GUESTPORT:HOSTPORT", spec);
	struct json_object *f = json_object_new_object();
	json_put_uint(f, "host", host);
	json_put_uint(f, "guest", guest);
	json_object_array_add(list_of(body, "forwards"), f);
	return 0;
}

static int add_user(struct json_object *body, const char *name, struct err *e)
{
	struct json_object *u = json_object_new_object();

	json_put(u, "name", name);
	json_object_array_add(list_of(body, "users"), u);
	return 0;
}

static int add_sudo(struct json_object *body, const char *value, struct err *e)
{
	struct json_object *u = last_user(body, "--sudo", e);

	if (!u)
		return -(int)e->code;
	json_put_bool(u, "sudo", true);
	return 0;
}

static int add_rsa(struct json_object *body, const char *value, struct err *e)
{
	json_put_bool(body, "rsa", true);
	return 0;
}

/* Options that are one text, one entry of a list, or a function's business. */
static const struct { const char *option, *text, *list; int (*add)(struct json_object *, const char *, struct err *); } takers[] = {
	{ "--image", "image" }, { "--hostname", "hostname" }, { "--timezone", "timezone" }, { "--mac", "mac" }, { "--uuid", "uuid" },
		{ "--host", "host" },
	{ "--channel", "channel" }, { "--agent", "agent" }, { "--address", NULL, "addresses" }, { "--name", NULL, "names" }, { "--run", NULL, "run" },
	{ "--user", .add = add_user }, { "--ssh-key", .add = add_ssh_key }, { "--sudo", .add = add_sudo },
		{ "--file", .add = add_guest_file },
	{ "--birth", "birth" }, { "--ek", .add = add_ek },
	{ "--rename", "name" }, { "--remove-user", NULL, "remove_users" }, { "--remove-file", NULL, "remove_files" },
	{ "--ca-cert", .add = add_ca }, { "--forward", .add = add_forward }, { "--rsa", .add = add_rsa },
};

int vm_body(struct cli *cli, struct json_object *body, struct err *e)
{
	uint64_t n;
	int r = 0;

	for (size_t i = 0; !r && i < cli->option_count; i++)
		for (size_t k = 0; !r && k < ARRAY_SIZE(takers); k++) {
			const char *value = cli->options[i].value;
			if (strcmp(takers[k].option, cli->options[i].option->name) != 0)
				continue;
			if (takers[k].add)
				r = takers[k].add(body, value, e);
			else if (takers[k].text)
				json_put(body, takers[k].text, value);
			else
				json_object_array_add(list_of(body, takers[k].list), json_object_new_string(value));
		}
	if ((n = cli_number(cli, "--memory", 0)))
		json_put_uint(body, "memory_mb", n);
	if ((n = cli_number(cli, "--cpus", 0)))
		json_put_uint(body, "cpus", n);
	return r;
}

int vm_path(const char *name, const char *tail, char out[320], struct err *e)
{
	char url[200];

	int r = url_name(name, url, e);
	if (!r)
		snprintf(out, 320, "/v1/vms/%s%s", url, tail);
	return r;
}

int vm_call(struct cli *cli, const char *method, const char *tail, struct json_object *body, struct json_object **ret, struct err *e)
{
	char path[320];

	int r = vm_path(cli->args[0], tail, path, e);
	return r ? r : api_json(cli, &(struct api_call){ method, path, body }, ret, e);
}

int vm_fetch_medium(struct cli *cli, const char *name, const char *out, struct err *e)
{
	scoped_buf struct buf iso = BUF_MAX(80 << 20);
	char path[320];
	int r;

	if ((r = vm_path(name, "/medium", path, e)) || (r = api_raw(cli, &(struct api_call){ "GET", path }, &iso, e)))
		return r;
	return file_write(AT_FDCWD, out, iso.data, iso.size, 0600, (uid_t)-1, (gid_t)-1, e);
}

static int print_short(struct json_object *o)
{
	printf("%s  %s  %s\n", shown(o, "name"), shown(o, "state"), shown(o, "reason"));
	return 0;
}

/* What belongs to VMs that a host starts, and what to those that others start. */
static int check_host(const struct cli *cli, struct err *e)
{
	static const char *const ours[] = { "--image", "--forward", "--memory", "--cpus", "--start", "--agent" }, *const theirs[] = { "--medium-out", "--channel" };
	const char *host = cli_option(cli, "--host");
	bool here = !host || strcmp(host, "local") == 0, none = host && strcmp(host, "none") == 0, others = none || (!here && cli_option(cli, "--channel"));

	if (cli_option(cli, "--birth") && cli_option(cli, "--medium-out")) {
		err_set(e, ERR_USAGE, "--medium-out does not go with --birth");
		err_hint(e, "a guest that is born without a medium asks for its bundle itself");
		return -(int)e->code;
	}
	for (size_t i = 0; others && i < ARRAY_SIZE(ours); i++)
		if (cli_option(cli, ours[i])) {
			err_set(e, ERR_USAGE, "%s does not go with %s", ours[i], none ? "--host none" : "--channel");
			err_hint(e, "somebody else starts the guest, and says what it boots, has and listens on");
			return -(int)e->code;
		}
	for (size_t i = 0; !others && i < ARRAY_SIZE(theirs); i++)
		if (cli_option(cli, theirs[i])) {
			err_set(e, ERR_USAGE, "%s without --host none", theirs[i]);
			err_hint(e, "%s attaches medium and channel itself", here ? "the local host" : "the host");
			return -(int)e->code;
		}
	return 0;
}

int cmd_vm_create(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;
	const char *medium = cli_option(cli, "--medium-out");
	int r = check_host(cli, e);

	if (r)
		return r;
	if (cli_option(cli, "--count"))
		return (r = vm_body(cli, body, e)) ? r : vm_create_many(cli, body, e);
	if (!cli->arg_count)
		return err_set(e, ERR_USAGE, "natalctl vm create: NAME is missing");
	if (cli_option(cli, "--name-template"))
		return err_set(e, ERR_USAGE, "--name-template goes with --count");
	json_put(body, "name", cli->args[0]);
	if ((r = vm_body(cli, body, e)))
		return r;
	struct api_call call = { "POST", "/v1/vms", body, cli_option(cli, "--idempotency-key") };
	r = api_json(cli, &call, &o, e);
	if (r == -ERR_CONFLICT && cli_option(cli, "--if-not-exists"))
		r = vm_call(cli, "GET", "", NULL, &o, e);
	if (r || (medium && (r = vm_fetch_medium(cli, cli->args[0], medium, e))))
		return r;
	if (cli_option(cli, "--start")) {
		json_free(give(o));
		if ((r = vm_call(cli, "POST", "/start", NULL, &o, e)))
			return r;
	}
	return cli->json ? print_json(o) : print_short(o);
}

/* "22:40022 443:40443" (guest:host). */
static void forwards_text(struct json_object *o, char *out, size_t size)
{
	struct json_object *a = json_array(o, "forwards");
	size_t n = 0;

	*out = 0;
	for (size_t i = 0; a && i < json_object_array_length(a) && n < size; i++) {
		struct json_object *f = json_object_array_get_idx(a, i);
		int w = snprintf(out + n, size - n, "%s%u:%u", i ? " " : "", (unsigned)json_uint(f, "guest", 0),
			(unsigned)json_uint(f, "host", 0));
		n += w > 0 ? (size_t)w : 0;
	}
}

void vm_forwards(struct json_object *o, char out[160]) { forwards_text(o, out, 160); }

int cmd_vm_start(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;

	int r = vm_body(cli, body, e);
	if (r || (r = vm_call(cli, "POST", "/start", body, &o, e)))
		return r;
	return cli->json ? print_json(o) : print_short(o);
}

int cmd_vm_stop(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	bool force = cli_option(cli, "--force") != NULL;
	char tail[64] = "/stop?force=1", path[320];
	uint64_t grace_s = cli_number(cli, "--grace", 30);

	if (force && cli_option(cli, "--grace"))
		return err_set(e, ERR_USAGE, "--force and --grace: one of them");
	if (!force)
		snprintf(tail, sizeof tail, "/stop?grace=%llu", (unsigned long long)grace_s);
	int r = vm_path(cli->args[0], tail, path, e);
	if (!r)
		r = api_json(cli, &(struct api_call){ "POST", path, NULL, .timeout_s = 120 + (int)(grace_s < 600 ? grace_s : 600) }, &o, e);
	return r ? r : cli->json ? print_json(o) : print_short(o);
}

int cmd_vm_delete(struct cli *cli, struct err *e)
{
	int r = vm_call(cli, "DELETE", "", NULL, NULL, e);
	return r ? r : print_done(cli, "deleted", cli->args[0]);
}

int cmd_vm_medium(struct cli *cli, struct err *e)
{
	const char *out = cli_option(cli, "--out");

	if (!out)
		return err_set(e, ERR_USAGE, "natalctl vm medium: --out FILE is missing");
	int r = vm_fetch_medium(cli, cli->args[0], out, e);
	return r ? r : print_done(cli, "medium", out);
}

int cmd_vm_reissue(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	const char *medium = cli_option(cli, "--medium-out");

	int r = vm_call(cli, "POST", "/reissue", NULL, &o, e);
	if (r || (medium && (r = vm_fetch_medium(cli, cli->args[0], medium, e))))
		return r;
	return cli->json ? print_json(o) : print_short(o);
}

int cmd_vm_pin(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	const char *out = cli_option(cli, "--record");
	scoped_buf struct buf record = BUF_MAX(4 << 20);

	int r = vm_call(cli, "GET", "/pin", NULL, &o, e);
	if (r || (cli->json && !out))
		return r ? r : print_json(o);
	const char *b64 = json_text(o, "record"), *hosts = json_text(o, "known_hosts"), *curl = json_text(o, "curl");
	if (!b64 || !hosts || !curl)
		return err_set(e, ERR_INTERNAL, "natald's reply holds no pin record");
	if (out) {
		if ((r = base64_decode(b64, strlen(b64), "the pin record", &record, e)))
			return r;
		r = file_write(AT_FDCWD, out, record.data, record.size, 0644, (uid_t)-1, (gid_t)-1, e);
		return r ? r : print_done(cli, "record", out);
	}
	bool all = !cli_option(cli, "--known-hosts") && !cli_option(cli, "--curl");
	if (all || cli_option(cli, "--known-hosts"))
		fputs(hosts, stdout);
	if (all || cli_option(cli, "--curl"))
		printf("%s\n", curl);
	return 0;
}
