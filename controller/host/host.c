/* host.c - see host.h: the loop between one controller and this machine's guests. */
#include "controller/host/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "controller/host/loop.h"
#include "controller/host/worker.h"

enum { POLL_MAX = 3 * 512 + 2, CHANNEL_RETRY_MS = 100, LOG_MAX = 200 << 10, GUESTS_MAX = 500 };

struct guest *host_find(struct host *h, const char *vm_id)
{
	for (struct guest *g = h->guests; g; g = g->next)
		if (strcmp(g->spec.vm_id, vm_id) == 0)
			return g;
	return NULL;
}

static void send_frame(struct host *h, enum frame_type type, const void *body, size_t size)
{
	struct err e;

	if (frame_write(type, ++h->seq, body, size, NULL, &h->out, &e))
		err_print(&e);
}

static void send_json(struct host *h, enum frame_type type, struct json_object *o)
{
	const char *text = json_line(o);

	send_frame(h, type, text, strlen(text));
}

static void reply_error(struct host *h, uint64_t req, const struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *why = json_object_new_object();

	json_put_uint(o, "req", req);
	json_put_bool(o, "ok", false);
	json_put(why, "reason", err_reason(e->code));
	json_put(why, "message", e->msg);
	json_put(why, "hint", e->hint);
	json_object_object_add(o, "error", why);
	send_json(h, FRAME_HOST_REPLY, o);
}

static struct json_object *ok_reply(uint64_t req)
{
	struct json_object *o = json_object_new_object();

	json_put_uint(o, "req", req);
	json_put_bool(o, "ok", true);
	return o;
}

static void send_event(struct host *h, const struct guest *g, const char *event, const char *detail)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put(o, "vm_id", g->spec.vm_id);
	json_put_uint(o, "run_token", g->run_token);
	json_put(o, "event", event);
	json_put(o, "detail", detail);
	send_json(h, FRAME_HOST_EVENT, o);
}

static struct json_object *guests_json(const struct host *h)
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

static void channel_close(struct guest *g)
{
	if (g->channel >= 0)
		close(g->channel);
	g->channel = -1;
	g->channel_retry_ms = clock_mono_ms() + CHANNEL_RETRY_MS;
	frame_reader_fini(&g->in);
	g->in = FRAME_READER;
	buf_clear(&g->out);
}

/* ---- requests: one function per frame type; each adds to the reply ---- */

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

static void created_reply(struct host *h, const struct guest *g, uint64_t req)
{
	scoped_json struct json_object *o = ok_reply(req);

	json_put(o, "vm_id", g->spec.vm_id);
	json_put(o, "ek_sha256", g->ek_sha256);
	json_object_object_add(o, "forwards", forwards_json(g->spec.forwards, g->spec.forward_count));
	send_json(h, FRAME_HOST_REPLY, o);
}

static void forget(struct host *h, struct guest *g)
{
	struct guest **at = &h->guests;

	while (*at && *at != g)
		at = &(*at)->next;
	if (*at)
		*at = g->next;
	guest_free(g);
}

/* A half-made guest leaves nothing behind. */
static void create_failed(struct host *h, struct guest *g, uint64_t req, const struct err *e)
{
	struct err ignored;

	reply_error(h, req, e);
	if (guest_erase(g, &ignored))
		err_print(&ignored);
	forget(h, g);
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
	if ((g = host_find(h, spec.vm_id))) {   /* asked again after a controller restart */
		if (g->setup.pidfd < 0)
			created_reply(h, g, req);
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
		create_failed(h, g, req, e);
		return 1;
	}
	if (done)
		created_reply(h, g, req);
	return 1;
}

