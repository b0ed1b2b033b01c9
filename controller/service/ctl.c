/* ctl.c - see ctl.h */
#include "controller/service/ctl.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

int ctl_save(struct ctl *c, struct vm *v, struct err *e)
{
	bool changed = v->state != v->was_state || strcmp(v->reason, v->was_reason) != 0;

	int r = vm_save(c->store, v, e);
	if (!r && changed)
		fprintf(stderr, "natald: vm=%s state=%s reason=\"%s\"\n", v->name, vm_state_name(v->state), v->reason);
	return r;
}

int ctl_vm(struct ctl *c, const char *project, const char *name, struct vm *ret, struct err *e)
{
	enum { NAMES_MAX = 200 };
	char *names[NAMES_MAX + 1] = { NULL };
	size_t n = 0;
	bool absent;
	struct err ignored;

	int r = vm_get(c->store, project, name, ret, &absent, e);
	if (r || !absent)
		return r;
	err_set(e, ERR_NOT_FOUND, "there is no VM '%s'", name);
	vm_names(c->store, project, names, NAMES_MAX, &n, &ignored);
	err_suggest(e, name, (const char *const *)names, "natalctl vm list shows what there is");
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	return -(int)e->code;
}
