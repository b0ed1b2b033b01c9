/* stream_unix.c - a unix socket as a stream. See stream.h. */
#include "common/http/stream.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* 0, or unavailable. *wants where it would have to wait. */
static int outcome(ssize_t n, short event, size_t *ret, short *wants, struct err *e)
{
	*ret = n > 0 ? (size_t)n : 0;
	*wants = 0;
	if (n >= 0)
		return 0;
	if (errno == EAGAIN || errno == EINTR) {
		*wants = event;
		return 0;
	}
	err_sys(e, "the connection");
	e->code = ERR_UNAVAILABLE;
	return -(int)e->code;
}

static int unix_read(struct stream *s, void *bytes, size_t n, size_t *ret, short *wants, struct err *e)
{
	return outcome(recv(s->fd, bytes, n, MSG_DONTWAIT), POLLIN, ret, wants, e);
}

static int unix_write(struct stream *s, const void *bytes, size_t n, size_t *ret, short *wants, struct err *e)
{
	return outcome(send(s->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL), POLLOUT, ret, wants, e);
}

static void unix_close(struct stream *s)
{
	close(s->fd);
	free(s);
}

static const struct stream_type unix_type = { unix_read, unix_write, unix_close };

int stream_unix(const char *path, struct stream **ret, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof a.sun_path)
		return err_set(e, ERR_LIMIT, "the socket's path %s is longer than %zu bytes", path, sizeof a.sun_path - 1);
	memcpy(a.sun_path, path, strlen(path));
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
		err_sys(e, "connect to %s", path);
		e->code = ERR_UNAVAILABLE;
		return -(int)e->code;
	}
	struct stream *s = malloc(sizeof *s);
	if (!s)
		return err_nomem(e);
	*s = (struct stream){ &unix_type, give_fd(&fd) };
	*ret = s;
	return 0;
}