static int do_start(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	struct json_object *medium;
	struct guest *g;
	int r;

	(void)req;
	if ((r = want_guest(h, body, &g, e)) || (r = check_token(g, body, e)))
		return r;
	if (g->setup.pidfd >= 0)
		return err_set(e, ERR_UNAVAILABLE, "the vTPM of guest %s is still being made", g->spec.vm_id);
	if (!g->running) {
		bool wants = json_object_object_get_ex(body, "medium", &medium) && json_object_get_boolean(medium);
		if (wants && h->passed_fd < 0)
			return err_set(e, ERR_INTERNAL, "START of guest %s came without its medium", g->spec.vm_id);
		if ((r = g->driver->start(h, g, wants ? h->passed_fd : -1, e)))
			return r;
		g->running = true;
		channel_close(g);
		g->channel_retry_ms = 0;
	}
	json_put_uint(reply, "pid", (uint64_t)g->main.pid);
	return guest_save_run(g, e);
}

static int do_stop(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	struct guest *g;
	int r;

	(void)req; (void)reply;
	if ((r = want_guest(h, body, &g, e)) || (r = check_token(g, body, e)))
		return r;
	if (g->running && (r = g->driver->stop(g, json_uint(body, "grace_ms", 0), e)))
		return r;
	g->running = false;
	channel_close(g);
	return guest_save_run(g, e);
}

static int do_delete(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	const char *id = json_text(body, "vm_id");
	struct guest *g = id ? host_find(h, id) : NULL;
	int r;

	(void)req; (void)reply;
	if (!g)
		return 0;       /* asked again: it is gone already */
	if (g->running && (r = g->driver->stop(g, 0, e)))
		return r;
	worker_kill(&g->setup, 9);
	if ((r = guest_erase(g, e)))
		return r;
	forget(h, g);
	return 0;
}

static int do_eject(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	bool ejected = false;
	struct guest *g;
	int r;

	(void)req;
	if ((r = want_guest(h, body, &g, e)) || (r = check_token(g, body, e)) || (r = g->driver->eject(g, &ejected, e)))
		return r;
	json_put_bool(reply, "ejected", ejected);
	return 0;
}

static int do_list(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	(void)body; (void)req; (void)e;
	json_object_object_add(reply, "guests", guests_json(h));
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
	if ((r = want_guest(h, body, &g, e)) || (r = forwards_read(array, f, &n, e)) || (r = g->driver->forward(g, f, n, e)))
		return r;
	json_object_object_add(reply, "forwards", forwards_json(g->spec.forwards, g->spec.forward_count));
	return 0;
}

static int do_log(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e)
{
	uint64_t max = json_uint(body, "max_bytes", 64 << 10);
	struct guest *g;
	int r = want_guest(h, body, &g, e);

	(void)req;
	if (r)
		return r;
	if (max > LOG_MAX)
		max = LOG_MAX;
	scoped_fd int fd = openat(g->dirfd, "serial.log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	scoped_buf struct buf text = BUF_MAX(LOG_MAX + 1);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	if (size > 0) {
		char *p = buf_room(&text, (size_t)max);
		ssize_t n = p ? pread(fd, p, (size_t)max, size > (off_t)max ? size - (off_t)max : 0) : 0;
		buf_grew(&text, n > 0 ? (size_t)n : 0);
	}
	for (size_t i = 0; i < text.size; i++)          /* a console may print anything: only plain text travels as JSON */
		if ((unsigned char)text.data[i] >= 0x80 || (text.data[i] < ' ' && text.data[i] != '\n' && text.data[i] != '\t'))
			text.data[i] = text.data[i] == '\r' ? ' ' : '?';
	json_put(reply, "text", text.data ? text.data : "");
	return 0;
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
	{ FRAME_HOST_FORWARD, "FORWARD", do_forward }, { FRAME_HOST_LOG, "LOG", do_log },
	{ FRAME_HOST_BACKUP, "BACKUP", backup_request },
};

