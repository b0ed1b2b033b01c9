/* tar.c - see tar.h */
#include "agent/tar.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 512 };

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2], user[32], group[32],
		major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a header is one block");

static void octal(char *field, size_t digits, uint64_t v)
{
	for (size_t i = digits; i--; v >>= 3)
		field[i] = (char)('0' + (v & 7));
}

static void pad(struct buf *out, size_t n)
{
	static const char zeros[BLOCK];

	buf_add(out, zeros, n);
}

void tar_add(struct buf *out, const char *name, const void *bytes, size_t size, uint64_t at_unix_s)
{
	struct ustar h = { .type = '0', .magic = "ustar", .version = { '0', '0' }, .user = "root", .group = "root" };
	unsigned sum = 0;

	memcpy(h.name, name, strnlen(name, sizeof h.name));
	octal(h.mode, 7, 0600);
	octal(h.uid, 7, 0);
	octal(h.gid, 7, 0);
	octal(h.size, 11, size);
	octal(h.mtime, 11, at_unix_s);
	memset(h.sum, ' ', sizeof h.sum);
	for (size_t i = 0; i < sizeof h; i++)
		sum += ((const unsigned char *)&h)[i];
	octal(h.sum, 6, sum);
	h.sum[6] = 0;
	buf_add(out, &h, sizeof h);
	buf_add(out, bytes, size);
	pad(out, (BLOCK - size % BLOCK) % BLOCK);
}

void tar_end(struct buf *out)
{
	pad(out, BLOCK);
	pad(out, BLOCK);
}
