#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "common/base/file.h"
#include "common/base/proc.h"
#include "common/media/iso.h"

static struct test_key key;

static int setup(void **s)
{
	(void)s;
	key = test_key(SIG_ED25519, "a");
	return 0;
}

/* A volume as ECMA-119 has it, no more than the reader looks at: descriptor at block 16, directory at 18, the file at 19. */
enum { BLOCKS = 24, ROOT_AT = 18 * ISO_SECTOR, FILE_AT = 19 * ISO_SECTOR, PVD_AT = 16 * ISO_SECTOR, ROOT_RECORD = PVD_AT + 156 };
struct volume { uint8_t bytes[BLOCKS * ISO_SECTOR]; size_t end; };

static void both16(uint8_t *at, uint16_t v)
{
	uint16_t le = htole16(v), be = htobe16(v);

	memcpy(at, &le, 2);
	memcpy(at + 2, &be, 2);
}

static void both32(uint8_t *at, uint32_t v)
{
	uint32_t le = htole32(v), be = htobe32(v);

	memcpy(at, &le, 4);
	memcpy(at + 4, &be, 4);
}

static size_t record(uint8_t *at, const char *name, size_t name_size, uint32_t block, uint32_t size)
{
	size_t n = 33 + name_size + !(name_size & 1);

	memset(at, 0, n);
	at[0] = (uint8_t)n;
	both32(at + 2, block);
	both32(at + 10, size);
	at[25] = name_size == 1 ? 2 : 0;
	both16(at + 28, 1);
	at[32] = (uint8_t)name_size;
	memcpy(at + 33, name, name_size);
	return n;
}

static void volume(struct volume *v, const char *name, const struct buf *content)
{
	memset(v, 0, sizeof *v);
	uint8_t *pvd = v->bytes + PVD_AT;
	memcpy(pvd, "\001CD001\001", 7);
	memset(pvd + 40, ' ', 32);
	memcpy(pvd + 40, "NATAL", 5);
	both32(pvd + 80, BLOCKS);
	both16(pvd + 120, 1);
	both16(pvd + 128, ISO_SECTOR);
	record(v->bytes + ROOT_RECORD, "", 1, 18, ISO_SECTOR);
	v->end = ROOT_AT;
	v->end += record(v->bytes + v->end, "", 1, 18, ISO_SECTOR);
	v->end += record(v->bytes + v->end, "\001", 1, 18, ISO_SECTOR);
	v->end += record(v->bytes + v->end, name, strlen(name), 19, content ? (uint32_t)content->size : 7);
	if (content)
		memcpy(v->bytes + FILE_AT, content->data, content->size);
}

static int fd_of(const void *bytes, size_t size)
{
	int fd = memfd_create("medium", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, size), 0);
	return fd;
}

static int find_in(const struct volume *v, struct iso_file *ret, struct err *e)
{
	scoped_fd int fd = fd_of(v->bytes, sizeof v->bytes);

	return iso_find(fd, sizeof v->bytes, "NATAL", "natal.bundle", ret, e);
}

static void names(void **s)
{
	static const struct { const char *name; bool found; } cases[] = {
		{ "NATAL.BUNDLE;1", true }, { "natal.bundle", true }, { "Natal.Bundle;2", true },
		{ "NATAL.BUN;1", false }, { "NATAL.BUNDLES;1", false }, { "XNATAL.BUNDLE", false },
	};
	struct volume v;
	struct iso_file f;
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		volume(&v, cases[i].name, NULL);
		if (!cases[i].found) {
			assert_err(find_in(&v, &f, &e), ERR_NOT_FOUND, e, "medium: has no file natal.bundle");
			continue;
		}
		assert_ok(find_in(&v, &f, &e), e);
		assert_int_equal(f.offset, FILE_AT);
		assert_int_equal(f.size, 7);
	}
}

/* One record more, with a Rock Ridge NM entry; returns where it begins. */
static size_t rock_ridge_record(struct volume *v, const char *nm, uint8_t entry_size)
{
	size_t at = v->end, n = record(v->bytes + at, "X.;1", 4, 19, 7);

	v->bytes[at + n] = 'N';
	v->bytes[at + n + 1] = 'M';
	v->bytes[at + n + 2] = entry_size;
	v->bytes[at + n + 3] = 1;
	memcpy(v->bytes + at + n + 5, nm, strlen(nm));
	v->bytes[at] = (uint8_t)(n + 5 + strlen(nm));
	v->end += v->bytes[at];
	return at;
}

