/* main.c - natal-guestd. See natal-guestd(8). */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include "agent/guestd/calls.h"
#include "agent/guestd/confine.h"
#include "agent/guestd/guestd.h"
#include "agent/guestd/mounts.h"
#include "common/base/notify.h"
#include "common/base/text.h"

static const struct option long_options[] = {
	{ "root", required_argument, NULL, 'r' }, { "channel", required_argument, NULL, 'c' }, { "agent", required_argument, NULL, 'a' },
	{ "uuid", required_argument, NULL, 'u' },
	{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 },
};

static void help(void)
{
	printf("usage: natal-guestd [--channel PATH] [--root DIR] [--agent PROGRAM] [--uuid UUID]\n\n"
		"Follows the controller's goals for this guest, and carries what natal-agent reports.\n\n"
		"  --channel PATH   this port or unix socket alone, or https: over the network alone\n"
		"  --root DIR       work below this folder rather than on the running system\n"
		"  --agent PROGRAM  what applies goals (default: /usr/sbin/natal-agent)\n"
		"  --uuid UUID      be this machine rather than ask its firmware\n"
		"  -h, --help       this text\n"
		"  -V, --version    the version\n");
}

static int usage(const char *given, struct err *e)
{
	static const char *const words[] = { "--root", "--channel", "--agent", "--uuid", "--help", "--version", NULL };

	err_set(e, ERR_USAGE, "unknown option or missing value: '%.60s'", given);
	err_suggest(e, given, words, "natal-guestd [--channel PATH]; see natal-guestd(8)");
	return -(int)e->code;
}

/* 1: done. */
static int read_options(int argc, char **argv, struct guestd_options *o, struct starter_job *j, struct err *e)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (c == 'h' || c == 'V') {
			if (c == 'h')
				help();
			else
				printf("natal-guestd %s\n", PACKAGE_VERSION);
			return 1;
		}
		const char **to = c == 'r' ? &o->root : c == 'c' ? &o->channel : c == 'a' ? &j->agent : c == 'u' ? &j->uuid : NULL;
		if (!to)
			return usage(argv[optind - 1], e);
		*to = optarg;
	}
	return optind < argc ? usage(argv[optind], e) : 0;
}

/* The processes that do what this one will not be able to. */
static int start_others(struct guestd_options *o, const struct starter_job *j, struct err *e)
{
	int r = starter_new(j, &o->starter_fd, e);

	return r || (o->channel && strcmp(o->channel, "https") == 0) ? r : opener_new(o->channel, o->starter_fd, &o->opener, e);
}

static void options_fini(struct guestd_options *o)
{
	opener_fini(&o->opener);
	scope_close(&o->starter_fd);
	scope_close(&o->signal_fd);
}

static int run(int argc, char **argv, struct err *e)
{
	scoped(options_fini) struct guestd_options o = { .signal_fd = -1, .starter_fd = -1, .opener = { -1 } };
	struct starter_job job = { .agent = "/usr/sbin/natal-agent" };
	char medium[PATH_MAX];
	sigset_t set;
	int r = read_options(argc, argv, &o, &job, e);

	if (r)
		return r > 0 ? 0 : r;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	o.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (o.signal_fd < 0)
		return err_sys(e, "signals");
	snprintf(medium, sizeof medium, "%s%s", o.root ? o.root : "", GOAL_PATH);
	job.medium = medium;
	job.root = o.root;
	if ((r = start_others(&o, &job, e)))
		return r;
	notify_open(CALLS_ONE_PEER);
	bool own = mounts_own();
	scoped_fd int root = open(o.root ? o.root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "open root folder %s", o.root ? o.root : "/");
	return (r = confine(root, own, e)) ? r : guestd_run(&o, e);
}

int main(int argc, char **argv)
{
	struct err e = ERR_NONE;

	if (run(argc, argv, &e) == 0)
		return 0;
	err_print(&e);
	return err_exit_status(e.code);
}
