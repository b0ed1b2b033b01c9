/* goal.h - what a VM is to be from now on: decided by an operator, signed like a medium, followed by the guest. docs/FLEET.md "Goals".
 *
 * A goal follows from the VM's spec, its state, and what is to be absent; each change is the next generation's whole bundle.  goal_change() decides
 * and writes rows inside a turn; births.h has the bundle signed; guest.h tells the guest.
 */
#pragma once
#include "common/data/json.h"
#include "common/wire/goalframe.h"
#include "controller/service/ctl.h"

/* What is to change; a member that is NULL, or false, leaves what is. */
struct goal_change {
	char state[16];
	char name[64], hostname[128], timezone[128];
	struct json_object *users, *files;              /* added, or put in the place of one of that name or path */
	struct json_object *remove_users, *remove_files;/* texts */
	struct json_object *names;                      /* the further names of the certificate, all of them */
	bool rotate_keys;
};
enum { GOAL_CHANGE_FIELDS = 10 };
extern const struct json_field goal_change_fields[GOAL_CHANGE_FIELDS];

/* *ret_changed false: the VM is asked to be that already, and nothing was written. Errors: format, as spec_read(); unsupported: a state that nobody brings about yet;
 * conflict: another change came between, or its bundle is not signed yet. */
int goal_change(struct ctl *c, struct vm *v, const struct goal_change *g, bool *ret_changed, struct err *e);
/* At the start: the epoch that goals are made in. */
int goal_load_epoch(struct ctl *c, struct err *e);
/* The same goal once more, in the next generation of the VM's epoch. */
int goal_renew(struct ctl *c, struct vm *v, struct err *e);
/* Where the newest bundle's signatures are not enough any more (stale.h), the same goal in the next generation: *ret_renewed. */
int goal_refresh(struct ctl *c, struct vm *v, bool *ret_renewed, struct err *e);
/* The state that is asked for; provisioned where nobody asked. */
enum goal_state goal_state_of(const struct vm *v);
/* The newest generation, where it is signed: *ret_none, it is not yet. */
/* The same of a row that was read. */
void goal_of_row(const struct vm *v, const struct bundle_row *row, struct goal *ret);
int goal_current(struct ctl *c, const struct vm *v, struct goal *ret, bool *ret_none, struct err *e);
/* A guest says it has this. One that the store does not know begins a new epoch. true in *ret_renewed: v was saved. */
int goal_heard(struct ctl *c, struct vm *v, const struct goal_name *has, bool *ret_renewed, struct err *e);
