/* cmd_host.c - natalctl host: the machines that run guests. They are let in by natalctl access grant host NAME. */
#include <stdio.h>
#include "controller/cli/cli.h"

static void seen_text(struct json_object *row, char *out, size_t size)
{
	uint64_t at = json_uint(row, "seen_at", 0);

	*out = 0;
	if (at)
		time_text(at, out, size);
}

int cmd_host_list(struct cli *cli, struct err *e)
{
	static const struct column columns[] = {
		{ "NAME", "name" }, { "STATE", "state" }, { "LAST SEEN", .text = seen_text }, { "GUESTS", "guests" }, { "ACCEL", "accel", true }, { NULL },
	};
	scoped_json struct json_object *o = NULL;

	int r = api_list(cli, "/v1/hosts", "hosts", &o, e);
	return r ? r : print_list(cli, o, "hosts", columns, e);
}
