/* sys.h - every call by which the agent changes the machine, and nothing else.
 *
 * They behave as the system calls they are named after: a value, or -1 and errno.  After each that succeeded sys_after() is
 * called where a test program has set it; natal-agent never does.
 */
#pragma once
#include <sys/types.h>
#include "common/base/proc.h"

extern void (*sys_after)(const char *call);

/* A fresh file, written whole, with owner and mode; what was left at that name is replaced. 0, or -1. */
struct sys_file { const void *bytes; size_t size; mode_t mode; uid_t uid; gid_t gid; };
int sys_create(int dir, const char *name, const struct sys_file *f);
int sys_append(int dir, const char *name, const void *bytes, size_t n, mode_t mode);
int sys_mkdir(int dir, const char *name, mode_t mode);
int sys_symlink(const char *target, int dir, const char *name);
int sys_rename(int dir, const char *from, const char *to);
int sys_unlink(int dir, const char *name, int flags);
/* uid or gid -1 stays. fd is open for reading. */
int sys_own(int fd, mode_t mode, uid_t uid, gid_t gid);
int sys_fsync(int fd);
int sys_syncfs(int fd);
int sys_hostname(const char *name, size_t n);
int sys_exec(const struct proc *p, int *ret, struct err *e);
