/* request.c - see request.h */
#include "controller/host/request.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/host/console.h"
#include "controller/host/worker.h"

enum { GUESTS_MAX = 500, GRACE_MAX_MS = 600000 };

struct guest *host_find(struct host *h, const char *vm_id)
{
	for (struct guest *g = h->guests; g; g = g->next)
		if (strcmp(g->spec.vm_id, vm_id) == 0)
			return g;
	return NULL;
}

void host_send(struct host *h, enum frame_type type, const void *body, size_t size)
{
	struct err e;

	if (frame_write(type, ++h->seq, body, size, NULL, &h->out, &e))
		err_print(&e);
}

void host_send_json(struct host *h, enum frame_type type, struct json_object *o)
{
	const char *text = json_line(o);

	host_send(h, type, text, strlen(text));
}

void host_reply_error(struct host *h, uint64_t req, const struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *why = json_object_new_object();

	json_put_uint(o, "req", req);
	json_put_bool(o, "ok", false);
	json_put(why, "reason", err_reason(e->code));
	json_put(why, "message", e->msg);
	json_put(why, "hint", e->hint);
	json_object_object_add(o, "error", why);
	host_send_json(h, FRAME_HOST_REPLY, o);
}

struct json_object *host_ok_reply(uint64_t req)
{
	struct json_object *o = json_object_new_object();

	json_put_uint(o, "req", req);
	json_put_bool(o, "ok", true);
	return o;
}

void host_send_event(struct host *h, const struct guest *g, const char *event, const char *detail)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put(o, "vm_id", g->spec.vm_id);
	json_put_uint(o, "run_token", g->run_token);
	json_put(o, "event", event);
	json_put(o, "detail", detail);
	host_send_json(h, FRAME_HOST_EVENT, o);
}

struct json_object *host_guests_json(const struct host *h)
{
	struct json_object *a = json_object_new_array();

	for (const struct guest *g = h->guests; g; g = g->next) {
		struct json_object *o = json_object_new_object();
		json_put(o, "vm_id", g->spec.vm_id);
		json_put_uint(o, "run_token", g->run_token);
		json_put_bool(o, "running", g->running);
		json_object_array_add(a, o);
	}
	return a;
}

void host_channel_close(struct guest *g)
{
	if (g->channel >= 0)
		close(g->channel);
	g->channel = -1;
	g->channel_retry_ms = clock_mono_ms() + CHANNEL_RETRY_MS;
	frame_reader_fini(&g->in);
	g->in = FRAME_READER;
	buf_clear(&g->out);
}

static int want_guest(struct host *h, struct json_object *body, struct guest **ret, struct err *e)
{
	const char *id = json_text(body, "vm_id");

	*ret = id ? host_find(h, id) : NULL;
	return *ret ? 0 : err_set(e, ERR_NOT_FOUND, "this host has no guest '%.63s'", id ? id : "");
}

static int check_token(struct guest *g, struct json_object *body, struct err *e)
{
	uint64_t token = json_uint(body, "run_token", 0);

	if (token < g->run_token)
		return err_set(e, ERR_DENIED, "run token %llu of guest %s is older than %llu", (unsigned long long)token, g->spec.vm_id,
			(unsigned long long)g->run_token);
	g->run_token = token;
	return 0;
}

void host_created(struct host *h, const struct guest *g, uint64_t req)
{
	scoped_json struct json_object *o = host_ok_reply(req);

	json_put(o, "vm_id", g->spec.vm_id);
	json_put(o, "ek_sha256", g->ek_sha256);
	json_object_object_add(o, "forwards", forwards_json(g->spec.forwards, g->spec.forward_count));
	host_send_json(h, FRAME_HOST_REPLY, o);
}

void host_forget(struct host *h, struct guest *g)
{
	struct guest **at = &h->guests;

	while (*at && *at != g)
		at = &(*at)->next;
	if (*at)
		*at = g->next;
	guest_free(g);
}

