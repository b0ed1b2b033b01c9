/* main.c - natal-hostd: runs guests on this machine for a controller elsewhere. See natal-hostd(8). */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/hostd/hostd.h"

struct options { char state[1024]; const char *join; size_t server_count; struct http_where servers[SERVERS_MAX]; };

static const struct option long_options[] = {
	{ "state", required_argument, NULL, 's' }, { "server", required_argument, NULL, 'u' }, { "join", required_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 },
};

static void help(void)
{
	printf("usage: natal-hostd [--state DIR] [--server URL]... [--join FILE]\n\n"
		"Runs guests on this machine for a natal controller elsewhere.\n\n"
		"  --state DIR   where guests and this host's identity are (default: $NATAL_HOSTD_STATE, /var/lib/natal-hostd as root,\n"
		"                else ~/.local/share/natal-hostd)\n"
		"  --server URL  where the controller is, https://HOST:PORT (repeatable; remembered)\n"
		"  --join FILE   the token of natalctl access grant host NAME; - reads standard input. Once is enough\n"
		"  -h, --help    this text\n"
		"  -V, --version the version\n");
}

static int usage(const char *given, struct err *e)
{
	static const char *const words[] = { "--state", "--server", "--join", "--help", "--version", NULL };

	err_set(e, ERR_USAGE, "unknown option or missing value: '%.60s'", given);
	err_suggest(e, given, words, "natal-hostd [--server URL]... [--join FILE]; see natal-hostd(8)");
	return -(int)e->code;
}

static int default_state(char *out, size_t size, struct err *e)
{
	const char *given = getenv("NATAL_HOSTD_STATE"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n = given && *given ? snprintf(out, size, "%s", given) : geteuid() == 0 ? snprintf(out, size, "/var/lib/natal-hostd") :
		data && *data ? snprintf(out, size, "%s/natal-hostd", data) : home && *home ? snprintf(out, size, "%s/.local/share/natal-hostd", home) : -1;

	return n >= 0 && (size_t)n < size ? 0 : err_set(e, ERR_USAGE, "no state folder: HOME is not set, or too long; say --state DIR");
}

/* 1: done. */
static int read_options(int argc, char **argv, struct options *o, struct err *e)
{
	int c, r = 0;

	opterr = 0;
	while (!r && (c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (c == 'h' || c == 'V') {
			if (c == 'h')
				help();
			else
				printf("natal-hostd %s\n", PACKAGE_VERSION);
			return 1;
		}
		if (c == 's')
			r = text_copy(o->state, sizeof o->state, optarg, "--state", e);
		else if (c == 'j')
			o->join = optarg;
		else if (c == 'u' && o->server_count == SERVERS_MAX)
			r = err_set(e, ERR_LIMIT, "more than %d servers", SERVERS_MAX);
		else
			r = c == 'u' ? http_where_read(optarg, &o->servers[o->server_count++], e) : usage(argv[optind - 1], e);
	}
	if (!r && optind < argc)
		r = usage(argv[optind], e);
	return r ? r : *o->state ? 0 : default_state(o->state, sizeof o->state, e);
}

/* Held for as long as we live. */
static int hold(const char *state, struct err *e)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/natal-hostd.lock", state);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return err_set(e, ERR_CONFLICT, "another natal-hostd holds the state folder %s", state);
}

/* Who we are: as remembered, or by joining now. */
static int identify(const struct options *o, const char *state, struct identity *x, struct err *e)
{
	bool absent;
	int r = identity_load(state, x, &absent, e);

	if (r)
		return r;
	if (o->server_count) {
		memcpy(x->servers, o->servers, sizeof x->servers);
		x->server_count = o->server_count;
	}
	if (absent && !o->join) {
		err_set(e, ERR_USAGE, "this host has not joined a controller yet");
		err_hint(e, "an operator's natalctl access grant host NAME --out FILE; then here: natal-hostd --join FILE --server URL");
		return -(int)e->code;
	}
	if (o->join && ((absent && (r = identity_room(state, e))) || (r = identity_join(x, o->join, !absent, e))))
		return r;
	return x->server_count ? identity_save(state, x, e) : err_set(e, ERR_USAGE, "no --server is given, and none is remembered");
}

static int run(int argc, char **argv, struct err *e)
{
	scoped(identity_fini) struct identity x = { .server_count = 0 };
	struct options o = { .state = "" };
	struct hostd h = { .identity = &x };
	char real[PATH_MAX];
	sigset_t set;
	int r = read_options(argc, argv, &o, e);

	if (r)
		return r > 0 ? 0 : r;
	if (sodium_init() < 0)
		return err_set(e, ERR_INTERNAL, "start libsodium");
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if ((r = file_mkdirs(AT_FDCWD, o.state, 0711, e)))
		return r;
	if (!realpath(o.state, real))
		return err_sys(e, "open %s", o.state);
	if (strlen(real) >= sizeof o.state)
		return err_set(e, ERR_LIMIT, "the state folder's path is too long");
	scoped_fd int lock = hold(real, e);
	if (lock < 0 || (r = identify(&o, real, &x, e)))
		return -(int)e->code;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	scoped_fd int signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return err_sys(e, "signals");
	h.state = real;
	return hostd_run(&h, signals, e);
}

int main(int argc, char **argv)
{
	struct err e = ERR_NONE;

	if (run(argc, argv, &e) == 0)
		return 0;
	err_print(&e);
	return err_exit_status(e.code);
}
