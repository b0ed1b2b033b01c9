/* dial.c - see dial.h */
#include "common/http/dial.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/clock.h"
#include "common/base/scope.h"

/* 0 once connected; -1 and errno. */
static int connect_one(const struct addrinfo *a, int64_t deadline_ms, int *ret_fd)
{
	scoped_fd int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	int failed = 0;
	socklen_t n = sizeof failed;

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
		struct pollfd p = { fd, POLLOUT, 0 };
		if (errno != EINPROGRESS)
			return -1;
		int ready = poll(&p, 1, clock_left_ms(deadline_ms));
		if (ready <= 0) {
			errno = ready ? errno : ETIMEDOUT;
			return -1;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &n) < 0 || failed) {
			errno = failed ? failed : errno;
			return -1;
		}
	}
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	*ret_fd = give_fd(&fd);
	return 0;
}

int dial(const char *host, const char *port, int64_t deadline_ms, int *ret_fd, struct err *e)
{
	struct addrinfo *list, hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	int r = getaddrinfo(host, port, &hints, &list);

	if (r)
		return err_set(e, ERR_UNAVAILABLE, "resolve %s: %s", host, r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
	errno = ENOENT;
	r = -1;
	for (struct addrinfo *a = list; a && r < 0; a = a->ai_next)
		r = connect_one(a, deadline_ms, ret_fd);
	int saved = errno;
	freeaddrinfo(list);
	return r < 0 ? err_set(e, ERR_UNAVAILABLE, "connect to %s port %s: %s", host, port, strerror(saved)) : 0;
}
