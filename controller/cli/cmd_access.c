/* cmd_access.c - natalctl access, login and context: who is let in, and where to. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/enrol.h"
#include "controller/cli/cli.h"
#include "controller/cli/context.h"

/* And then it is nowhere else. */
static int write_token(const char *path, struct json_object *o, struct err *e)
{
	scoped_buf struct buf line = BUF_MAX(1024);

	buf_printf(&line, "%s\n", json_text(o, "token") ? json_text(o, "token") : "");
	json_object_object_del(o, "token");
	return file_write(AT_FDCWD, path, line.data, line.size, 0600, (uid_t)-1, (gid_t)-1, e);
}

int cmd_access_grant(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;

	json_put(body, "role", cli->args[0]);
	json_put(body, "name", cli->args[1]);
	if (cli_option(cli, "--all-projects"))
		json_put_bool(body, "all_projects", true);
	if (cli_option(cli, "--hours"))
		json_put_uint(body, "hours", cli_number(cli, "--hours", 0));
	const char *out = cli_option(cli, "--out");
	int r = api_json(cli, &(struct api_call){ "POST", "/v1/access", body }, &o, e);
	if (r || (out && (r = write_token(out, o, e))))
		return r;
	if (cli->json)
		return print_json(o);
	const char *project = json_text(o, "project");
	printf("%s %s%s%s: this token lets in whoever has it, once\n", shown(o, "role"), shown(o, "name"), project && *project ? " of project " : "",
		project ? project : "");
	print_time("until", json_uint(o, "token_until", 0));
	bool host = strcmp(cli->args[0], "host") == 0;
	if (!out)
		printf("\n%s\n", shown(o, "token"));
	printf("\n%s\n", host ? "on that host: natal-hostd --server https://THIS-CONTROLLER:PORT --join FILE, where FILE holds the token" :
		out ? "natalctl login https://THIS-CONTROLLER:PORT --token - < FILE, where FILE holds the token" :
		"natalctl login https://THIS-CONTROLLER:PORT --token TOKEN");
	return 0;
}

int cmd_access_list(struct cli *cli, struct err *e)
{
	static const struct column columns[] = {
		{ "NAME", "name" }, { "ROLE", "role" }, { "PROJECT", "project" }, { "STATE", "state" }, { "SERIAL", "serial", true }, { NULL },
	};
	scoped_json struct json_object *o = NULL;

	int r = api_list(cli, "/v1/access", "access", &o, e);
	return r ? r : print_list(cli, o, "access", columns, e);
}

int cmd_access_revoke(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	char name[200], path[260];

	int r = url_name(cli->args[0], name, e);
	if (r)
		return r;
	snprintf(path, sizeof path, "/v1/access/%s/revoke", name);
	r = api_json(cli, &(struct api_call){ "POST", path }, &o, e);
	if (r || cli->json)
		return r ? r : print_json(o);
	printf("%s %s is let in no more\n", shown(o, "role"), shown(o, "name"));
	return 0;
}

/* "-": from standard input, where `ps` does not show it. */
static int read_token(const char *given, struct buf *out, struct err *e)
{
	if (strcmp(given, "-") == 0)
		return enrol_read_token("-", out, e);
	buf_str(out, given);
	return buf_check(out, "--token", e);
}

/* Who logs in means to speak to that controller: he is told where his environment says otherwise. */
static void note_state(void)
{
	const char *state = getenv("NATAL_STATE");

	if (state && *state)
		fprintf(stderr, "natalctl: NATAL_STATE is set and goes before the current context: natalctl speaks to the natald of %s until it is unset\n", state);
}