static void rock_ridge(void **s)
{
	struct volume v;
	struct iso_file f;
	struct err e;

	(void)s;
	volume(&v, "OTHER", NULL);
	rock_ridge_record(&v, "natal.bundle", 17);
	assert_ok(find_in(&v, &f, &e), e);
	assert_int_equal(f.size, 7);
	static const uint8_t sizes[] = { 0, 3, 16, 18, 255 };   /* entries that lie about themselves */
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		volume(&v, "OTHER", NULL);
		rock_ridge_record(&v, "natal.bundle", sizes[i]);
		assert_err(find_in(&v, &f, &e), ERR_NOT_FOUND, e, "has no file natal.bundle");
	}
	volume(&v, "NATAL.BUNDLE;1", NULL);
	rock_ridge_record(&v, "natal.bundle", 17);
	assert_err(find_in(&v, &f, &e), ERR_FORMAT, e, "medium: two files are named natal.bundle");
	volume(&v, "NATAL.BUNDLE;1", NULL);                     /* the entry's last byte, 'e', is no more in its record */
	v.bytes[rock_ridge_record(&v, "natal.bundle", 17)]--;
	assert_err(find_in(&v, &f, &e), ERR_FORMAT, e, "medium: a directory record of 101 bytes with a name of 0");
}

static void two_manifests(void **s)
{
	struct volume v;
	struct iso_file f;
	struct err e;

	(void)s;
	volume(&v, "NATAL.BUNDLE;1", NULL);
	v.end += record(v.bytes + v.end, "NATAL.BUNDLE;2", 14, 20, 7);
	assert_err(find_in(&v, &f, &e), ERR_FORMAT, e, "medium: two files are named natal.bundle");
}

enum width { U8, U16, U32 };
struct change { size_t at; enum width width; uint32_t value; enum err_code code; const char *msg; };

static void apply(struct volume *v, const struct change *c)
{
	if (c->width == U8)
		v->bytes[c->at] = (uint8_t)c->value;
	else if (c->width == U16)
		both16(v->bytes + c->at, (uint16_t)c->value);
	else
		both32(v->bytes + c->at, c->value);
}

static void hostile_descriptors(void **s)
{
	static const struct change cases[] = {
		{ PVD_AT, U8, 2, ERR_NOT_FOUND, "medium: has no ISO 9660 volume descriptor" },
		{ PVD_AT + 1, U8, 'X', ERR_NOT_FOUND, "medium: has no ISO 9660 volume descriptor" },
		{ PVD_AT + 6, U8, 2, ERR_NOT_FOUND, "medium: has no ISO 9660 volume descriptor" },
		{ PVD_AT + 40, U8, 'M', ERR_NOT_FOUND, "medium: the volume label is 'MATAL', not NATAL" },
		{ PVD_AT + 45, U8, 'L', ERR_NOT_FOUND, "medium: the volume label is 'NATALL', not NATAL" },
		{ PVD_AT + 41, U8, 27, ERR_NOT_FOUND, "medium: the volume label is not NATAL" },
		{ PVD_AT + 80, U32, BLOCKS + 1, ERR_FORMAT, "medium: the volume has 51200 bytes, the device only 49152" },
		{ PVD_AT + 80, U32, UINT32_MAX, ERR_FORMAT, "medium: the volume has 8796093020160 bytes" },
		{ PVD_AT + 80, U8, 1, ERR_FORMAT, "medium: the volume size is 1 in one byte order and 24 in the other" },
		{ PVD_AT + 120, U16, 2, ERR_FORMAT, "medium: 2 volumes of 2048-byte blocks: 1 of 2048 is wanted" },
		{ PVD_AT + 128, U16, 512, ERR_FORMAT, "medium: 1 volumes of 512-byte blocks" },
		{ PVD_AT + 128, U8, 9, ERR_FORMAT, "medium: the block size is 2057 in one byte order" },
		{ ROOT_RECORD, U8, 33, ERR_FORMAT, "medium: the root directory's record is none" },
		{ ROOT_RECORD + 25, U8, 0, ERR_FORMAT, "medium: the root directory's record is none" },
		{ ROOT_RECORD + 1, U8, 1, ERR_FORMAT, "medium: the root directory has extended attributes or is interleaved" },
		{ ROOT_RECORD + 26, U8, 1, ERR_FORMAT, "medium: the root directory has extended attributes or is interleaved" },
		{ ROOT_RECORD + 27, U8, 1, ERR_FORMAT, "medium: the root directory has extended attributes or is interleaved" },
		{ ROOT_RECORD + 2, U32, 16, ERR_FORMAT, "medium: the root directory begins at block 16, inside the system area" },
		{ ROOT_RECORD + 2, U32, BLOCKS, ERR_FORMAT,
			"medium: the root directory (2048 bytes at block 24) reaches past the end of 49152 bytes" },
		{ ROOT_RECORD + 2, U32, UINT32_MAX, ERR_FORMAT, "reaches past the end of 49152 bytes" },
		{ ROOT_RECORD + 2, U8, 1, ERR_FORMAT, "medium: an extent is 1 in one byte order and 18 in the other" },
		{ ROOT_RECORD + 10, U32, 0, ERR_FORMAT, "medium: a root directory of 0 bytes" },
		{ ROOT_RECORD + 10, U32, 100, ERR_FORMAT, "medium: a root directory of 100 bytes: whole blocks" },
		{ ROOT_RECORD + 10, U32, UINT32_MAX, ERR_FORMAT, "(4294967295 bytes at block 18) reaches past the end" },
	};
	struct volume v;
	struct iso_file f;
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		volume(&v, "NATAL.BUNDLE;1", NULL);
		assert_ok(find_in(&v, &f, &e), e);
		apply(&v, &cases[i]);
		assert_err(find_in(&v, &f, &e), cases[i].code, e, cases[i].msg);
	}
}

