/* medium.c - see medium.h */
#include "controller/service/medium.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include "common/base/file.h"
#include "common/media/bundle.h"
#include "common/media/iso.h"
#include "controller/service/birth.h"
#include "controller/service/volume.h"

/* Bundles of one kind differ by the lengths of a few names: some dozens of sizes at most are in use at a time. */
enum { BLANKS = 32, VOLUME_MAX = ENVELOPE_SIZE_MAX + (1 << 20) };

/* What a volume has before and after its file, for a file of this size. On the loop's thread only; they live as long as natald. */
struct blank { size_t file_size; struct buf head, tail; };
static struct blank blanks[BLANKS];
static size_t next_blank;

static int blank_make(size_t size, struct blank *ret, struct err *e)
{
	scoped_buf struct buf volume = BUF_MAX(VOLUME_MAX);
	scoped_free void *zeros = calloc(1, size);
	struct iso_file at;
	int r;

	if (!zeros)
		return err_nomem(e);
	scoped_fd int fd = memfd_create("natal-volume", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "memory for the medium");
	if ((r = volume_write(MEDIUM_LABEL, &(struct volume_file){ MEDIUM_FILE, zeros, size, 0400 }, 1, &volume, e)))
		return r;
	if (fd_write_all(fd, volume.data, volume.size) < 0)
		return err_sys(e, "make the medium");
	if ((r = iso_find(fd, volume.size, MEDIUM_LABEL, MEDIUM_FILE, &at, e)))
		return r;
	if (at.size != size)
		return err_set(e, ERR_INTERNAL, "make the medium: a file of %zu bytes became one of %llu", size, (unsigned long long)at.size);
	*ret = (struct blank){ size, BUF_MAX(VOLUME_MAX), BUF_MAX(VOLUME_MAX) };
	buf_add(&ret->head, volume.data, at.offset);
	buf_add(&ret->tail, volume.data + at.offset + size, volume.size - at.offset - size);
	return ret->head.failed || ret->tail.failed ? err_nomem(e) : 0;
}

static int blank_of(size_t size, const struct blank **ret, struct err *e)
{
	struct blank made = { 0 };

	for (size_t i = 0; i < BLANKS; i++)
		if (blanks[i].file_size == size) {
			*ret = &blanks[i];
			return 0;
		}
	int r = blank_make(size, &made, e);
	if (r)
		return r;
	struct blank *b = &blanks[next_blank++ % BLANKS];
	buf_fini(&b->head);
	buf_fini(&b->tail);
	*b = made;
	*ret = b;
	return 0;
}

int medium_around(const void *bundle, size_t size, struct buf *out, struct err *e)
{
	const struct blank *b;

	int r = size ? blank_of(size, &b, e) : err_set(e, ERR_INTERNAL, "make the medium: an empty bundle");
	if (r)
		return r;
	if (buf_room(out, b->head.size + size + b->tail.size)) {       /* once: what grows is copied and wiped */
		buf_add(out, b->head.data, b->head.size);
		buf_add(out, bundle, size);
		buf_add(out, b->tail.data, b->tail.size);
	}
	return buf_check(out, "the medium", e);
}

int medium_make(struct ctl *c, const struct bundle_row *row, struct buf *out, struct err *e)
{
	scoped_buf struct buf bundle = BUF_MAX(ENVELOPE_SIZE_MAX);

	int r = birth_bundle(c, row, &bundle, e);
	return r ? r : medium_around(bundle.data, bundle.size, out, e);
}

int medium_seal(const struct buf *image, int *ret_fd, struct err *e)
{
	scoped_fd int fd = memfd_create("natal-medium", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(e, "memory for the medium");
	if (fd_write_all(fd, image->data, image->size) < 0)
		return err_sys(e, "make the medium");
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return err_sys(e, "seal the medium");
	*ret_fd = give_fd(&fd);
	return 0;
}
