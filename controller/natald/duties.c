/* duties.c - see duties.h */
#include "controller/natald/duties.h"

#include "common/base/clock.h"
#include "controller/service/fleet.h"
#include "controller/service/link_priv.h"
#include "controller/service/pool.h"
#include "controller/service/report.h"
#include "controller/store/bundle_row.h"

enum { TICK_MS = 1000, EJECT_AGAIN_MS = 5000, TRIM_MS = 5000, OVERDUE_MAX = 16 };

/* What nothing proves decides nothing: but it may be the reason. */
static void overdue(struct vm *v, int64_t deadline_s)
{
	char said[VM_REASON_MAX / 2];

	report_unproven(v, said, sizeof said);
	vm_set_state(v, VM_FAILED, "no %sreport within %lld s%s%s", v->state == VM_PROVISIONING ? "further " : "", (long long)deadline_s,
		*said ? "; what came proves nothing, and says: " : "", said);
}

/* It was provisioned, and what it does not answer is a later wish. */
static bool waits_for_goal(const struct vm *v)
{
	return v->state == VM_PROVISIONING && v->goal && v->has_gen && (v->has_epoch != v->epoch || v->has_gen != v->sequence);
}

/* Machines that were to report and did not. */
static int judge_overdue(struct ctl *c, struct err *e)
{
	char ids[OVERDUE_MAX][STORE_ID_MAX];
	bool ours = true;
	size_t n;

	int r = vm_overdue(c->store, store_now_s(c->store), ids, OVERDUE_MAX, &n, e);
	if (!r && n && c->fleet)        /* of a shared store: another may have judged meanwhile */
		r = fleet_fence(c, &ours, e);
	for (size_t i = 0; !r && ours && i < n; i++) {
		scoped_vm struct vm v = { 0 };
		bool absent;
		if ((r = vm_get_by_id(c->store, ids[i], &v, &absent, e)) || absent || !v.deadline_at || v.deadline_at > store_now_s(c->store))
			continue;               /* another natald heard of it meanwhile */
		v.deadline_at = 0;
		if (waits_for_goal(&v))
			vm_set_state(&v, VM_DEGRADED, "goal %lld.%lld was not answered within %lld s; it stands, and the guest gets it when it is back",
				(long long)v.epoch, (long long)v.sequence, (long long)link_boot_deadline_s(c, &v));
		else if (v.state == VM_DEFINED)
			vm_set_state(&v, VM_FAILED, "its bundle was not signed within %lld s", (long long)link_boot_deadline_s(c, &v));
		else
			overdue(&v, link_boot_deadline_s(c, &v));
		r = ctl_save(c, &v, e);
	}
	return r;
}

/* Media that were delivered and would not go: keys wait for it. */
static int eject_again(struct ctl *c, struct duties *d, struct err *e)
{
	char ids[OVERDUE_MAX][STORE_ID_MAX];
	size_t n = 0;

	d->eject_ms = clock_mono_ms() + EJECT_AGAIN_MS;
	int r = bundle_row_unwiped(c->store, ids, OVERDUE_MAX, &n, e);
	for (size_t i = 0; !r && i < n; i++) {
		scoped_vm struct vm v = { 0 };
		bool absent;
		if ((r = vm_get_by_id(c->store, ids[i], &v, &absent, e)) || absent)
			continue;
		/* Nobody here has its drive: the medium is a file in the operator's hands. */
		r = link_fd(c) < 0 && !vm_is_remote(&v) ? report_ejected(c, &v, e) : link_vm_eject(c, &v, e);
	}
	return r;
}

/* Of a shared store by the one that judges. */
static int trim(struct ctl *c, struct duties *d, struct err *e)
{
	bool ours = true;
	int r;

	if (clock_mono_ms() < d->trim_ms || (c->fleet && !fleet_judges(c)))
		return 0;
	d->trim_ms = clock_mono_ms() + TRIM_MS;
	if (c->fleet && ((r = fleet_fence(c, &ours, e)) || !ours))
		return r;
	return retention_some(c, &d->retention, e);
}

int duties_tick(struct ctl *c, struct duties *d, struct err *e)
{
	int64_t now = clock_mono_ms();
	int r;

	if (now < d->tick_ms)
		return 0;
	d->tick_ms = now + TICK_MS;
	bool judges = link_greeted(c) || fleet_judges(c);
	if ((r = grace_tick(c, judges, e)) || (judges && !c->grace.due && (r = judge_overdue(c, e))))
		return r;
	if ((now >= d->eject_ms && (r = eject_again(c, d, e))) || (r = pool_top_up(c, 0, e)) || (r = trim(c, d, e)))
		return r;
	return fleet_tick(c, e);
}
