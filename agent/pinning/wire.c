/* wire.c - see wire.h */
#include "agent/pinning/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common/base/clock.h"

int peer_connect(struct peer *p, uint16_t port, int wait_ms, bool *ret_listening, struct err *e)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int one = 1;

	p->deadline_ms = clock_mono_ms() + wait_ms;
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return err_sys(e, "socket");
	*ret_listening = connect(p->fd, (struct sockaddr *)&a, sizeof a) == 0;
	if (*ret_listening)
		return setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0 ? err_sys(e, "socket option") : 0;
	int saved = errno;
	peer_close(p);
	errno = saved;
	return errno == ECONNREFUSED ? 0 : err_sys(e, "connect to 127.0.0.1:%u", port);
}

int peer_read(struct peer *p, void *bytes, size_t n, struct err *e)
{
	for (size_t done = 0; done < n;) {
		struct pollfd f = { p->fd, POLLIN, 0 };
		if (poll(&f, 1, clock_left_ms(p->deadline_ms)) <= 0)
			return err_set(e, ERR_UNAVAILABLE, "%s did not answer in time", p->name);
		ssize_t got = recv(p->fd, (char *)bytes + done, n - done, 0);
		if (got <= 0)
			return err_set(e, ERR_UNAVAILABLE, "%s closed the connection", p->name);
		done += (size_t)got;
	}
	return 0;
}

int peer_write(struct peer *p, const void *bytes, size_t n, struct err *e)
{
	for (size_t done = 0; done < n;) {
		ssize_t w = send(p->fd, (const char *)bytes + done, n - done, MSG_NOSIGNAL);
		if (w <= 0)
			return err_set(e, ERR_UNAVAILABLE, "%s closed the connection", p->name);
		done += (size_t)w;
	}
	return 0;
}

void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
