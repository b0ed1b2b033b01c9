/* follow.c - see follow.h */
#include "agent/guestd/follow.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "agent/guestd/backoff.h"
#include "agent/guestd/starter.h"
#include "agent/journal.h"
#include "common/base/clock.h"
#include "common/base/file.h"

enum { AGAIN_MS = 30000, AGAIN_MAX_MS = 600000 };

static void drop_part(struct follow *f)
{
	if (f->part >= 0)
		close(f->part);
	f->part = -1;
	f->offset = 0;
}

void follow_fini(struct follow *f) { drop_part(f); }

int follow_look(struct follow *f, struct err *e)
{
	scoped(journal_fini) struct journal j = { 0 };
	int r = journal_load(f->root, &j, e);

	if (r)
		return r;
	f->has = (struct goal_name){ .epoch = j.epoch, .gen = j.sequence };
	memcpy(f->has.digest, j.bundle, SHA256_SIZE);
	return 0;
}

static bool same(const struct goal_name *a, const struct goal_name *b)
{
	return goal_compare(a, b) == 0 && bytes_equal(a->digest, b->digest, SHA256_SIZE);
}

/* The same goal again, after a while that doubles with each time. */
static void try_later(struct follow *f)
{
	f->pause_ms = f->pause_ms ? backoff_doubled(f->pause_ms, AGAIN_MAX_MS) : AGAIN_MS;
	f->again_ms = clock_mono_ms() + f->pause_ms;
}

/* The newest alone counts: what was being fetched of an older one is let go. */
void follow_goal(struct follow *f, const struct goal *g)
{
	if (same(&f->wanted.name, &g->name)) {
		f->wanted = *g;
		return;
	}
	f->wanted = *g;
	f->again_ms = f->pause_ms = 0;
	if (!f->running)
		drop_part(f);
}

static bool is_missing(const struct follow *f)
{
	return !f->running && f->wanted.name.gen && goal_compare(&f->wanted.name, &f->has) > 0 && !same(&f->wanted.name, &f->refused);
}

int64_t follow_due_ms(const struct follow *f) { return is_missing(f) ? f->again_ms : INT64_MAX; }

bool follow_fetch(const struct follow *f, struct fetch *ret)
{
	if (!is_missing(f) || clock_mono_ms() < f->again_ms)
		return false;
	memcpy(ret->digest, f->wanted.name.digest, SHA256_SIZE);
	ret->offset = f->offset;
	return true;
}

static int begin_part(struct follow *f, struct err *e)
{
	if (f->part >= 0)
		return 0;
	f->offset = 0;
	f->part = file_open(f->root, GOAL_PART_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	return f->part < 0 ? err_sys(e, "make %s", GOAL_PART_PATH) : 0;
}

static int start_agent(struct follow *f, struct err *e)
{
	int r = starter_start(f->starter, e);

	f->trying = f->wanted.name;
	f->running = !r;
	if (r)
		try_later(f);
	return r;
}

int follow_chunk(struct follow *f, const struct chunk *c, struct err *e)
{
	int r;

	if (f->running || !bytes_equal(c->digest, f->wanted.name.digest, SHA256_SIZE) || c->offset != f->offset)
		return 0;
	if (!c->size || f->offset + c->size > f->wanted.size) {
		drop_part(f);
		try_later(f);           /* another that is named by now is fetched at once */
		return err_set(e, ERR_UNAVAILABLE, "the controller has no more of goal %llu.%llu, which is asked for again in %lld s, or has another by now",
			(unsigned long long)f->wanted.name.epoch, (unsigned long long)f->wanted.name.gen, (long long)(f->pause_ms / 1000));
	}
	if ((r = begin_part(f, e)))
		return r;
	if (fd_write_all(f->part, c->bytes, c->size) < 0) {
		r = err_sys(e, "write %s", GOAL_PART_PATH);
		drop_part(f);
		return r;
	}
	f->offset += c->size;
	if (f->offset < f->wanted.size)
		return 0;
	drop_part(f);
	scoped_fd int run = file_open(f->root, GOAL_DIR, O_RDONLY | O_DIRECTORY, 0);
	if (run < 0 || renameat(run, strrchr(GOAL_PART_PATH, '/') + 1, run, strrchr(GOAL_PATH, '/') + 1) < 0)
		return err_sys(e, "keep %s", GOAL_PATH);
	return start_agent(f, e);
}

/* It said nothing about the goal: what has ended it, or kept it from running, may be over the next time. */
static int died(struct follow *f, int status, struct err *e)
{
	char how[96] = "could not be started", then[96] = "it had applied its goal";

	if (WIFSIGNALED(status))
		snprintf(how, sizeof how, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (goal_compare(&f->has, &f->trying) < 0) {
		try_later(f);
		snprintf(then, sizeof then, "goal %llu.%llu is tried again in %lld s", (unsigned long long)f->trying.epoch,
			(unsigned long long)f->trying.gen, (long long)(f->pause_ms / 1000));
	}
	return err_set(e, ERR_UNAVAILABLE, "natal-agent %s: %s; see %s", how, then, WIFSIGNALED(status) ? "the kernel's log" : "whether it is installed");
}

int follow_ended(struct follow *f, int status, struct err *e)
{
	scoped_fd int run = file_open(f->root, GOAL_DIR, O_RDONLY | O_DIRECTORY, 0);

	f->running = false;
	if (run >= 0)
		unlinkat(run, strrchr(GOAL_PATH, '/') + 1, 0);          /* it may hold keys */
	int r = follow_look(f, e);
	if (r)
		return r;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == STARTER_NOT_STARTED)
		return died(f, status, e);
	if (WEXITSTATUS(status) == err_exit_status(ERR_UNAVAILABLE))
		f->again_ms = clock_mono_ms() + AGAIN_MS;       /* somebody runs natal-agent by hand */
	else if (goal_compare(&f->has, &f->trying) < 0)
		f->refused = f->trying;
	if (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 10 || WEXITSTATUS(status) == 11)
		return 0;
	return err_set(e, ERR_UNAVAILABLE, "natal-agent ended with status %d: its report says why", WEXITSTATUS(status));
}
