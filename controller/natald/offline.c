/* offline.c - see offline.h */
#include "controller/natald/offline.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/data/json.h"
#include "controller/cli/state.h"
#include "controller/crypto/seal.h"
#include "controller/natald/hold.h"
#include "controller/natald/where.h"
#include "controller/service/contents.h"
#include "controller/store/copy.h"
#include "controller/store/pool_key.h"

struct offline {
	const char *given_to;
	char state[1024], store[STORE_WHERE_MAX], to[STORE_WHERE_MAX], file[PATH_MAX];
	const char *verb;
	bool json;
};

static const struct option long_options[] = {
	{ "state", required_argument, NULL, 's' }, { "store", required_argument, NULL, 'd' }, { "to", required_argument, NULL, 't' },
	{ "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 },
};

static int read_options(int argc, char **argv, struct offline *o, struct err *e)
{
	const char *store = getenv("NATAL_STORE");
	int c, r = 0;

	opterr = optind = 0;
	while (!r && (c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c == 's')
			r = text_copy(o->state, sizeof o->state, optarg, "--state", e);
		else if (c == 'd')
			r = store_where(optarg, o->store, STORE_WHERE_MAX, e);
		else if (c == 't')
			r = store_where(o->given_to = optarg, o->to, STORE_WHERE_MAX, e);
		else if (c == 'j')
			o->json = true;
		else
			return err_set(e, ERR_USAGE, "unknown option or missing value: '%s'", argv[optind - 1]);
	}
	if (!r && optind < argc)
		o->verb = argv[optind++];
	if (!r && optind < argc)
		r = text_copy(o->file, sizeof o->file, argv[optind++], "the file's path", e);
	if (!r && optind < argc)
		return err_set(e, ERR_USAGE, "one argument too many: '%s'", argv[optind]);
	if (!r && !*o->state)
		r = state_dir_default(o->state, sizeof o->state, e);
	if (!r && !*o->store && store && *store)
		return store_where(store, o->store, sizeof o->store, e);
	if (!r && !*o->store && (size_t)snprintf(o->store, sizeof o->store, "%s/natal.db", o->state) >= sizeof o->store)
		return err_set(e, ERR_LIMIT, "the state folder's path is too long");
	return r;
}

static int say(const struct offline *o, const struct table_sum *sums, size_t n, const char *end)
{
	scoped_json struct json_object *doc = json_object_new_object();
	struct json_object *list = json_object_new_array();
	char hex[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < n; i++) {
		hex_encode(sums[i].digest, SHA256_SIZE, hex);
		if (!o->json)
			printf("%-20s %10lld  %.32s\n", sums[i].name, (long long)sums[i].rows, hex);
		struct json_object *one = json_object_new_object();
		json_put(one, "name", sums[i].name);
		json_put_uint(one, "rows", (uint64_t)sums[i].rows);
		json_put(one, "digest", hex);
		json_object_array_add(list, one);
	}
	json_object_object_add(doc, "tables", list);
	printf("%s\n", o->json ? json_line(doc) : end);
	return 0;
}

static int exists(const struct offline *o, struct err *e)
{
	if (store_is_server(o->store) || access(o->store, F_OK) == 0)
		return 0;
	int r = store_is_here(o->state, e);
	return r ? r : err_set(e, ERR_NOT_FOUND, "there is no store %s", o->store);
}

/* The key of the state folder, where it is there: what is sealed can be looked at. */
static int store_seal(const struct offline *o, struct secret **ret, struct err *e)
{
	scoped_secret struct secret *root = NULL;
	char path[1100];

	snprintf(path, sizeof path, "%s/store.key", o->state);
	if (access(path, R_OK) < 0)
		return 0;
	int r = seal_root(path, false, &root, e);
	return r ? r : seal_key(root, SEAL_GUESTS, ret, e);
}

/* Whole? Of a file every page is looked at; every row is read; what was signed or chained is looked at as that. A natald may be at work. */
static int check(const struct offline *o, struct err *e)
{
	scoped_store struct store *s = NULL;
	struct table_sum sums[COPY_TABLES_MAX];
	scoped_secret struct secret *seal = NULL;
	struct contents held;
	char end[240];
	size_t n = 0;
	int r;

	if ((r = exists(o, e)) || (r = store_open_reader(o->store, &s, e)) || (r = store_check(s, e)) || (r = copy_sums(s, sums, &n, e)) ||
	    (r = store_seal(o, &seal, e)) || (r = contents_check(s, seal, &held, e)))
		return r;
	snprintf(end, sizeof end, "every row can be read; %lld bundles of %lld machines, %lld key statements and %lld changes are as they were signed and chained; %lld sealed values %s",
		(long long)held.bundles, (long long)held.machines, (long long)held.statements, (long long)held.changes, (long long)held.sealed,
		seal ? "open" : "were looked at: the state folder has no store.key");
	return say(o, sums, n, end);
}

/* The pool's free keys stay behind: they may be delivered before the copy is used, and no key is ever delivered twice. */
static int retire(const char *path, struct err *e)
{
	scoped_store struct store *copy = NULL;
	int r;

	if ((r = store_open(path, &copy, e)) || (r = store_turn_begin(copy, e)))
		return r;
	if ((r = pool_key_retire(copy, e)))
		store_turn_abort(copy);
	else
		r = store_turn_commit(copy, e);
	return r;
}

static int backup(const struct offline *o, struct err *e)
{
	scoped_store struct store *s = NULL, *copy = NULL;
	struct table_sum sums[COPY_TABLES_MAX];
	char part[PATH_MAX + 8];
	size_t n = 0;
	int r;

	snprintf(part, sizeof part, "%s.part", o->file);
	if (access(o->file, F_OK) == 0)
		return err_set(e, ERR_CONFLICT, "%s is there already", o->file);
	if ((r = exists(o, e)) || (r = store_open_reader(o->store, &s, e)) || (r = store_backup(s, part, e)) || (r = retire(part, e)) ||
	    (r = store_open_reader(part, &copy, e)) || (r = copy_sums(copy, sums, &n, e)))
		return r;
	store_close(give(copy));
	if (rename(part, o->file) < 0)
		return err_sys(e, "finish the backup %s", o->file);
	return say(o, sums, n,
		"keep it apart from the store's key, without which it opens no private key; the files and commands that VMs were given lie in it as they are");
}

/* Copies into a store that is not there yet, or has no rows. */
static int put(const struct offline *o, const char *from, const char *to, const char *end, struct err *e)
{
	scoped_store struct store *source = NULL, *target = NULL;
	struct table_sum sums[COPY_TABLES_MAX];
	size_t n = 0;
	int r;

	if ((r = store_open(from, &source, e)) || (r = copy_is_idle(source, e)) || (r = store_open(to, &target, e)) || (r = copy_is_idle(target, e)) ||
	    (r = copy_store(source, target, sums, &n, e)))
		return r;
	return say(o, sums, n, end);
}

static int restore(const struct offline *o, struct err *e)
{
	if (access(o->file, R_OK) < 0)
		return err_sys(e, "read %s", o->file);
	if (store_is_server(o->file))
		return err_set(e, ERR_USAGE, "%s is no file", o->file);
	int r = put(o, o->file, o->store, "restored; natald needs the key of the store that it was", e);
	return r || store_is_server(o->store) ? r : store_note_end(o->state, e);
}

/* Nobody is to begin the old one again: two stores would hand out the same keys. */
static int migrate(const struct offline *o, struct err *e)
{
	char old[STORE_WHERE_MAX + 16];
	int r = exists(o, e);

	if (r || (r = put(o, o->store, o->to, "moved; start natald with --store and the same store key", e)) || store_is_server(o->store))
		return r;
	if ((r = store_note(o->state, o->given_to, e)))
		return r;
	snprintf(old, sizeof old, "%s.moved", o->store);
	return rename(o->store, old) < 0 ? err_sys(e, "put %s aside", o->store) : 0;
}

static const struct { const char *verb; bool file, to, held; int (*run)(const struct offline *o, struct err *e); } verbs[] = {
	{ "check", false, false, false, check }, { "backup", true, false, false, backup }, { "restore", true, false, true, restore },
	{ "migrate", false, true, true, migrate },
};

int offline_run(int argc, char **argv, struct err *e)
{
	struct offline o = { .verb = "" };
	int r = read_options(argc, argv, &o, e);

	if (r)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(o.verb, verbs[i].verb) != 0)
			continue;
		if (verbs[i].file != (*o.file != 0) || verbs[i].to != (*o.to != 0))
			return err_set(e, ERR_USAGE, "natald store %s %s", o.verb, verbs[i].file ? "FILE" : verbs[i].to ? "--to URL" : "takes no more");
		scoped_fd int lock = verbs[i].held ? state_hold(o.state, e) : -1;
		if (verbs[i].held && lock < 0)
			return -(int)e->code;
		return verbs[i].run(&o, e);
	}
	return err_set(e, ERR_USAGE, "natald store check|backup FILE|restore FILE|migrate --to URL");
}
