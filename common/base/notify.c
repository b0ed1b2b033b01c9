/* notify.c - see notify.h */
#include "common/base/notify.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "common/base/clock.h"
#include "common/base/scope.h"
#include "common/base/text.h"

static int kept = -1;

/* Connected to the manager's socket; -1: there is none. */
static int open_way(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (!path || strlen(path) >= sizeof a.sun_path)
		return -1;
	memcpy(a.sun_path, path, strlen(path));
	if (*path == '@')
		a.sun_path[0] = 0;
	scoped_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) < 0)
		return -1;
	return give_fd(&fd);
}

void notify_open(int at)
{
	scoped_fd int fd = open_way();

	kept = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, at);
}

/* Nobody listens: then nobody waits for it either. */
static void tell(const char *text)
{
	scoped_fd int fd = kept < 0 ? open_way() : -1;

	if (kept >= 0 || fd >= 0)
		(void)!send(kept < 0 ? fd : kept, text, strlen(text), MSG_NOSIGNAL);
}

void notify_ready(void) { tell("READY=1"); }
void notify_stopping(void) { tell("STOPPING=1"); }

static int64_t interval_ms(void)
{
	const char *us = getenv("WATCHDOG_USEC");
	uint64_t n;

	return us && text_number(us, &n) && n >= 2000 ? (int64_t)(n / 2000) : 0;
}

static int64_t told_ms;

int notify_watchdog_ms(void)
{
	int64_t every = interval_ms();

	return every ? clock_left_ms(told_ms + every) : -1;
}

void notify_watchdog(void)
{
	if (notify_watchdog_ms() != 0)
		return;
	told_ms = clock_mono_ms();
	tell("WATCHDOG=1");
}
