/* runs.c - see runs.h */
#include "controller/service/runs.h"

#include <stdio.h>
#include <string.h>
#include "controller/store/boot.h"
#include "controller/store/event.h"

static int in_quarantine(const struct vm *v, const struct boot *b, struct err *e)
{
	err_set(e, ERR_DENIED, "boot %s of VM %s is in quarantine: boot %s runs it now", b->boot_id, v->name, v->boot_id);
	err_hint(e, "an older run of this machine, or a copy of it, goes on: end it");
	return -(int)e->code;
}

/* The newest speaks: one that spoke late before is of another run. */
static int quarantine_late(struct ctl *c, struct vm *v, struct boot *newest, struct err *e)
{
	struct boot late = { 0 };
	char body[128];
	bool none;
	int r = boot_get_standing(c->store, v->id, BOOT_LATE, &late, &none, e);

	if (r || none || strcmp(late.boot_id, newest->boot_id) == 0)
		return r;
	late.standing = BOOT_QUARANTINED;
	newest->twin = false;           /* it is the one, from now on */
	snprintf(body, sizeof body, "{\"boot_id\":\"%s\",\"run_token\":%lld}", late.boot_id, (long long)late.run_token);
	if ((r = boot_put(c->store, v->id, &late, e)) || (r = boot_put(c->store, v->id, newest, e)) ||
	    (r = event_add(c->store, v->project, &(struct event){ .noun = "vm", .noun_id = v->id, .kind = "run-quarantined", .body = body }, e)))
		return r;
	fprintf(stderr, "natald: vm=%s two runs speak: boot=%s run=%lld is in quarantine, boot=%s counts\n", v->name, late.boot_id, (long long)late.run_token,
		newest->boot_id);
	vm_set_state(v, v->state, "an older run of it is in quarantine: boot %s", late.boot_id);
	return ctl_save(c, v, e);
}

/* By the guest's counter; two with one number are copies, and the one heard of later is the newer. */
static bool is_newer(const struct boot *a, const struct boot *b)
{
	return a->number && a->number == b->number ? a->place > b->place : boot_newer(a, b);
}

int runs_heard(struct ctl *c, struct vm *v, const char *boot_id, bool *ret_counts, struct err *e)
{
	struct boot b = { 0 }, newest = { 0 };
	bool absent, none;
	int r;

	*ret_counts = true;
	if ((r = boot_get(c->store, v->id, boot_id, &b, &absent, e)) || absent || !*v->boot_id)
		return r;               /* its first report makes it known */
	if (b.standing == BOOT_QUARANTINED)
		return in_quarantine(v, &b, e);
	if (strcmp(boot_id, v->boot_id) == 0)
		return quarantine_late(c, v, &b, e);
	if ((r = boot_get(c->store, v->id, v->boot_id, &newest, &none, e)) || none)
		return r;
	if (is_newer(&b, &newest)) {
		snprintf(v->boot_id, sizeof v->boot_id, "%s", boot_id);
		return ctl_save(c, v, e);
	}
	*ret_counts = false;
	if (b.standing == BOOT_LATE)
		return 0;
	b.standing = BOOT_LATE;
	return boot_put(c->store, v->id, &b, e);
}

int runs_may(struct ctl *c, const char *vm_id, const char *boot_id, bool *ret, struct err *e)
{
	struct boot b = { 0 };
	bool none;
	int r = boot_get_standing(c->store, vm_id, BOOT_QUARANTINED, &b, &none, e);

	*ret = none;
	if (r || none || !*boot_id)
		return r;
	r = boot_get(c->store, vm_id, boot_id, &b, &none, e);
	*ret = none || b.standing != BOOT_QUARANTINED;
	return r;
}
