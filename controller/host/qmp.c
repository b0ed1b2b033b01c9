/* qmp.c - see qmp.h */
#include "controller/host/qmp.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"

enum { LINE_MAX_BYTES = 1 << 20 };

struct talk { int fd; int64_t deadline_ms; struct buf in; };

static int late(const struct guest *g, struct err *e)
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
			return late(g, e);
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
		return late(g, e);
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
		return late(g, e);
	if (!(r = read_line(g, &t, &greeting, e)) && !(r = execute(g, &t, "qmp_capabilities", NULL, NULL, e)))
		r = execute(g, &t, command, arguments, ret, e);
	buf_fini(&t.in);
	return r;
}

int qmp_wait(const struct guest *g, int timeout_ms, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;

	while (clock_left_ms(deadline_ms) > 0) {
		struct pollfd f = { g->main.pidfd, POLLIN, 0 };
		if (qmp_call(g, "query-status", NULL, clock_left_ms(deadline_ms), NULL, e) == 0)
			return 0;
		if (poll(&f, 1, 20) == 1)
			return err_set(e, ERR_UNAVAILABLE, "QEMU of guest %s ended at once", g->spec.vm_id);
	}
	return late(g, e);
}
