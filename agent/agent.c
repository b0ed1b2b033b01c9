/* agent.c - see agent.h */
#include "agent/agent.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/utsname.h>
#include "agent/apply/apply.h"
#include "agent/apply/label.h"
#include "agent/birth/birth.h"
#include "agent/compat.h"
#include "agent/delegate.h"
#include "agent/instance.h"
#include "agent/module/module.h"
#include "agent/networks.h"
#include "agent/source/source.h"
#include "agent/told.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/data/json.h"

/* There while udevd has something to do (systemd, libudev's udev_queue_get_queue_is_empty()). */
#define UDEV_BUSY "/run/udev/queue"

/* The key kept from the bundle that was applied: reports of boots without a medium are MACed with it. */
static void load_report_key(struct agent *a)
{
	scoped_buf struct buf key = BUF_MAX(64);
	struct err ignored;
	bool absent;

	if (file_read(a->root, REPORT_KEY_PATH, &key, &absent, &ignored) == 0 && !absent && key.size == 32)
		report_set_key(&a->report, (const uint8_t *)key.data);
}

int agent_open(struct agent *a, const struct agent_options *o, struct err *e)
{
	int r;

	*a = (struct agent){ .options = *o, .root = -1, .live = !o->root, .report.channel = CHANNEL("") };
	timings_begin(&a->timings);
	label_enable(a->live);
	a->root = open(o->root ? o->root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->root < 0)
		return err_sys(e, "open root folder %s", o->root);
	if (o->exclusive && flock(a->root, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, ERR_UNAVAILABLE, "another natal-agent is at work on %s", o->root ? o->root : "this system");
	if ((r = boot_load(a->root, &a->boot, e)))
		return r;
	report_init(&a->report, a->root, a->boot.boot_id, o->channel ? o->channel : a->live ? NULL : "");
	a->report.seq = a->boot.seq;
	a->report.boot = a->boot.number;
	a->report.behind = a->boot.seq > 0;
	json_free(a->report.findings);
	a->report.findings = json_object_get(a->boot.findings);
	load_report_key(a);
	return 0;
}

void agent_close(struct agent *a)
{
	plan_free(a->plan);
	config_free(a->config);
	fetched_fini(&a->fetched);
	verified_free(a->verified);
	report_fini(&a->report);
	timings_fini(&a->timings);
	boot_fini(&a->boot);
	journal_fini(&a->journal);
	if (a->root >= 0)
		close(a->root);
	a->root = -1;
}

static int who_am_i(struct agent *a, struct err *e)
{
	if (!a->options.uuid)
		return source_uuid(a->uuid, e);
	if (strlen(a->options.uuid) != 36)
		return err_set(e, ERR_USAGE, "'%.60s' is not a UUID", a->options.uuid);
	memcpy(a->uuid, a->options.uuid, sizeof a->uuid);
	return 0;
}

static bool provisioned(const struct agent *a)
{
	return (a->journal.state == JOURNAL_PROVISIONED || a->journal.state == JOURNAL_DEGRADED) && strcmp(a->journal.uuid, a->uuid) == 0;
}

/* One look at what is here. A signed medium goes first; a guest that one has provisioned asks nobody else. */
static int look(struct agent *a, struct seed **ret, bool *ret_offered, char why[256], struct err *e)
{
	const char *medium = a->options.medium;
	int r = medium ? 0 : source_find(NULL, ret, e);

	if (r || *ret || (!medium && provisioned(a) && a->journal.sequence))
		return r;
	r = agent_offered(a, ret_offered, why, e);
	return r || *ret_offered || !medium ? r : source_find(medium, ret, e);
}

/* Who may ask for a bundle waits no longer than until udev has come to all that is there; it looks again before it asks. */
static bool next_device(struct source_watch *w, int64_t deadline_ms, bool settles)
{
	enum { SLICE_MS = 50 };

	if (!settles)
		return source_watch_next(w, deadline_ms);
	while (clock_left_ms(deadline_ms) > 0 && access(UDEV_BUSY, F_OK) == 0) {
		int64_t slice_ms = clock_mono_ms() + SLICE_MS;
		if (source_watch_next(w, slice_ms < deadline_ms ? slice_ms : deadline_ms))
			return true;
	}
	return false;
}

/* A guest that is not provisioned waits: udev may not have come to the device yet. */
static int seek(struct agent *a, struct seed **ret, bool *ret_offered, char why[256], struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + a->options.wait_ms;
	scoped(source_watch_free_p) struct source_watch *w = NULL;
	bool waits = !a->options.medium && a->options.wait_ms && !provisioned(a);
	struct policy policy;
	int r = waits ? seed_policy(a->root, &policy, e) : 0;

	const bool settles = waits && !r && policy.birth.here;
	waits = waits && (!settles || a->live);
	if (r || (waits && (r = source_watch(&w, e))) || (r = look(a, ret, ret_offered, why, e)))
		return r;
	while (w && !*ret && !*ret_offered && next_device(w, deadline_ms, settles))
		if ((r = look(a, ret, ret_offered, why, e)))
			return r;
	/* What came with the last of udev's work. */
	return w && settles && !*ret && !*ret_offered ? look(a, ret, ret_offered, why, e) : 0;
}

/* find and verify. */
static int take_seed(struct agent *a, bool *ret_none, struct err *e)
{
	scoped(seed_free_p) struct seed *seed = NULL;
	char why[256] = "";
	bool offered = false;
	int r = seek(a, &seed, &offered, why, e);

	*ret_none = false;
	if (!r && !seed && !offered && !a->options.medium && !provisioned(a))
		r = agent_birth(a, &seed, e);
	if (r || offered)
		return r;
	*ret_none = !seed;
	if (a->unborn)
		return 0;
	if (!seed && !provisioned(a) && *why) {
		err_set(e, ERR_UNTRUSTED, "no medium labelled " MEDIUM_LABEL " appeared, and %s is here: nobody signed it", why);
		err_hint(e, "the image's policy can waive a source: \"waive\" in " POLICY_PATH);
		return -(int)e->code;
	}
	if (!seed && !provisioned(a)) {
		err_set(e, ERR_NOT_FOUND, "no medium labelled " MEDIUM_LABEL " appeared within %d s", a->options.wait_ms / 1000);
		err_hint(e, "attach the medium that the controller made for this machine, or name one with --medium");
		return -(int)e->code;
	}
	if (!seed)
		return 0;
	report_phase(&a->report, PHASE_FOUND, seed->origin);
	seed->named = a->options.medium;
	if ((r = seed_verify(a->root, seed, a->uuid, &a->journal, &a->verified, e)))
		return r;
	*ret_none = !a->verified;
	if (*ret_none)                  /* left attached: a goal came after it */
		return 0;
	const struct blob *key = verified_blob(a->verified, BLOB_REPORT_KEY);
	if (key && key->size == 32)
		report_set_key(&a->report, key->bytes);
	report_about(&a->report, a->verified->manifest.epoch, a->verified->manifest.sequence, a->verified->digest);
	if (*a->verified->clock_warning) {
		struct err warning;
		err_set(&warning, ERR_UNTRUSTED, "%s", a->verified->clock_warning);
		report_finding(&a->report, "warning", "", &warning);
	}
	report_phase(&a->report, PHASE_VERIFYING, a->verified->manifest.bundle_id);
	return 0;
}

/* What was taken all the same. */
void agent_tell_notes(struct agent *a, const struct notes *notes)
{
	notes_print(notes);
	for (size_t i = 0; i < notes->kept; i++)
		report_finding(&a->report, "warning", "", &notes->at[i].err);
}

static int await_interfaces(struct agent *a, const struct facts *facts, struct err *e)
{
	struct facts f = *facts;

	f.arena = &a->config->arena;
	return networks_await(&f, a->config->network, NETWORKS_WAIT_MS, e);
}

struct facts agent_facts(const struct agent *a)
{
	struct facts facts = { .root = a->root, .live = a->live, .owners = geteuid() == 0 };
	struct utsname u;

	if (a->live && uname(&u) == 0)
		snprintf(facts.node_name, sizeof facts.node_name, "%s", u.nodename);
	return facts;
}

static int make_plan(struct agent *a, struct err *e)
{
	const struct facts facts = agent_facts(a);

	int r = agent_config(a, e);
	if (!r)
		agent_tell_notes(a, &a->config->notes);
	if (!r)
		a->config->command_wait_s = a->fetched.policy.command_wait_s;
	if (!r && a->live && a->config->has_network && a->config->network_kind == NETCONF_OPENSTACK)
		r = await_interfaces(a, &facts, e);
	if (r || (r = plan_build(a->config, &facts, &a->journal.done, &a->plan, e)))
		return r;
	agent_tell_notes(a, &a->plan->notes);
	return 0;
}

/* A journal of another machine (its disk was copied) is no word on this one: neither what was done once nor the report key counts. */
static int take_journal(struct agent *a, struct err *e)
{
	int r = journal_load(a->root, &a->journal, e);

	if (r || (*a->journal.uuid && strcmp(a->journal.uuid, a->uuid) != 0)) {
		a->journal.done = (struct done){ 0 };
		a->report.has_key = false;
	}
	return r;
}

int agent_plan(struct agent *a, bool *ret_none, struct err *e)
{
	int r;

	*ret_none = false;
	if ((r = who_am_i(a, e)) || (r = take_journal(a, e)) || (r = take_seed(a, ret_none, e)) || *ret_none)
		return r;
	if (!a->options.replan && a->journal.state == JOURNAL_PROVISIONED && provisioned(a) &&
	    bytes_equal(a->journal.bundle, a->verified->digest, SHA256_SIZE)) {
		*ret_none = true;
		return 0;
	}
	return make_plan(a, e);
}

/* An item that cannot be as wanted, and whose policy is to fail, is met before anything is changed: the journal stays too.  Not one that comes behind
 * what changes where paths lead to: a bootcmd may be what makes it possible. */
static int refuse_hopeless(struct agent *a, struct err *e)
{
	for (size_t i = 0, end = plan_foreseen(a->plan); i < end; i++) {
		struct item *it = &a->plan->items[i];
		if (!it->problem || it->policy != POLICY_FAIL)
			continue;
		*e = *it->problem;
		told_finding(a, it, e);
		return -(int)e->code;
	}
	return 0;
}

static int apply_and_record(struct agent *a, struct err *e)
{
	const struct progress progress = told_progress(a);
	struct allowance early = { 0 };
	const struct apply apply = { a->root, a->live, &progress, agent_again, a, &early };
	struct err first;
	bool degraded;

	a->report.total = a->plan->item_count;
	int r = apply_plan(&apply, a->plan, &degraded, e);
	first = *e;
	journal_take(&a->journal, a->verified, a->plan);
	a->journal.state = r ? JOURNAL_FAILED : JOURNAL_LATE;
	if (!r && (r = pins_read(a->root, &a->journal.pins, e)))
		return r;
	int saved = journal_save(a->root, &a->journal, e);
	if (r)
		*e = first;
	return r ? r : saved;
}

/* Of a bundle that was applied at an earlier boot: what is run at every boot. */
static int run_every_boot(struct agent *a, struct err *e)
{
	const struct progress progress = told_progress(a);
	struct allowance early = { 0 };
	const struct apply apply = { .root = a->root, .live = a->live, .progress = &progress, .early = &early };
	bool degraded = false;

	a->report.total = a->journal.item_count;
	return apply_pending(&apply, &a->journal, STAGE_EARLY, &degraded, e);
}

/* Other user-data for an instance that has been provisioned, and a policy that has it told only: at boot; a run by hand means it. */
static int is_told_only(struct agent *a, bool *ret, struct err *e)
{
	struct policy policy;
	struct err finding;
	/* What left the guest degraded is no change: it is tried again. */
	bool same = provisioned(a) && strcmp(a->journal.instance_id, a->verified->manifest.vm.instance_id) == 0 &&
		!bytes_equal(a->journal.bundle, a->verified->digest, SHA256_SIZE);
	int r = same && !a->options.replan ? seed_policy(a->root, &policy, e) : 0;

	*ret = same && !a->options.replan && !r && policy.report_changed && (a->plan->action_count || a->config->partial);
	if (!*ret)
		return r;
	err_set(&finding, ERR_CONFLICT, "the user-data of this instance has changed: %zu actions would be needed, and the image's policy has it told only",
		a->plan->action_count);
	err_hint(&finding, "natal-agent plan shows them, natal-agent apply does them");
	report_finding(&a->report, "warning", "", &finding);
	fprintf(stderr, "changed=reported actions=%zu\n", a->plan->action_count);
	return 0;
}

int agent_decide(struct agent *a, bool *ret_none, struct err *e)
{
	bool told = false;
	int r = agent_plan(a, ret_none, e);

	if (!r && !*ret_none && (r = is_told_only(a, &told, e)) == 0)
		*ret_none = told;
	return r || *ret_none ? r : refuse_hopeless(a, e);
}

int agent_apply(struct agent *a, bool none, struct err *e)
{
	told_boot(a);
	instance_write(a->root, none ? NULL : a->config, &(struct err){ 0 });
	int r = none ? run_every_boot(a, e) : apply_and_record(a, e);
	if (!r && !none && !a->config->want_count)
		fetched_prune(&a->fetched);
	return r;
}

static int not_early(struct agent *a, struct err *e)
{
	delegate_close(a);
	return told_failure(a, e);
}

int agent_early(struct agent *a, struct err *e)
{
	bool none;

	compat_begins(a);
	int r = agent_decide(a, &none, e);

	if (!r && a->unborn) {
		agent_start_birth(a);
		return 0;
	}
	if (r || (r = agent_apply(a, none, e)))
		return not_early(a, e);
	if (a->born)
		birth_done(a->root);
	const bool delegated = none ? delegate_is(&a->journal) : a->config->delegated;
	if (delegated && (r = delegate_open(a, e)))
		return not_early(a, e);
	if (!delegated)
		delegate_close(a);
	report_about(&a->report, a->journal.epoch, a->journal.sequence, a->journal.bundle);
	a->phase = none ? PHASE_UNCHANGED : PHASE_APPLYING;
	report_flush(&a->report);
	a->boot.ended = false;
	compat_goes_on(a);
	return told_remember(a, none ? "unchanged" : a->config->want_count ? "fetch" : "applied", e);
}

int agent_drain(struct agent *a, int wait_ms, struct err *e) { return report_drain(&a->report, wait_ms, e); }
