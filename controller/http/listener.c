/* listener.c - see listener.h */
#include "controller/http/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/scope.h"
#include "common/base/text.h"

enum { BACKLOG = 4096, FIRST_FD = 3 };

union address { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; };

static int parse(const char *text, union address *ret, socklen_t *ret_size, struct err *e)
{
	const char *colon = strrchr(text, ':');
	char host[64] = "";
	size_t n = colon ? (size_t)(colon - text) : 0;
	uint64_t port;

	if (!colon || !text_number(colon + 1, &port) || port > 65535 || n >= sizeof host) {
		err_set(e, ERR_USAGE, "--listen '%.100s' is not ADDRESS:PORT", text);
		err_hint(e, "for all addresses: --listen [::]:8443");
		return -(int)e->code;
	}
	bool bracket = n > 2 && *text == '[' && text[n - 1] == ']';
	memcpy(host, text + bracket, n - 2 * bracket);
	*ret = (union address){ 0 };
	if (bracket && inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons((uint16_t)port);
		*ret_size = sizeof ret->v6;
	} else if (!bracket && inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons((uint16_t)port);
		*ret_size = sizeof ret->v4;
	} else {
		err_set(e, ERR_USAGE, "--listen '%.100s': '%s' is no address", text, host);
		err_hint(e, "an IPv4 address, or an IPv6 address in brackets; names for the certificate are --name's");
		return -(int)e->code;
	}
	return 0;
}

static int refused(const char *text, struct err *e)
{
	int why = errno;

	err_sys(e, "listen on %s", text);
	if (why == EADDRINUSE || why == EADDRNOTAVAIL)
		e->code = ERR_UNAVAILABLE;
	if (why == EADDRINUSE)
		err_hint(e, "another program listens there: ss -ltnp shows which");
	if (why == EADDRNOTAVAIL)
		err_hint(e, "no interface here has that address");
	return -(int)e->code;
}

int listener_open(const char *text, int *ret_fd, struct err *e)
{
	union address a;
	socklen_t size = 0;
	int on = 1, off = 0;

	int r = parse(text, &a, &size, e);
	if (r)
		return r;
	scoped_fd int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "a socket for %s", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a.any.sa_family == AF_INET6)                /* [::] is IPv4's too, whatever the machine's default */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, &a.any, size) < 0 || listen(fd, BACKLOG) < 0)
		return refused(text, e);
	*ret_fd = give_fd(&fd);
	return 0;
}

int listener_inherited(int fds[LISTENERS_MAX], size_t *ret_count, struct err *e)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t n, p;

	*ret_count = 0;
	bool ours = pid && count && text_number(pid, &p) && p == (uint64_t)getpid() && text_number(count, &n);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!ours)
		return 0;
	if (n > LISTENERS_MAX)
		return err_set(e, ERR_LIMIT, "%llu listening sockets were handed over, %d at most", (unsigned long long)n, LISTENERS_MAX);
	for (uint64_t i = 0; i < n; i++) {
		int fd = FIRST_FD + (int)i, type = 0, listens = 0;
		socklen_t size = sizeof type;
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM ||
		    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens)
			return err_set(e, ERR_USAGE, "descriptor %d of LISTEN_FDS is no listening stream socket", fd);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		fds[i] = fd;
	}
	*ret_count = (size_t)n;
	return 0;
}

void listener_text(int fd, char out[LISTENER_TEXT_MAX])
{
	union address a = { 0 };
	socklen_t size = sizeof a;
	char host[INET6_ADDRSTRLEN] = "";

	*out = 0;
	if (getsockname(fd, &a.any, &size) < 0)
		return;
	if (a.any.sa_family == AF_INET6)
		snprintf(out, LISTENER_TEXT_MAX, "[%s]:%u", inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof host), ntohs(a.v6.sin6_port));
	else if (a.any.sa_family == AF_INET)
		snprintf(out, LISTENER_TEXT_MAX, "%s:%u", inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof host), ntohs(a.v4.sin_port));
}