static void handle(struct host *h, const struct frame *f)
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
	scoped_json struct json_object *reply = ok_reply(req);
	size_t i = 0;
	while (i < ARRAY_SIZE(requests) && requests[i].type != f->type)
		i++;
	int r = i == ARRAY_SIZE(requests) ? err_set(&e, ERR_UNSUPPORTED, "frame type %d is no request", (int)f->type) :
		requests[i].run(h, body, req, reply, &e);
	if (r == 0)
		send_json(h, FRAME_HOST_REPLY, reply);
	else if (r < 0)
		reply_error(h, req, &e);
	/* A descriptor belongs to the START that names a medium; it may arrive with the frames just before it. */
	struct json_object *medium;
	if (f->type == FRAME_HOST_START && json_object_object_get_ex(body, "medium", &medium) && json_object_get_boolean(medium) && h->passed_fd >= 0) {
		close(h->passed_fd);
		h->passed_fd = -1;
	}
}

/* ---- the loop ---- */

/* Reads what the controller sent, with at most one descriptor. False: it went away. */
static bool read_link(struct host *h, struct err *e)
{
	char chunk[65536], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { chunk, sizeof chunk };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(h->link, &m, MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int))) {
			if (h->passed_fd >= 0)
				close(h->passed_fd);
			memcpy(&h->passed_fd, CMSG_DATA(c), sizeof(int));
		}
	if (frame_feed(&h->in, chunk, (size_t)n, e))
		return false;
	struct frame f;
	bool have;
	for (frame_next(&h->in, &f, &have); have; frame_next(&h->in, &f, &have))
		handle(h, &f);
	return true;
}

/* What a guest said goes up unopened. */
static void read_guest(struct host *h, struct guest *g)
{
	char chunk[16384];
	ssize_t n = read(g->channel, chunk, sizeof chunk);
	struct err e;
	struct frame f;
	bool have;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || frame_feed(&g->in, chunk, (size_t)n, &e)) {
		channel_close(g);
		return;
	}
	for (frame_next(&g->in, &f, &have); have; frame_next(&g->in, &f, &have)) {
		scoped_buf struct buf b = BUF_MAX(FRAME_BODY_MAX + 512);
		size_t id = strlen(g->spec.vm_id);
		if (f.body_size > FRAME_BODY_MAX - 512)
			continue;
		buf_u8(&b, (uint8_t)id);
		buf_add(&b, g->spec.vm_id, id);
		buf_add(&b, f.body - FRAME_HEADER_SIZE, FRAME_HEADER_SIZE + f.body_size);
		send_frame(h, FRAME_HOST_FROM_GUEST, b.data, b.size);
	}
}

