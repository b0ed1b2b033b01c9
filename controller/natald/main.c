/* main.c - natald: the controller. See natald(8).
 *
 * In this order: the state folder's lock, the store key, the signer's process, the store, then threads and sockets: the signer is born
 * with nothing in
 * memory but its own key.
 */
#include <fcntl.h>
#include <getopt.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/notify.h"
#include "common/base/text.h"
#include "controller/api/metrics.h"
#include "controller/api/openapi.h"
#include "controller/api/reqlog.h"
#include "controller/cli/state.h"
#include "controller/crypto/ca.h"
#include "controller/crypto/seal.h"
#include "controller/host/host.h"
#include "controller/natald/hold.h"
#include "controller/natald/loop.h"
#include "controller/natald/net.h"
#include "controller/natald/offline.h"
#include "controller/natald/where.h"
#include "controller/service/birth.h"
#include "controller/service/fleet.h"
#include "controller/service/goal.h"
#include "controller/service/instance.h"
#include "controller/service/hearing.h"
#include "controller/service/link.h"
#include "controller/service/keys.h"
#include "controller/service/pinfile.h"
#include "controller/service/pinfollow.h"
#include "controller/service/pinwriter.h"
#include "controller/service/pool.h"
#include "controller/service/waiters.h"
#include "controller/store/ca_row.h"

enum { PINS_FIRST_MS = 1000 };
struct options { enum log_level log; const char *given; char state[1024], key_file[1024], store[STORE_WHERE_MAX]; int host_fd; bool host; struct net_options net; };

