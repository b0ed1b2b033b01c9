/* calls.c - see calls.h */
#include "agent/guestd/calls.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common/base/scope.h"

#if defined(__has_feature)
#define HAS_SANITIZER __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

/* Seen with strace(1) over everything that it does, under glibc on x86-64; and what musl, arm64 and older or newer libraries have in their place. */
static const int allowed[] = {
	/* files */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(close), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv),
	SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(getdents64), SCMP_SYS(getdents),
	SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat), SCMP_SYS(lstat64), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(flock), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch),
	SCMP_SYS(inotify_rm_watch), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_settime64), SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(restart_syscall), SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(sched_yield),
	/* the network; socket, connect, bind and what sends are below */
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	/* memory and libraries that are loaded late */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(mlock),
	SCMP_SYS(mlock2), SCMP_SYS(munlock), SCMP_SYS(rseq), SCMP_SYS(set_robust_list), SCMP_SYS(membarrier), SCMP_SYS(sched_getaffinity),
	/* itself */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getrlimit), SCMP_SYS(capget),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* the machine */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
	SCMP_SYS(uname), SCMP_SYS(sysinfo),
#if HAS_SANITIZER                       /* what looks for leaks at the end: a process beside it */
	SCMP_SYS(clone), SCMP_SYS(ptrace), SCMP_SYS(wait4), SCMP_SYS(prctl), SCMP_SYS(arch_prctl), SCMP_SYS(getppid), SCMP_SYS(process_vm_readv), SCMP_SYS(pipe2),
	SCMP_SYS(pipe), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(prlimit64), SCMP_SYS(ioctl), SCMP_SYS(tgkill), SCMP_SYS(sched_getparam),
#endif
};

/* With these arguments alone: one condition, or two. A mask takes the bits that the kernel passes over, so that nobody hides behind them. */
#define MANY(call) { SCMP_SYS(call), 1, { SCMP_A0(SCMP_CMP_MASKED_EQ, CALLS_ONE_PEER, 0) } }
static const struct some { int call; unsigned count; struct scmp_arg_cmp when[2]; } some[] = {
	{ SCMP_SYS(socket), 1, { SCMP_A0(SCMP_CMP_EQ, AF_INET) } },
	{ SCMP_SYS(socket), 1, { SCMP_A0(SCMP_CMP_EQ, AF_INET6) } },
	{ SCMP_SYS(socket), 2, { SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE) } },     /* getaddrinfo(3) */
	MANY(connect), MANY(bind), MANY(sendmsg), MANY(sendmmsg), MANY(sendto),
	{ SCMP_SYS(sendto), 1, { SCMP_A4(SCMP_CMP_EQ, 0) } },           /* to its peer */
	{ SCMP_SYS(fcntl), 2, { SCMP_A0(SCMP_CMP_MASKED_EQ, CALLS_ONE_PEER, 0), SCMP_A1(SCMP_CMP_EQ, F_DUPFD_CLOEXEC) } },
	{ SCMP_SYS(fcntl), 2, { SCMP_A0(SCMP_CMP_MASKED_EQ, CALLS_ONE_PEER, 0), SCMP_A1(SCMP_CMP_EQ, F_DUPFD) } },
	{ SCMP_SYS(fcntl), 1, { SCMP_A1(SCMP_CMP_EQ, F_GETFD) } },
	{ SCMP_SYS(fcntl), 1, { SCMP_A1(SCMP_CMP_EQ, F_SETFD) } },
	{ SCMP_SYS(fcntl), 1, { SCMP_A1(SCMP_CMP_EQ, F_GETFL) } },
	{ SCMP_SYS(fcntl), 2, { SCMP_A1(SCMP_CMP_EQ, F_SETFL), SCMP_A2(SCMP_CMP_MASKED_EQ, O_ASYNC, 0) } },
	{ SCMP_SYS(fcntl64), 2, { SCMP_A0(SCMP_CMP_MASKED_EQ, CALLS_ONE_PEER, 0), SCMP_A1(SCMP_CMP_EQ, F_DUPFD_CLOEXEC) } },
	{ SCMP_SYS(fcntl64), 1, { SCMP_A1(SCMP_CMP_EQ, F_GETFD) } },
	{ SCMP_SYS(fcntl64), 1, { SCMP_A1(SCMP_CMP_EQ, F_SETFD) } },
	{ SCMP_SYS(fcntl64), 1, { SCMP_A1(SCMP_CMP_EQ, F_GETFL) } },
	{ SCMP_SYS(fcntl64), 2, { SCMP_A1(SCMP_CMP_EQ, F_SETFL), SCMP_A2(SCMP_CMP_MASKED_EQ, O_ASYNC, 0) } },
#if !HAS_SANITIZER
	{ SCMP_SYS(ioctl), 1, { SCMP_A1(SCMP_CMP_EQ, FIONREAD) } },     /* the resolver */
	{ SCMP_SYS(prlimit64), 2, { SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0) } },       /* its own, to read */
#endif
};

int calls_bound(struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc = ctx ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(allowed); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(some); i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, some[i].call, some[i].count, some[i].when);
#if !HAS_SANITIZER
	if (rc == 0)                    /* abort(3) */
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
#endif
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc == 0 ? 0 : err_set(e, ERR_SYSTEM, "bound the system's calls: seccomp %d", rc);
}
