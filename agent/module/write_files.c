/* write_files.c - the user's files, one item each. */
#include "agent/module/module.h"

#include <string.h>

#define DEFERRED STATE_DIR "/deferred"
enum { PUT_TIMEOUT_MS = 60000 };

static bool ends_with(const char *text, size_t n, const struct config_file *f)
{
	return text && n >= f->size && memcmp(text + n - f->size, f->bytes, f->size) == 0;
}

/* Behind what is there, once an instance: where that ends with these very bytes, it has been done by a run that did not come to its end. */
static int append(struct builder *b, const struct config_file *f, uid_t uid, gid_t gid, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *text;
	size_t n;
	/* Where the file is a user's, so may the way to it be: of what he cannot read he gets no copy. */
	int r = facts_own_bytes(b->facts, f->path, &text, &n, e);

	if (r)
		return r;
	want_frequency(b, FREQ_INSTANCE);
	want_note(b, f->path, strlen(f->path));
	want_note(b, f->bytes, f->size);
	if (!want_due(b) || ends_with(text, n, f))
		return 0;
	char *all = arena_alloc(a, n + f->size + 1);
	memcpy(all, text ? text : "", n);
	memcpy(all + n, f->bytes, f->size);
	return want_file(b, &(struct want_file){ f->path, all, n + f->size, f->mode, uid, gid, (f->mode & 077) == 0, true }, e);
}

/* Kept aside until the late stage, whose packages may make the owner; then it is put into its place (apply/put.h). */
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
	const char **argv = arena_array(a, PUT_WORDS + 1, sizeof *argv);
	const char *const words[PUT_WORDS] = { PUT_WORD, from, f->path, f->user, f->group, mode, f->append ? PUT_APPEND : PUT_WHOLE };
	memcpy(argv, words, sizeof words);
	want_exec(b, argv, PUT_TIMEOUT_MS, "not yet put there");
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
