/* The reader of FAT volumes: a file that it reads is as long as the volume lets, and errors have words. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include <sys/mman.h>
#include "common/base/file.h"
#include "common/media/fat.h"

enum { FILE_MAX = 1 << 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const paths[] = { "user-data", "META-D~1", "openstack/latest/user_data" };
	scoped_fd int fd = memfd_create("volume", MFD_CLOEXEC);
	struct fat f;
	struct err e = ERR_NONE;

	PROMISE(fd >= 0 && fd_write_all(fd, bytes, size) == 0);
	if (fat_open(fd, size, &f, &e)) {
		PROMISE(*e.msg);
		return 0;
	}
	PROMISE(strlen(f.label) < FAT_LABEL_SIZE && f.end <= size);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		scoped_buf struct buf out = BUF_MAX(FILE_MAX);
		bool absent = false;
		if (fat_read(&f, paths[i], &out, &absent, &e))
			PROMISE(*e.msg);
		PROMISE(out.size <= FILE_MAX);
	}
	return 0;
}
