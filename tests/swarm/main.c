/* main.c - a SIMULATED fleet: N guests or hosts that speak natal's real protocol over real TLS, on two cores with the natald that they speak to. What it
 * prints is about natald, not about guests, and is labelled so.
 *
 *   swarm make N --state DIR --fleet FILE [--prefix TEXT]     define N VMs (host none), and keep what their guests would have
 *   swarm status --fleet FILE --to HOST:PORT [--connections N] [--seconds S]      one status a request, as fast as they are acknowledged
 *   swarm wait --fleet FILE --to HOST:PORT [--connections N]  HELLO, then wait for goals: prints "waiting N", and when all have heard of one, how long it took
 *                                                             from the line that it reads on standard input
 *   swarm return --fleet FILE --to HOST:PORT [--connections N] [--spread MS]      connect all, print "waiting N"; when the connections break, come back
 *   swarm make-hosts N --state DIR --fleet FILE --to HOST:PORT [--prefix TEXT]    let N hosts in, and keep their certificates
 *   swarm hosts --fleet FILE --to HOST:PORT [--seconds S]     greet, print "waiting N", and answer what is asked
 *   common: --tls12; one line of JSON at the end; --any, of status: each reply of 200 counts, whatever is in it (for a peer that is no natald)
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include "common/base/text.h"
#include "tests/swarm/hosts.h"
#include "tests/swarm/swarm.h"

struct args { const char *state, *fleet, *to, *prefix; uint64_t connections, seconds, spread, make; bool tls12, any; };

static int read_args(int argc, char **argv, struct args *a)
{
	static const struct option options[] = {
		{ "state", 1, NULL, 's' }, { "fleet", 1, NULL, 'f' }, { "to", 1, NULL, 't' }, { "prefix", 1, NULL, 'p' }, { "connections", 1, NULL, 'c' },
		{ "seconds", 1, NULL, 'n' }, { "spread", 1, NULL, 'r' }, { "tls12", 0, NULL, '2' }, { "any", 0, NULL, 'a' }, { NULL, 0, NULL, 0 },
	};
	int c;

	*a = (struct args){ .prefix = "swarm-", .seconds = 10 };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		uint64_t *number = c == 'c' ? &a->connections : c == 'n' ? &a->seconds : c == 'r' ? &a->spread : NULL;
		const char **text = c == 's' ? &a->state : c == 'f' ? &a->fleet : c == 't' ? &a->to : c == 'p' ? &a->prefix : NULL;
		if (c == '2' || c == 'a')
			*(c == 'a' ? &a->any : &a->tls12) = true;
		else if (text)
			*text = optarg;
		else if (!number || !text_number(optarg, number))
			return -1;
	}
	return 0;
}

static int split(const char *to, char host[128], const char **ret_port, struct err *e)
{
	const char *colon = to ? strrchr(to, ':') : NULL;

	if (!colon)
		return err_set(e, ERR_USAGE, "--fleet FILE and --to HOST:PORT are wanted");
	snprintf(host, 128, "%.*s", (int)(colon - to), to);
	*ret_port = colon + 1;
	return 0;
}

static int make_hosts(const struct args *a, size_t n, struct err *e)
{
	const char *port;
	char host[128];
	int r = split(a->fleet ? a->to : NULL, host, &port, e);

	return r ? r : hosts_make(&(struct hosts_make){ a->state, a->fleet, a->prefix, host, port, n }, e);
}

static int speak(enum mode mode, const struct args *a, struct err *e)
{
	const char *port;
	char host[128];
	int r = split(a->fleet ? a->to : NULL, host, &port, e);

	return r ? r : swarm_run(&(struct swarm_job){ .mode = mode, .fleet = a->fleet, .to = { host, port, a->tls12 }, .connections = (size_t)a->connections,
		.seconds = (int64_t)a->seconds, .spread_ms = (int64_t)a->spread, .any = a->any }, e);
}

int main(int argc, char **argv)
{
	static const char *const modes[] = { "status", "wait", "return", "hosts" };
	struct err e = ERR_NONE;
	struct rlimit l;
	struct args a;
	uint64_t n;
	int r = err_set(&e, ERR_USAGE, "swarm make|make-hosts|status|wait|return|hosts …: see tests/swarm/main.c");

	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
	const char *mode = argc > 2 ? argv[1] : "";
	if (argc > 2 && read_args(argc - 1, argv + 1, &a) == 0) {
		if (strcmp(mode, "make") == 0 && optind < argc - 1 && text_number(argv[1 + optind], &n))
			r = fleet_make(&(struct fleet_make){ a.state, a.fleet, a.prefix, (size_t)n }, &e);
		if (strcmp(mode, "make-hosts") == 0 && optind < argc - 1 && text_number(argv[1 + optind], &n))
			r = make_hosts(&a, (size_t)n, &e);
		for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
			if (strcmp(mode, modes[i]) == 0)
				r = speak((enum mode)i, &a, &e);
	}
	if (!r)
		return 0;
	err_print(&e);
	return err_exit_status(e.code);
}
