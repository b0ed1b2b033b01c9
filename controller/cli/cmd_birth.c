/* cmd_birth.c - natalctl vm birth-token: what a guest without a medium shows to get its bundle. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "controller/cli/cli.h"
#include "controller/cli/vm.h"

/* One line, for its owner. */
static int write_token(const char *path, const char *token, struct err *e)
{
	scoped_buf struct buf line = BUF_MAX(256);

	buf_printf(&line, "%s\n", token);
	return file_write(AT_FDCWD, path, line.data, line.size, 0600, (uid_t)-1, (gid_t)-1, e);
}

int cmd_vm_birth_token(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;
	const char *out = cli_option(cli, "--out"), *token;
	int r;

	if (cli_option(cli, "--hours"))
		json_put_uint(body, "hours", cli_number(cli, "--hours", 0));
	if ((r = vm_call(cli, "POST", "/birth-token", body, &o, e)))
		return r;
	if (!(token = json_text(o, "token")))
		return err_set(e, ERR_INTERNAL, "natald's reply holds no token");
	if (out)
		return (r = write_token(out, token, e)) ? r : print_done(cli, "token", out);
	if (cli->json)
		return print_json(o);
	printf("%s: this token gets its bundle for whoever has it and the VM's UUID, once\n", shown(o, "name"));
	print_time("until", json_uint(o, "token_until", 0));
	printf("\n%s\n\nas /etc/natal/birth-token in the guest, or natal.birth_token= on its kernel command line\n", token);
	return 0;
}