/* A half-made guest leaves nothing behind. */
void host_create_failed(struct host *h, struct guest *g, uint64_t req, const struct err *e)
{
	struct err ignored;

	host_reply_error(h, req, e);
	if (guest_erase(g, &ignored))
		err_print(&ignored);
	host_forget(h, g);
}

static int do_create(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	struct guest_spec spec;
	struct guest *g;
	size_t n = 0;
	bool done = false;
	int r = guest_spec_read(body, &spec, e);

	(void)reply;
	if (r)
		return r;
	g = host_find(h, spec.vm_id);
	if (g && g->driver == &driver_qemu && g->setup.pidfd < 0 && !*g->ek_sha256) {        /* a kill left it half made: begin again */
		if ((r = guest_erase(g, e)))
			return r;
		host_forget(h, g);
		g = NULL;
	}
	if (g) {        /* asked again after a controller restart */
		if (g->setup.pidfd < 0)
			host_created(h, g, req);
		else
			g->setup_req = req;
		return 1;
	}
	for (g = h->guests; g; g = g->next)
		n++;
	if (n >= GUESTS_MAX)
		return err_set(e, ERR_LIMIT, "this host already has %d guests", GUESTS_MAX);
	if ((r = guest_new(h->state_dir, &spec, &g, e)))
		return r;
	g->next = h->guests;
	h->guests = g;
	g->setup_req = req;
	if (g->driver->create(h, g, &done, e)) {
		host_create_failed(h, g, req, e);
		return 1;
	}
	if (done)
		host_created(h, g, req);
	return 1;
}

static int do_start(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	struct guest *g;
	int r;

	if ((r = want_guest(h, body, &g, e)) || (r = check_token(g, body, e)))
		return r;
	if (g->setup.pidfd >= 0)
		return err_set(e, ERR_UNAVAILABLE, "the vTPM of guest %s is still being made", g->spec.vm_id);
	if (!g->running)
		return start_begin(h, g, body, req, e);
	json_put_uint(reply, "pid", (uint64_t)g->main.pid);
	return guest_save_run(g, e);
}

void host_stopped(struct host *h, struct guest *g)
{
	struct err e;

	g->running = false;
	host_channel_close(g);
	if (guest_save_run(g, &e))
		err_print(&e);
	if (g->stop_req) {
		scoped_json struct json_object *o = host_ok_reply(g->stop_req);
		host_send_json(h, FRAME_HOST_REPLY, o);
	}
	g->stop_req = 0;
}

/* With a grace the guest is asked to end by itself, and the reply goes out when it has; without, it is ended now. */
static int do_stop(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	uint64_t grace_ms = json_uint(body, "grace_ms", 0);
	struct err unasked;
	struct guest *g;
	int r;

	(void)reply;
	if ((r = want_guest(h, body, &g, e)) || (r = check_token(g, body, e)))
		return r;
	start_abort(h, g, "it was stopped before it had started");
	if (g->running && grace_ms && g->driver->powerdown(g, &unasked) == 0) {
		g->stop_req = req;
		g->stop_deadline_ms = clock_mono_ms() + (int64_t)(grace_ms < GRACE_MAX_MS ? grace_ms : GRACE_MAX_MS);
		return 1;
	}
	if (g->running && (r = g->driver->stop(g, e)))
		return r;
	host_stopped(h, g);
	return 0;
}

static int do_delete(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	const char *id = json_text(body, "vm_id");
	struct guest *g = id ? host_find(h, id) : NULL;
	int r;

	(void)req; (void)reply;
	if (!g)
		return 0;       /* asked again: it is gone already */
	start_abort(h, g, "it was deleted before it had started");
	if (g->running && (r = g->driver->stop(g, e)))
		return r;
	worker_kill(&g->setup, SIGKILL);
	if ((r = guest_erase(g, e)))
		return r;
	host_forget(h, g);
	return 0;
}

/* What a launched QEMU has is not known before it answers. */
static int not_starting(const struct guest *g, struct err *e)
{
	return g->starting ? err_set(e, ERR_UNAVAILABLE, "guest %s is being started", g->spec.vm_id) : 0;
}

