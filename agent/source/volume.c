/* volume.c - see offer.h: ISO 9660 by common/media/iso.c, FAT by common/media/fat.c. */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "agent/source/offer.h"
#include "common/media/fat.h"
#include "common/media/iso.h"

void volume_close(struct volume *v)
{
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}

static bool size_of(int fd, uint64_t *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	*ret = (uint64_t)st.st_size;
	return S_ISREG(st.st_mode) || (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, ret) == 0);
}

/* The primary volume descriptor's label [ECMA-119 8.4.7], without the blanks behind it. */
static bool iso_label(const struct volume *v, char label[33])
{
	enum { DESCRIPTOR = 16 * ISO_SECTOR, LABEL_AT = 40, LABEL = 32 };
	char sector[LABEL_AT + LABEL];

	if (pread(v->fd, sector, sizeof sector, DESCRIPTOR) != sizeof sector || memcmp(sector, "\001CD001\001", 7) != 0)
		return false;
	memcpy(label, sector + LABEL_AT, LABEL);
	label[LABEL] = 0;
	for (size_t n = LABEL; n && (label[n - 1] == ' ' || !label[n - 1]);)
		label[--n] = 0;
	return true;
}

bool volume_open(const char *path, const char *const *labels, struct volume *ret)
{
	struct volume v = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	struct fat fat;
	struct err ignored;
	bool found = false;

	if (v.fd < 0)
		return false;   /* an empty drive, or nothing that a seed could be read from: others say so better */
	snprintf(v.path, sizeof v.path, "%s", path);
	bool known = size_of(v.fd, &v.size) && iso_label(&v, v.label);
	if (!known && v.size && fat_open(v.fd, v.size, &fat, &ignored) == 0) {
		snprintf(v.label, sizeof v.label, "%s", fat.label);
		known = v.fat = true;
	}
	for (size_t i = 0; known && labels[i]; i++)
		found |= strcasecmp(labels[i], v.label) == 0;
	if (found)
		*ret = v;
	else
		volume_close(&v);
	return found;
}

int volume_read(const struct volume *v, const char *path, struct offer *o, struct offer_text *ret, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(OFFER_TEXT_MAX);
	struct fat fat;
	bool absent = false;
	int r;

	if (v->fat) {
		if (!(r = fat_open(v->fd, v->size, &fat, e)))
			r = fat_read(&fat, path, &out, &absent, e);
	} else if ((r = iso_read(v->fd, v->size, v->label, path, &out, e)) && e->code == ERR_NOT_FOUND) {
		absent = true;
		r = 0;
	}
	if (r)
		return err_wrap(e, "%s", v->path);
	if (!absent)
		*ret = (struct offer_text){ arena_copy(&o->arena, out.data ? out.data : "", out.size), out.size };
	return 0;
}

struct wanted { const char *const *labels; struct volume *volume; bool found; };

static int look(void *data, const char *node, struct err *e)
{
	struct wanted *w = data;
	struct volume v;

	if (!volume_open(node, w->labels, &v))
		return 0;
	if (w->found) {
		err_set(e, ERR_CONFLICT, "two volumes are labelled %s: %s and %s", v.label, w->volume->path, v.path);
		err_hint(e, "detach the one that is not meant");
		volume_close(&v);
		volume_close(w->volume);
		w->found = false;
		return -(int)e->code;
	}
	*w->volume = v;
	w->found = true;
	return 0;
}

static int looked(void *data) { return ((struct wanted *)data)->found; }

int volume_find(const char *const *labels, int wait_ms, struct volume *ret, bool *ret_found, struct err *e)
{
	struct wanted w = { labels, ret, false };
	int r = source_each(&(struct source_each){ look, looked, &w }, wait_ms, e);

	*ret_found = !r && w.found;
	return r;
}
