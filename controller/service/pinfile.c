/* pinfile.c - see pinfile.h */
#include "controller/service/pinfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "controller/service/anchors.h"
#include "controller/service/birth.h"
#include "controller/service/pinwriter.h"
#include "controller/store/media_key.h"

enum { WALK_STEP = 32 };

/* Not synced like file_write() does: a lost one is written again from the store at the next start. */
int pinfile_lay(const char *path, const struct buf *b, struct err *e)
{
	char temp[PINFILE_PATH_MAX + 8];

	snprintf(temp, sizeof temp, "%s.new", path);
	/* The first of its name is nobody's to read yet; one that is there changes at once. */
	scoped_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool first = fd >= 0;
	if (!first && errno == EEXIST)
		fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || fd_write_all(fd, b->data, b->size) < 0 || (!first && rename(temp, path) < 0)) {
		err_sys(e, "write %s", path);
		if (first)
			unlink(path);
		return -(int)e->code;
	}
	return 0;
}

static int path_of(const struct ctl *c, const char *dir, const char *name, char out[PINFILE_PATH_MAX], struct err *e)
{
	return snprintf(out, PINFILE_PATH_MAX, "%s/%s/%s", c->state_dir, dir, name) < PINFILE_PATH_MAX ? 0 :
		err_set(e, ERR_LIMIT, "the path of %s is too long", name);
}

static int pin_path(const struct ctl *c, const struct vm *v, char out[PINFILE_PATH_MAX], struct err *e)
{
	char name[160];

	if (strcmp(v->project, PROJECT_DEFAULT) == 0)
		snprintf(name, sizeof name, "%s.pin", v->name);
	else
		snprintf(name, sizeof name, "%s@%s.pin", v->name, v->project);
	return path_of(c, "pins", name, out, e);
}

/* A kill, or a power cut, may have left half of one. */
static bool is_there(const char *path, const struct buf *record)
{
	scoped_buf struct buf found = BUF_MAX(BUNDLE_MANIFEST_MAX + 8192);
	struct err ignored;
	bool absent;

	return access(path, F_OK) == 0 && file_read(AT_FDCWD, path, &found, &absent, &ignored) == 0 && !absent && found.size == record->size &&
		memcmp(found.data, record->data, found.size) == 0;
}

int pinfile_write(struct ctl *c, const struct vm *v, struct buf *record, struct err *e)
{
	struct bundle_ref whose = { .sequence = v->sequence };
	char path[PINFILE_PATH_MAX];

	memcpy(whose.vm_id, v->id, sizeof whose.vm_id);
	int r = pin_path(c, v, path, e);
	return r ? r : pinwriter_add(c->pins, &whose, path, record, e);
}

void pinfile_remove(struct ctl *c, const struct vm *v)
{
	char path[PINFILE_PATH_MAX];
	struct err ignored;

	if (pin_path(c, v, path, &ignored))
		return;
	pinwriter_forget(c->pins, path);
	unlink(path);
}

/* What a key had there while it signed, or counted, goes. */
static int remove_others(struct ctl *c, const struct anchors *a, struct err *e)
{
	static const char *const ends[] = { "pub", "statement" };
	struct media_key *keys;
	size_t n = 0;

	int r = media_key_list(c->store, PROJECT_DEFAULT, &keys, &n, e);
	for (size_t i = 0; !r && i < 2 * n; i++) {
		char name[STORE_NAME_MAX + 16], path[PINFILE_PATH_MAX];
		size_t at = 0;
		snprintf(name, sizeof name, "%s.%s", keys[i / 2].name, ends[i % 2]);
		while (at < a->count && strcmp(a->at[at].name, name) != 0)
			at++;
		if (at == a->count && !(r = path_of(c, "trust.d", name, path, e)) && unlink(path) < 0 && errno != ENOENT)
			r = err_sys(e, "remove %s", path);
	}
	media_key_list_free(keys, n);
	return r;
}

int pinfile_trust(struct ctl *c, struct err *e)
{
	scoped_anchors struct anchors a = { 0 };

	int r = anchors_of(c, PROJECT_DEFAULT, &a, e);
	for (size_t i = 0; !r && i < a.count; i++) {
		char path[PINFILE_PATH_MAX];
		if (!(r = path_of(c, "trust.d", a.at[i].name, path, e)))
			r = pinfile_lay(path, &a.at[i].bytes, e);
	}
	return r ? r : remove_others(c, &a, e);
}

static int each_pin(void *arg, struct vm *v, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	struct ctl *c = arg;
	char path[PINFILE_PATH_MAX];
	bool absent;

	int r = bundle_row_get_public(c->store, v->id, v->sequence, &row, &absent, e);
	if (r || absent || !row.pin_record.size)
		return r;
	if ((r = pin_path(c, v, path, e)) || is_there(path, &row.pin_record))
		return r;
	return pinfile_lay(path, &row.pin_record, e);
}

int pinfile_look(struct ctl *c, const char *vm_id, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	bool absent;
	int r = vm_get_by_id(c->store, vm_id, &v, &absent, e);

	return r || absent ? r : each_pin(c, &v, e);
}

int pinfile_begin(struct ctl *c, struct err *e)
{
	char path[600];
	int r;

	snprintf(path, sizeof path, "%s/pins", c->state_dir);
	if ((r = file_mkdirs(AT_FDCWD, path, 0755, e)))
		return r;
	snprintf(path, sizeof path, "%s/trust.d", c->state_dir);
	return (r = file_mkdirs(AT_FDCWD, path, 0755, e)) ? r : pinfile_trust(c, e);
}

int pinfile_some(struct ctl *c, int64_t budget_ms, struct err *e)
{
	int64_t until = clock_mono_ms() + budget_ms;
	int r = 0;

	while (!r && !c->pin_walk.whole && !(c->pins && pinwriter_count(c->pins)) && clock_mono_ms() < until) {
		c->pin_walk.most = WALK_STEP;
		r = vm_walk(c->store, &c->pin_walk, each_pin, c, e);
	}
	c->pin_walk.whole |= r != 0;            /* what could not be written is written by the next start */
	return r;
}
