/* medium.c - one medium: how its bundle is read. No mount: see common/media/iso.h. */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "agent/source/source.h"
#include "common/media/iso.h"

static int device_size(int fd, const char *path, uint64_t *ret, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", path);
	*ret = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, ret) < 0)
		return err_sys(e, "size of %s", path);
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(e, ERR_FORMAT, "%s is neither a file nor a block device", path);
	return 0;
}

/* A bundle that lies bare in a file. */
static int read_bare(int fd, uint64_t size, const char *path, struct seed *s, struct err *e)
{
	if (size > ENVELOPE_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s has %llu bytes: %d at most", path, (unsigned long long)size, ENVELOPE_SIZE_MAX);
	s->size = (size_t)size;
	s->bytes = malloc(s->size);
	if (!s->bytes)
		return err_nomem(e);
	for (size_t at = 0; at < s->size;) {
		ssize_t n = pread(fd, s->bytes + at, s->size - at, (off_t)at);
		if (n <= 0)
			return err_sys(e, "read %s", path);
		at += (size_t)n;
	}
	return 0;
}

int source_read(const char *path, struct seed **ret, struct err *e)
{
	static const char magic[] = "NATAL\r\n\x1a";
	char head[8] = { 0 };
	uint64_t size;

	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "open medium %s", path);
	scoped(seed_free_p) struct seed *s = calloc(1, sizeof *s);
	if (!s)
		return err_nomem(e);
	snprintf(s->origin, sizeof s->origin, "%s", path);
	int r = device_size(fd, path, &size, e);
	if (r)
		return r;
	if (pread(fd, head, sizeof head, 0) == sizeof head && memcmp(head, magic, sizeof head) == 0)
		r = read_bare(fd, size, path, s, e);
	else if ((r = iso_read_bundle(fd, size, &s->bytes, &s->size, e)))
		err_wrap(e, "%s", path);
	if (r)
		return r;
	*ret = give(s);
	return 0;
}
