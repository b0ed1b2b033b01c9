/* cmd_image.c - natalctl image. Baking runs natal-bake and shows its steps. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/cli/cli.h"

static void column_time(struct json_object *row, char *out, size_t size) { time_text(json_uint(row, "registered_at", 0), out, size); }

static int image_path(const char *name, char *out, size_t size, struct err *e)
{
	char url[200];

	int r = url_name(name, url, e);
	if (!r)
		snprintf(out, size, "/v1/images/%s", url);
	return r;
}

static int show(struct json_object *o)
{
	static const char *const keys[] = { "name", "os", "agent_version", "agent_by", "kernel", "initrd", "root", "cmdline" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		print_field(keys[i], json_text(o, keys[i]));
	print_time("registered", json_uint(o, "registered_at", 0));
	return 0;
}

static int register_from(struct cli *cli, const char *name, const char *dir, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;
	char real[PATH_MAX];

	if (!realpath(dir, real))
		return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "there is no image folder %s", dir) : err_sys(e, "image folder %s", dir);
	json_put(body, "name", name);
	json_put(body, "dir", real);
	if (cli_option(cli, "--agent-by"))
		json_put(body, "agent_by", cli_option(cli, "--agent-by"));
	int r = api_json(cli, &(struct api_call){ "POST", "/v1/images", body }, &o, e);
	return r ? r : cli->json ? print_json(o) : show(o);
}

int cmd_image_register(struct cli *cli, struct err *e)
{
	const char *dir = cli_option(cli, "--from");

	return dir ? register_from(cli, cli->args[0], dir, e) : err_set(e, ERR_USAGE, "natalctl image register: --from DIR is missing");
}

/* Beside natalctl, in the source tree's packaging folder, or in libexecdir; $NATAL_BAKE first. */
static int find_bake(char *out, size_t size, struct err *e)
{
	static const char *const places[] = { "/natal-bake", "/../packaging/bake/natal-bake", "/../../packaging/bake/natal-bake" };
	const char *given = getenv("NATAL_BAKE");
	char self[PATH_MAX];

	if (given && *given)
		return text_copy(out, size, given, "$NATAL_BAKE", e);
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	if ((size_t)snprintf(out, size, "%s/natal-bake", NATAL_LIBEXECDIR) < size && access(out, X_OK) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if ((size_t)snprintf(out, size, "%s%s", self, places[i]) < size && access(out, X_OK) == 0)
			return 0;
	err_set(e, ERR_NOT_FOUND, "natal-bake is not installed (%s)", NATAL_LIBEXECDIR);
	err_hint(e, "$NATAL_BAKE may say where it is");
	return -(int)e->code;
}

struct bake { char program[PATH_MAX], out[PATH_MAX], trust[1100]; struct buf policy; const char *argv[3 * CLI_OPTIONS_MAX]; size_t argc; };

static void arg(struct bake *b, const char *a, const char *v)
{
	b->argv[b->argc++] = a;
	b->argv[b->argc++] = v;
	b->argv[b->argc] = NULL;
}

static int plan_bake(struct cli *cli, struct bake *b, struct err *e)
{
	const char *out = cli_option(cli, "--out");
	int r = find_bake(b->program, sizeof b->program, e);

	if (r)
		return r;
	if (out)
		snprintf(b->out, sizeof b->out, "%s", out);
	else
		snprintf(b->out, sizeof b->out, "%s/images/%s", cli->state, cli->args[0]);
	snprintf(b->trust, sizeof b->trust, "%s/trust.d", cli->state);
	bool agent = !cli_option(cli, "--agent-by");
	if (agent && (r = bake_policy(cli, b->trust, &b->policy, e)))
		return r;
	b->argv[b->argc++] = b->program;
	arg(b, "--out", b->out);
	if (agent) {
		arg(b, "--trust", b->trust);
		arg(b, "--policy-json", b->policy.data);
	}
	if (cli_option(cli, "--rsa"))
		arg(b, "--rsa", "yes");
	for (size_t i = 0; i < cli->option_count; i++) {
		const char *name = cli->options[i].option->name;
		if (strcmp(name, "--package") == 0 || strcmp(name, "--extra") == 0 || strcmp(name, "--overlay") == 0 ||
			strcmp(name, "--suite") == 0 || strcmp(name, "--agent-by") == 0 ||
		    strcmp(name, "--size") == 0 || strcmp(name, "--cache") == 0)
			arg(b, name, cli->options[i].value);
	}
	return 0;
}

/* "step K N TEXT" becomes progress; everything else is kept as the last words. */
static void relay_line(struct cli *cli, char *line, char last[400])
{
	if (text_starts(line, "step ")) {
		char *k = line + 5, *n = strchr(k, ' '), *text = n ? strchr(n + 1, ' ') : NULL;
		if (text && !cli->json) {
			*n++ = 0;
			*text++ = 0;
			printf("%s  %s/%s  %s%s", cli->tty ? "\r\033[K" : "", k, n, text, cli->tty ? "" : "\n");
			fflush(stdout);
		}
	} else if (*line) {
		snprintf(last, 400, "%.399s", line);
	}
}

static int relay(struct cli *cli, int fd, char last[400])
{
	char line[1024];
	size_t n = 0;
	char c;

	while (read(fd, &c, 1) == 1) {
		if (c != '\n') {
			if (n + 1 < sizeof line)
				line[n++] = c;
			continue;
		}
		line[n] = 0;
		n = 0;
		relay_line(cli, line, last);
	}
	if (cli->tty && !cli->json)
		printf("\n");
	return 0;
}

static int run_bake(struct cli *cli, struct bake *b, struct err *e)
{
	char last[400] = "";
	int pair[2], status;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "run natal-bake");
	pid_t pid = fork();
	if (pid == 0) {
		if (dup2(pair[1], 1) >= 0 && dup2(pair[1], 2) >= 0)
			execv(b->program, (char *const *)b->argv);
		_exit(127);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err_sys(e, "run natal-bake");
	}
	relay(cli, pair[0], last);
	close(pair[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	bool usage = WIFEXITED(status) && WEXITSTATUS(status) == err_exit_status(ERR_USAGE);
	const char *said = text_starts(last, "natal-bake: ") ? last + strlen("natal-bake: ") : last;
	return usage ? err_set(e, ERR_USAGE, "%s", said) : err_set(e, ERR_UNAVAILABLE, "natal-bake failed: %s", *said ? said : "it said nothing");
}

/* Anchors and policy come with the agent then. */
static int without_agent(const struct cli *cli, struct err *e)
{
	static const char *const agents[] = { "--package", "--require", "--algorithm", "--min-format", "--clock" };

	for (size_t i = 0; i < ARRAY_SIZE(agents); i++)
		if (cli_option(cli, agents[i])) {
			err_set(e, ERR_USAGE, "%s does not go with --agent-by", agents[i]);
			err_hint(e, "an image without the agent gets it, its anchors and its policy from the medium");
			return -(int)e->code;
		}
	return 0;
}

/* What the command line names is there, before natald is asked and a folder is made. */
static int check_inputs(const struct cli *cli, struct err *e)
{
	size_t packages = 0;
	struct stat st;

	for (size_t i = 0; i < cli->option_count; i++) {
		const char *name = cli->options[i].option->name, *value = cli->options[i].value;
		bool package = strcmp(name, "--package") == 0, overlay = strcmp(name, "--overlay") == 0;
		packages += package;
		if ((package || overlay) && stat(value, &st) < 0)
			return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "%s: there is no %s", name, value) : err_sys(e, "%s: %s", name, value);
		if (package && !S_ISREG(st.st_mode))
			return err_set(e, ERR_USAGE, "%s: %s is no file", name, value);
		if (overlay && !S_ISDIR(st.st_mode))
			return err_set(e, ERR_USAGE, "%s: %s is no folder", name, value);
	}
	if (cli_option(cli, "--agent-by"))
		return without_agent(cli, e);
	if (packages)
		return 0;
	err_set(e, ERR_USAGE, "natalctl image bake: --package DEB is missing");
	err_hint(e, "natal-agent's is needed: make deb");
	return -(int)e->code;
}

int cmd_image_bake(struct cli *cli, struct err *e)
{
	struct bake b = { .policy = BUF_MAX(4096) };
	bool running;
	int r = check_inputs(cli, e);

	/* natald lays out trust.d. */
	if (!r && !(r = daemon_ready(cli, true, &running, e)) && !(r = plan_bake(cli, &b, e)))
		r = run_bake(cli, &b, e);
	buf_fini(&b.policy);
	return r ? r : register_from(cli, cli->args[0], b.out, e);
}

int cmd_image_list(struct cli *cli, struct err *e)
{
	static const struct column columns[] = { { "NAME", "name" }, { "OS", "os" }, { "AGENT", "agent_version" }, { "ROOT", "root" }, { "KERNEL", "kernel", true },
		{ "INITRD", "initrd", true }, { "REGISTERED", "registered_at", true, column_time }, { NULL } };
	scoped_json struct json_object *o = NULL;

	int r = api_list(cli, "/v1/images", "images", &o, e);
	return r ? r : print_list(cli, o, "images", columns, e);
}

int cmd_image_show(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	char path[240];
	int r;

	if ((r = image_path(cli->args[0], path, sizeof path, e)) || (r = api_json(cli, &(struct api_call){ "GET", path }, &o, e)))
		return r;
	return cli->json ? print_json(o) : show(o);
}

int cmd_image_delete(struct cli *cli, struct err *e)
{
	char path[240];

	int r = image_path(cli->args[0], path, sizeof path, e);
	return r || (r = api_json(cli, &(struct api_call){ "DELETE", path }, NULL, e)) ? r : print_done(cli, "deleted", cli->args[0]);
}
