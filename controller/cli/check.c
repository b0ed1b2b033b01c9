/* check.c - what can be said of an option's value before natald is asked for anything. See cli.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "common/base/text.h"
#include "controller/cli/cli.h"

static int number(const struct cli_option *o, const char *value, struct err *e)
{
	uint64_t n;

	if (!text_number(value, &n))
		return err_set(e, ERR_USAGE, "%s '%.60s' is no number", o->name, value);
	if (n < o->min || n > o->max)
		return err_set(e, ERR_USAGE, "%s %s: %llu to %llu", o->name, value, (unsigned long long)o->min, (unsigned long long)o->max);
	return 0;
}

/* A folder in which a file can be made. */
static int folder(const struct cli_option *o, const char *dir, struct err *e)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "%s: there is no folder %s", o->name, dir) :
			errno == EACCES ? err_set(e, ERR_DENIED, "%s: %s may not be looked at by you", o->name, dir) :
			err_sys(e, "%s: %s", o->name, dir);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_USAGE, "%s: %s is no folder", o->name, dir);
	if (access(dir, W_OK | X_OK) == 0)
		return 0;
	return errno == EACCES || errno == EROFS ? err_set(e, ERR_DENIED, "%s: you may not write in the folder %s", o->name, dir) :
		err_sys(e, "%s: %s", o->name, dir);
}

static int out_file(const struct cli_option *o, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	struct stat st;

	if (!*path || (slash && !slash[1]))
		return err_set(e, ERR_USAGE, "%s '%s' names no file", o->name, path);
	if (strlen(path) >= sizeof dir)
		return err_set(e, ERR_LIMIT, "%s: the path is longer than %zu bytes", o->name, sizeof dir - 1);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, ERR_USAGE, "%s: %s is a folder, a file is wanted", o->name, path);
	snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : slash ? (int)(slash - path) : 1, slash ? path : ".");
	return folder(o, dir, e);
}

int cli_check(const struct cli *cli, struct err *e)
{
	int r = 0;

	for (size_t i = 0; !r && i < cli->option_count; i++) {
		const struct cli_option *o = cli->options[i].option;
		const char *value = cli->options[i].value;
		if (o->kind == CLI_NUMBER)
			r = number(o, value, e);
		else if (o->kind == CLI_OUT)
			r = out_file(o, value, e);
		else if (o->kind == CLI_OUT_DIR)
			r = folder(o, value, e);
	}
	return r;
}

uint64_t cli_number(const struct cli *cli, const char *name, uint64_t otherwise)
{
	const char *v = cli_option(cli, name);
	uint64_t n;

	return v && text_number(v, &n) ? n : otherwise;
}
