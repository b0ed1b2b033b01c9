/* cmd_access.c - natalctl access, login and context: who is let in, and where to. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/client.h"
#include "common/http/request_key.h"
#include "controller/cli/cli.h"
#include "controller/cli/context.h"

enum { TOKEN_BYTES = 2 * SHA256_SIZE, TOKEN_TEXT_MAX = 96, LOGIN_MS = 30000 };
#define TOKEN_PREFIX "natal1_"

int cmd_access_grant(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;

	json_put(body, "role", cli->args[0]);
	json_put(body, "name", cli->args[1]);
	if (cli_option(cli, "--all-projects"))
		json_put_bool(body, "all_projects", true);
	if (cli_option(cli, "--hours"))
		json_put_uint(body, "hours", cli_number(cli, "--hours", 0));
	int r = api_json(cli, &(struct api_call){ "POST", "/v1/access", body }, &o, e);
	if (r || cli->json)
		return r ? r : print_json(o);
	const char *project = json_text(o, "project");
	printf("%s %s%s%s: this token lets in whoever has it, once\n", json_text(o, "role"), json_text(o, "name"), project && *project ? " of project " : "",
		project ? project : "");
	print_time("until", json_uint(o, "token_until", 0));
	printf("\n%s\n\nnatalctl login https://THIS-CONTROLLER:PORT --token TOKEN\n", json_text(o, "token"));
	return 0;
}

int cmd_access_list(struct cli *cli, struct err *e)
{
	static const struct column columns[] = {
		{ "NAME", "name" }, { "ROLE", "role" }, { "PROJECT", "project" }, { "STATE", "state" }, { "SERIAL", "serial", true }, { NULL },
	};
	scoped_json struct json_object *o = NULL;

	int r = api_json(cli, &(struct api_call){ "GET", "/v1/access" }, &o, e);
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
	printf("%s %s is let in no more\n", json_text(o, "role"), json_text(o, "name"));
	return 0;
}

/* The pin is its first half: whom the second half may be told to. */
static int token_pin(const char *token, uint8_t pin[SHA256_SIZE], struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(TOKEN_TEXT_MAX), raw = BUF_MAX(TOKEN_TEXT_MAX);
	struct err ignored;

	if (text_starts(token, TOKEN_PREFIX))
		for (const char *p = token + strlen(TOKEN_PREFIX); *p && text.size < TOKEN_TEXT_MAX; p++)
			buf_u8(&text, *p == '-' ? '+' : *p == '_' ? '/' : (uint8_t)*p);
	buf_str(&text, "==");
	if (base64_decode(text.data, text.size, "token", &raw, &ignored) || raw.size != TOKEN_BYTES) {
		err_set(e, ERR_USAGE, "--token: that is no token of natalctl access grant");
		err_hint(e, "it begins with " TOKEN_PREFIX " and is one line");
		return -(int)e->code;
	}
	memcpy(pin, raw.data, SHA256_SIZE);
	return 0;
}

/* "-": from standard input, where `ps` does not show it. */
static int read_token(const char *given, struct buf *out, struct err *e)
{
	int r = 0;

	if (strcmp(given, "-") == 0)
		r = file_read_input("-", out, e);
	else
		buf_str(out, given);
	if (r || (r = buf_check(out, "--token", e)))
		return r;
	if (out->data)
		out->data[strcspn(out->data, " \r\n")] = 0;
	return 0;
}

static int enrol(struct context *x, const char *token, struct json_object **ret, struct err *e)
{
	struct tls_peer peer = { .host = x->host, .port = x->port };
	scoped(tls_client_free_p) struct tls_client *tls = NULL;
	scoped_json struct json_object *body = json_object_new_object();
	scoped_reply struct http_reply reply = HTTP_REPLY(256 << 10);
	scoped_buf struct buf csr = BUF_MAX(8192);
	int r;

	memcpy(peer.pin, x->pin, sizeof peer.pin);
	if ((r = request_key(&x->key, &csr, e)) || (r = tls_client_new(&peer, &tls, e)))
		return r;
	scoped_client struct http_client c = HTTP_CLIENT(1 << 20, .tls = tls, .host = x->host);
	json_put(body, "token", token);
	json_put(body, "csr", csr.data);
	const char *text = json_line(body);
	struct http_request rq = { .method = "POST", .path = "/v1/enrol", .body = text, .body_size = strlen(text) };
	if ((r = http_exchange(&c, &rq, LOGIN_MS, &reply, e)))
		return r;
	if (reply.status != 200)
		return api_problem(reply.body.data ? reply.body.data : "", reply.body.size, reply.status, e);
	snprintf(x->controller, sizeof x->controller, "%s", stream_tls_controller(tls));
	return json_parse(reply.body.data ? reply.body.data : "", reply.body.size, "natald's reply", ret, e);
}

int cmd_login(struct cli *cli, struct err *e)
{
	scoped_context struct context x = { .name = "" };
	scoped_json struct json_object *o = NULL;
	scoped_buf struct buf token = BUF_MAX(1024);
	const char *given = cli_option(cli, "--token"), *name = cli_option(cli, "--name");
	int r;

	if (!given) {
		err_set(e, ERR_USAGE, "natalctl login: --token is missing");
		err_hint(e, "an operator of that controller makes one: natalctl access grant ROLE NAME");
		return -(int)e->code;
	}
	if ((r = context_url(cli->args[0], &x, e)) || (r = read_token(given, &token, e)) || (r = token_pin(token.data ? token.data : "", x.pin, e)) ||
	    (r = text_copy(x.name, sizeof x.name, name ? name : x.host, "--name", e)))
		return r;
	if (strcmp(x.name, CONTEXT_LOCAL) == 0)
		return err_set(e, ERR_USAGE, "the context '" CONTEXT_LOCAL "' is the unix socket: choose another --name");
	if ((r = enrol(&x, token.data, &o, e)))
		return r;
	const char *certificate = json_text(o, "certificate"), *uri = json_text(o, "uri");
	if (!certificate || !uri)
		return err_set(e, ERR_INTERNAL, "natald's reply holds no certificate");
	snprintf(x.uri, sizeof x.uri, "%s", uri);
	x.not_after = json_uint(o, "not_after", 0);
	x.certificate = strdup(certificate);
	if (!x.certificate)
		return err_nomem(e);
	if ((r = context_put(&x, e)))
		return r;
	if (cli->json)
		return print_done(cli, "context", x.name);
	printf("you are %s\ncontext %s is now the current one: natalctl speaks to %s port %s\n", x.uri, x.name, x.host, x.port);
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

	return r ? r : print_done(cli, "context", cli->args[0]);
}

int cmd_context_delete(struct cli *cli, struct err *e)
{
	int r = context_delete(cli->args[0], e);

	return r ? r : print_done(cli, "context", cli->args[0]);
}
