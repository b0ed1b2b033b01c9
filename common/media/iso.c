/* iso.c - see iso.h. Numbers in brackets are sections of ECMA-119, 3rd edition. */
#include "common/media/iso.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include "common/media/envelope.h"
#include "common/media/bundle.h"

enum {
	PVD_SECTOR = 16,                /* [8.4] primary volume descriptor */
	PVD_LABEL = 40, LABEL_SIZE = 32, PVD_SPACE = 80, PVD_SET_SIZE = 120, PVD_BLOCK = 128, PVD_ROOT = 156, ROOT_RECORD_SIZE = 34,
	RECORD_FIXED = 33,              /* [9.1] directory record up to its identifier */
	RECORD_EXTENT = 2, RECORD_SIZE = 10, RECORD_FLAGS = 25, RECORD_UNIT = 26, RECORD_GAP = 27, RECORD_NAME_SIZE = 32,
	FLAG_DIRECTORY = 2, FLAG_MULTI_EXTENT = 0x80,
};
static const char doc[] = "medium";

/* What is known of the medium while its directory is read. */
struct iso { int fd; uint64_t end; struct iso_file root; };

static int read_at(int fd, uint64_t offset, void *out, size_t n, struct err *e)
{
	for (uint8_t *p = out; n;) {
		ssize_t got = pread(fd, p, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "%s: read at byte %llu", doc, (unsigned long long)offset);
		if (got == 0)
			return err_set(e, ERR_FORMAT, "%s: ends at byte %llu, %zu more were wanted", doc, (unsigned long long)offset, n);
		p += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* [7.2.3, 7.3.3] a number written in both byte orders, which must agree. */
static int both16(const uint8_t *at, const char *what, uint16_t *ret, struct err *e)
{
	uint16_t le, be;

	memcpy(&le, at, sizeof le);
	memcpy(&be, at + 2, sizeof be);
	if (le16toh(le) != be16toh(be))
		return err_set(e, ERR_FORMAT, "%s: %s is %u in one byte order and %u in the other", doc, what, le16toh(le), be16toh(be));
	*ret = le16toh(le);
	return 0;
}

static int both32(const uint8_t *at, const char *what, uint32_t *ret, struct err *e)
{
	uint32_t le, be;

	memcpy(&le, at, sizeof le);
	memcpy(&be, at + 4, sizeof be);
	if (le32toh(le) != be32toh(be))
		return err_set(e, ERR_FORMAT, "%s: %s is %u in one byte order and %u in the other", doc, what, le32toh(le), be32toh(be));
	*ret = le32toh(le);
	return 0;
}

/* Where the record's bytes lie: behind the descriptor and before the volume's end. */
static int extent(const struct iso *iso, const uint8_t *record, const char *what, struct iso_file *ret, struct err *e)
{
	uint32_t block, size;
	int r;

	if ((r = both32(record + RECORD_EXTENT, "an extent", &block, e)) ||
		(r = both32(record + RECORD_SIZE, "an extent's size", &size, e)))
		return r;
	struct iso_file f = { (uint64_t)block * ISO_SECTOR, size };
	if (block <= PVD_SECTOR)
		return err_set(e, ERR_FORMAT, "%s: %s begins at block %u, inside the system area", doc, what, block);
	if (f.offset > iso->end || f.size > iso->end - f.offset)
		return err_set(e, ERR_FORMAT, "%s: %s (%u bytes at block %u) reaches past the end of %llu bytes", doc, what, size, block,
			(unsigned long long)iso->end);
	if (record[1] || record[RECORD_UNIT] || record[RECORD_GAP])
		return err_set(e, ERR_FORMAT, "%s: %s has extended attributes or is interleaved", doc, what);
	*ret = f;
	return 0;
}

static int check_label(const uint8_t pvd[ISO_SECTOR], const char *label, struct err *e)
{
	char padded[LABEL_SIZE];

	memset(padded, ' ', sizeof padded);
	memcpy(padded, label, strnlen(label, sizeof padded));
	if (memcmp(pvd + PVD_LABEL, padded, sizeof padded) == 0)
		return 0;
	int n = LABEL_SIZE;
	while (n && pvd[PVD_LABEL + n - 1] == ' ')
		n--;
	for (int i = 0; i < n; i++)
		if (pvd[PVD_LABEL + i] < ' ' || pvd[PVD_LABEL + i] > '~')
			return err_set(e, ERR_NOT_FOUND, "%s: the volume label is not %s", doc, label);
	return err_set(e, ERR_NOT_FOUND, "%s: the volume label is '%.*s', not %s", doc, n, (const char *)pvd + PVD_LABEL, label);
}

static int check_directory(const struct iso_file *d, const char *what, struct err *e)
{
	if (d->size && d->size % ISO_SECTOR == 0 && d->size <= ISO_DIR_MAX)
		return 0;
	return err_set(e, ERR_FORMAT, "%s: %s of %llu bytes: whole blocks, %d bytes at most", doc, what, (unsigned long long)d->size, ISO_DIR_MAX);
}

static int read_descriptor(struct iso *iso, uint64_t device_size, const char *label, struct err *e)
{
	uint8_t pvd[ISO_SECTOR];
	uint16_t block_size, set_size;
	uint32_t blocks;
	int r;

	if (device_size < (PVD_SECTOR + 1) * ISO_SECTOR)
		return err_set(e, ERR_NOT_FOUND, "%s: %llu bytes are too few for an ISO 9660 volume", doc, (unsigned long long)device_size);
	if ((r = read_at(iso->fd, PVD_SECTOR * ISO_SECTOR, pvd, sizeof pvd, e)))
		return r;
	if (memcmp(pvd, "\001CD001\001", 8 - 1) != 0)
		return err_set(e, ERR_NOT_FOUND, "%s: has no ISO 9660 volume descriptor", doc);
	if ((r = check_label(pvd, label, e)) || (r = both16(pvd + PVD_BLOCK, "the block size", &block_size, e)) ||
	    (r = both16(pvd + PVD_SET_SIZE, "the volume set size", &set_size, e)) ||
	    (r = both32(pvd + PVD_SPACE, "the volume size", &blocks, e)))
		return r;
	if (block_size != ISO_SECTOR || set_size != 1)
		return err_set(e, ERR_FORMAT, "%s: %u volumes of %u-byte blocks: 1 of %d is wanted", doc, set_size, block_size, ISO_SECTOR);
	iso->end = (uint64_t)blocks * ISO_SECTOR;
	if (iso->end > device_size)
		return err_set(e, ERR_FORMAT, "%s: the volume has %llu bytes, the device only %llu", doc, (unsigned long long)iso->end,
			(unsigned long long)device_size);
	const uint8_t *root = pvd + PVD_ROOT;
	if (root[0] != ROOT_RECORD_SIZE || !(root[RECORD_FLAGS] & FLAG_DIRECTORY))
		return err_set(e, ERR_FORMAT, "%s: the root directory's record is none", doc);
	if ((r = extent(iso, root, "the root directory", &iso->root, e)))
		return r;
	return check_directory(&iso->root, "a root directory", e);
}

/* [7.5] "NAME.EXT;VERSION": case and version do not count. */
static bool identifier_is(const uint8_t *record, const char *name)
{
	size_t n = record[RECORD_NAME_SIZE], m = strlen(name);
	const char *id = (const char *)record + RECORD_FIXED;

	if (n < m || strncasecmp(id, name, m) != 0)
		return false;
	return n == m || id[m] == ';';
}

/* Rock Ridge (IEEE P1282 4.1.4): the NM entry in the record's system use area, when it is there in whole. */
static bool rock_ridge_is(const uint8_t *record, const char *name)
{
	size_t n = record[RECORD_NAME_SIZE], at = RECORD_FIXED + n + !(n & 1), end = record[0], m = strlen(name);

	while (at + 4 <= end) {
		const uint8_t *entry = record + at;
		size_t size = entry[2];
		if (size < 4 || at + size > end)
			return false;
		if (entry[0] == 'N' && entry[1] == 'M' && size == 5 + m && entry[4] == 0 && memcmp(entry + 5, name, m) == 0)
			return true;
		at += size;
	}
	return false;
}

/* What is looked for in a directory, and what was found. */
struct search { const char *name; bool directory; struct iso_file found; size_t count; };

/* One sector of the directory: records fill it from its start, zeros its rest [6.8.1.1]. */
static int walk_sector(const struct iso *iso, const uint8_t *sector, struct search *s, struct err *e)
{
	const char *name = s->name;

	for (size_t at = 0; at < ISO_SECTOR;) {
		const uint8_t *record = sector + at;
		size_t size = record[0];
		if (size == 0) {
			for (; at < ISO_SECTOR; at++)
				if (sector[at])
					return err_set(e, ERR_FORMAT, "%s: a directory record of 0 bytes", doc);
			return 0;
		}
		if (size > ISO_SECTOR - at || size < RECORD_FIXED + 1 || record[RECORD_NAME_SIZE] == 0 ||
		    RECORD_FIXED + (size_t)record[RECORD_NAME_SIZE] > size)
			return err_set(e, ERR_FORMAT, "%s: a directory record of %zu bytes with a name of %u at byte %zu of its block", doc,
				size, size > RECORD_NAME_SIZE && ISO_SECTOR - at > RECORD_NAME_SIZE ? record[RECORD_NAME_SIZE] : 0, at);
		at += size;
		if (!identifier_is(record, name) && !rock_ridge_is(record, name))
			continue;
		if (++s->count > 1)
			return err_set(e, ERR_FORMAT, "%s: two files are named %s", doc, name);
		if ((record[RECORD_FLAGS] & (FLAG_DIRECTORY | FLAG_MULTI_EXTENT)) != (s->directory ? FLAG_DIRECTORY : 0))
			return err_set(e, ERR_FORMAT, "%s: %s is %s", doc, name, s->directory ? "no directory" : "a directory or in several parts");
		int r = extent(iso, record, name, &s->found, e);
		if (r)
			return r;
	}
	return 0;
}

static int search(const struct iso *iso, const struct iso_file *dir, struct search *s, struct err *e)
{
	int r = check_directory(dir, "a directory", e);

	for (uint64_t at = 0; !r && at < dir->size; at += ISO_SECTOR) {
		uint8_t sector[ISO_SECTOR];
		if (!(r = read_at(iso->fd, dir->offset + at, sector, sizeof sector, e)))
			r = walk_sector(iso, sector, s, e);
	}
	if (r)
		return r;
	if (!s->count)
		return err_set(e, ERR_NOT_FOUND, "%s: has no file %s", doc, s->name);
	if (s->found.offset < dir->offset + dir->size && dir->offset < s->found.offset + s->found.size)
		return err_set(e, ERR_FORMAT, "%s: %s overlaps %s directory", doc, s->name,
			dir->offset == iso->root.offset ? "the root" : "its own");
	return 0;
}

int iso_find(int fd, uint64_t device_size, const char *label, const char *path, struct iso_file *ret, struct err *e)
{
	struct iso iso = { .fd = fd };
	int r = read_descriptor(&iso, device_size, label, e);
	struct iso_file at = iso.root;

	for (const char *part = path; !r;) {
		char name[ISO_NAME_MAX + 1];
		size_t n = strcspn(part, "/");
		if (n > ISO_NAME_MAX)
			return err_set(e, ERR_LIMIT, "%s: a name of %zu bytes", doc, n);
		memcpy(name, part, n);
		name[n] = 0;
		struct search s = { name, part[n], { 0 }, 0 };
		if ((r = search(&iso, &at, &s, e)))
			return r;
		at = s.found;
		if (!part[n])
			break;
		part += n + 1;
	}
	if (!r)
		*ret = at;
	return r;
}

int iso_read(int fd, uint64_t device_size, const char *label, const char *path, struct buf *out, struct err *e)
{
	struct iso_file f;
	int r = iso_find(fd, device_size, label, path, &f, e);

	if (r)
		return r;
	if (f.size > out->max)
		return err_set(e, ERR_LIMIT, "%s: %s has %llu bytes: %zu at most", doc, path, (unsigned long long)f.size, out->max);
	void *p = buf_room(out, (size_t)f.size);
	if (!p)
		return buf_check(out, path, e);
	if (!(r = read_at(fd, f.offset, p, (size_t)f.size, e)))
		buf_grew(out, (size_t)f.size);
	return r;
}

int iso_read_bundle(int fd, uint64_t device_size, uint8_t **ret, size_t *ret_size, struct err *e)
{
	struct iso_file f;
	uint8_t header[ENVELOPE_HEADER_SIZE];
	uint64_t size;
	int r = iso_find(fd, device_size, MEDIUM_LABEL, MEDIUM_FILE, &f, e);

	if (r)
		return r;
	if (f.size < sizeof header || f.size > ENVELOPE_SIZE_MAX)
		return err_set(e, f.size < sizeof header ? ERR_FORMAT : ERR_LIMIT, "%s: %s has %llu bytes: %d to %d are allowed", doc,
			MEDIUM_FILE, (unsigned long long)f.size, ENVELOPE_HEADER_SIZE, ENVELOPE_SIZE_MAX);
	if ((r = read_at(fd, f.offset, header, sizeof header, e)) || (r = envelope_peek_size(header, MEDIUM_FILE, &size, e)))
		return r;
	if (size > f.size)
		return err_set(e, ERR_FORMAT, "%s: %s says it has %llu bytes, its file has %llu", doc, MEDIUM_FILE,
			(unsigned long long)size, (unsigned long long)f.size);
	size = f.size;          /* key statements may follow: statements.h */
	scoped_free uint8_t *bytes = malloc(size);
	if (!bytes)
		return err_nomem(e);
	if ((r = read_at(fd, f.offset, bytes, size, e)))
		return r;
	*ret = give(bytes);
	*ret_size = size;
	return 0;
}
