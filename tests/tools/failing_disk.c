/* failing_disk.c - linked into a natald for tests: while the file $FAILING_DISK is there, nothing can be synced. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fdatasync(int fd)
{
	const char *flag = getenv("FAILING_DISK");

	if (!flag || access(flag, F_OK) < 0)
		return (int)syscall(SYS_fdatasync, fd);
	errno = EIO;
	return -1;
}
