/* delegate.c - see delegate.h */
#include "agent/delegate.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "agent/apply/tree.h"
#include "agent/cloud_status.h"
#include "agent/module/module.h"
#include "agent/told.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/proc.h"
#include "common/data/json.h"

#define LAST_UNIT "cloud-final.service"
enum { POLL_MS = 250, ASK_EVERY = 20, ASK_TIMEOUT_MS = 5000 };

static struct journal_item *item_of(const struct journal *j)
{
	for (size_t i = 0; i < j->item_count; i++)
		if (strcmp(j->items[i].key, CLOUD_INIT_ITEM) == 0)
			return &j->items[i];
	return NULL;
}

bool delegate_is(const struct journal *j) { return item_of(j); }

static bool there(const struct agent *a, const char *path, mode_t kind)
{
	struct stat st;

	scoped_fd int fd = file_open(a->root, path, O_PATH | O_NOFOLLOW, 0);
	return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

int delegate_open(struct agent *a, struct err *e)
{
	scoped_buf struct buf said = BUF_MAX(4096);
	struct err ignored;
	bool absent = true;

	/* The generator's own word stays: cloud-init's target is not started in this boot, and delegate_wait() says so. */
	if (file_read(a->root, CLOUD_INIT_DISABLED, &said, &absent, &ignored) == 0 && !absent && said.size == strlen(CLOUD_INIT_DISABLED_BY_US) &&
	    memcmp(said.data, CLOUD_INIT_DISABLED_BY_US, said.size) == 0)
		tree_remove(a->root, CLOUD_INIT_DISABLED, &ignored);
	return tree_replace(a->root, DELEGATED_PATH, &(struct sys_file){ "", 0, 0644, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, e);
}

void delegate_close(struct agent *a)
{
	static const char *const documents[] = { "/user-data", "/meta-data", "/vendor-data", "/network-config" };
	struct err ignored;
	char path[128];

	tree_remove(a->root, DELEGATED_PATH, &ignored);
	if (!there(a, CLOUD_INIT_PROGRAM, S_IFREG))
		return;
	/* One that runs already, and has started this agent from its medium, is told nothing else. */
	const bool runs = there(a, CLOUD_STATUS_PATH, S_IFREG) || there(a, CLOUD_STATUS_PATH, S_IFLNK);
	if (!runs && tree_mkdir(a->root, "/run/cloud-init", 0755, (uid_t)-1, (gid_t)-1, &ignored) == 0)
		tree_replace(a->root, CLOUD_INIT_DISABLED, &(struct sys_file){ CLOUD_INIT_DISABLED_BY_US, strlen(CLOUD_INIT_DISABLED_BY_US), 0644, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, &ignored);
	for (size_t i = 0; delegate_is(&a->journal) && i < ARRAY_SIZE(documents); i++) {
		snprintf(path, sizeof path, CLOUD_INIT_SEED "%s", documents[i]);
		tree_remove(a->root, path, &ignored);
	}
}

/* One stage more, as a step of this run. */
static void tell_stage(struct agent *a, size_t stage)
{
	struct item step = { .module = CLOUD_INIT_ITEM, .stage = STAGE_LATE };
	char key[64];

	snprintf(key, sizeof key, CLOUD_INIT_ITEM "/%s", cloud_stage_name(stage));
	step.key = key;
	report_step(&a->report, &step, a->journal.item_count + stage, a->journal.item_count + CLOUD_STAGES, 0);
	fprintf(stderr, "item=%s outcome=running\n", key);
}

/* cloud-init's last service is through, by failure: it will write nothing more. */
static bool last_unit_failed(const struct agent *a)
{
	static const char *const argv[] = { "systemctl", "is-failed", "--quiet", LAST_UNIT, NULL };
	struct err ignored;
	int status = 1;

	return a->live && proc_run(&PROC(.argv = argv, .timeout_ms = ASK_TIMEOUT_MS), &status, &ignored) == 0 && status == 0;
}

static int no_result(const struct cloud_status *s, const char *why, struct err *e)
{
	if (s->stage)
		err_set(e, ERR_UNAVAILABLE, "cloud-init %s: there is no " CLOUD_RESULT_PATH ", its last stage was %s", why, cloud_stage_name(s->stage));
	else
		err_set(e, ERR_UNAVAILABLE, "cloud-init %s: there is no " CLOUD_RESULT_PATH ", and no stage has begun", why);
	err_hint(e, "see /var/log/cloud-init.log and journalctl -u cloud-init-local -u cloud-init -u cloud-config -u cloud-final");
	return -(int)e->code;
}

/* Until it has ended, in *s; the caller's to free even after an error of the waiting. */
static int wait_for_end(struct agent *a, uint64_t wait_s, struct cloud_status *s, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + (int64_t)wait_s * 1000;
	size_t told = 0;
	int r;

	for (unsigned n = 1;; n++) {
		bool failed = n % ASK_EVERY == 0 && last_unit_failed(a), late = clock_mono_ms() >= deadline_ms;
		cloud_status_fini(s);
		if ((r = cloud_status_read(a->root, s, e)) || s->ended || a->options.replan)
			return r;
		if (s->stage > told)
			tell_stage(a, told = s->stage);
		if (failed)
			return no_result(s, "has failed: " LAST_UNIT " ended without a word", e);
		if (!s->begun && there(a, CLOUD_INIT_DISABLED, S_IFREG))
			return no_result(s, "is disabled in this boot: " CLOUD_INIT_DISABLED, e);
		if (late) {
			char why[64];
			snprintf(why, sizeof why, "has not ended within %llu s", (unsigned long long)wait_s);
			return no_result(s, why, e);
		}
		nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
	}
}

static void tell_words(struct agent *a, const struct cloud_words *words, const char *level)
{
	struct err finding;

	for (size_t i = 0; i < words->count; i++) {
		err_set(&finding, ERR_CONFLICT, "cloud-init: %.380s", words->at[i]);
		err_hint(&finding, "see /var/log/cloud-init.log and /var/log/cloud-init-output.log in the guest");
		report_finding(&a->report, level, CLOUD_INIT_ITEM, &finding);
		fprintf(stderr, "item=" CLOUD_INIT_ITEM " level=%s message=\"%s\"\n", level, finding.msg);
	}
	if (words->all <= words->count)
		return;
	err_set(&finding, ERR_CONFLICT, "cloud-init: %zu more, which are in " CLOUD_STATUS_PATH, words->all - words->count);
	report_finding(&a->report, level, CLOUD_INIT_ITEM, &finding);
}

static void conclude(struct agent *a, enum status_phase phase)
{
	struct journal_item *it = item_of(&a->journal);

	if (phase == PHASE_PROVISIONED)
		return;
	it->state = ITEM_FAILED;
	it->policy = phase == PHASE_FAILED ? POLICY_FAIL : POLICY_DEGRADE;
	json_object_object_del(a->boot.outcomes, it->key);
	json_put(a->boot.outcomes, it->key, outcome_name(OUTCOME_FAILED));
}

int delegate_wait(struct agent *a, enum status_phase *ret, struct err *e)
{
	struct cloud_status s = { .datasource = "" };
	struct policy policy;
	int r = seed_policy(a->root, &policy, e);

	if (!r)
		r = wait_for_end(a, policy.cloud_init_wait_s, &s, e);
	if (r)
		told_finding(a, &(struct item){ .key = CLOUD_INIT_ITEM, .policy = POLICY_FAIL }, e);
	tell_words(a, &s.errors, "error");
	tell_words(a, &s.recoverable, "warning");
	if (!r && s.errors.all)
		r = err_set(e, ERR_CONFLICT, "cloud-init: %.380s", s.errors.at[0]);
	*ret = r ? PHASE_FAILED : s.recoverable.all ? PHASE_DEGRADED : PHASE_PROVISIONED;
	if (!r && a->options.replan && !s.ended)
		fprintf(stderr, "item=" CLOUD_INIT_ITEM " outcome=handed-over message=\"cloud-init does it at the next boot\"\n");
	cloud_status_fini(&s);
	conclude(a, *ret);
	return r;
}
