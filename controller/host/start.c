/* start.c - a guest between START and its reply: a step at a time, so that one that never answers holds up nobody else. */
#include <fcntl.h>
#include <signal.h>
#include "common/base/clock.h"
#include "controller/host/qmp.h"
#include "controller/host/request.h"
#include "controller/host/worker.h"

enum { START_MS = 20000 };

static void drop_medium(struct guest *g)
{
	scope_close(&g->start_medium);
	g->start_medium = -1;
}

static void settle(struct guest *g)
{
	g->starting = START_NONE;
	drop_medium(g);
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
		if ((r = g->driver->start(h, g, g->start_medium, &e)) == 1)
			return;
		g->starting = START_ANSWER;
		g->start_deadline_ms = clock_mono_ms() + START_MS;
		drop_medium(g);
	}
	if (r || (r = g->driver->answers(g, &answers, &e)))
		failed(h, g, &e);
	else if (answers)
		started(h, g);
}

int start_begin(struct host *h, struct guest *g, bool medium, uint64_t req, struct err *e)
{
	if (g->starting)
		return err_set(e, ERR_CONFLICT, "guest %s is being started", g->spec.vm_id);
	if (medium && h->passed_fd < 0)
		return err_set(e, ERR_INTERNAL, "START of guest %s came without its medium", g->spec.vm_id);
	if (medium && (g->start_medium = fcntl(h->passed_fd, F_DUPFD_CLOEXEC, 3)) < 0)
		return err_sys(e, "keep the medium of guest %s", g->spec.vm_id);
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
