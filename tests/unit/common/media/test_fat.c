#include "tests/unit/unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "common/base/file.h"
#include "common/base/proc.h"
#include "common/media/fat.h"

/* The fuzz target's volume: FAT12, 19 sectors, user-data in two clusters, openstack/latest/user_data. */
static struct buf volume = BUF_MAX(1 << 20);
static struct err e;

static int setup(void **s)
{
	char path[4096];

	(void)s;
	snprintf(path, sizeof path, "%s/tests/fuzz/corpus/fat/fat12", getenv("srcdir") ? getenv("srcdir") : ".");
	return file_read(AT_FDCWD, path, &volume, NULL, &e);
}

static int teardown(void **s)
{
	(void)s;
	buf_fini(&volume);
	return 0;
}

static int fd_of(const void *bytes, size_t size)
{
	int fd = memfd_create("volume", MFD_CLOEXEC);

	assert_true(fd >= 0 && fd_write_all(fd, bytes, size) == 0);
	return fd;
}

/* The volume with one byte changed (at: none where it is SIZE_MAX), and `path` read of it. */
static int read_changed(size_t at, uint8_t value, const char *path, struct buf *out, bool *absent)
{
	struct fat f;
	char old = at < volume.size ? volume.data[at] : 0;

	if (at < volume.size)
		volume.data[at] = (char)value;
	scoped_fd int fd = fd_of(volume.data, volume.size);
	if (at < volume.size)
		volume.data[at] = old;
	int r = fat_open(fd, volume.size, &f, &e);
	return r ? r : fat_read(&f, path, out, absent, &e);
}

static void reads_files_by_their_names(void **s)
{
	static const struct { const char *path; size_t size; const char *begin; } cases[] = {
		{ "user-data", 600, "#cloud-config\nhostname: fat\n" }, { "USER-DATA", 600, "#cloud" }, { "META-D~1", 20, "instance-id: fat-01\n" },
		{ "openstack/latest/user_data", 5, "#!ab\n" }, { "OpenStack/LATEST/user_data", 5, "#!ab\n" },
	};

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped_buf struct buf out = BUF_MAX(1024);
		bool absent = true;
		assert_ok(read_changed(SIZE_MAX, 0, cases[i].path, &out, &absent), e);
		assert_false(absent);
		assert_int_equal(out.size, cases[i].size);
		assert_memory_equal(out.data, cases[i].begin, strlen(cases[i].begin));
	}
}

static void says_what_is_absent(void **s)
{
	static const char *const paths[] = { "vendor-data", "openstack/latest/vendor", "openstack/2012/user_data", "user-dat", "CIDATA" };

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		scoped_buf struct buf out = BUF_MAX(1024);
		bool absent = false;
		assert_ok(read_changed(SIZE_MAX, 0, paths[i], &out, &absent), e);
		assert_true(absent);
	}
}

static void finds_the_label(void **s)
{
	struct fat f;
	scoped_fd int fd = fd_of(volume.data, volume.size);

	(void)s;
	assert_ok(fat_open(fd, volume.size, &f, &e), e);
	assert_string_equal(f.label, "CIDATA");
	assert_int_equal(f.bits, 12);
}

enum { FAT_AT = 512, ROOT_AT = 1024, USER_SHORT = ROOT_AT + 2 * 32 };

static void refuses_broken_volumes(void **s)
{
	static const struct { size_t at; uint8_t value; const char *path; enum err_code code; const char *msg; } cases[] = {
		{ 510, 0, "user-data", ERR_NOT_FOUND, "has no boot sector" }, { 13, 3, "user-data", ERR_NOT_FOUND, "the boot sector is none" },
		{ 12, 0, "user-data", ERR_NOT_FOUND, "the boot sector is none" }, { 19, 200, "user-data", ERR_FORMAT, "the device has" },
		{ FAT_AT + 3, 0, "user-data", ERR_FORMAT, "cluster 2 leads to 0, which is none" },
		{ FAT_AT + 3, 0x99, "user-data", ERR_FORMAT, "which is none" },
		{ USER_SHORT + 26, 0, "user-data", ERR_FORMAT, "begins or goes on at cluster 0" },
		{ USER_SHORT + 26, 200, "user-data", ERR_FORMAT, "begins or goes on at cluster 200" },
		{ USER_SHORT + 11, 0x10, "user-data", ERR_FORMAT, "user-data is a directory" },
		{ USER_SHORT + 29, 9, "user-data", ERR_FORMAT, "a file ends 1368 bytes short" }, { SIZE_MAX, 0, "openstack", ERR_FORMAT, "is a directory" },
		{ SIZE_MAX, 0, "user-data/x", ERR_FORMAT, "user-data is none" },
	};

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped_buf struct buf out = BUF_MAX(1024);
		bool absent = false;
		assert_err(read_changed(cases[i].at, cases[i].value, cases[i].path, &out, &absent), cases[i].code, e, cases[i].msg);
	}
}

