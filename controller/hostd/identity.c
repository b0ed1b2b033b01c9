/* identity.c - see identity.h */
#include "controller/hostd/identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"

enum { FILE_MAX = 256 << 10, ROOM = 16 << 10 };

void identity_fini(struct identity *x) { enrolment_fini(&x->own); }

struct fields {
	char certificate[ENROL_CERT_MAX], controller[64], uri[256], key[4096];
	uint8_t pin[SHA256_SIZE], token[SHA256_SIZE];
	struct json_object *servers;
	uint64_t not_after;
};
static const struct json_field rows[] = {
	JSON_FIELD(struct fields, servers, JSON_ARRAY, true), JSON_FIELD(struct fields, pin, JSON_HEX, true), JSON_FIELD(struct fields, token, JSON_HEX, true),
	JSON_FIELD(struct fields, controller, JSON_TEXT, true), JSON_FIELD(struct fields, uri, JSON_TEXT, true),
	JSON_FIELD(struct fields, certificate, JSON_TEXT, true), JSON_FIELD(struct fields, key, JSON_TEXT, true),
	JSON_FIELD(struct fields, not_after, JSON_UINT, true),
};

static int read_fields(struct json_object *o, struct fields *f, struct identity *ret, struct err *e)
{
	int r = json_decode(o, rows, ARRAY_SIZE(rows), "identity", f, e);

	if (r)
		return r;
	for (size_t i = 0; i < json_object_array_length(f->servers) && i < SERVERS_MAX; i++) {
		const char *url = json_object_get_string(json_object_array_get_idx(f->servers, i));
		if ((r = http_where_read(url ? url : "", &ret->servers[ret->server_count++], e)))
			return r;
	}
	memcpy(ret->pin, f->pin, sizeof ret->pin);
	memcpy(ret->token, f->token, sizeof ret->token);
	snprintf(ret->own.controller, sizeof ret->own.controller, "%s", f->controller);
	snprintf(ret->own.uri, sizeof ret->own.uri, "%s", f->uri);
	ret->own.not_after = f->not_after;
	ret->own.certificate = strdup(f->certificate);
	return (r = secret_copy(f->key, strlen(f->key), &ret->own.key, e)) ? r : ret->own.certificate ? 0 : err_nomem(e);
}

int identity_load(const char *state, struct identity *ret, bool *ret_absent, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(FILE_MAX);
	scoped_json struct json_object *o = NULL;
	char path[1100];

	snprintf(path, sizeof path, "%s/identity.json", state);
	int r = file_read(AT_FDCWD, path, &text, ret_absent, e);
	if (r || *ret_absent)
		return r;
	struct fields *f = calloc(1, sizeof *f);
	if (!f)
		return err_nomem(e);
	if (!(r = json_parse(text.data ? text.data : "", text.size, path, &o, e)))
		r = read_fields(o, f, ret, e);
	sodium_memzero(f, sizeof *f);
	free(f);
	if (r)
		err_hint(e, "the host joins anew with another token: natalctl access grant host NAME");
	return r ? err_wrap(e, "%s", path) : 0;
}

int identity_save(const char *state, const struct identity *x, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *servers = json_object_new_array();
	char path[1100], url[HTTP_WHERE_TEXT_MAX];

	for (size_t i = 0; i < x->server_count; i++) {
		http_where_text(&x->servers[i], url);
		json_object_array_add(servers, json_object_new_string(url));
	}
	json_object_object_add(o, "servers", servers);
	json_put_hex(o, "pin", x->pin, sizeof x->pin);
	json_put_hex(o, "token", x->token, sizeof x->token);
	json_put(o, "controller", x->own.controller);
	json_put(o, "uri", x->own.uri);
	json_put_uint(o, "not_after", x->own.not_after);
	json_put(o, "certificate", x->own.certificate);
	json_object_object_add(o, "key", json_object_new_string_len((const char *)x->own.key->bytes, (int)x->own.key->size));
	snprintf(path, sizeof path, "%s/identity.json", state);
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	return file_write(AT_FDCWD, path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, e);
}

void identity_learn(struct identity *x)
{
	struct http_where at;
	struct err ignored;

	for (size_t i = 0; i < x->own.address_count && x->server_count < SERVERS_MAX; i++) {
		size_t known = 0;
		if (http_where_read(x->own.addresses[i], &at, &ignored))
			continue;
		while (known < x->server_count && (strcmp(x->servers[known].host, at.host) != 0 || strcmp(x->servers[known].port, at.port) != 0))
			known++;
		if (known == x->server_count)
			x->servers[x->server_count++] = at;
	}
}

int identity_room(const char *state, struct err *e)
{
	scoped_buf struct buf room = BUF_MAX(ROOM);
	char path[1100];

	snprintf(path, sizeof path, "%s/joining", state);
	for (size_t i = 0; i < ROOM / 8; i++)
		buf_add(&room, "joining\n", 8);
	int r = buf_check(&room, path, e);
	if (!r && (r = file_write(AT_FDCWD, path, room.data, room.size, 0600, (uid_t)-1, (gid_t)-1, e)))
		err_hint(e, "make room there: the token is good still");
	(void)unlink(path);
	return r;
}

static int join_at(struct identity *x, const struct http_where *where, const char *token, struct err *e)
{
	struct tls_peer server = { .host = where->host, .port = where->port };
	scoped_enrolment struct enrolment own = { .not_after = 0 };
	int r;

	if ((r = enrol_pin(token, x->pin, e)))
		return r;
	memcpy(server.pin, x->pin, sizeof server.pin);
	if ((r = enrol(&server, token, "host", &own, e)))
		return r;
	if (!strstr(own.uri, "/host/"))
		return err_set(e, ERR_UNTRUSTED, "that controller lets a host in as %.200s", own.uri);
	enrolment_fini(&x->own);
	x->own = own;
	own = (struct enrolment){ .not_after = 0 };
	identity_learn(x);
	return 0;
}

int identity_join(struct identity *x, const char *token_file, bool joined, struct err *e)
{
	scoped_buf struct buf token = BUF_MAX(4096);
	uint8_t digest[SHA256_SIZE];

	int r = enrol_read_token(token_file, &token, e);
	if (r == -ERR_NOT_FOUND && joined)
		return 0;
	if (r)
		return err_wrap(e, "--join");
	sha256(token.data ? token.data : "", token.size, digest);
	if (joined && bytes_equal(digest, x->token, sizeof digest))
		return 0;
	r = err_set(e, ERR_USAGE, "--join wants --server URL: where the controller is");
	for (size_t i = 0; r && i < x->server_count; i++)
		if ((r = join_at(x, &x->servers[i], token.data ? token.data : "", e)) && r != -ERR_UNAVAILABLE)
			return err_wrap(e, "join");
	memcpy(x->token, digest, sizeof digest);
	return r ? err_wrap(e, "join") : 0;
}