static void directory_of_17_blocks(void **s)
{
	static uint8_t bytes[64 * ISO_SECTOR];
	struct volume v;
	struct iso_file f;
	struct err e;

	(void)s;
	volume(&v, "NATAL.BUNDLE;1", NULL);
	memcpy(bytes, v.bytes, sizeof v.bytes);
	both32(bytes + PVD_AT + 80, 64);
	both32(bytes + ROOT_RECORD + 10, 17 * ISO_SECTOR);
	scoped_fd int fd = fd_of(bytes, sizeof bytes);
	assert_err(iso_find(fd, sizeof bytes, "NATAL", "natal.bundle", &f, &e), ERR_FORMAT, e,
		"a root directory of 34816 bytes: whole blocks, 32768 bytes");
}

static void hostile_records(void **s)
{
	enum { FIRST = ROOT_AT, REC = ROOT_AT + 68 };
	static const struct change cases[] = {
		{ FIRST, U8, 0, ERR_FORMAT, "medium: a directory record of 0 bytes" },
		{ REC, U8, 0, ERR_FORMAT, "medium: a directory record of 0 bytes" },
		{ REC, U8, 33, ERR_FORMAT, "medium: a directory record of 33 bytes" },
		{ REC, U8, 46, ERR_FORMAT, "medium: a directory record of 46 bytes with a name of 14 at byte 68 of its block" },
		{ FIRST, U8, 33, ERR_FORMAT, "medium: a directory record of 33 bytes" },
		{ FIRST, U8, 35, ERR_FORMAT, "medium: a directory record of" },             /* overlaps the next: all after it is shifted */
		{ FIRST + 32, U8, 0, ERR_FORMAT, "medium: a directory record of 34 bytes with a name of 0" },
		{ REC + 32, U8, 255, ERR_FORMAT, "with a name of 255" },
		{ REC + 2, U32, 16, ERR_FORMAT, "medium: natal.bundle begins at block 16, inside the system area" },
		{ REC + 2, U32, 0, ERR_FORMAT, "medium: natal.bundle begins at block 0, inside the system area" },
		{ REC + 2, U32, 18, ERR_FORMAT, "medium: natal.bundle overlaps the root directory" },
		{ REC + 2, U32, 17, 0, "" },
		{ REC + 2, U32, BLOCKS, ERR_FORMAT, "medium: natal.bundle (7 bytes at block 24) reaches past the end of 49152 bytes" },
		{ REC + 2, U32, UINT32_MAX, ERR_FORMAT, "reaches past the end" },
		{ REC + 2, U8, 20, ERR_FORMAT, "an extent is 20 in one byte order and 19 in the other" },
		{ REC + 10, U32, 5 * ISO_SECTOR + 1, ERR_FORMAT, "medium: natal.bundle (10241 bytes at block 19) reaches past the end" },
		{ REC + 10, U8, 9, ERR_FORMAT, "an extent's size is 9 in one byte order and 7 in the other" },
		{ REC + 1, U8, 1, ERR_FORMAT, "medium: natal.bundle has extended attributes or is interleaved" },
		{ REC + 26, U8, 1, ERR_FORMAT, "medium: natal.bundle has extended attributes or is interleaved" },
		{ REC + 27, U8, 1, ERR_FORMAT, "medium: natal.bundle has extended attributes or is interleaved" },
		{ REC + 25, U8, 2, ERR_FORMAT, "medium: natal.bundle is a directory or in several parts" },
		{ REC + 25, U8, 0x80, ERR_FORMAT, "medium: natal.bundle is a directory or in several parts" },
		{ ROOT_AT + 2047, U8, 1, ERR_FORMAT, "medium: a directory record of 0 bytes" },
	};
	struct volume v;
	struct iso_file f;
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		volume(&v, "NATAL.BUNDLE;1", NULL);
		apply(&v, &cases[i]);
		if (cases[i].code)
			assert_err(find_in(&v, &f, &e), cases[i].code, e, cases[i].msg);
		else
			assert_ok(find_in(&v, &f, &e), e);
	}
}

