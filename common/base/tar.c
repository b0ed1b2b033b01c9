/* tar.c - see tar.h */
#include "common/base/tar.h"

#include <stdio.h>
#include <string.h>

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2], user[32], group[32],
		major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is one block");

static void octal(char *field, size_t digits, uint64_t v)
{
	for (size_t i = digits; i--; v >>= 3)
		field[i] = (char)('0' + (v & 7));
}

static void pad(struct buf *out, size_t n)
{
	static const char zeros[TAR_BLOCK];

	buf_add(out, zeros, n);
}

void tar_add(struct buf *out, const struct tar_file *f)
{
	struct ustar h = { .type = '0', .magic = "ustar", .version = { '0', '0' }, .user = "root", .group = "root" };
	unsigned sum = 0;

	memcpy(h.name, f->name, strnlen(f->name, sizeof h.name));
	octal(h.mode, 7, f->mode);
	octal(h.uid, 7, 0);
	octal(h.gid, 7, 0);
	octal(h.size, 11, f->size);
	octal(h.mtime, 11, f->at_unix_s);
	memset(h.sum, ' ', sizeof h.sum);
	for (size_t i = 0; i < sizeof h; i++)
		sum += ((const unsigned char *)&h)[i];
	octal(h.sum, 6, sum);
	h.sum[6] = 0;
	buf_add(out, &h, sizeof h);
	buf_add(out, f->bytes, f->size);
	pad(out, (TAR_BLOCK - f->size % TAR_BLOCK) % TAR_BLOCK);
}

void tar_end(struct buf *out, size_t align)
{
	size_t n = 2 * TAR_BLOCK;

	n += (align - (out->size + n) % align) % align;
	for (; n; n -= TAR_BLOCK)
		pad(out, TAR_BLOCK);
}

int tar_body(const void *tar, size_t size, size_t *ret, struct err *e)
{
	const char *bytes = tar;
	size_t at = 0;

	while (size - at >= TAR_BLOCK && bytes[at]) {
		const struct ustar *h = (const struct ustar *)(bytes + at);
		uint64_t n = 0;
		if (memcmp(h->magic, "ustar", 5) != 0)
			return err_set(e, ERR_FORMAT, "no ustar archive: the header at %zu", at);
		for (size_t i = 0; i < 11; i++) {
			if (h->size[i] < '0' || h->size[i] > '7')
				return err_set(e, ERR_FORMAT, "no ustar archive: the size at %zu", at);
			n = n << 3 | (uint64_t)(h->size[i] - '0');
		}
		n = TAR_BLOCK + (n + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		if (n > size - at)
			return err_set(e, ERR_FORMAT, "the archive ends inside its file at %zu", at);
		at += n;
	}
	if (!at)
		return err_set(e, ERR_FORMAT, "the archive holds no file");
	*ret = at;
	return 0;
}
