/* start.c - a guest between START and its reply: a step at a time, so that one that never answers holds up nobody else. */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "controller/host/qmp.h"
#include "controller/host/request.h"
#include "controller/host/worker.h"

enum { START_MS = 20000 };

void start_media_fini(struct start_media *m)
{
	scope_close(&m->medium);
	scope_close(&m->agent);
	free(m->oem);
	*m = START_MEDIA_NONE;
}

void start_drop_passed(struct host *h)
{
	for (size_t i = 0; i < START_FDS_MAX; i++) {
		scope_close(&h->passed[i]);
		h->passed[i] = -1;
	}
}

static void settle(struct guest *g)
{
	g->starting = START_NONE;
	start_media_fini(&g->media);
	qmp_greeting_fini(&g->greeting);
}

static void failed(struct host *h, struct guest *g, struct err *why)
{
	struct err e;

	settle(g);
	worker_kill(&g->main, SIGKILL);
	worker_kill(&g->tpm, SIGTERM);
	if (guest_save_run(g, &e))
		err_print(&e);
	err_wrap(why, "start guest %s", g->spec.vm_id);
	host_reply_error(h, g->start_req, why);
}

static void started(struct host *h, struct guest *g)
{
	struct err e;

	g->running = true;
	if (guest_save_run(g, &e)) {    /* the next host would not find it */
		g->running = false;
		failed(h, g, &e);
		return;
	}
	settle(g);
	host_channel_close(g);
	g->channel_retry_ms = 0;
	scoped_json struct json_object *o = host_ok_reply(g->start_req);
	json_put_uint(o, "pid", (uint64_t)g->main.pid);
	host_send_json(h, FRAME_HOST_REPLY, o);
}

void start_step(struct host *h, struct guest *g)
{
	bool answers = false;
	struct err e;
	int r = 0;

	if (g->starting == START_ACCEL) {
		if ((r = g->driver->start(h, g, &e)) == 1)
			return;
		g->starting = START_ANSWER;
		g->start_deadline_ms = clock_mono_ms() + START_MS;
		start_media_fini(&g->media);
	}
	if (r || (r = g->driver->answers(g, &answers, &e)))
		failed(h, g, &e);
	else if (answers)
		started(h, g);
}

/* Descriptors come in the order of their keys. */
static int take_media(struct host *h, const struct guest *g, struct json_object *body, struct start_media *ret, struct err *e)
{
	struct json_object *medium;
	const char *agent = json_text(body, "agent"), *oem = json_text(body, "oem");

	if (!json_object_object_get_ex(body, "medium", &medium) || !json_object_get_boolean(medium))
		return 0;
	if (agent && strcmp(agent, "initrd") != 0 && strcmp(agent, "volume") != 0)
		return err_set(e, ERR_UNSUPPORTED, "START of guest %s: agent '%s'", g->spec.vm_id, agent);
	/* It becomes a word of QEMU's command line, where a comma would begin another. */
	if (oem && (strchr(oem, ',') || strlen(oem) > START_OEM_MAX))
		return err_set(e, ERR_FORMAT, "START of guest %s: an OEM string with a comma, or of more than %d bytes", g->spec.vm_id, START_OEM_MAX);
	if (h->passed[0] < 0 || (agent && h->passed[1] < 0))
		return err_set(e, ERR_INTERNAL, "START of guest %s came without its %s", g->spec.vm_id, h->passed[0] < 0 ? "medium" : "agent");
	ret->medium = give_fd(&h->passed[0]);
	if (agent)
		ret->agent = give_fd(&h->passed[1]);
	ret->initrd = agent && strcmp(agent, "initrd") == 0;
	ret->oem = oem ? strdup(oem) : NULL;
	return oem && !ret->oem ? err_nomem(e) : 0;
}

int start_begin(struct host *h, struct guest *g, struct json_object *body, uint64_t req, struct err *e)
{
	if (g->starting)
		return err_set(e, ERR_CONFLICT, "guest %s is being started", g->spec.vm_id);
	start_media_fini(&g->media);
	int r = take_media(h, g, body, &g->media, e);
	if (r)
		return r;
	g->starting = START_ACCEL;
	g->start_req = req;
	start_step(h, g);
	return 1;
}

void start_abort(struct host *h, struct guest *g, const char *why)
{
	struct err e;

	if (!g->starting)
		return;
	err_set(&e, ERR_CONFLICT, "%s", why);
	failed(h, g, &e);
}
