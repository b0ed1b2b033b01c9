/* confine.c - see confine.h */
#include "agent/guestd/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "agent/report/channel.h"
#include "common/base/file.h"
#include "common/base/scope.h"

static const int refused[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo),
	SCMP_SYS(pidfd_send_signal), SCMP_SYS(pidfd_getfd), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(mount), SCMP_SYS(unshare),
	SCMP_SYS(setns), SCMP_SYS(io_uring_setup), SCMP_SYS(bpf), SCMP_SYS(keyctl), SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
	SCMP_SYS(chown), SCMP_SYS(lchown), SCMP_SYS(fchown), SCMP_SYS(fchownat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr),
	SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
};

static int drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return syscall(SYS_capset, &head, none) < 0 ? err_sys(e, "let go of capabilities") : 0;
}

/* All that changes a file system, as far as this kernel knows it: Documentation/userspace-api/landlock.rst. */
static uint64_t writing(long abi)
{
	uint64_t all = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
		LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	return abi >= 3 ? all | UINT64_C(1) << 14 /* LANDLOCK_ACCESS_FS_TRUNCATE */ : all;
}

/* What may be written: folders, and the file that says who has the port. */
static const struct place { const char *path; int flags; uint64_t may; } places[] = {
	{ "/var/lib/natal", O_RDONLY | O_DIRECTORY, ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE },
	{ "/run/natal", O_RDONLY | O_DIRECTORY, ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE },
	{ "/dev", O_RDONLY | O_DIRECTORY, LANDLOCK_ACCESS_FS_WRITE_FILE },
	{ CHANNEL_LOCK_PATH, O_RDWR | O_CREAT, LANDLOCK_ACCESS_FS_WRITE_FILE },
};

static int allow(int rules, int root, const struct place *p, uint64_t handled, struct err *e)
{
	scoped_fd int fd = file_open(root, p->path, p->flags, p->flags & O_CREAT ? 0600 : 0);
	const struct landlock_path_beneath_attr rule = { .allowed_access = handled & p->may, .parent_fd = fd };

	if (fd < 0 && errno == ENOENT)
		return 0;
	return fd < 0 || syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ?
		err_sys(e, "bound what is written to %s", p->path) : 0;
}

static int bound_writing(int root, struct err *e)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int r = 0;

	if (abi < 1) {
		fprintf(stderr, "natal-guestd: this kernel has no Landlock: what it may write is not bounded\n");
		return 0;
	}
	const struct landlock_ruleset_attr all = { .handled_access_fs = writing(abi) };
	scoped_fd int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all.handled_access_fs, 0);
	if (rules < 0)
		return err_sys(e, "bound what is written");
	for (size_t i = 0; i < ARRAY_SIZE(places) && !r; i++)
		r = allow(rules, root, &places[i], all.handled_access_fs, e);
	return r ? r : syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? err_sys(e, "bound what is written") : 0;
}

static int filter(struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc = ctx ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(refused); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc == 0 ? 0 : err_set(e, ERR_SYSTEM, "bound the system's calls: seccomp %d", rc);
}

int confine(int root, struct err *e)
{
	int r = file_mkdirs(root, "/run/natal", 0755, e);

	if (r || (r = drop_capabilities(e)))
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "let go of new privileges");
	return (r = bound_writing(root, e)) ? r : filter(e);
}
