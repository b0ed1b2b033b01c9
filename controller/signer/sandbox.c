/* sandbox.c - see sandbox.h */
#include "controller/signer/sandbox.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "common/base/scope.h"

static const int refused[] = {
	SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(fork),
	SCMP_SYS(vfork), SCMP_SYS(mount), SCMP_SYS(setns), SCMP_SYS(io_uring_setup), SCMP_SYS(bpf), SCMP_SYS(pidfd_getfd),
};

static int filter(struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc = ctx ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(refused); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc == 0 ? 0 : err_set(e, ERR_SYSTEM, "confine the signer: seccomp %d", rc);
}

/* All above stdio but two. */
static void close_others(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;

	if (low > 3)
		close_range(3, (unsigned)low - 1, 0);
	if (low >= 3 && high > low + 1)
		close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	if (low < 3 && high > 3)
		close_range(3, (unsigned)high - 1, 0);
	close_range((unsigned)high + 1, ~0U, 0);
}

int signer_confine(int channel, int store_fd, struct err *e)
{
	close_others(channel, store_fd);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "confine the signer");
	if (unshare(CLONE_NEWNET) < 0 && errno != EPERM && errno != EINVAL && errno != ENOSPC)
		return err_sys(e, "a network namespace for the signer");
	prctl(PR_SET_NAME, "natald-signer", 0, 0, 0);
	return filter(e);
}
