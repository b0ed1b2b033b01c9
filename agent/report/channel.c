/* channel.c - see channel.h */
#include "agent/report/channel.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/media/bundle.h"

#define PORT_LINK "/dev/virtio-ports/" GUEST_PORT
#define PORT_CLASS "/sys/class/virtio-ports"
enum { RETRY_MS = 20 };

/* By the name that the kernel shows, for where udev has not yet made the link. */
static int open_by_class(void)
{
	struct dirent *entry;
	int fd = -1;
	DIR *d = opendir(PORT_CLASS);

	while (fd < 0 && d && (entry = readdir(d))) {
		char path[320];
		struct err ignored;
		scoped_buf struct buf name = BUF_MAX(256);
		snprintf(path, sizeof path, PORT_CLASS "/%.200s/name", entry->d_name);
		if (*entry->d_name == '.' || file_read(AT_FDCWD, path, &name, NULL, &ignored) || !name.data ||
			strcmp(name.data, GUEST_PORT "\n") != 0)
			continue;
		snprintf(path, sizeof path, "/dev/%.200s", entry->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	}
	if (d)
		closedir(d);
	return fd;
}

static int open_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof a.sun_path)
		return fd;
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static int open_once(const char *path)
{
	struct stat st;

	if (path && stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		return open_socket(path);
	int fd = open(path ? path : PORT_LINK, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 && errno == ENOENT && !path ? open_by_class() : fd;
}

static int port_open(struct channel *c, int wait_ms, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;

	if (c->fd >= 0)
		return 0;
	if (c->path && !*c->path)
		return err_set(e, ERR_UNAVAILABLE, "no channel to a controller");
	if (c->lock < 0 && !c->path)
		c->lock = open(CHANNEL_LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	for (;;) {
		if (c->path || (c->lock >= 0 && flock(c->lock, LOCK_EX | LOCK_NB) == 0))
			c->fd = open_once(c->path);
		int saved = errno;
		if (c->fd >= 0)
			return 0;
		if (clock_left_ms(deadline_ms) == 0 || (saved != EBUSY && saved != EWOULDBLOCK))
			return errno = saved, err_sys(e, "open the channel %s", c->path ? c->path : PORT_LINK), e->code = ERR_UNAVAILABLE,
				-(int)ERR_UNAVAILABLE;
		poll(NULL, 0, RETRY_MS);
	}
}

static size_t port_write(struct channel *c, const void *bytes, size_t n, int wait_ms)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;
	size_t done = 0;

	while (c->fd >= 0 && done < n) {
		ssize_t w = write(c->fd, (const char *)bytes + done, n - done);
		if (w > 0) {
			done += (size_t)w;
			continue;
		}
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno != EAGAIN)
			break;
		struct pollfd p = { c->fd, POLLOUT, 0 };
		if (clock_left_ms(deadline_ms) == 0 || poll(&p, 1, clock_left_ms(deadline_ms)) <= 0 || !(p.revents & POLLOUT))
			break;
	}
	return done;
}

static size_t port_read(struct channel *c, void *bytes, size_t n, int wait_ms)
{
	struct pollfd p = { c->fd, POLLIN, 0 };

	if (c->fd < 0 || poll(&p, 1, wait_ms) <= 0)
		return 0;
	ssize_t got = read(c->fd, bytes, n);
	c->gone = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
	if (got <= 0 && wait_ms > 0)
		poll(NULL, 0, RETRY_MS < wait_ms ? RETRY_MS : wait_ms);         /* nobody at the other end: POLLHUP at once */
	return got > 0 ? (size_t)got : 0;
}

static void port_close(struct channel *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->lock >= 0)
		close(c->lock);
	c->fd = c->lock = -1;
}

static size_t port_poll(const struct channel *c, bool writing, struct pollfd fds[CHANNEL_FDS_MAX])
{
	fds[0] = (struct pollfd){ c->fd, (short)(POLLIN | (writing ? POLLOUT : 0)), 0 };
	return c->fd >= 0;
}

const struct channel_kind channel_port = { "port", port_open, port_write, port_read, port_close, port_poll };
static const struct channel_kind *kind_of(const struct channel *c) { return c->kind ? c->kind : &channel_port; }

int channel_open(struct channel *c, int wait_ms, struct err *e) { return kind_of(c)->open(c, wait_ms, e); }
size_t channel_write(struct channel *c, const void *bytes, size_t n, int wait_ms) { return kind_of(c)->write(c, bytes, n, wait_ms); }
size_t channel_read(struct channel *c, void *bytes, size_t n, int wait_ms) { return kind_of(c)->read(c, bytes, n, wait_ms); }
void channel_close(struct channel *c) { kind_of(c)->close(c); }
size_t channel_poll(const struct channel *c, bool writing, struct pollfd fds[CHANNEL_FDS_MAX]) { return kind_of(c)->poll(c, writing, fds); }
