/* unpack.c - see unpack.h */
#include "common/userdata/unpack.h"

#include <stdbool.h>
#include <string.h>
#include "common/base/late.h"
#include "common/userdata/unpack_functions.h"

enum { STEP = 64 << 10, WINDOW_LOG_MAX = 23, GZIP_ONLY = 16 + MAX_WBITS };

static struct { ZLIB_FUNCTIONS(LATE_MEMBER) } zlib;
static const char *const zlib_names[] = { ZLIB_FUNCTIONS(LATE_NAME) };
static struct late zlib_library = LATE(Z_SONAME, zlib_names, &zlib);
static struct { ZSTD_FUNCTIONS(LATE_MEMBER) } zstd;
static const char *const zstd_names[] = { ZSTD_FUNCTIONS(LATE_NAME) };
static struct late zstd_library = LATE(ZSTD_SONAME, zstd_names, &zstd);

static const struct { const char *name; unsigned char magic[4]; size_t magic_size; } packings[PACKINGS] = {
	[PACKING_NONE] = { "uncompressed", { 0 }, 0 },
	[PACKING_GZIP] = { "gzip", { 0x1f, 0x8b }, 2 },
	[PACKING_ZSTD] = { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4 },
};

enum packing packing_of(const void *bytes, size_t size)
{
	for (enum packing p = PACKING_NONE + 1; p < PACKINGS; p++)
		if (size >= packings[p].magic_size && memcmp(bytes, packings[p].magic, packings[p].magic_size) == 0)
			return p;
	return PACKING_NONE;
}

const char *packing_name(enum packing p) { return packings[p].name; }

/* Room for one more step, less where the maximum is near; 0 where it is reached. */
static size_t step_room(struct buf *out, void **ret)
{
	size_t left = out->max - out->size, n = left < STEP ? left : STEP;

	*ret = n ? buf_room(out, n) : NULL;
	return *ret ? n : 0;
}

static int too_large(const struct buf *out, enum packing p, struct err *e)
{
	if (out->failed == ERR_NOMEM)
		return err_nomem(e);
	return err_set(e, ERR_LIMIT, "what is in the %s is larger than %zu bytes", packing_name(p), out->max);
}

static int gunzip_all(z_stream *z, struct buf *out, struct err *e)
{
	Bytef byte;
	void *room;

	for (;;) {
		size_t n = step_room(out, &room);
		/* At the maximum one byte more is asked for: that it comes is the error. */
		z->next_out = n ? room : &byte;
		z->avail_out = n ? (uInt)n : 1;
		int r = zlib.inflate(z, Z_NO_FLUSH);
		if (n)
			buf_grew(out, n - z->avail_out);
		else if (!z->avail_out)
			return too_large(out, PACKING_GZIP, e);
		if (r == Z_STREAM_END) {
			while (z->avail_in && !*z->next_in) {
				z->next_in++;           /* zeros behind a member are padding */
				z->avail_in--;
			}
			if (!z->avail_in)
				return 0;
			r = zlib.inflateReset(z);
		}
		if (r == Z_MEM_ERROR)
			return err_nomem(e);
		if (r == Z_BUF_ERROR || (r == Z_OK && !z->avail_in && z->avail_out))
			return err_set(e, ERR_FORMAT, "the gzip is cut short");
		if (r != Z_OK)
			return err_set(e, ERR_FORMAT, "the gzip is damaged: %s", z->msg ? z->msg : "no more is known");
	}
}

static int gunzip(const void *bytes, size_t size, struct buf *out, struct err *e)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size };
	int r = late_load(&zlib_library, e);

	if (r)
		return r;
	if (size > UINT32_MAX / 2)
		return err_set(e, ERR_LIMIT, "a gzip of %zu bytes", size);
	if (zlib.inflateInit2_(&z, GZIP_ONLY, ZLIB_VERSION, (int)sizeof z) != Z_OK)
		return err_nomem(e);
	r = gunzip_all(&z, out, e);
	zlib.inflateEnd(&z);
	return r;
}

static int unzstd_all(ZSTD_DStream *z, ZSTD_inBuffer in, struct buf *out, struct err *e)
{
	size_t left = 1;
	char byte;

	zstd.ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	for (bool full = false; in.pos < in.size || full;) {
		void *room;
		size_t n = step_room(out, &room);
		ZSTD_outBuffer o = { n ? room : &byte, n ? n : 1, 0 };
		left = zstd.ZSTD_decompressStream(z, &o, &in);
		if (zstd.ZSTD_isError(left))
			return err_set(e, ERR_FORMAT, "the zstd is damaged or not for us: %s", zstd.ZSTD_getErrorName(left));
		if (!n && o.pos)
			return too_large(out, PACKING_ZSTD, e);
		if (n)
			buf_grew(out, o.pos);
		full = left && o.pos == o.size;
	}
	return left ? err_set(e, ERR_FORMAT, "the zstd is cut short") : 0;
}

static int unzstd(const void *bytes, size_t size, struct buf *out, struct err *e)
{
	int r = late_load(&zstd_library, e);

	if (r)
		return r;
	ZSTD_DStream *z = zstd.ZSTD_createDStream();
	if (!z)
		return err_nomem(e);
	r = unzstd_all(z, (ZSTD_inBuffer){ bytes, size, 0 }, out, e);
	zstd.ZSTD_freeDStream(z);
	return r;
}

int unpack(enum packing p, const void *bytes, size_t size, struct buf *out, struct err *e)
{
	return p == PACKING_GZIP ? gunzip(bytes, size, out, e) : unzstd(bytes, size, out, e);
}