static void keeps_to_the_maximum(void **s)
{
	scoped_buf struct buf out = BUF_MAX(599);
	bool absent;

	(void)s;
	assert_err(read_changed(SIZE_MAX, 0, "user-data", &out, &absent), ERR_LIMIT, e, "larger than 599 bytes");
}

/* Two entries of one name: which is meant is nobody's guess. */
static void refuses_two_of_a_name(void **s)
{
	scoped_buf struct buf out = BUF_MAX(1024);
	struct fat f;
	bool absent;

	(void)s;
	scoped_fd int fd = fd_of(volume.data, volume.size);
	assert_int_equal(pwrite(fd, volume.data + USER_SHORT, 32, ROOT_AT + 7 * 32), 32);
	assert_ok(fat_open(fd, volume.size, &f, &e), e);
	assert_err(fat_read(&f, "USER-D~1", &out, &absent, &e), ERR_FORMAT, e, "two files are named USER-D~1");
}

/* What mtools writes, in each of the three kinds. */
static void reads_what_mtools_writes(void **s)
{
	static const struct { const char *sectors, *kind; unsigned bits; } kinds[] = { { "2880", NULL, 12 }, { "40960", NULL, 16 }, { "204800", "-F", 32 } };
	char dir[] = "/tmp/natal-fat-XXXXXX", image[64], source[64], target[64];
	int status = 0;

	(void)s;
	assert_non_null(mkdtemp(dir));
	snprintf(image, sizeof image, "%s/image", dir);
	snprintf(source, sizeof source, "%s/user-data", dir);
	snprintf(target, sizeof target, "::/user-data");
	assert_ok(file_write(AT_FDCWD, source, volume.data, volume.size, 0600, (uid_t)-1, (gid_t)-1, &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *const format[] = { "mformat", "-C", "-i", image, "-v", "cidata", "-h", "2", "-s", "16", "-T", kinds[i].sectors,
			kinds[i].kind ? kinds[i].kind : "::", kinds[i].kind ? "::" : NULL, NULL };
		const char *const copy[] = { "mcopy", "-i", image, source, target, NULL };
		unlink(image);
		if (proc_run(&PROC(.argv = format), &status, &e) || status || proc_run(&PROC(.argv = copy), &status, &e) || status) {
			unlink(source);
			unlink(image);
			rmdir(dir);
			skip();
		}
		scoped_fd int fd = open(image, O_RDONLY | O_CLOEXEC);
		scoped_buf struct buf out = BUF_MAX(1 << 20);
		struct stat st;
		struct fat f;
		bool absent;
		assert_int_equal(fstat(fd, &st), 0);
		assert_ok(fat_open(fd, (uint64_t)st.st_size, &f, &e), e);
		assert_int_equal(f.bits, kinds[i].bits);
		assert_int_equal(strcasecmp(f.label, "cidata"), 0);
		assert_ok(fat_read(&f, "user-data", &out, &absent, &e), e);
		assert_int_equal(out.size, volume.size);
		assert_memory_equal(out.data, volume.data, volume.size);
	}
	unlink(source);
	unlink(image);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_files_by_their_names), cmocka_unit_test(says_what_is_absent), cmocka_unit_test(finds_the_label),
		cmocka_unit_test(refuses_broken_volumes), cmocka_unit_test(keeps_to_the_maximum), cmocka_unit_test(refuses_two_of_a_name), cmocka_unit_test(reads_what_mtools_writes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
