/* write_files.c - the user's files, one item each. */
#include "agent/module/module.h"

#include <string.h>

#define DEFERRED STATE_DIR "/deferred"
enum { INSTALL_TIMEOUT_MS = 60000 };

static bool ends_with(const char *text, const struct config_file *f)
{
	size_t n = text ? strlen(text) : 0;

	return text && n >= f->size && memcmp(text + n - f->size, f->bytes, f->size) == 0;
}

/* Behind what is there, once an instance: where that ends with these very bytes, it has been done by a run that did not come to its end. */
static int append(struct builder *b, const struct config_file *f, uid_t uid, gid_t gid, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *text;
	int r = facts_text(b->facts, f->path, &text, e);

	if (r)
		return r;
	want_frequency(b, FREQ_INSTANCE);
	want_note(b, f->path, strlen(f->path));
	want_note(b, f->bytes, f->size);
	if (!want_due(b) || ends_with(text, f))
		return 0;
	size_t n = text ? strlen(text) : 0;
	char *all = arena_alloc(a, n + f->size + 1);
	memcpy(all, text ? text : "", n);
	memcpy(all + n, f->bytes, f->size);
	return want_file(b, &(struct want_file){ f->path, all, n + f->size, f->mode, uid, gid, (f->mode & 077) == 0, true }, e);
}

/* A command of so many words, the last of them the file's path. */
static void put_command(struct builder *b, const char *const *words, size_t n, const char *path)
{
	const char **argv = arena_array(&b->plan->arena, n + 2, sizeof *argv);

	memcpy(argv, words, n * sizeof *argv);
	argv[n] = path;
	want_exec(b, argv, INSTALL_TIMEOUT_MS, "not yet put there");
}

/* Behind what is there by then, once the file is as nobody may see it who should not: where it ends with these very bytes, they are there already. */
static int append_late(struct builder *b, const struct config_file *f, const char *from, const char *mode, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *dir = arena_copy(a, f->path, (size_t)(strrchr(f->path, '/') - f->path)), *text;
	int r = facts_text(b->facts, f->path, &text, e);

	if (r)
		return r;
	put_command(b, (const char *const[]){ "/bin/mkdir", "-p" }, 2, *dir ? dir : "/");
	put_command(b, (const char *const[]){ "/bin/touch" }, 1, f->path);
	put_command(b, (const char *const[]){ "/bin/chmod", mode }, 2, f->path);
	put_command(b, (const char *const[]){ "/bin/chown", arena_printf(a, "%s:%s", f->user, f->group) }, 2, f->path);
	if (!ends_with(text, f))
		put_command(b, (const char *const[]){ "/bin/dd", "status=none", "oflag=append", "conv=notrunc", arena_printf(a, "if=%s", from) }, 5,
			arena_printf(a, "of=%s", f->path));
	return 0;
}

/* Kept aside until the late stage, whose packages may make the owner; then install(1) puts it in its place. */
static int defer(struct builder *b, const struct config_file *f, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *key = b->plan->items[b->plan->item_count - 1].key, *name = strchr(key, '/');
	const char *mode = arena_printf(a, "%04o", f->mode);
	char *flat = arena_text(a, name ? name + 1 : key);

	for (char *p = flat; *p; p++)
		*p = *p == '/' ? '~' : *p;
	const char *from = arena_printf(a, DEFERRED "/%s", flat);
	int r = want_dir(b, STATE_DIR, 0700, 0, 0, e);
	if (r || (r = want_dir(b, DEFERRED, 0700, 0, 0, e)) ||
	    (r = want_file(b, &(struct want_file){ from, f->bytes, f->size, 0600, 0, 0, true }, e)))
		return r;
	want_frequency(b, FREQ_INSTANCE);
	want_note(b, f->user, strlen(f->user));
	want_note(b, f->group, strlen(f->group));
	want_note(b, &f->mode, sizeof f->mode);
	if (!want_due(b))
		return 0;
	if (f->append)
		return append_late(b, f, from, mode, e);
	put_command(b, (const char *const[]){ "/usr/bin/install", "-D", "-o", f->user, "-g", f->group, "-m", mode, from }, 9, f->path);
	return 0;
}

static int one_file(struct builder *b, const struct config_file *f, struct err *e)
{
	uid_t uid;
	gid_t gid;

	if (f->defer)
		return defer(b, f, e);
	int r = want_owner(b, f->user, f->group, &uid, &gid, e);
	if (r)
		return r;
	return f->append ? append(b, f, uid, gid, e) :
		want_file(b, &(struct want_file){ f->path, f->bytes, f->size, f->mode, uid, gid, (f->mode & 077) == 0 }, e);
}

static int files(struct builder *b, bool deferred, struct err *e)
{
	for (size_t i = 0; i < b->config->file_count; i++) {
		const struct config_file *f = &b->config->files[i];
		if (f->defer != deferred)
			continue;
		want_item(b, deferred ? arena_printf(&b->plan->arena, "deferred%s", f->path) : f->path);
		if (f->problem)
			*e = *f->problem;
		int r = f->problem || one_file(b, f, e) ? want_failed(b, e) : 0;
		if (r)
			return r;
	}
	return 0;
}

int module_write_files(struct builder *b, struct err *e) { return files(b, false, e); }
int module_write_files_deferred(struct builder *b, struct err *e) { return files(b, true, e); }
