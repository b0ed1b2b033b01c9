/* hosts.c - see hosts.h */
#include "tests/swarm/hosts.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/http/client.h"
#include "common/http/enrol.h"
#include "common/http/problem.h"
#include "common/wire/frame.h"
#include "common/wire/hostframe.h"

#define FRAMES "/v1/host/frames"
enum { ASK_MS = 60000, SAY_MAX = 1 << 20 };

static int grant(struct http_client *c, const char *name, char token[128], struct err *e)
{
	scoped_reply struct http_reply reply = HTTP_REPLY(1 << 20);
	scoped_json struct json_object *o = NULL;
	char body[200];
	int r;

	snprintf(body, sizeof body, "{\"role\":\"host\",\"name\":\"%s\",\"all_projects\":true}", name);
	if ((r = http_exchange(c, &(struct http_request){ .method = "POST", .path = "/v1/access", .body = body, .body_size = strlen(body) }, ASK_MS, &reply, e)) ||
	    (r = http_reply_good(&reply, e)) || (r = json_parse(reply.body.data, reply.body.size, "access", &o, e)))
		return r;
	return text_copy(token, 128, json_text(o, "token") ? json_text(o, "token") : "", "a token", e);
}

static int make_one(const struct hosts_make *m, struct http_client *c, size_t i, FILE *out, struct err *e)
{
	static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
	scoped_json struct json_object *line = json_object_new_object();
	scoped_enrolment struct enrolment x = { .key = NULL };
	struct tls_peer peer = { .host = m->host, .port = m->port };
	char name[64], token[128];
	int r;

	snprintf(name, sizeof name, "%s%zu", m->prefix, i);
	if ((r = grant(c, name, token, e)) || (r = enrol_pin(token, peer.pin, e)) || (r = enrol(&peer, token, "host", &x, e)))
		return r;
	json_put(line, "vm_id", name);
	json_put(line, "report_key", zeros);
	json_put(line, "digest", zeros);
	json_put(line, "cert", x.certificate);
	json_object_object_add(line, "key", json_object_new_string_len((const char *)x.key->bytes, (int)strnlen((const char *)x.key->bytes, x.key->size)));
	fprintf(out, "%s\n", json_line(line));
	return 0;
}

int hosts_make(const struct hosts_make *m, struct err *e)
{
	char path[1100];
	int r = 0;

	snprintf(path, sizeof path, "%s/natald.sock", m->state);
	scoped_client struct http_client c = HTTP_CLIENT(64 << 10, .unix_path = path);
	FILE *out = fopen(m->out, "we");
	if (!out)
		return err_sys(e, "make %s", m->out);
	for (size_t i = 0; !r && i < m->count; i++)
		r = make_one(m, &c, i, out, e);
	return fclose(out) == 0 || r ? r : err_sys(e, "write %s", m->out);
}

static int say(struct buf *out, enum frame_type type, struct json_object *o, struct err *e)
{
	const char *text = json_line(o);

	return frame_write(type, 0, text, strlen(text), NULL, out, e);
}

/* Of what it was asked it has nothing left: it answers all at once. */
static int say_have(struct buf *out, struct err *e)
{
	scoped_buf struct buf body = BUF_MAX(4096);
	const struct host_have none = { .count = 0 };
	int r = host_have_write(&none, &body, e);

	return r ? r : frame_write(FRAME_HOST_HAVE, 0, body.data, body.size, NULL, out, e);
}

void hosts_greet(struct conn *c)
{
	scoped_json struct json_object *o = json_object_new_object();
	scoped_buf struct buf out = BUF_MAX(SAY_MAX);
	struct err e;

	json_put(o, "driver", "none");
	json_put(o, "accel", "none");
	json_object_object_add(o, "guests", json_object_new_array());
	if (say_have(&out, &e) == 0)
		(void)say(&out, FRAME_HOST_HELLO, o, &e);
	conn_ask(c, FRAMES, &out);
}

/* All that it was asked was done; what a kind of request adds has nothing to say of no machine. */
static int answer(const struct frame *f, struct buf *out, struct err *e)
{
	scoped_json struct json_object *asked = NULL, *o = json_object_new_object();
	int r = json_parse(f->body, f->body_size, "a request of the controller", &asked, e);

	if (r)
		return r;
	json_put_uint(o, "req", json_uint(asked, "req", 0));
	json_put_bool(o, "ok", true);
	json_put(o, "ek_sha256", "");
	json_put(o, "text", "");
	json_put_bool(o, "ejected", true);
	json_put_uint(o, "pid", 1);
	json_object_object_add(o, "forwards", json_object_new_array());
	if (json_text(asked, "vm_id"))
		json_put(o, "vm_id", json_text(asked, "vm_id"));
	return say(out, FRAME_HOST_REPLY, o, e);
}

int hosts_go_on(struct conn *c, size_t *ret, struct err *e)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	scoped_buf struct buf out = BUF_MAX(SAY_MAX);
	bool have = true;
	struct frame f;
	int r;

	*ret = 0;
	if ((r = say_have(&out, e)) || (r = frame_feed(&in, c->reply.body.data ? c->reply.body.data : "", c->reply.body.size, e)))
		return r;
	for (frame_next(&in, &f, &have); have; frame_next(&in, &f, &have)) {
		if (f.type == FRAME_HOST_TO_GUEST)      /* there is none */
			continue;
		if ((r = answer(&f, &out, e)))
			return r;
		++*ret;
	}
	conn_ask(c, *ret ? FRAMES : FRAMES "?wait=25", &out);
	return 0;
}
