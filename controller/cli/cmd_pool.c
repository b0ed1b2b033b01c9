/* cmd_pool.c - natalctl pool, status and daemon. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include "common/base/text.h"
#include "controller/cli/cli.h"

static int show_pool(const struct cli *cli, struct json_object *o, struct err *e)
{
	static const struct column columns[] = { { "KIND", "kind" }, { "FREE", "free" }, { "MAKING", "being_made" }, { "TAKEN", "taken" }, { "WIPED", "wiped" },
		{ "MADE", "made" }, { "LOW", "low" }, { "HIGH", "high" }, { NULL } };

	return print_list(cli, o, "kinds", columns, e);
}

int cmd_pool_status(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;

	int r = api_json(cli, &(struct api_call){ "GET", "/v1/pool" }, &o, e);
	return r ? r : show_pool(cli, o, e);
}

/* Sums over kinds: how many are free, how many are on their way. */
static void tally(struct json_object *o, uint64_t *free_keys, uint64_t *coming)
{
	struct json_object *kinds = json_array(o, "kinds");

	*free_keys = *coming = 0;
	for (size_t i = 0; kinds && i < json_object_array_length(kinds); i++) {
		*free_keys += json_uint(json_object_array_get_idx(kinds, i), "free", 0);
		*coming += json_uint(json_object_array_get_idx(kinds, i), "being_made", 0);
	}
}

static void bar(uint64_t done, uint64_t all)
{
	enum { WIDTH = 40 };
	size_t full = all ? (size_t)(WIDTH * done / all) : WIDTH;

	printf("\r[%.*s%*s] %llu of %llu keys", (int)full, "########################################", (int)(WIDTH - full), "",
		(unsigned long long)done,
		(unsigned long long)all);
	fflush(stdout);
}

int cmd_pool_fill(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;
	uint64_t free_keys, coming, all;
	int r;

	if (cli->arg_count) {
		uint64_t n = 0;
		if (!text_number(cli->args[0], &n))
			return err_set(e, ERR_USAGE, "'%s' is no number of keys", cli->args[0]);
		json_put_uint(body, "count", n);
	}
	r = api_json(cli, &(struct api_call){ "POST", "/v1/pool/fill", body }, &o, e);
	for (bool first = true; !r; first = false) {
		tally(o, &free_keys, &coming);
		all = first ? free_keys + coming : all;
		if (cli->tty && !cli->json)
			bar(free_keys < all ? free_keys : all, all);
		if (!coming)
			break;
		nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
		json_free(give(o));
		r = api_json(cli, &(struct api_call){ "GET", "/v1/pool" }, &o, e);
	}
	if (cli->tty && !cli->json)
		printf("\n");
	return r ? r : cli->json ? print_json(o) : show_pool(cli, o, e);
}

int cmd_pool_marks(struct cli *cli, struct err *e)
{
	static const char *const marks[] = { "--low", "--high" };
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (cli_option(cli, marks[i]))
			json_put_uint(body, marks[i] + 2, cli_number(cli, marks[i], 0));
	if (json_object_object_length(body) == 0)
		return err_set(e, ERR_USAGE, "natalctl pool marks: --low N or --high N is missing");
	if (cli_option(cli, "--kind"))
		json_put(body, "kind", cli_option(cli, "--kind"));
	int r = api_json(cli, &(struct api_call){ "POST", "/v1/pool/marks", body }, &o, e);
	return r ? r : cli->json ? print_json(o) : show_pool(cli, o, e);
}

int cmd_status(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	char text[64];

	int r = api_json(cli, &(struct api_call){ "GET", "/v1/status" }, &o, e);
	if (r || cli->json)
		return r ? r : print_json(o);
	print_field("natald", json_text(o, "version"));
	print_field("controller", json_text(o, "controller_id"));
	print_field("state", json_text(o, "state_dir"));
	snprintf(text, sizeof text, "%llu", (unsigned long long)json_uint(o, "pid", 0));
	print_field("pid", text);
	print_field("accelerator", json_text(o, "accel"));
	snprintf(text, sizeof text, "%llu, %llu running", (unsigned long long)json_uint(o, "machines", 0),
		(unsigned long long)json_uint(o, "running", 0));
	print_field("VMs", text);
	return 0;
}

/* It takes no more requests; its store is closed when its lock is free. */
static int wait_for_lock(const struct cli *cli, struct err *e)
{
	char path[1100];

	snprintf(path, sizeof path, "%s/natald.lock", cli->state);
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", path);
	for (int i = 0; i < 500; i++) {
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			return 0;
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	}
	return err_set(e, ERR_UNAVAILABLE, "natald did not end within 5 s");
}

/* Only of this machine: another's is started and stopped there. */
static int own_natald(const struct cli *cli, struct err *e)
{
	const char *context = cli_option(cli, "--context");
	char name[64];

	if (!context || cli_is_local(cli))
		return 0;
	err_set(e, ERR_USAGE, "natalctl %s is for the natald of this machine, not for a controller elsewhere (--context %.60s)", cli_called(cli->verb, name), context);
	err_hint(e, "on that machine: natalctl %s", name);
	return -(int)e->code;
}

static int stop(struct cli *cli, bool *ret_was, struct err *e)
{
	bool running;
	int r = daemon_ready(cli, false, &running, e);

	*ret_was = !r && running;
	if (r || !running || (r = api_json(cli, &(struct api_call){ "POST", "/v1/daemon/stop" }, NULL, e)))
		return r;
	for (int i = 0; i < 500 && running; i++) {
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
		if ((r = daemon_ready(cli, false, &running, e)))
			return r;
	}
	return wait_for_lock(cli, e);
}

int cmd_daemon_start(struct cli *cli, struct err *e)
{
	const char *listen = cli_option(cli, "--listen");
	bool running;
	int r = own_natald(cli, e);

	if (r)
		return r;
	const bool none = cli_option(cli, "--no-listen");
	if (!listen && cli_option(cli, "--name"))
		return err_set(e, ERR_USAGE, "--name without --listen");
	if (listen && none)
		return err_set(e, ERR_USAGE, "--listen and --no-listen: one of them");
	/* Guests do not notice. */
	if ((listen || none) && ((r = stop(cli, &running, e)) || (r = daemon_serve(cli, e))))
		return r;
	if ((r = daemon_ready(cli, true, &running, e)) || cli->json)
		return r ? r : print_done(cli, "natald", "running");
	printf("natald serves %s/natald.sock%s%s\n", cli->state, listen ? " and https://" : "", listen ? listen : "");
	return 0;
}

int cmd_daemon_stop(struct cli *cli, struct err *e)
{
	bool was;
	int r = own_natald(cli, e);

	if (r || (r = stop(cli, &was, e)))
		return r;

	if (!was && !cli->json)
		printf("natald is not running\n");
	return print_done(cli, "natald", "stopped");
}
