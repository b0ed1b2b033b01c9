/* fat.c - see fat.h */
#include "common/media/fat.h"

#include <endian.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	BOOT_SIZE = 512, ENTRY_SIZE = 32, NAME_MAX_FAT = 255,
	ATTR_LABEL = 8, ATTR_DIRECTORY = 16, ATTR_LONG = 15, LONG_UNITS = 13,
	FAT12_BELOW = 4085, FAT16_BELOW = 65525,
};
static const char doc[] = "FAT volume";

static uint16_t u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static uint32_t u32(const uint8_t *p) { return (uint32_t)u16(p) | (uint32_t)u16(p + 2) << 16; }

static int read_at(const struct fat *f, uint64_t offset, void *out, size_t n, struct err *e)
{
	if (offset > f->end || n > f->end - offset)
		return err_set(e, ERR_FORMAT, "%s: %zu bytes at byte %llu lie past its end", doc, n, (unsigned long long)offset);
	for (uint8_t *p = out; n;) {
		ssize_t got = pread(f->fd, p, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? err_sys(e, "%s: read at byte %llu", doc, (unsigned long long)offset) :
				err_set(e, ERR_FORMAT, "%s: ends at byte %llu", doc, (unsigned long long)offset);
		p += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* The boot sector's numbers, as far as they make sense. */
static int read_boot(struct fat *f, const uint8_t *b, struct err *e)
{
	uint32_t per_cluster = b[13], reserved = u16(b + 14), fats = b[16], entries = u16(b + 17);
	uint32_t sectors = u16(b + 19) ? u16(b + 19) : u32(b + 32), fat_sectors = u16(b + 22) ? u16(b + 22) : u32(b + 36);

	f->sector = u16(b + 11);
	if (f->sector < BOOT_SIZE || f->sector > 4096 || f->sector & (f->sector - 1) || !per_cluster || per_cluster & (per_cluster - 1) ||
	    !reserved || !fats || fats > 2 || !sectors || !fat_sectors)
		return err_set(e, ERR_NOT_FOUND, "%s: the boot sector is none", doc);
	f->cluster = f->sector * per_cluster;
	f->root_size = entries * ENTRY_SIZE;
	f->fat_at = (uint64_t)reserved * f->sector;
	f->root_at = f->fat_at + (uint64_t)fats * fat_sectors * f->sector;
	f->data_at = f->root_at + (f->root_size + f->sector - 1) / f->sector * f->sector;
	uint64_t end = (uint64_t)sectors * f->sector;
	if (end > f->end || f->data_at >= end)
		return err_set(e, ERR_FORMAT, "%s: it has %llu bytes, of which its tables are %llu, the device has %llu", doc,
			(unsigned long long)end, (unsigned long long)f->data_at, (unsigned long long)f->end);
	f->end = end;
	uint64_t clusters = (end - f->data_at) / f->cluster, fat_bytes = (uint64_t)fat_sectors * f->sector;
	f->clusters = (uint32_t)clusters;
	f->bits = clusters < FAT12_BELOW ? 12 : clusters < FAT16_BELOW ? 16 : 32;
	if (fat_bytes > UINT32_MAX || (clusters + 2) * f->bits / 8 > fat_bytes)
		return err_set(e, ERR_FORMAT, "%s: a table of %llu bytes for %llu clusters", doc, (unsigned long long)fat_bytes,
			(unsigned long long)clusters);
	f->fat_size = (uint32_t)fat_bytes;
	if (f->bits == 32)
		f->root_cluster = u32(b + 44);
	if ((f->bits == 32) != !entries)
		return err_set(e, ERR_FORMAT, "%s: a root directory of %u entries in FAT%u", doc, entries, f->bits);
	return 0;
}

/* What follows a cluster; 0: nothing, it is the last. */
static int next_cluster(const struct fat *f, uint32_t n, uint32_t *ret, struct err *e)
{
	uint8_t bytes[4] = { 0 };
	uint32_t at = f->bits == 12 ? n + n / 2 : n * (f->bits / 8), size = f->bits == 32 ? 4 : 2, value;
	int r = read_at(f, f->fat_at + at, bytes, size, e);

	if (r)
		return r;
	value = f->bits == 12 ? (n & 1 ? u16(bytes) >> 4 : u16(bytes) & 0xfffu) : f->bits == 16 ? u16(bytes) : u32(bytes) & 0xfffffff;
	uint32_t last = f->bits == 12 ? 0xff8 : f->bits == 16 ? 0xfff8 : 0xffffff8;
	if (value < last && (value < 2 || value - 2 >= f->clusters))
		return err_set(e, ERR_FORMAT, "%s: cluster %u leads to %u, which is none", doc, n, value);
	*ret = value >= last ? 0 : value;
	return 0;
}

/* size bytes of the chain that begins at cluster n; to_end: a directory, whose size nobody says. */
static int read_chain(const struct fat *f, uint32_t n, uint64_t size, bool to_end, struct buf *out, struct err *e)
{
	for (uint64_t left = size; left;) {
		size_t step = left < f->cluster ? (size_t)left : f->cluster;
		if (n < 2 || n - 2 >= f->clusters)
			return err_set(e, ERR_FORMAT, "%s: a file begins or goes on at cluster %u, which is none", doc, n);
		void *p = buf_room(out, step);
		if (!p)
			return buf_check(out, "a file of the FAT volume", e);
		int r = read_at(f, f->data_at + (uint64_t)(n - 2) * f->cluster, p, step, e);
		if (r)
			return r;
		buf_grew(out, step);
		left -= step;
		if (!left && !to_end)
			return 0;
		if ((r = next_cluster(f, n, &n, e)))
			return r;
		if (!n)
			return to_end ? 0 : left ? err_set(e, ERR_FORMAT, "%s: a file ends %llu bytes short", doc, (unsigned long long)left) : 0;
	}
	return to_end && size ? err_set(e, ERR_LIMIT, "%s: a directory of more than %d bytes", doc, FAT_DIR_MAX) : 0;
}

static int read_directory(const struct fat *f, uint32_t cluster, struct buf *out, struct err *e)
{
	if (cluster)
		return read_chain(f, cluster, FAT_DIR_MAX, true, out, e);
	if (f->root_size > FAT_DIR_MAX)
		return err_set(e, ERR_LIMIT, "%s: a root directory of %u bytes: %d at most", doc, f->root_size, FAT_DIR_MAX);
	void *p = buf_room(out, f->root_size);
	if (!p)
		return buf_check(out, "a directory", e);
	int r = read_at(f, f->root_at, p, f->root_size, e);
	if (!r)
		buf_grew(out, f->root_size);
	return r;
}

/* Long name entries stand before their short one, the last part first. */
struct long_name { char text[NAME_MAX_FAT + LONG_UNITS + 1]; unsigned expected; uint8_t sum; bool valid; };

static void take_long(struct long_name *l, const uint8_t *entry)
{
	static const uint8_t units[LONG_UNITS] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	unsigned order = entry[0] & 0x3f;

	if (entry[0] & 0x40) {
		*l = (struct long_name){ .expected = order, .sum = entry[13], .valid = true };
		if (order * LONG_UNITS > NAME_MAX_FAT + LONG_UNITS)
			l->valid = false;
	}
	if (!l->valid || !order || order != l->expected || entry[13] != l->sum) {
		l->valid = false;
		return;
	}
	l->expected--;
	for (unsigned i = 0; i < LONG_UNITS; i++) {
		uint16_t c = u16(entry + units[i]);
		l->text[(order - 1) * LONG_UNITS + i] = (char)(c == 0xffff ? 0 : c < 0x80 ? c : 0x7f);
	}
}

static bool long_is(const struct long_name *l, const uint8_t *entry, const char *name)
{
	uint8_t sum = 0;

	for (int i = 0; i < 11; i++)
		sum = (uint8_t)((sum >> 1 | sum << 7) + entry[i]);
	return l->valid && !l->expected && sum == l->sum && strcasecmp(l->text, name) == 0;
}

/* "NAME    EXT" as NAME.EXT */
static bool short_is(const uint8_t *entry, const char *name)
{
	char text[13];
	size_t n = 0;

	for (int i = 0; i < 8 && entry[i] != ' '; i++)
		text[n++] = (char)entry[i];
	if (entry[8] != ' ')
		text[n++] = '.';
	for (int i = 8; i < 11 && entry[i] != ' '; i++)
		text[n++] = (char)entry[i];
	text[n] = 0;
	return strcasecmp(text, name) == 0;
}

/* The one entry of that name; NULL where there is none. */
static int find_entry(const struct buf *dir, const char *name, const uint8_t **ret, struct err *e)
{
	struct long_name l = { .valid = false };

	*ret = NULL;
	for (size_t at = 0; at + ENTRY_SIZE <= dir->size; at += ENTRY_SIZE) {
		const uint8_t *entry = (const uint8_t *)dir->data + at;
		if (!entry[0])
			break;
		if (entry[0] == 0xe5) {
			l.valid = false;
			continue;
		}
		if ((entry[11] & 0x3f) == ATTR_LONG) {
			take_long(&l, entry);
			continue;
		}
		if (!(entry[11] & ATTR_LABEL) && (short_is(entry, name) || long_is(&l, entry, name))) {
			if (*ret)
				return err_set(e, ERR_FORMAT, "%s: two files are named %s", doc, name);
			*ret = entry;
		}
		l.valid = false;
	}
	return 0;
}

static void trim(char *label)
{
	for (size_t n = strlen(label); n && label[n - 1] == ' ';)
		label[--n] = 0;
}

static int read_label(struct fat *f, const uint8_t *boot, struct err *e)
{
	scoped_buf struct buf dir = BUF_MAX(FAT_DIR_MAX + f->cluster);
	const uint8_t *own = boot + (f->bits == 32 ? 71 : 43);
	int r = read_directory(f, f->root_cluster, &dir, e);

	if (r)
		return r;
	if (own[-5] == 0x29 && memcmp(own, "NO NAME    ", 11) != 0)
		memcpy(f->label, own, 11);
	for (size_t at = 0; at + ENTRY_SIZE <= dir.size && dir.data[at]; at += ENTRY_SIZE) {
		const uint8_t *entry = (const uint8_t *)dir.data + at;
		if (entry[0] == 0xe5 || (entry[11] & 0x3f) == ATTR_LONG || !(entry[11] & ATTR_LABEL))
			continue;
		memcpy(f->label, entry, 11);
		break;
	}
	trim(f->label);
	return 0;
}

int fat_open(int fd, uint64_t device_size, struct fat *ret, struct err *e)
{
	struct fat f = { .fd = fd, .end = device_size };
	uint8_t boot[BOOT_SIZE];
	int r;

	if (device_size < BOOT_SIZE)
		return err_set(e, ERR_NOT_FOUND, "%s: %llu bytes are too few", doc, (unsigned long long)device_size);
	if ((r = read_at(&f, 0, boot, sizeof boot, e)))
		return r;
	if (u16(boot + 510) != 0xaa55 || (boot[0] != 0xeb && boot[0] != 0xe9))
		return err_set(e, ERR_NOT_FOUND, "%s: has no boot sector", doc);
	if ((r = read_boot(&f, boot, e)) || (r = read_label(&f, boot, e)))
		return r;
	*ret = f;
	return 0;
}

int fat_read(const struct fat *f, const char *path, struct buf *out, bool *ret_absent, struct err *e)
{
	uint32_t cluster = f->root_cluster;

	for (const char *part = path;;) {
		scoped_buf struct buf dir = BUF_MAX(FAT_DIR_MAX + f->cluster);
		char name[NAME_MAX_FAT + 1];
		const uint8_t *entry;
		size_t n = strcspn(part, "/");
		if (n >= sizeof name)
			return err_set(e, ERR_LIMIT, "%s: a name of %zu bytes", doc, n);
		memcpy(name, part, n);
		name[n] = 0;
		int r = read_directory(f, cluster, &dir, e);
		if (r || (r = find_entry(&dir, name, &entry, e)))
			return r;
		bool last = !part[n], directory = entry && entry[11] & ATTR_DIRECTORY;
		*ret_absent = !entry;
		if (!entry)
			return 0;
		if (directory == last)
			return err_set(e, ERR_FORMAT, "%s: %s is %s", doc, name, directory ? "a directory" : "none");
		cluster = (f->bits == 32 ? (uint32_t)u16(entry + 20) << 16 : 0) | u16(entry + 26);
		if (last)
			return read_chain(f, cluster, u32(entry + 28), false, out, e);
		if (!cluster)
			return err_set(e, ERR_FORMAT, "%s: the directory %s begins nowhere", doc, name);
		part += n + 1;
	}
}
