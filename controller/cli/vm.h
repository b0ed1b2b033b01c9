/* vm.h - what the files of `natalctl vm` share. */
#pragma once
#include "controller/cli/cli.h"

/* The options' part of a create or start request. */
int vm_body(struct cli *cli, struct json_object *body, struct err *e);
int vm_path(const char *name, const char *tail, char out[320], struct err *e);
/* A request on the verb's NAME. */
int vm_call(struct cli *cli, const char *method, const char *tail, struct json_object *body, struct json_object **ret, struct err *e);
/* "GUEST:HOST …". */
void vm_forwards(struct json_object *o, char out[160]);