/* Directory records up to the last `left` … `left` + 33 bytes of the block; returns where the next would begin. */
static size_t fill_directory(struct volume *v, size_t left)
{
	volume(v, "NATAL.BUNDLE;1", NULL);
	size_t at = v->end;
	for (; at + 34 <= ROOT_AT + ISO_SECTOR - left; at += 34)
		record(v->bytes + at, "\003", 1, 18, ISO_SECTOR);
	return at;
}

static void records_at_the_end_of_a_block(void **s)
{
	struct volume v;
	struct iso_file f;
	struct err e;

	(void)s;
	size_t at = fill_directory(&v, 34);
	assert_ok(find_in(&v, &f, &e), e);
	v.bytes[at] = 200;                                      /* it would run into the next block */
	v.bytes[at + 32] = 1;
	assert_err(find_in(&v, &f, &e), ERR_FORMAT, e, "medium: a directory record of 200 bytes");
	at = fill_directory(&v, 2);
	v.bytes[at] = (uint8_t)(ROOT_AT + ISO_SECTOR - at);     /* it fills the block and is too short for a name */
	assert_err(find_in(&v, &f, &e), ERR_FORMAT, e, "with a name of 0 at byte");
}

static void device_shorter_than_it_says(void **s)
{
	struct volume v;
	struct iso_file f;
	struct err e;

	(void)s;
	volume(&v, "NATAL.BUNDLE;1", NULL);
	scoped_fd int fd = fd_of(v.bytes, ROOT_AT + 100);
	assert_err(iso_find(fd, sizeof v.bytes, "NATAL", "natal.bundle", &f, &e), ERR_FORMAT, e,
		"medium: ends at byte 36964, 1948 more were wanted");
	assert_err(iso_find(fd, 17 * ISO_SECTOR - 1, "NATAL", "natal.bundle", &f, &e), ERR_NOT_FOUND, e, "34815 bytes are too few");
	assert_err(iso_find(-1, sizeof v.bytes, "NATAL", "natal.bundle", &f, &e), ERR_SYSTEM, e, "medium: read at byte 32768");
}

static void bundle_sizes(void **s)
{
	scoped_buf struct buf b = BUF_MAX(4096);
	struct signature sig = { .alg = 9, .value = (const uint8_t *)"x", .size = 1 };
	struct volume v;
	struct err e;
	uint8_t *bytes = NULL;
	size_t size;

	(void)s;
	assert_ok(envelope_write(ENVELOPE_BUNDLE, "{}", 2, &sig, 1, "body", 4, &b, &e), e);
	size_t whole = b.size;
	for (int delta = -1; delta <= 1; delta++) {
		b.size = whole + (size_t)delta;
		volume(&v, "NATAL.BUNDLE;1", &b);
		scoped_fd int fd = fd_of(v.bytes, sizeof v.bytes);
		if (delta < 0) {
			assert_err(iso_read_bundle(fd, sizeof v.bytes, &bytes, &size, &e), ERR_FORMAT, e,
				"natal.bundle says it has 75 bytes, its file has 74");
			continue;
		}
		/* What follows it is key statements': statements_split() judges them. */
		assert_ok(iso_read_bundle(fd, sizeof v.bytes, &bytes, &size, &e), e);
		assert_int_equal(size, whole + (size_t)delta);
		free(bytes);
	}
	b.size = 31;
	volume(&v, "NATAL.BUNDLE;1", &b);
	scoped_fd int fd = fd_of(v.bytes, sizeof v.bytes);
	assert_err(iso_read_bundle(fd, sizeof v.bytes, &bytes, &size, &e), ERR_FORMAT, e,
		"natal.bundle has 31 bytes: 32 to 67108864 are allowed");
}

