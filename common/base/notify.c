/* notify.c - see notify.h */
#include "common/base/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "common/base/clock.h"
#include "common/base/scope.h"
#include "common/base/text.h"

static void tell(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (!path || strlen(path) >= sizeof a.sun_path)
		return;
	memcpy(a.sun_path, path, strlen(path));
	if (*path == '@')
		a.sun_path[0] = 0;
	scoped_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Nobody listens: then nobody waits for it either. */
	if (fd >= 0)
		(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
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
