/* enrol.c - see enrol.h */
#include "common/http/enrol.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/http/problem.h"
#include "common/http/request_key.h"
#include "common/http/token.h"

enum { ENROL_MS = 30000, RENEW_S = 30 * 86400, REPLY_MAX = 256 << 10, TRIES = 5, AGAIN_MS = 500 };

void enrolment_fini(struct enrolment *x)
{
	free(give(x->certificate));
	secret_free(give(x->key));
}

int enrol_pin(const char *token, uint8_t pin[SHA256_SIZE], struct err *e)
{
	struct token t;

	if (!token_parse(token, &t)) {
		err_set(e, ERR_USAGE, "that is no token of natalctl access grant");
		err_hint(e, "it begins with " TOKEN_PREFIX " and is one line");
		return -(int)e->code;
	}
	memcpy(pin, t.pin, SHA256_SIZE);
	sodium_memzero(&t, sizeof t);
	return 0;
}

int enrol_read_token(const char *path, struct buf *out, struct err *e)
{
	int r = file_read_input(path, out, e);

	if (r || (r = buf_check(out, "a token", e)))
		return r;
	if (out->data) {
		out->size = strcspn(out->data, " \r\n");
		out->data[out->size] = 0;
	}
	return 0;
}

/* One that is no text or too long is passed over: the controller was found without it. */
static void take_addresses(struct json_object *list, struct enrolment *x)
{
	struct err ignored;

	x->address_count = 0;
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list) && x->address_count < ENROL_ADDRESSES_MAX; i++) {
		struct json_object *text = json_object_array_get_idx(list, i);
		if (json_object_is_type(text, json_type_string) &&
		    text_copy(x->addresses[x->address_count], sizeof x->addresses[0], json_object_get_string(text), "an address", &ignored) == 0)
			x->address_count++;
	}
}

/* What POST /v1/enrol and /v1/access/renew answer. Takes key on success. */
static int take_reply(const struct http_reply *reply, struct secret **key, struct enrolment *x, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r;

	if ((r = http_reply_good(reply, e)) || (r = json_parse(reply->body.data ? reply->body.data : "", reply->body.size, "natald's reply", &o, e)))
		return r;
	const char *certificate = json_text(o, "certificate"), *uri = json_text(o, "uri");
	if (!certificate || !uri || strlen(certificate) >= ENROL_CERT_MAX)
		return err_set(e, ERR_INTERNAL, "natald's reply holds no certificate");
	char *copy = strdup(certificate);
	if (!copy)
		return err_nomem(e);
	enrolment_fini(x);
	x->certificate = copy;
	x->key = give(*key);
	x->not_after = json_uint(o, "not_after", 0);
	snprintf(x->uri, sizeof x->uri, "%s", uri);
	take_addresses(json_object_object_get(o, "addresses"), x);
	return 0;
}

static int ask(struct http_client *c, const char *path, struct json_object *body, struct http_reply *reply, struct err *e)
{
	const char *text = json_line(body);
	struct http_request rq = { .method = "POST", .path = path, .body = text, .body_size = strlen(text) };

	return http_exchange(c, &rq, ENROL_MS, reply, e);
}

static int enrol_once(const struct tls_peer *server, struct json_object *body, struct secret **key, struct enrolment *ret, struct err *e)
{
	scoped(tls_client_free_p) struct tls_client *tls = NULL;
	scoped_reply struct http_reply reply = HTTP_REPLY(REPLY_MAX);
	int r = tls_client_new(server, &tls, e);

	if (r)
		return r;
	scoped_client struct http_client c = HTTP_CLIENT(1 << 20, .tls = tls, .host = server->host);
	if ((r = ask(&c, "/v1/enrol", body, &reply, e)) || (r = take_reply(&reply, key, ret, e)))
		return r;
	snprintf(ret->controller, sizeof ret->controller, "%s", stream_tls_controller(tls));
	return 0;
}

int enrol(const struct tls_peer *server, const char *token, const char *role, struct enrolment *ret, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object();
	scoped_buf struct buf csr = BUF_MAX(8192);
	scoped_secret struct secret *key = NULL;
	int r = request_key(&key, &csr, e);

	if (r)
		return r;
	json_put(body, "token", token);
	json_put(body, "csr", csr.data);
	if (role)
		json_put(body, "role", role);
	for (int tries = 1; (r = enrol_once(server, body, &key, ret, e)) == -ERR_UNAVAILABLE && tries < TRIES; tries++)
		poll(NULL, 0, AGAIN_MS);
	return r;
}

int enrol_renew(struct http_client *c, struct enrolment *x, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object();
	scoped_reply struct http_reply reply = HTTP_REPLY(REPLY_MAX);
	scoped_buf struct buf csr = BUF_MAX(8192);
	scoped_secret struct secret *key = NULL;
	int r = request_key(&key, &csr, e);

	if (r)
		return r;
	json_put(body, "csr", csr.data);
	return (r = ask(c, "/v1/access/renew", body, &reply, e)) ? r : take_reply(&reply, &key, x, e);
}

bool enrol_is_due(const struct enrolment *x) { return x->not_after <= (uint64_t)clock_unix_s() + RENEW_S; }