static void write_some(int fd, struct buf *b, bool *lost)
{
	ssize_t n = b->size ? send(fd, b->data, b->size, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

	if (n > 0)
		buf_drop(b, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		*lost = true;
}

static void setup_ended(struct host *h, struct guest *g)
{
	struct err e;
	int status;

	if (!worker_ended(&g->setup, &status))
		return;
	if (g->driver->created(h, g, &e))
		create_failed(h, g, g->setup_req, &e);
	else
		created_reply(h, g, g->setup_req);
}

static void guest_ended(struct host *h, struct guest *g)
{
	char detail[64];
	struct err e;
	int status;

	if (!worker_ended(&g->main, &status))
		return;
	g->running = false;
	worker_kill(&g->tpm, 15);
	channel_close(g);
	snprintf(detail, sizeof detail, "QEMU ended with wait status %d", status);
	send_event(h, g, "exited", detail);
	if (guest_save_run(g, &e))
		err_print(&e);
}

static void open_channels(struct host *h)
{
	int64_t now_ms = clock_mono_ms();

	for (struct guest *g = h->guests; g; g = g->next) {
		if (g->channel >= 0 || now_ms < g->channel_retry_ms)
			continue;
		g->driver->connect(g);
		g->channel_retry_ms = now_ms + CHANNEL_RETRY_MS;
		if (g->channel >= 0)
			send_event(h, g, "channel-open", "");
	}
}

static bool wants_channel(const struct guest *g)
{
	return g->channel < 0 && (g->running || *g->spec.channel);
}

static size_t fill_poll(struct host *h, struct pollfd *f, int *timeout_ms)
{
	size_t n = 0;

	*timeout_ms = h->accel.probe.pidfd >= 0 ? 100 : -1;
	f[n++] = (struct pollfd){ h->link, (short)(POLLIN | (h->out.size ? POLLOUT : 0)), 0 };
	for (struct guest *g = h->guests; g && n + 3 < POLL_MAX; g = g->next) {
		f[n++] = (struct pollfd){ g->channel, (short)(POLLIN | (g->out.size ? POLLOUT : 0)), 0 };
		f[n++] = (struct pollfd){ g->main.pidfd, POLLIN, 0 };
		f[n++] = (struct pollfd){ g->setup.pidfd, POLLIN, 0 };
		if (wants_channel(g))
			*timeout_ms = CHANNEL_RETRY_MS;
	}
	return n;
}

static bool turn(struct host *h, struct err *e)
{
	struct pollfd f[POLL_MAX];
	int timeout_ms;
	bool lost = false;
	size_t n = fill_poll(h, f, &timeout_ms), at = 1;

	if (poll(f, n, timeout_ms) < 0 && errno != EINTR)
		return false;
	accel_poll(&h->accel);
	for (struct guest *g = h->guests, *next; g && at + 2 < n + 1; g = next) {
		const struct pollfd *mine = &f[at];
		next = g->next;
		at += 3;
		if (mine[0].revents & (POLLIN | POLLHUP | POLLERR))
			read_guest(h, g);
		if (mine[1].revents)
			guest_ended(h, g);
		if (mine[2].revents)
			setup_ended(h, g);
	}
	if (f[0].revents & (POLLIN | POLLHUP | POLLERR) && !read_link(h, e))
		return false;
	open_channels(h);
	for (struct guest *g = h->guests; g; g = g->next) {
		bool gone = false;
		if (g->channel >= 0)
			write_some(g->channel, &g->out, &gone);
		if (gone)
			channel_close(g);
	}
	write_some(h->link, &h->out, &lost);
	return !lost;
}

static int find_guests(struct host *h, struct err *e)
{
	int copy = fcntl(h->dirfd, F_DUPFD_CLOEXEC, 3);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d)
		return err_sys(e, "list %s/host", h->state_dir);
	for (struct dirent *entry; (entry = readdir(d));) {
		struct guest *g;
		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		if (guest_load(h->state_dir, entry->d_name, &g, e)) {
			err_print(e);   /* one broken folder does not take the other guests down */
			continue;
		}
		g->next = h->guests;
		h->guests = g;
	}
	closedir(d);
	return 0;
}

static void hello(struct host *h)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put(o, "driver", "qemu");
	json_put(o, "accel", h->accel.name);
	json_object_object_add(o, "guests", guests_json(h));
	send_json(h, FRAME_HOST_HELLO, o);
}

int host_run(int fd, const struct host_config *config, struct err *e)
{
	struct host h = { .link = fd, .state_dir = config->state_dir, .dirfd = -1, .in = FRAME_READER, .out = BUF_MAX(64 << 20), .passed_fd = -1 };
	char dir[1024];
	int r;

	if ((size_t)snprintf(dir, sizeof dir, "%s/host", config->state_dir) >= sizeof dir)
		return err_set(e, ERR_LIMIT, "the state folder's path is too long");
	if ((r = file_mkdirs(AT_FDCWD, dir, 0711, e)))
		return r;
	scoped_fd int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_sys(e, "open %s", dir);
	h.dirfd = dirfd;
	accel_init(&h.accel, dirfd);
	if (!(r = find_guests(&h, e))) {
		hello(&h);
		e->code = 0;
		while (turn(&h, e))
			;
		r = e->code == ERR_LIMIT ? -(int)e->code : 0;
	}
	while (h.guests)
		forget(&h, h.guests);
	accel_fini(&h.accel);
	frame_reader_fini(&h.in);
	buf_fini(&h.out);
	return r;
}