static const struct option long_options[] = {
	{ "state", required_argument, NULL, 's' }, { "store", required_argument, NULL, 'd' }, { "store-key-file", required_argument, NULL, 'k' },
		{ "fd", required_argument, NULL, 'f' }, { "listen", required_argument, NULL, 'l' }, { "name", required_argument, NULL, 'n' },
		{ "log", required_argument, NULL, 'g' },
	{ "openapi", no_argument, NULL, 'o' }, { "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 },
};

static int usage(const char *given, struct err *e)
{
	static const char *const words[] = { "--state", "--store", "--store-key-file", "--listen", "--name", "--log", "--openapi", "--help", "--version", NULL };

	err_set(e, ERR_USAGE, "unknown option or missing value: '%s'", given);
	err_suggest(e, given, words, "natald [--state DIR] [--store URL] [--store-key-file FILE] [--listen ADDRESS:PORT]…; see natald(8)");
	return -(int)e->code;
}

static void help(void)
{
	printf("usage: natald [--state DIR] [--store URL] [--store-key-file FILE] [--listen ADDRESS:PORT]... [--name NAME]... [--log LEVEL]\n"
		"       natald host --fd N --state DIR\n"
		"       natald store check|backup|restore|migrate ...; see natalctl store\n\n"
		"The natal controller: serves its API on DIR/natald.sock. natalctl starts it when it is needed.\n\n"
		"  host                   run guests for a controller; natald starts it itself\n"
		"  --state DIR            the state folder (default: $NATAL_STATE, /var/lib/natal as root, else ~/.local/share/natal)\n"
		"  --store URL            the store: postgresql://… or @FILE with such an address in it (default: DIR/natal.db)\n"
		"  --store-key-file FILE  the key under which private bytes are sealed in the store\n"
		"  --listen ADDRESS:PORT  serve HTTPS there too; clients have certificates of natalctl access grant (repeatable)\n"
		"  --name NAME            a name or address of this machine, for the listeners' certificate (repeatable)\n"
		"  --log LEVEL            a line for each event (events, default), or for each request too (requests)\n"
		"  --fd N                 of host: the descriptor at whose other end the controller is\n"
		"  --openapi              print the description of the API (OpenAPI 3.1)\n"
		"  -h, --help             this text\n"
		"  -V, --version          the version\n");
}

static int add_text(const char **list, size_t *count, size_t max, const char *text, struct err *e)
{
	if (*count == max)
		return err_set(e, ERR_LIMIT, "'%s' is one too many: %zu at most", text, max);
	list[(*count)++] = text;
	return 0;
}

static void print_openapi(void)
{
	scoped_json struct json_object *doc = openapi_document();

	printf("%s\n", json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* 1: done (help, version, the API's description). */
static int read_options(int argc, char **argv, struct options *o, struct err *e)
{
	uint64_t n;
	int c, r = 0;

	opterr = 0;
	while (!r && (c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (c == 's')
			r = text_copy(o->state, sizeof o->state, optarg, "--state", e);
		else if (c == 'k')
			r = text_copy(o->key_file, sizeof o->key_file, optarg, "--store-key-file", e);
		else if (c == 'd')
			r = store_where(o->given = optarg, o->store, sizeof o->store, e);
		else if (c == 'l')
			r = add_text(o->net.listen, &o->net.listen_count, LISTENERS_MAX, optarg, e);
		else if (c == 'n')
			r = add_text(o->net.names, &o->net.name_count, NET_NAMES_MAX, optarg, e);
		else if (c == 'g')
			r = log_level_read(optarg, &o->log) ? 0 : err_set(e, ERR_USAGE, "--log '%s' is neither events nor requests", optarg);
		else if (c == 'f')
			r = text_number(optarg, &n) && n < 1 << 20 ? (o->host_fd = (int)n, 0) : usage(optarg, e);
		else if (c == 'h' || c == 'V' || c == 'o') {
			if (c == 'h')
				help();
			else if (c == 'o')
				print_openapi();
			else
				printf("natald %s\n", PACKAGE_VERSION);
			return 1;
		} else
			return usage(argv[optind - 1], e);
	}
	if (!r && optind < argc) {
		o->host = strcmp(argv[optind], "host") == 0 && optind + 1 == argc;
		if (!o->host)
			return usage(argv[optind], e);
	}
	const char *store = getenv("NATAL_STORE");
	if (!r && !*o->store && store && *store)
		r = store_where(o->given = store, o->store, sizeof o->store, e);
	return r ? r : *o->state ? 0 : state_dir_default(o->state, sizeof o->state, e);
}

/* --store-key-file, else the systemd credential, else the state folder's own. */
static int store_root(const struct options *o, struct secret **ret, struct err *e)
{
	const char *cred = getenv("CREDENTIALS_DIRECTORY");
	char path[1200];

	if (*o->key_file)
		return seal_root(o->key_file, false, ret, e);
	if (cred) {
		snprintf(path, sizeof path, "%.1000s/natal-store-key", cred);
		if (access(path, R_OK) == 0)
			return seal_root(path, false, ret, e);
	}
	snprintf(path, sizeof path, "%s/store.key", o->state);
	return seal_root(path, true, ret, e);
}

/* The signer is forked with its own key; the root and that key are wiped here. */
static int begin_signer(struct ctl *c, const struct options *o, const char *store_path, struct err *e)
{
	scoped_secret struct secret *root = NULL, *signer_key = NULL;
	int r;

	if ((r = store_root(o, &root, e)) || (r = seal_key(root, SEAL_SIGNER, &signer_key, e)))
		return r;
	secret_free(give(root));
	struct signer_config config = { store_path, signer_key };
	if ((r = signer_start(&config, &c->signer, e)))
		return r;
	secret_free(give(signer_key));
	return (r = store_root(o, &root, e)) ? r : seal_key(root, SEAL_GUESTS, &c->seal, e);
}

/* A store opened with another key is found out at once, and not at the first wiped row. */
static int check_key(struct ctl *c, struct err *e)
{
	static const char known[] = "natal";
	scoped_buf struct buf value = BUF_MAX(256);
	scoped_secret struct secret *opened = NULL;
	bool absent;

	int r = store_get(c->store, "key_check", &value, &absent, e);
	if (r || !absent)
		return r ? r : seal_open(c->seal, "key_check", value.data, value.size, &opened, e);
	return (r = seal(c->seal, "key_check", known, sizeof known, &value, e)) ? r :
		store_put(c->store, "key_check", value.data, value.size, e);
}

static int controller_id(struct ctl *c, struct err *e)
{
	scoped_buf struct buf id = BUF_MAX(STORE_ID_MAX);
	bool absent;

	int r = store_get(c->store, "controller_id", &id, &absent, e);
	if (r || !absent)
		return r ? r : text_copy(c->id, sizeof c->id, id.data, "controller id", e);
	store_new_id("ctl-", c->id);
	return store_put(c->store, "controller_id", c->id, strlen(c->id), e);
}

static int make_ca(struct ctl *c, struct err *e)
{
	scoped(ca_row_fini) struct ca_row row = CA_ROW, had = CA_ROW;
	bool absent;

	int r = ca_row_get(c->store, PROJECT_DEFAULT, &had, &absent, e);
	if (r || !absent)
		return r;
	store_new_id("ca-", row.id);
	snprintf(row.project, sizeof row.project, PROJECT_DEFAULT);
	snprintf(row.subject, sizeof row.subject, "natal CA %.12s", c->id + 4);
	return (r = signer_make_ca(c->signer, row.subject, &row.sealed, &row.chain, e)) ? r : ca_row_insert(c->store, &row, e);
}

/* First rows of a new store: one turn. */
static int first_rows(struct ctl *c, struct err *e)
{
	int r = store_turn_begin_alone(c->store, e);

	if (r)
		return r;
	if ((r = check_key(c, e)) || (r = controller_id(c, e)) || (r = make_ca(c, e)) || (r = goal_load_epoch(c, e))) {
		store_turn_abort(c->store);
		return r;
	}
	return store_turn_commit(c->store, e);
}

static int serve(struct ctl *c, struct net *net, const char *program, struct err *e)
{
	struct server *server = NULL;
	char path[1100];
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	scoped_fd int signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return err_sys(e, "signals");
	snprintf(path, sizeof path, "%s/natald.sock", c->state_dir);
	if (keys_settle_all(c, e))
		err_print(e);
	pinfollow_gone(c);              /* files of VMs that went while nobody was here */
	if (pinfile_begin(c, e) || pinfile_some(c, PINS_FIRST_MS, e))           /* a full disk: what can be served is served */
		err_print(e);
	if ((r = pinwriter_start(&c->pins, e)) || (r = waiters_new(&c->waiters, e)) || (r = pool_start(pool_marks_default, &c->pool, e)) ||
	    (r = pool_load_marks(c, e)) || (r = pool_look_for_rsa(c, e)) || (r = server_start(path, &server, e)))
		return r;
	/* The link after the socket: its umask is the process's, and the host makes files. Where the store is shared, hosts are of their own. */
	if ((net && (r = net_start(net, c, server, e))) || (store_socket(c->store) < 0 && (r = link_start(c, program, e)))) {
		server_stop(server);
		return r;
	}
	fprintf(stderr, "natald: version=%s state=%s store=%s controller=%s ready\n", PACKAGE_VERSION, c->state_dir, store_name(c->store), c->id);
	notify_ready();
	r = loop_run(c, &(struct loop_ends){ server, net, signals }, e);
	server_stop(server);
	return r;
}

static void fini(struct ctl *c)
{
	link_stop(c);
	pool_stop(c->pool);
	pinwriter_stop(c->pins);
	pinfollow_end(c);
	signer_stop(c->signer);
	waiters_free(c->waiters);
	free(c->wakes.name);
	buf_fini(&c->ca.chain);
	buf_fini(&c->behind.envelopes);
	fleet_end(c);
	store_close(c->store);
	request_watch(NULL, NULL);
	metrics_free(c->metrics);
	hearings_free(c->hearings);
	secret_free(c->seal);
}

static int controller(const struct options *o, const char *program, struct err *e)
{
	/* Let go of last, when the store is closed and the signer has ended. */
	scoped_fd int lock = state_hold(o->state, e);
	if (lock < 0)
		return -(int)e->code;
	scoped(fini) struct ctl c = { .state_dir = o->state, .scrub = true };     /* a kill may have come between a wipe and its scrubbing */
	scoped(net_close_p) struct net *net = NULL;
	char store_path[STORE_WHERE_MAX + 16];
	int r;

	if (*o->store)
		snprintf(store_path, sizeof store_path, "%s", o->store);
	else if ((r = store_is_here(o->state, e)))
		return r;
	else
		snprintf(store_path, sizeof store_path, "%s/natal.db", o->state);
	c.log_requests = o->log == LOG_REQUESTS;
	if (!(c.hearings = hearings_new()) || !(c.metrics = metrics_new()))
		return err_nomem(e);
	reqlog_start(&c);
	if ((r = instance_load(&c, e)) || (r = begin_signer(&c, o, store_path, e)) || (r = net_open(&o->net, &net, e)) ||
	    (r = store_open(store_path, &c.store, e)) || (r = first_rows(&c, e)) || (r = fleet_begin(&c, e)))
		return r;
	if (*o->store && store_note(o->state, o->given, e))             /* a full disk: what can be served is served */
		err_print(e);
	return serve(&c, net, program, e);
}

/* Each connection is a file. */
static void raise_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

static int run(int argc, char **argv, struct err *e)
{
	struct options o = { .host_fd = -1 };
	char real[PATH_MAX], program[PATH_MAX];
	if (sodium_init() < 0)
		return err_set(e, ERR_INTERNAL, "start libsodium");
	if (argc > 1 && strcmp(argv[1], "store") == 0)
		return offline_run(argc - 1, argv + 1, e);
	int r = read_options(argc, argv, &o, e);
	if (r)
		return r > 0 ? 0 : r;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);       /* a file that may not grow is a full disk: an error, and no end */
	umask(022);
	if ((r = state_dir_fits(o.state, e)))
		return r;
	if ((r = file_mkdirs(AT_FDCWD, o.state, 0711, e)))
		return errno = e->sys_errno, r == -ERR_SYSTEM ? state_refused(o.state, o.state, e) : r;
	if (!realpath(o.state, real))
		return state_refused(o.state, o.state, e);
	if ((r = file_keeps(real, S_IWOTH, "the state folder", e)) || (r = state_dir_fits(real, e)) || (r = text_copy(o.state, sizeof o.state, real, "the state folder's path", e)))
		return r;
	if (o.host)
		return host_run(o.host_fd, &(struct host_config){ .state_dir = o.state }, e);
	raise_files();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	program[n > 0 ? n : 0] = 0;
	return controller(&o, program, e);
}

int main(int argc, char **argv)
{
	struct err e = ERR_NONE;

	if (run(argc, argv, &e) == 0)
		return 0;
	err_print(&e);
	return err_exit_status(e.code);
}
