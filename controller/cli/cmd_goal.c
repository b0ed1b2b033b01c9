/* cmd_goal.c - natalctl vm change, rotate-keys, drain, quarantine, release: what a guest is to be from now on. */
#include <stdio.h>
#include "controller/cli/cli.h"
#include "controller/cli/vm.h"

static int send_goal(struct cli *cli, struct json_object *body, struct err *e)
{
	scoped_json struct json_object *reply = NULL, *own = body;
	struct json_object *goal = NULL;
	int r = vm_call(cli, "POST", "/goal", own, &reply, e);

	if (r)
		return r;
	if (cli->json)
		return print_json(reply);
	json_object_object_get_ex(reply, "goal", &goal);
	printf("%s: goal %llu.%llu, %s\n", shown(reply, "name"), (unsigned long long)json_uint(goal, "epoch", 0), (unsigned long long)json_uint(goal, "gen", 0),
		shown(goal, "state"));
	print_field("state", json_text(reply, "state"));
	print_field("reason", json_text(reply, "reason"));
	return 0;
}

static int send_state(struct cli *cli, const char *state, struct err *e)
{
	struct json_object *body = json_object_new_object();

	json_put(body, "state", state);
	return send_goal(cli, body, e);
}

int cmd_vm_change(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object();
	int r = vm_body(cli, body, e);

	if (r)
		return r;
	if (cli_option(cli, "--goal"))
		json_put(body, "state", cli_option(cli, "--goal"));
	if (json_object_object_length(body) == 0) {
		err_set(e, ERR_USAGE, "vm change: nothing is to change");
		err_hint(e, "natalctl vm change --help shows what can");
		return -(int)e->code;
	}
	return send_goal(cli, give(body), e);
}

int cmd_vm_rotate_keys(struct cli *cli, struct err *e)
{
	struct json_object *body = json_object_new_object();

	json_put_bool(body, "rotate_keys", true);
	return send_goal(cli, body, e);
}

int cmd_vm_drain(struct cli *cli, struct err *e) { return send_state(cli, "draining", e); }
int cmd_vm_quarantine(struct cli *cli, struct err *e) { return send_state(cli, "quarantined", e); }
int cmd_vm_release(struct cli *cli, struct err *e) { return send_state(cli, "provisioned", e); }