static int do_eject(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	bool ejected = false;
	struct guest *g;
	int r;

	(void)req;
	if ((r = want_guest(h, body, &g, e)) || (r = check_token(g, body, e)) || (r = not_starting(g, e)) || (r = g->driver->eject(g, &ejected, e)))
		return r;
	json_put_bool(reply, "ejected", ejected);
	return 0;
}

static int do_list(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	(void)body; (void)req; (void)e;
	json_object_object_add(reply, "guests", host_guests_json(h));
	return 0;
}

static int do_forward(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	struct forward f[GUEST_FORWARDS_MAX];
	struct json_object *array = NULL;
	struct guest *g;
	size_t n;
	int r;

	(void)req;
	json_object_object_get_ex(body, "forwards", &array);
	if ((r = want_guest(h, body, &g, e)) || (r = forwards_read(array, f, &n, e)) || (r = not_starting(g, e)) || (r = g->driver->forward(g, f, n, e)))
		return r;
	json_object_object_add(reply, "forwards", forwards_json(g->spec.forwards, g->spec.forward_count));
	return 0;
}

static int do_log(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	struct guest *g;
	int r = want_guest(h, body, &g, e);

	(void)req;
	return r ? r : console_log(g, body, reply, e);
}

static int do_input(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	struct guest *g;
	int r = want_guest(h, body, &g, e);

	(void)req;
	(void)reply;
	return r ? r : console_input(g, body, e);
}

static void to_guest(struct host *h, const struct frame *f)
{
	size_t n = f->body_size ? f->body[0] : 0;
	char id[256];

	if (f->body_size < 1 + n)
		return;
	memcpy(id, f->body + 1, n);
	id[n] = 0;
	struct guest *g = host_find(h, id);
	if (g && g->channel >= 0)
		buf_add(&g->out, f->body + 1 + n, f->body_size - 1 - n);
}

/* Each returns 0 (reply with ok), 1 (it replies itself, later), or an error. */
static const struct {
	enum frame_type type;
	const char *name;
	int (*run)(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e);
} requests[] = {
	{ FRAME_HOST_CREATE, "CREATE", do_create }, { FRAME_HOST_START, "START", do_start }, { FRAME_HOST_STOP, "STOP", do_stop },
	{ FRAME_HOST_DELETE, "DELETE", do_delete }, { FRAME_HOST_EJECT, "EJECT", do_eject }, { FRAME_HOST_LIST, "LIST", do_list },
	{ FRAME_HOST_FORWARD, "FORWARD", do_forward }, { FRAME_HOST_LOG, "LOG", do_log }, { FRAME_HOST_BACKUP, "BACKUP", backup_request },
	{ FRAME_HOST_INPUT, "INPUT", do_input },
};

void host_handle(struct host *h, const struct frame *f)
{
	scoped_json struct json_object *body = NULL;
	struct err e;

	if (f->type == FRAME_HOST_TO_GUEST) {
		to_guest(h, f);
		return;
	}
	if (json_parse(f->body, f->body_size, "host request", &body, &e)) {
		err_print(&e);
		return;
	}
	uint64_t req = json_uint(body, "req", 0);
	scoped_json struct json_object *reply = host_ok_reply(req);
	size_t i = 0;
	while (i < ARRAY_SIZE(requests) && requests[i].type != f->type)
		i++;
	int r = i == ARRAY_SIZE(requests) ? err_set(&e, ERR_UNSUPPORTED, "frame type %d is no request", (int)f->type) :
		requests[i].run(h, body, req, reply, &e);
	if (r == 0)
		host_send_json(h, FRAME_HOST_REPLY, reply);
	else if (r < 0)
		host_reply_error(h, req, &e);
	struct json_object *medium;
	if (f->type == FRAME_HOST_START && json_object_object_get_ex(body, "medium", &medium) && json_object_get_boolean(medium))
		start_drop_passed(h);
}