/* A sparse device whose directory says 64 MiB and a byte. */
static void oversize(void **s)
{
	struct volume v;
	struct err e;
	uint8_t *bytes = NULL;
	size_t size;
	const uint64_t device = UINT64_C(128) << 20;

	(void)s;
	volume(&v, "NATAL.BUNDLE;1", NULL);
	both32(v.bytes + PVD_AT + 80, (uint32_t)(device / ISO_SECTOR));
	both32(v.bytes + ROOT_AT + 68 + 10, (64 << 20) + 1);
	scoped_fd int fd = fd_of(v.bytes, sizeof v.bytes);
	assert_int_equal(ftruncate(fd, (off_t)device), 0);
	assert_err(iso_read_bundle(fd, device, &bytes, &size, &e), ERR_LIMIT, e,
		"natal.bundle has 67108865 bytes: 32 to 67108864 are allowed");
}

/* A volume by another program, with the signed sample in it. */
static void real_volume(struct buf *iso, const char *program, const char *const *more)
{
	char dir[] = "/tmp/natal-test-XXXXXX", image[64], bundle[64];
	scoped_buf struct buf b = BUF_MAX(1 << 20), log = BUF_MAX(4096);
	const char *argv[16] = { program, "-quiet", "-V", "NATAL", "-o", image };
	struct sample a;
	struct err e;
	int status;

	assert_non_null(mkdtemp(dir));
	snprintf(image, sizeof image, "%s.iso", dir);
	snprintf(bundle, sizeof bundle, "%s/natal.bundle", dir);
	sample_init(&a);
	sample_bundle(&a, &key, 1, &b);
	assert_ok(file_write(AT_FDCWD, bundle, b.data, b.size, 0600, (uid_t)-1, (gid_t)-1, &e), e);
	size_t n = 6;
	for (; *more; more++)
		argv[n++] = *more;
	argv[n++] = dir;
	argv[n] = NULL;
	assert_ok(proc_run(&PROC(.argv = argv, .out = &log), &status, &e), e);
	if (status)
		fail_msg("%s: %s", program, log.data ? log.data : "");
	assert_ok(file_read(AT_FDCWD, image, iso, NULL, &e), e);
	unlink(image);
	unlink(bundle);
	rmdir(dir);
}

static void every_byte_of_a_real_volume_flipped(void **s)
{
	scoped_buf struct buf iso = BUF_MAX(4 << 20);

	(void)s;
	real_volume(&iso, "genisoimage", (const char *const[]){ "-R", "-no-pad", NULL });
	sample_flipped_volume(&iso, &key);
}

static void real_volume_truncated_at_every_byte(void **s)
{
	scoped_buf struct buf iso = BUF_MAX(4 << 20);

	(void)s;
	real_volume(&iso, "genisoimage", (const char *const[]){ "-R", "-no-pad", NULL });
	sample_truncated_volume(&iso, &key);
}

/* What other writers make is read too: with Joliet, with padding, without Rock Ridge. */
static void other_real_volumes(void **s)
{
	static const char *const flags[][4] = { { "-R", "-J", NULL }, { "-iso-level", "4", NULL },
		{ "-l", "-allow-lowercase", "-allow-multidot", NULL } };
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		scoped_buf struct buf iso = BUF_MAX(4 << 20);
		scoped(verified_free_p) struct verified *v = NULL;
		real_volume(&iso, "genisoimage", flags[i]);
		scoped_fd int fd = fd_of(iso.data, iso.size);
		assert_ok(sample_read_volume(fd, iso.size, &key, &v, &e), e);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(names), cmocka_unit_test(rock_ridge), cmocka_unit_test(two_manifests),
		cmocka_unit_test(hostile_descriptors), cmocka_unit_test(directory_of_17_blocks), cmocka_unit_test(hostile_records),
		cmocka_unit_test(records_at_the_end_of_a_block), cmocka_unit_test(device_shorter_than_it_says),
		cmocka_unit_test(bundle_sizes), cmocka_unit_test(oversize), cmocka_unit_test(every_byte_of_a_real_volume_flipped),
		cmocka_unit_test(real_volume_truncated_at_every_byte), cmocka_unit_test(other_real_volumes) };

	return cmocka_run_group_tests(t, setup, NULL);
}
