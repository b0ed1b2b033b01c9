/* The reader of media: what it finds lies inside the device. The input is the volume from block 16 on: the blocks before it say nothing. */
#include "tests/fuzz/fuzz.h"
#include <sys/mman.h>
#include "common/base/file.h"
#include "common/media/iso.h"

enum { HEAD = 16 * ISO_SECTOR };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_fd int fd = memfd_create("medium", MFD_CLOEXEC);
	uint64_t end = HEAD + (uint64_t)size;
	struct iso_file f;
	struct err e;
	scoped_free uint8_t *bundle = NULL;
	size_t bundle_size;

	PROMISE(fd >= 0 && lseek(fd, HEAD, SEEK_SET) == HEAD && fd_write_all(fd, bytes, size) == 0);
	if (iso_find(fd, end, "NATAL", "natal.bundle", &f, &e) == 0)
		PROMISE(f.offset > HEAD && f.offset <= end && f.size <= end - f.offset);
	else
		PROMISE(*e.msg);
	if (iso_read_bundle(fd, end, &bundle, &bundle_size, &e) == 0)
		PROMISE(bundle && bundle_size == f.size);
	return 0;
}
