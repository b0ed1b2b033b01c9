/* vm_many.c - natalctl vm create --count: many VMs of one kind, by a few workers at once, with a bar on a terminal. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/cli/vm.h"

enum { WORKERS = 8, DIGITS_MAX = 9 };

/* "web-%04d": what stands before and behind the number, and how wide it is. */
struct template { char before[64], behind[64]; int width; };

static int read_template(const char *text, struct template *ret, struct err *e)
{
	const char *at = strchr(text, '%'), *digits = at ? at + 1 : NULL;
	size_t n = digits ? strspn(digits, "0123456789") : 0;
	bool good = at && digits[n] == 'd' && !strchr(digits + n, '%') && n <= 2 && (n == 0 || (*digits == '0' && n == 2)) && strlen(text) < 64;

	if (!good) {
		err_set(e, ERR_USAGE, "--name-template '%.60s' is not a name with one %%d in it", text);
		err_hint(e, "web-%%d, or web-%%04d for web-0001");
		return -(int)e->code;
	}
	snprintf(ret->before, sizeof ret->before, "%.*s", (int)(at - text), text);
	snprintf(ret->behind, sizeof ret->behind, "%s", digits + n + 1);
	ret->width = n ? digits[1] - '0' : 1;
	return 0;
}

static void name_of(const struct template *t, uint64_t i, char out[160])
{
	snprintf(out, 160, "%s%0*llu%s", t->before, t->width, (unsigned long long)i, t->behind);
}

/* One line to the parent for each VM: "+", or "-CODE MESSAGE\tHINT". */
static void report(int fd, const struct err *e)
{
	char line[sizeof e->msg + sizeof e->hint + 16];

	int n = e ? snprintf(line, sizeof line, "-%d %s\t%s\n", (int)e->code, e->msg, e->hint) : snprintf(line, sizeof line, "+\n");
	if (fd_write_all(fd, line, (size_t)n) < 0)
		_exit(1);
}

static int make_one(struct cli *cli, struct json_object *body, const char *name, struct err *e)
{
	char path[320];

	json_put(body, "name", name);
	int r = api_json(cli, &(struct api_call){ "POST", "/v1/vms", body }, NULL, e);
	if (r == -ERR_CONFLICT && cli_option(cli, "--if-not-exists") && !vm_path(name, "", path, e))
		r = api_json(cli, &(struct api_call){ "GET", path }, NULL, e);
	if (!r && cli_option(cli, "--start") && !(r = vm_path(name, "/start", path, e)))
		r = api_json(cli, &(struct api_call){ "POST", path }, NULL, e);
	return r;
}

struct crowd { struct cli *cli; struct json_object *body; struct template t; uint64_t count; };

static void work(const struct crowd *c, uint64_t first, int fd)
{
	char name[160];
	struct err e;

	for (uint64_t i = first; i <= c->count; i += WORKERS) {
		name_of(&c->t, i, name);
		report(fd, make_one(c->cli, c->body, name, &e) ? &e : NULL);
	}
	_exit(0);
}

static int spawn_all(const struct crowd *c, pid_t pids[WORKERS], struct err *e)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "a pipe");
	fflush(stdout);
	for (int i = 0; i < WORKERS; i++)
		if ((pids[i] = (uint64_t)i < c->count ? fork() : -1) == 0) {
			close(pair[0]);
			work(c, (uint64_t)i + 1, pair[1]);
		}
	close(pair[1]);
	return pair[0];
}

static void bar(const struct cli *cli, uint64_t done, uint64_t failed, uint64_t all)
{
	enum { WIDTH = 40 };
	static const char full[] = "########################################";
	int n = (int)(WIDTH * done / all);

	if (!cli->tty || cli->json)
		return;
	printf("\r\033[K[%.*s%*s] %llu of %llu VMs", n, full, WIDTH - n, "", (unsigned long long)done, (unsigned long long)all);
	if (failed)
		printf(", %llu failed", (unsigned long long)failed);
	fflush(stdout);
}

/* "CODE MESSAGE\tHINT": what the first one that failed said. */
static void take_error(char *line, struct err *e)
{
	char *text = strchr(line, ' '), *hint = text ? strchr(text, '\t') : NULL;
	uint64_t code = 0;

	if (!text || !hint)
		return;
	*text++ = *hint++ = 0;
	text_number(line, &code);
	err_set(e, (enum err_code)code, "%s", text);
	err_hint(e, "%s", hint);
}

static void follow(const struct crowd *c, int fd, uint64_t *done, uint64_t *failed, struct err *e)
{
	FILE *f = fdopen(fd, "r");
	char line[1024];

	bar(c->cli, 0, 0, c->count);
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		++*done;
		if (*line == '-' && ++*failed == 1)
			take_error(line + 1, e);
		bar(c->cli, *done, *failed, c->count);
	}
	if (f)
		fclose(f);
	if (c->cli->tty && !c->cli->json)
		printf("\n");
}

static int check(struct cli *cli, struct crowd *c, struct err *e)
{
	static const char *const single[] = { "--uuid", "--mac", "--medium-out", "--channel", "--idempotency-key", "--hostname" };
	const char *given = cli_option(cli, "--name-template");
	char text[160];

	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		if (cli_option(cli, single[i]))
			return err_set(e, ERR_USAGE, "%s is one VM's, and does not go with --count", single[i]);
	if (given && cli->arg_count)
		return err_set(e, ERR_USAGE, "NAME and --name-template: one of them");
	if (!given && !cli->arg_count)
		return err_set(e, ERR_USAGE, "--count wants --name-template");
	snprintf(text, sizeof text, "%.100s-%%d", cli->arg_count ? cli->args[0] : "");
	c->count = cli_number(cli, "--count", 1);
	return read_template(given ? given : text, &c->t, e);
}

int vm_create_many(struct cli *cli, struct json_object *body, struct err *e)
{
	struct crowd c = { .cli = cli, .body = body };
	uint64_t done = 0, failed = 0;
	pid_t pids[WORKERS];
	int fd, r = check(cli, &c, e);

	/* Asked once before the workers: whoever starts natald is one. */
	if (r || (r = api_json(cli, &(struct api_call){ "GET", "/v1/status" }, NULL, e)) || (fd = spawn_all(&c, pids, e)) < 0)
		return r ? r : -(int)e->code;
	follow(&c, fd, &done, &failed, e);
	for (int i = 0; i < WORKERS; i++)
		while (pids[i] > 0 && waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	if (done < c.count && !failed)
		return err_set(e, ERR_INTERNAL, "%llu of %llu VMs were made: a worker ended", (unsigned long long)done, (unsigned long long)c.count);
	if (cli->json) {
		scoped_json struct json_object *o = json_object_new_object();
		json_put_uint(o, "created", done - failed);
		json_put_uint(o, "failed", failed);
		print_json(o);
	} else {
		printf("%llu VMs made%s", (unsigned long long)(done - failed), failed ? "" : "\n");
		if (failed)
			printf(", %llu failed\n", (unsigned long long)failed);
	}
	return failed ? err_wrap(e, "%llu of %llu VMs were not made; the first", (unsigned long long)failed, (unsigned long long)c.count) : 0;
}
