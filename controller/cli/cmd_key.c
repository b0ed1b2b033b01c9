/* cmd_key.c - natalctl key and ca. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "controller/cli/cli.h"
#include "controller/cli/context.h"

/* To --out, else to standard output. */
static int write_out(struct cli *cli, const char *text, struct err *e)
{
	const char *out = cli_option(cli, "--out");

	if (out)
		return file_write(AT_FDCWD, out, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, e);
	fputs(text, stdout);
	return 0;
}

/* natald writes the files of the default project; of others, and far away, a person gets them by asking. */
static int say_where(struct cli *cli, const char *name, struct err *e)
{
	scoped_context struct context x = { .name = "" };
	bool local;
	int r = cli_context(cli, &x, &local, e);

	if (r)
		return r;
	if (local && strcmp(cli->project, "default") == 0)
		printf("its public half is %s/trust.d/%s.pub: images that hold it trust its media\n", cli->state, name);
	else
		printf("images that hold its public half trust its media: natalctl %s%s%s%s%s%skey export %s --out DIR\n",
			local ? "" : "--context ", x.name, local ? "" : " ", strcmp(cli->project, "default") != 0 ? "--project " : "",
			strcmp(cli->project, "default") != 0 ? cli->project : "",
			strcmp(cli->project, "default") != 0 ? " " : "", name);
	return 0;
}

int cmd_key_init(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;

	if (cli_option(cli, "--alg"))
		json_put(body, "alg", cli_option(cli, "--alg"));
	if (cli_option(cli, "--name"))
		json_put(body, "name", cli_option(cli, "--name"));
	int r = api_json(cli, &(struct api_call){ "POST", "/v1/keys", body }, &o, e);
	if (r || cli->json)
		return r ? r : print_json(o);
	printf("media key %s (%s), id %.16s…\n", shown(o, "name"), shown(o, "alg"), shown(o, "id"));
	return say_where(cli, shown(o, "name"), e);
}

static int get_keys(struct cli *cli, struct json_object **ret, struct json_object **keys, struct err *e)
{
	int r = api_list(cli, "/v1/keys", "keys", ret, e);

	if (!r && !json_object_object_get_ex(*ret, "keys", keys))
		return err_set(e, ERR_INTERNAL, "natald's reply holds no keys");
	return r;
}

static void column_time(struct json_object *row, char *out, size_t size) { time_text(json_uint(row, "created_at", 0), out, size); }

int cmd_key_list(struct cli *cli, struct err *e)
{
	static const struct column columns[] = { { "NAME", "name" }, { "ALGORITHM", "alg" }, { "STATE", "state" }, { "ID", "id" }, { "CREATED", "created_at", true, column_time },
		{ NULL } };
	scoped_json struct json_object *o = NULL;
	struct json_object *keys;

	int r = get_keys(cli, &o, &keys, e);
	return r ? r : print_list(cli, o, "keys", columns, e);
}

/* PATH is of the key that the command line names. */
static int call_key(struct cli *cli, const char *method, const char *end, struct json_object *body, struct json_object **ret, struct err *e)
{
	char path[256], name[200];
	int r = url_name(cli->args[0], name, e);

	if (r)
		return r;
	snprintf(path, sizeof path, "/v1/keys/%s%s", name, end);
	return api_json(cli, &(struct api_call){ method, path, body }, ret, e);
}

int cmd_key_show(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r = call_key(cli, "GET", "", NULL, &o, e);

	if (r || cli->json)
		return r ? r : print_json(o);
	const char *state = json_text(o, "state") ? json_text(o, "state") : "";
	print_field("name", json_text(o, "name"));
	print_field("state", state);
	print_field("algorithm", json_text(o, "alg"));
	print_field("id", json_text(o, "id"));
	print_time("made", json_uint(o, "created_at", 0));
	if (strcmp(state, "retiring") == 0 || strcmp(state, "revoked") == 0)
		print_time(strcmp(state, "revoked") == 0 ? "revoked" : "until", json_uint(o, "until", 0));
	if (json_text(o, "succeeds") && *json_text(o, "succeeds"))
		print_field("after", json_text(o, "succeeds"));
	printf("\n%s", json_text(o, "pem") ? json_text(o, "pem") : "");
	return 0;
}

