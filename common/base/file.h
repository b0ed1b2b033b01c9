/* file.h - whole files below a root directory: bounded reads, atomic writes, no symlink escapes.
 *
 * Paths are relative to `root` (an O_PATH or directory fd; AT_FDCWD means the process's own root:
 * then paths are used as given).  Below a root fd every lookup goes through openat2 with
 * RESOLVE_IN_ROOT (Linux >= 5.6), so that a hostile symlink stays inside.
 */
#pragma once
#include <stdbool.h>
#include <sys/stat.h>
#include "common/base/buf.h"

/* openat2(2), again where it says EAGAIN: below a root the kernel does not vouch for a ".." while anything on the machine is being renamed or
 * mounted, which at boot is often. */
struct open_how;
int file_openat2(int root, const char *path, const struct open_how *how);
/* Opens `path` below root: flags and mode as openat(2), O_CLOEXEC added. -1 and errno. */
int file_open(int root, const char *path, int flags, mode_t mode);
/* Appends the whole file to out (out->max is the cap). *absent (may be NULL): set, and 0 returned,
 * where there is no such file; with NULL that is ERR_NOT_FOUND. */
int file_read(int root, const char *path, struct buf *out, bool *absent, struct err *e);
/* A file that a person names, "-" for standard input: a pipe is waited for. Errors as file_read(). */
int file_read_input(const char *path, struct buf *out, struct err *e);
/* Writes beside the target, sets owner and mode, fsyncs, renames over it, fsyncs the directory.
 * uid/gid (uid_t)-1 leave the owner.  The old file stays whole where anything fails. */
int file_write(int root, const char *path, const void *bytes, size_t n, mode_t mode, uid_t uid, gid_t gid, struct err *e);
/* As `mkdir -p`; made folders get `mode`. */
int file_mkdirs(int root, const char *path, mode_t mode, struct err *e);
/* All n bytes, through EINTR and short writes; -1 and errno. */
int fd_write_all(int fd, const void *bytes, size_t n);
/* denied, with what to do: the file or folder (`what` in words) has one of these mode bits. What is absent, a pipe or a device keeps all. */
int file_keeps(const char *path, mode_t forbidden, const char *what, struct err *e);
