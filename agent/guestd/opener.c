/* opener.c - see opener.h */
#include "agent/guestd/opener.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common/base/scope.h"

/* ANSWER_MS: nothing that it opens is waited for. */
enum { ANSWER_MS = 5000 };
struct answer { int32_t code; char msg[256]; };         /* code 0: the port comes with it, and behind it its lock where it has one */
union room { struct cmsghdr head; char bytes[CMSG_SPACE(2 * sizeof(int))]; };

static bool answer(int fd, const struct channel *c, const struct answer *a)
{
	const int fds[2] = { c->fd, c->lock };
	const size_t n = (c->fd >= 0) + (c->fd >= 0 && c->lock >= 0);
	struct iovec bytes = { (void *)(uintptr_t)a, sizeof *a };
	struct msghdr m = { .msg_iov = &bytes, .msg_iovlen = 1 };
	union room room = { .bytes = "" };

	if (n) {
		m.msg_control = room.bytes;
		m.msg_controllen = CMSG_SPACE(n * sizeof *fds);
		room.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof *fds) };
		memcpy(CMSG_DATA(&room.head), fds, n * sizeof *fds);
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) == sizeof *a;
}

static _Noreturn void serve(const char *path, int fd)
{
	bool heard = true;
	char now;

	prctl(PR_SET_NAME, "natal-opener", 0, 0, 0);
	while (heard && recv(fd, &now, 1, 0) == 1) {
		struct channel c = CHANNEL(path);
		struct answer a = { 0 };
		struct err e = ERR_NONE;
		a.code = -channel_open(&c, 0, &e);
		snprintf(a.msg, sizeof a.msg, "%.255s", e.msg);
		heard = answer(fd, &c, &a);
		channel_close(&c);
	}
	_exit(0);
}

int opener_new(const char *path, int starter, struct opener *ret, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "make the opener's socket");
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		if (starter >= 0)
			close(starter);
		serve(path, ends[1]);
	}
	int r = pid < 0 ? err_sys(e, "start the opener") : 0;
	close(ends[1]);
	if (r)
		close(ends[0]);
	else
		ret->fd = ends[0];
	return r;
}

void opener_fini(struct opener *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}

/* How many descriptors came with it. */
static size_t take(int fd, struct answer *a, int ret[2], bool *whole)
{
	struct iovec bytes = { a, sizeof *a };
	union room room;
	struct msghdr m = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes };

	*whole = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) == sizeof *a;
	struct cmsghdr *head = *whole ? CMSG_FIRSTHDR(&m) : NULL;
	size_t n = head && head->cmsg_type == SCM_RIGHTS ? (head->cmsg_len - CMSG_LEN(0)) / sizeof *ret : 0;
	if (n)
		memcpy(ret, CMSG_DATA(head), n * sizeof *ret);
	return n;
}

/* One that does not answer is as good as gone: its answer would be the next question's. */
static int opener_open(struct channel *c, int wait_ms, struct err *e)
{
	const struct opener *o = c->own;
	struct pollfd p = { o->fd, POLLIN, 0 };
	struct answer a;
	int fds[2] = { -1, -1 };
	bool whole = false;

	(void)wait_ms;
	if (send(o->fd, "", 1, MSG_NOSIGNAL) == 1 && poll(&p, 1, ANSWER_MS) == 1)
		take(o->fd, &a, fds, &whole);
	if (!whole) {
		shutdown(o->fd, SHUT_RDWR);
		return err_set(e, ERR_UNAVAILABLE, "the process that opens the port is gone");
	}
	c->fd = fds[0];
	c->lock = fds[1];
	a.msg[sizeof a.msg - 1] = 0;
	return c->fd >= 0 ? 0 : err_set(e, ERR_UNAVAILABLE, "%s", a.msg);
}

struct channel opener_channel(struct opener *o)
{
	static struct channel_kind kind;
	struct channel c = CHANNEL(NULL);

	kind = channel_port;
	kind.open = opener_open;
	c.kind = &kind;
	c.own = o;
	return c;
}