int cmd_key_rotate(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;

	if (cli_option(cli, "--alg"))
		json_put(body, "alg", cli_option(cli, "--alg"));
	if (cli_option(cli, "--name"))
		json_put(body, "name", cli_option(cli, "--name"));
	if (cli_option(cli, "--overlap"))
		json_put_uint(body, "overlap_days", cli_number(cli, "--overlap", 0));
	int r = call_key(cli, "POST", "/rotate", body, &o, e);
	if (r || cli->json)
		return r ? r : print_json(o);
	printf("media key %s (%s), id %.16s…, signs from now on\n", shown(o, "name"), shown(o, "alg"), shown(o, "id"));
	printf("images that know %s take it: each bundle carries the statement. New images: natalctl image bake\n", cli->args[0]);
	return 0;
}

int cmd_key_revoke(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r = call_key(cli, "POST", "/revoke", NULL, &o, e);

	if (r || cli->json)
		return r ? r : print_json(o);
	printf("media key %s is revoked: guests hear of it with their next goal, which is being signed anew\n", shown(o, "name"));
	printf("media that it signed and that were not used yet are void: natalctl vm reissue NAME\n");
	return 0;
}

static int export_one(struct cli *cli, struct json_object *k, struct err *e)
{
	const char *dir = cli_option(cli, "--out"), *pem = json_text(k, "pem"), *name = json_text(k, "name");
	char path[2048], url[200];

	if (!pem || !name)
		return err_set(e, ERR_INTERNAL, "natald's reply holds a key without its text");
	if (!dir) {
		fputs(pem, stdout);
		return 0;
	}
	int r = url_name(name, url, e);
	if (r)
		return r;
	if (snprintf(path, sizeof path, "%s/%s.pub", dir, name) >= (int)sizeof path)
		return err_set(e, ERR_LIMIT, "--out: the path is too long");
	return file_write(AT_FDCWD, path, pem, strlen(pem), 0644, (uid_t)-1, (gid_t)-1, e);
}

int cmd_key_export(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct json_object *keys;
	bool found = cli->arg_count == 0;
	int r;

	if ((r = get_keys(cli, &o, &keys, e)))
		return r;
	if (cli->json)
		return print_json(o);
	for (size_t i = 0; !r && i < json_object_array_length(keys); i++) {
		struct json_object *k = json_object_array_get_idx(keys, i);
		if (cli->arg_count && strcmp(cli->args[0], json_text(k, "name") ? json_text(k, "name") : "") != 0)
			continue;
		found = true;
		r = export_one(cli, k, e);
	}
	if (!r && !found) {
		r = err_set(e, ERR_NOT_FOUND, "there is no media key '%s'", cli->args[0]);
		err_hint(e, "natalctl key list shows what there is");
	}
	return r;
}

int cmd_ca_show(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct json_object *self;

	int r = api_json(cli, &(struct api_call){ "GET", "/v1/ca" }, &o, e);
	if (r || cli->json)
		return r ? r : print_json(o);
	if (cli_option(cli, "--out"))
		return write_out(cli, json_text(o, "chain") ? json_text(o, "chain") : "", e);
	print_field("subject", json_text(o, "subject"));
	print_field("issuer", json_object_object_get_ex(o, "self_signed", &self) && json_object_get_boolean(self) ? "itself" :
		json_text(o, "issuer"));
	print_field("spki", json_text(o, "spki_sha256"));
	print_time("from", json_uint(o, "not_before", 0));
	print_time("until", json_uint(o, "not_after", 0));
	printf("\n%s", json_text(o, "chain") ? json_text(o, "chain") : "");
	return 0;
}

int cmd_ca_csr(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;

	if (cli_option(cli, "--subject"))
		json_put(body, "subject", cli_option(cli, "--subject"));
	int r = api_json(cli, &(struct api_call){ "POST", "/v1/ca/csr", body }, &o, e);
	return r ? r : cli->json ? print_json(o) : write_out(cli, json_text(o, "csr") ? json_text(o, "csr") : "", e);
}

int cmd_ca_install(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;
	scoped_buf struct buf chain = BUF_MAX(64 << 10);

	int r = file_read(AT_FDCWD, cli->args[0], &chain, NULL, e);
	if (r)
		return r;
	json_put(body, "chain", chain.data ? chain.data : "");
	r = api_json(cli, &(struct api_call){ "POST", "/v1/ca/install", body }, &o, e);
	if (r || cli->json)
		return r ? r : print_json(o);
	printf("certificates of VMs are now issued under %s\n", shown(o, "issuer"));
	return 0;
}
