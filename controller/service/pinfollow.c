/* pinfollow.c - see pinfollow.h */
#include "controller/service/pinfollow.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/service/pinfile.h"
#include "controller/service/pinwriter.h"

enum { DUE_MAX = 1024, SWEEP_STEP = 32 };

struct pinfollow {
	size_t count;
	char due[DUE_MAX][STORE_ID_MAX];
	bool walk, sweep;               /* once more from the beginning, when the one that is under way has ended */
	DIR *dir;                       /* the sweep that is under way */
};

/* NULL: no memory. The next start looks at all. */
static struct pinfollow *of(struct ctl *c)
{
	if (!c->follow)
		c->follow = calloc(1, sizeof *c->follow);
	return c->follow;
}

void pinfollow_vm(struct ctl *c, const char *vm_id)
{
	struct pinfollow *f = of(c);

	if (!f || f->walk)
		return;
	if (f->count == DUE_MAX) {
		f->count = 0;
		f->walk = true;
		return;
	}
	snprintf(f->due[f->count++], STORE_ID_MAX, "%s", vm_id);
}

void pinfollow_gone(struct ctl *c)
{
	struct pinfollow *f = of(c);

	if (f)
		f->sweep = true;
}

void pinfollow_all(struct ctl *c)
{
	struct pinfollow *f = of(c);

	if (!f)
		return;
	f->count = 0;
	f->walk = f->sweep = true;
}

bool pinfollow_idle(const struct ctl *c)
{
	const struct pinfollow *f = c->follow;

	return c->pin_walk.whole && (!f || (!f->count && !f->walk && !f->sweep && !f->dir));
}

/* "NAME.pin", "NAME@PROJECT.pin": whose? */
static bool read_name(const char *file, struct vm *ret)
{
	char name[STORE_NAME_MAX + STORE_PROJECT_MAX + 8];
	size_t n = strlen(file);

	if (n <= 4 || n >= sizeof name || strcmp(file + n - 4, ".pin") != 0)
		return false;
	snprintf(name, sizeof name, "%.*s", (int)n - 4, file);
	char *project = strchr(name, '@');
	if (project)
		*project++ = 0;
	return snprintf(ret->name, sizeof ret->name, "%s", name) < (int)sizeof ret->name &&
		snprintf(ret->project, sizeof ret->project, "%s", project ? project : PROJECT_DEFAULT) < (int)sizeof ret->project;
}

static int sweep_one(struct ctl *c, const char *file, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	struct vm whose = { 0 };
	bool absent;

	if (!read_name(file, &whose))
		return 0;
	int r = vm_get(c->store, whose.project, whose.name, &v, &absent, e);
	if (!r && absent)
		pinfile_remove(c, &whose);
	return r;
}

static int open_pins(struct ctl *c, struct pinfollow *f, struct err *e)
{
	char path[PINFILE_PATH_MAX];

	snprintf(path, sizeof path, "%s/pins", c->state_dir);
	f->sweep = false;
	f->dir = opendir(path);
	return f->dir ? 0 : err_sys(e, "look through %s", path);
}

static void close_pins(struct pinfollow *f)
{
	if (f->dir)
		closedir(f->dir);
	f->dir = NULL;
}

static int sweep_some(struct ctl *c, struct pinfollow *f, struct err *e)
{
	int r = f->dir ? 0 : open_pins(c, f, e);

	for (int i = 0; !r && i < SWEEP_STEP; i++) {
		const struct dirent *d = readdir(f->dir);
		if (!d) {
			close_pins(f);
			return 0;
		}
		r = sweep_one(c, d->d_name, e);
	}
	return r;
}

static int step(struct ctl *c, struct pinfollow *f, int64_t left_ms, struct err *e)
{
	if (f->count)
		return pinfile_look(c, f->due[--f->count], e);
	if (c->pin_walk.whole && f->walk) {
		f->walk = false;
		c->pin_walk = (struct vm_walk){ .most = 0 };
	}
	return c->pin_walk.whole ? sweep_some(c, f, e) : pinfile_some(c, left_ms, e);
}

int pinfollow_some(struct ctl *c, int64_t budget_ms, struct err *e)
{
	const int64_t until = clock_mono_ms() + budget_ms;
	struct pinfollow *f = of(c);
	int r = f ? 0 : err_nomem(e);

	for (int64_t now; !r && !pinfollow_idle(c) && !(c->pins && pinwriter_count(c->pins)) && (now = clock_mono_ms()) < until;)
		r = step(c, f, until - now, e);
	if (!r || !f)
		return r;
	close_pins(f);
	if (c->fleet)
		pinfollow_all(c);
	return r;
}

void pinfollow_end(struct ctl *c)
{
	if (c->follow)
		close_pins(c->follow);
	free(give(c->follow));
}
