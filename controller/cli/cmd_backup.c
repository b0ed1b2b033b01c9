/* cmd_backup.c - natalctl backup DIR. */
#include <limits.h>
#include <stdio.h>
#include "common/base/text.h"
#include "controller/cli/cli.h"

/* natald has another working folder than we. */
static int absolute(const char *given, char out[PATH_MAX], struct err *e)
{
	char here[PATH_MAX];

	if (*given == '/')
		return text_copy(out, PATH_MAX, given, "the backup's folder", e);
	if (!getcwd(here, sizeof here))
		return err_sys(e, "the working folder");
	return snprintf(out, PATH_MAX, "%s/%s", here, given) < PATH_MAX ? 0 : err_set(e, ERR_LIMIT, "the path of the backup is too long");
}

int cmd_backup(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;
	char dir[PATH_MAX];
	int r = absolute(cli->args[0], dir, e);

	if (r)
		return r;
	json_put(body, "dir", dir);
	if ((r = api_json(cli, &(struct api_call){ "POST", "/v1/backup", body }, &o, e)) || cli->json)
		return r ? r : print_json(o);
	printf("backup in %s: "
		"keep it apart from the store's key, without which it opens no private key; the files and commands that VMs were given lie in it as they are\n", dir);
	return 0;
}
