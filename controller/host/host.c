/* host.c - see host.h: the loop between one controller and this machine's guests. */
#include "controller/host/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "controller/host/request.h"
#include "controller/host/worker.h"

enum { OUT_ENOUGH = 1 << 20 /* bytes to go up */ };
enum { GUEST_FDS = 4, POLL_MAX = GUEST_FDS * 512 + 2, GREETING_RETRY_MS = 20 };

/* The descriptors of one message take the place of those that nobody wanted. */
static void keep_passed(struct host *h, const struct cmsghdr *c)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	start_drop_passed(h);
	memcpy(h->passed, CMSG_DATA(c), (n < START_FDS_MAX ? n : START_FDS_MAX) * sizeof(int));
}

/* Reads what the controller sent, with at most START_FDS_MAX descriptors. False: it went away. */
static bool read_link(struct host *h, struct err *e)
{
	char chunk[65536], control[CMSG_SPACE(START_FDS_MAX * sizeof(int))];
	struct iovec iov = { chunk, sizeof chunk };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(h->link, &m, MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			keep_passed(h, c);
	if (frame_feed(&h->in, chunk, (size_t)n, e))
		return false;
	struct frame f;
	bool have;
	for (frame_next(&h->in, &f, &have); have; frame_next(&h->in, &f, &have))
		host_handle(h, &f);
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
		host_channel_close(g);
		return;
	}
	for (frame_next(&g->in, &f, &have); have; frame_next(&g->in, &f, &have)) {
		scoped_buf struct buf b = BUF_MAX(FRAME_BODY_MAX + 512);
		size_t id = strlen(g->spec.vm_id);
		if (f.body_size > FRAME_GUEST_BODY_MAX)
			continue;
		buf_u8(&b, (uint8_t)id);
		buf_add(&b, g->spec.vm_id, id);
		buf_add(&b, f.body - FRAME_HEADER_SIZE, FRAME_HEADER_SIZE + f.body_size);
		host_send(h, FRAME_HOST_FROM_GUEST, b.data, b.size);
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
		host_create_failed(h, g, g->setup_req, &e);
	else
		host_created(h, g, g->setup_req);
}

static void guest_ended(struct host *h, struct guest *g)
{
	char detail[64];
	int status;

	if (g->starting) {              /* its START is answered so */
		start_step(h, g);
		return;
	}
	if (!worker_ended(&g->main, &status))
		return;
	worker_kill(&g->tpm, SIGTERM);
	if (g->stop_req)
		snprintf(detail, sizeof detail, "the guest ended as it was asked to");
	else
		snprintf(detail, sizeof detail, "QEMU ended with wait status %d", status);
	host_send_event(h, g, "exited", detail);
	host_stopped(h, g);
}

/* A guest that was asked to end and has not is ended. */
static void stops_overdue(struct host *h)
{
	struct err e;

	for (struct guest *g = h->guests; g; g = g->next)
		if (g->stop_req && clock_left_ms(g->stop_deadline_ms) == 0) {
			if (g->running && g->driver->stop(g, &e))
				err_print(&e);
			host_stopped(h, g);
		}
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
			host_send_event(h, g, "channel-open", "");
	}
}

static bool wants_channel(const struct guest *g)
{
	return g->channel < 0 && (g->running || *g->spec.channel);
}

static void sooner(int *timeout_ms, int ms)
{
	if (*timeout_ms < 0 || ms < *timeout_ms)
		*timeout_ms = ms;
}

static void go_on_starting(struct host *h)
{
	for (struct guest *g = h->guests; g; g = g->next)
		if (g->starting)
			start_step(h, g);
}

static size_t fill_poll(struct host *h, struct pollfd *f, int *timeout_ms)
{
	size_t n = 0;

	*timeout_ms = h->accel.probe.pidfd >= 0 ? 100 : -1;
	f[n++] = (struct pollfd){ h->link, (short)(POLLIN | (h->out.size ? POLLOUT : 0)), 0 };
	for (struct guest *g = h->guests; g && n + GUEST_FDS < POLL_MAX; g = g->next) {
		/* Guests wait while what they said before has not gone up: nobody can fill natald, or this, by talking. */
		f[n++] = (struct pollfd){ g->channel, (short)((h->out.size < OUT_ENOUGH ? POLLIN : 0) | (g->out.size ? POLLOUT : 0)), 0 };
		f[n++] = (struct pollfd){ g->main.pidfd, POLLIN, 0 };
		f[n++] = (struct pollfd){ g->setup.pidfd, POLLIN, 0 };
		f[n++] = (struct pollfd){ g->greeting.fd, POLLIN, 0 };
		if (wants_channel(g))
			sooner(timeout_ms, CHANNEL_RETRY_MS);
		if (g->stop_req)
			sooner(timeout_ms, clock_left_ms(g->stop_deadline_ms));
		if (g->starting == START_ANSWER)
			sooner(timeout_ms, g->greeting.fd < 0 ? GREETING_RETRY_MS : clock_left_ms(g->start_deadline_ms));
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
	for (struct guest *g = h->guests, *next; g && at + GUEST_FDS <= n; g = next) {
		const struct pollfd *mine = &f[at];
		next = g->next;
		at += GUEST_FDS;
		if (mine[0].revents & (POLLIN | POLLHUP | POLLERR))
			read_guest(h, g);
		if (mine[1].revents)
			guest_ended(h, g);
		if (mine[2].revents)
			setup_ended(h, g);
	}
	if (f[0].revents & (POLLIN | POLLHUP | POLLERR) && !read_link(h, e))
		return false;
	stops_overdue(h);
	go_on_starting(h);
	open_channels(h);
	for (struct guest *g = h->guests; g; g = g->next) {
		bool gone = false;
		if (g->channel >= 0)
			write_some(g->channel, &g->out, &gone);
		if (gone)
			host_channel_close(g);
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
	json_object_object_add(o, "guests", host_guests_json(h));
	host_send_json(h, FRAME_HOST_HELLO, o);
}

int host_run(int fd, const struct host_config *config, struct err *e)
{
	struct host h = { .link = fd, .state_dir = config->state_dir, .dirfd = -1, .in = FRAME_READER, .out = BUF_MAX(64 << 20), .passed = { -1, -1 } };
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
		host_forget(&h, h.guests);
	start_drop_passed(&h);
	accel_fini(&h.accel);
	frame_reader_fini(&h.in);
	buf_fini(&h.out);
	return r;
}
