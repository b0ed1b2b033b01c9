/* qmp.c - see qmp.h */
#include "controller/host/qmp.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"

enum { LINE_MAX_BYTES = 1 << 20 };

struct talk { int fd; int64_t deadline_ms; struct buf in; };

int qmp_late(const struct guest *g, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "QEMU of guest %s does not answer on its control socket", g->spec.vm_id);
}

/* One JSON line. */
static int read_line(const struct guest *g, struct talk *t, struct json_object **ret, struct err *e)
{
	for (;;) {
		char *nl = t->in.size ? memchr(t->in.data, '\n', t->in.size) : NULL;
		if (nl) {
			size_t n = (size_t)(nl - t->in.data);
			int r = json_parse(t->in.data, n, "QMP", ret, e);
			buf_drop(&t->in, n + 1);
			return r;
		}
		struct pollfd f = { t->fd, POLLIN, 0 };
		char chunk[4096];
		ssize_t n = poll(&f, 1, clock_left_ms(t->deadline_ms)) == 1 ? read(t->fd, chunk, sizeof chunk) : -1;
		if (n <= 0)
			return qmp_late(g, e);
		buf_add(&t->in, chunk, (size_t)n);
		if (buf_check(&t->in, "a QMP answer", e))
			return -(int)e->code;
	}
}

static int execute(const struct guest *g, struct talk *t, const char *command, struct json_object *arguments, struct json_object **ret, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put(o, "execute", command);
	if (arguments)
		json_object_object_add(o, "arguments", json_object_get(arguments));
	const char *text = json_line(o);
	if (fd_write_all(t->fd, text, strlen(text)) < 0 || fd_write_all(t->fd, "\n", 1) < 0)
		return qmp_late(g, e);
	for (;;) {
		scoped_json struct json_object *line = NULL;
		struct json_object *v;
		int r = read_line(g, t, &line, e);
		if (r)
			return r;
		if (json_object_object_get_ex(line, "error", &v)) {
			const char *why = json_text(v, "desc");
			return err_set(e, ERR_CONFLICT, "QEMU refuses '%s': %s", command, why ? why : "no reason given");
		}
		if (json_object_object_get_ex(line, "return", &v)) {
			if (ret)
				*ret = json_object_get(v);
			return 0;
		}
	}
}

int qmp_call(const struct guest *g, const char *command, struct json_object *arguments, int timeout_ms, struct json_object **ret, struct err *e)
{
	scoped_fd int fd = guest_socket(g, "qmp.sock");
	scoped_json struct json_object *greeting = NULL;
	struct talk t = { fd, clock_mono_ms() + timeout_ms, BUF_MAX(LINE_MAX_BYTES) };
	int r;

	if (fd < 0)
		return qmp_late(g, e);
	if (!(r = read_line(g, &t, &greeting, e)) && !(r = execute(g, &t, "qmp_capabilities", NULL, NULL, e)))
		r = execute(g, &t, command, arguments, ret, e);
	buf_fini(&t.in);
	return r;
}

/* ---- the greeting, a step at a time ---- */

void qmp_greeting_fini(struct qmp_greeting *t)
{
	scope_close(&t->fd);
	buf_fini(&t->in);
	*t = QMP_GREETING;
}

/* All that it has said so far. False: it went away, or speaks no QMP. */
static bool hear(struct qmp_greeting *t)
{
	char chunk[4096];
	struct err e;

	for (;;) {
		ssize_t n = read(t->fd, chunk, sizeof chunk);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0)
			return false;
		buf_add(&t->in, chunk, (size_t)n);
		if (buf_check(&t->in, "a QMP greeting", &e))
			return false;
	}
}

static bool say(struct qmp_greeting *t, const char *line)
{
	t->step++;
	return fd_write_all(t->fd, line, strlen(line)) == 0;
}

/* One whole line: the greeting is answered with qmp_capabilities, its return with a question, and then it is known to work. */
static bool take(struct qmp_greeting *t, struct json_object *line)
{
	if (json_object_object_get_ex(line, "error", NULL))
		return false;
	if (t->step == QMP_UNHEARD && json_object_object_get_ex(line, "QMP", NULL))
		return say(t, "{\"execute\":\"qmp_capabilities\"}\n");
	if (t->step == QMP_HEARD && json_object_object_get_ex(line, "return", NULL))
		return say(t, "{\"execute\":\"query-status\"}\n");
	t->step += t->step == QMP_ASKED && json_object_object_get_ex(line, "return", NULL);
	return true;            /* events are passed over */
}

static bool take_lines(struct qmp_greeting *t)
{
	char *nl;

	while (t->step != QMP_ANSWERED && t->in.size && (nl = memchr(t->in.data, '\n', t->in.size))) {
		scoped_json struct json_object *line = NULL;
		struct err e;
		size_t n = (size_t)(nl - t->in.data);
		bool good = json_parse(t->in.data, n, "QMP", &line, &e) == 0 && take(t, line);
		if (!good)
			return false;
		buf_drop(&t->in, n + 1);
	}
	return true;
}

void qmp_greet(struct guest *g, bool *ret_answers)
{
	struct qmp_greeting *t = &g->greeting;

	*ret_answers = false;
	if (t->fd < 0 && (t->fd = guest_socket(g, "qmp.sock")) < 0)
		return;
	if (!hear(t) || !take_lines(t)) {
		qmp_greeting_fini(t);
		return;
	}
	*ret_answers = t->step == QMP_ANSWERED;
	if (*ret_answers)
		qmp_greeting_fini(t);           /* its socket serves one at a time */
}
