/* link.c - the channel itself: frames out with descriptors, frames in. See link.h. */
#include "controller/service/link.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "controller/host/host.h"
#include "controller/service/hearing.h"
#include "controller/service/link_priv.h"

static void *host_thread(void *arg)
{
	struct link *l = arg;
	struct err e = ERR_NONE;

	if (host_run(l->host_fd, &l->config, &e))
		err_print(&e);
	close(l->host_fd);              /* natald sees the end of the channel */
	return NULL;
}

static int run_process(struct link *l, const char *program, const char *state_dir, struct err *e)
{
	char fd[16];

	snprintf(fd, sizeof fd, "%d", 3);
	l->pid = fork();
	if (l->pid < 0)
		return err_sys(e, "start the host process");
	if (l->pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGINT, SIG_IGN);        /* a terminal's ^C is for natald; the host ends with the channel */
		if (dup2(l->host_fd, 3) == 3)
			execl(program, "natald", "host", "--fd", fd, "--state", state_dir, (char *)NULL);
		_exit(127);
	}
	close(l->host_fd);
	return 0;
}

int link_start(struct ctl *c, const char *program, struct err *e)
{
	const char *process = getenv("NATAL_HOST_PROCESS");
	int pair[2], r = 0;
	struct link *l = calloc(1, sizeof *l);

	if (!l)
		return err_nomem(e);
	*l = (struct link){ .fd = -1, .in = FRAME_READER, .config = { .state_dir = c->state_dir } };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		free(l);
		return err_sys(e, "a channel to the host");
	}
	int size = 1 << 20;
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	l->fd = pair[0];
	l->host_fd = pair[1];
	c->link = l;
	if (process && strcmp(process, "1") == 0) {
		r = run_process(l, program, c->state_dir, e);
	} else {
		int rc = pthread_create(&l->thread, NULL, host_thread, l);
		errno = rc;
		l->threaded = rc == 0;
		r = rc ? err_sys(e, "start the host's thread") : 0;
	}
	return r;
}

static void pending_free(struct pending **list)
{
	for (struct pending *p; (p = *list);) {
		*list = p->next;
		free(p);
	}
}

void link_stop(struct ctl *c)
{
	struct link *l = c->link;

	if (!l)
		return;
	c->link = NULL;
	scope_close(&l->fd);
	if (l->threaded)
		pthread_join(l->thread, NULL);
	else if (l->pid > 0)
		waitpid(l->pid, NULL, 0);
	for (struct message *m; (m = l->first);) {
		l->first = m->next;
		message_free(m);
	}
	pending_free(&l->pending);
	pending_free(&l->answered);
	for (struct answer *a; (a = l->answers);) {
		l->answers = a->next;
		free(a->text);
		free(a);
	}
	frame_reader_fini(&l->in);
	free(l);
}

void message_free(struct message *m)
{
	buf_fini(&m->bytes);
	for (size_t i = 0; i < m->fds.n; i++)
		close(m->fds.fd[i]);
	free(m);
}

int link_fd(const struct ctl *c) { return c->link ? c->link->fd : -1; }
bool link_wants_read(const struct ctl *c) { return c->link && !c->link->again; }
bool link_wants_write(const struct ctl *c) { return c->link && c->link->first; }
bool link_greeted(const struct ctl *c) { return c->link && c->link->greeted; }
const char *link_accel(const struct ctl *c) { return c->link ? c->link->accel : ""; }

int link_read(struct ctl *c, struct err *e)
{
	char chunk[65536];

	/* What there is room for: frames are taken out between two of these. */
	while (c->link->in.in.size + sizeof chunk <= c->link->in.in.max) {
		ssize_t n = recv(c->link->fd, chunk, sizeof chunk, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return err_set(e, ERR_UNAVAILABLE, "the host's channel has closed");
		int r = frame_feed(&c->link->in, chunk, (size_t)n, e);
		if (r)
			return r;
		c->link->fed = true;
		if ((size_t)n < sizeof chunk)
			return 0;
	}
	return 0;
}

bool link_has_frames(struct ctl *c) { return c->link && c->link->fed; }

int link_queue(struct link *l, enum frame_type type, const void *body, size_t size, const struct link_fds *fds, struct err *e)
{
	struct message *m = calloc(1, sizeof *m);

	if (!m)
		return err_nomem(e);
	*m = (struct message){ .seq = ++l->seq, .bytes = BUF_MAX(FRAME_HEADER_SIZE + FRAME_BODY_MAX) };
	int r = frame_write(type, m->seq, body, size, NULL, &m->bytes, e);
	if (r) {
		message_free(m);
		return r;
	}
	if (fds)
		m->fds = *fds;
	struct message **at = &l->first;
	while (*at)
		at = &(*at)->next;
	*at = m;
	return 0;
}

struct link_mark link_mark(const struct ctl *c)
{
	const struct link *l = c->link;

	return (struct link_mark){ l ? l->seq : 0, l ? l->req : 0, hearings_mark(c->hearings) };
}

void link_undo(struct ctl *c, struct link_mark mark)
{
	struct link *l = c->link;

	hearings_undo(c->hearings, mark.noted);
	for (struct message **at = l ? &l->first : NULL, *m; at && (m = *at);) {
		if (m->seq <= mark.seq) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		message_free(m);
	}
	for (struct pending **at = l ? &l->pending : NULL, *p; at && (p = *at);) {
		if (p->req <= mark.req) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		free(p);
	}
}

void link_turn_begin(struct ctl *c)
{
	if (!c->link)
		return;
	c->link->began = link_mark(c);
	c->link->took = c->link->held = false;
}

void link_turn_end(struct ctl *c, bool committed)
{
	struct link *l = c->link;

	if (!l)
		return;
	if (committed) {
		l->again = l->held || (l->again && !l->took);
		pending_free(&l->answered);
		return;
	}
	link_undo(c, l->began);
	for (struct pending *p; (p = l->answered);) {
		struct link_answer answer = { NULL };
		struct err ignored;
		bool there;
		l->answered = p->next;
		link_take(c, NULL, p->req, &answer, &there, &ignored);
		free(answer.text);
		p->next = l->pending;
		l->pending = p;
	}
	if (l->took) {
		l->in.used = l->read_to;
		l->fed = l->again = true;
	}
}

static ssize_t send_some(struct link *l, struct message *m)
{
	/* The header of the only control message, and its descriptors. */
	union { struct cmsghdr h; char bytes[CMSG_SPACE(sizeof m->fds.fd)]; } control = { .bytes = { 0 } };
	struct iovec iov = { m->bytes.data + m->sent, m->bytes.size - m->sent };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t size = m->fds.n * sizeof(int);

	if (size && m->sent == 0) {     /* descriptors go with the first byte */
		h.msg_control = &control;
		h.msg_controllen = CMSG_SPACE(size);
		control.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.h), m->fds.fd, size);
	}
	return sendmsg(l->fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int link_flush(struct ctl *c, struct err *e)
{
	struct link *l = c->link;

	while (l && l->first) {
		struct message *m = l->first;
		ssize_t n = send_some(l, m);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return err_sys(e, "the host's channel");
		m->sent += (size_t)n;
		if (m->sent < m->bytes.size)
			return 0;
		l->first = m->next;
		message_free(m);
	}
	return 0;
}
