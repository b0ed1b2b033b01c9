/* vm.h - what the files of `natalctl vm` share. */
#pragma once
#include "controller/cli/cli.h"

/* The options' part of a create or start request. */
int vm_body(struct cli *cli, struct json_object *body, struct err *e);
int vm_path(const char *name, const char *tail, char out[320], struct err *e);
/* A request on the verb's NAME. */
int vm_call(struct cli *cli, const char *method, const char *tail, struct json_object *body, struct json_object **ret, struct err *e);
/* --count of these, at once. */
int vm_create_many(struct cli *cli, struct json_object *body, struct err *e);
/* What was asked for against what there is: cmd_vm_apply.c and vm_diff.c. */
struct vm_diff {
	struct json_object *change;             /* the body of POST …/goal, or NULL */
	struct json_object *lines;              /* texts: "+ user alice" */
};
void vm_diff_fini(struct vm_diff *d);
/* conflict: names each field that cannot be changed in place. */
int vm_diff(struct json_object *is, struct json_object *wanted, struct vm_diff *ret, struct err *e);
/* "GUEST:HOST …". */
void vm_forwards(struct json_object *o, char out[160]);