int cmd_login(struct cli *cli, struct err *e)
{
	scoped_context struct context x = { .name = "" };
	scoped_buf struct buf token = BUF_MAX(1024);
	const char *given = cli_option(cli, "--token"), *name = cli_option(cli, "--name");
	int r;

	if (!given) {
		err_set(e, ERR_USAGE, "natalctl login: --token is missing");
		err_hint(e, "an operator of that controller makes one: natalctl access grant ROLE NAME");
		return -(int)e->code;
	}
	if ((r = http_where_read(cli->args[0], &x.where, e)) || (r = read_token(given, &token, e)))
		return r;
	if ((r = enrol_pin(token.data ? token.data : "", x.pin, e)))
		return err_wrap(e, "--token");
	if ((r = text_copy(x.name, sizeof x.name, name ? name : x.where.host, "--name", e)))
		return r;
	if (strcmp(x.name, CONTEXT_LOCAL) == 0)
		return err_set(e, ERR_USAGE, "the context '" CONTEXT_LOCAL "' is the unix socket: choose another --name");
	struct tls_peer server = { .host = x.where.host, .port = x.where.port };
	memcpy(server.pin, x.pin, sizeof server.pin);
	if ((r = enrol(&server, token.data, NULL, &x.own, e)))
		return r;
	if ((r = context_put(&x, e)))
		return r;
	note_state();
	if (cli->json)
		return print_done(cli, "context", x.name);
	printf("you are %s\ncontext %s is now the current one: natalctl speaks to %s port %s\n", x.own.uri, x.name, x.where.host, x.where.port);
	return 0;
}

static void add_line(struct json_object *array, const char *current, const char *name, struct json_object *o)
{
	struct json_object *line = json_object_new_object();

	json_put(line, "name", name);
	json_put(line, "current", strcmp(current, name) == 0 ? "*" : "");
	json_put(line, "url", o && json_text(o, "url") ? json_text(o, "url") : "");
	json_put(line, "uri", o && json_text(o, "uri") ? json_text(o, "uri") : "");
	json_put_uint(line, "not_after", o ? json_uint(o, "not_after", 0) : 0);
	json_object_array_add(array, line);
}

int cmd_context_list(struct cli *cli, struct err *e)
{
	static const struct column columns[] = { { "NAME", "name" }, { "CURRENT", "current" }, { "URL", "url" }, { "WHO", "uri" }, { NULL } };
	scoped_json struct json_object *doc = NULL, *out = json_object_new_object();
	struct json_object *list = NULL, *array = json_object_new_array();

	json_object_object_add(out, "contexts", array);
	int r = context_file(&doc, e);
	if (r)
		return r;
	const char *current = json_text(doc, "current") ? json_text(doc, "current") : CONTEXT_LOCAL;
	add_line(array, current, CONTEXT_LOCAL, NULL);
	json_object_object_get_ex(doc, "contexts", &list);
	json_object_object_foreach(list, name, o)
		add_line(array, current, name, o);
	return print_list(cli, out, "contexts", columns, e);
}

int cmd_context_use(struct cli *cli, struct err *e)
{
	int r = context_use(cli->args[0], e);

	if (!r && strcmp(cli->args[0], CONTEXT_LOCAL) != 0)
		note_state();
	return r ? r : print_done(cli, "context", cli->args[0]);
}

int cmd_context_delete(struct cli *cli, struct err *e)
{
	int r = context_delete(cli->args[0], e);

	return r ? r : print_done(cli, "context", cli->args[0]);
}

/* For programs that speak HTTPS themselves. The key is its owner's alone. */
int cmd_context_export(struct cli *cli, struct err *e)
{
	scoped_context struct context x = { .name = "" };
	const char *dir = cli_option(cli, "--out");
	char name[200], pem[4096], key[4096];
	bool local;
	int r;

	if (!dir)
		return err_set(e, ERR_USAGE, "natalctl context export: --out DIR is missing");
	if ((r = url_name(cli->args[0], name, e)) || (r = context_get(cli->args[0], &x, &local, e)))
		return r;
	if (local)
		return err_set(e, ERR_USAGE, "the context '" CONTEXT_LOCAL "' is the unix socket, and has no certificate");
	if (snprintf(pem, sizeof pem, "%s/%s.pem", dir, name) >= (int)sizeof pem || snprintf(key, sizeof key, "%s/%s.key", dir, name) >= (int)sizeof key)
		return err_set(e, ERR_LIMIT, "--out: the path is too long");
	if ((r = file_write(AT_FDCWD, key, x.own.key->bytes, x.own.key->size, 0600, (uid_t)-1, (gid_t)-1, e)) ||
	    (r = file_write(AT_FDCWD, pem, x.own.certificate, strlen(x.own.certificate), 0644, (uid_t)-1, (gid_t)-1, e)))
		return r;
	if (cli->json)
		return print_done(cli, "certificate", pem);
	printf("%s and %s are %s\n", pem, key, x.own.uri);
	print_time("until", x.own.not_after);
	return 0;
}
