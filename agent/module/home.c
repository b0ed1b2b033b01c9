/* home.c - see home.h */
#include "agent/module/home.h"

#include <string.h>
#include "agent/module/written.h"
#include "common/base/text.h"

enum { SKEL_DEPTH_MAX = 8, FOLDER_MODE = 0755 };

/* The file `sub` of the skeleton, whose mode is this. */
static int one_file(struct builder *b, const struct home *h, const char *sub, unsigned mode, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *path = arena_printf(a, "%s%s", h->path, sub), *text;
	struct fact now;
	size_t n;
	int r = want_look(b, path, &now, e);

	if (r || now.kind != FACT_ABSENT || written_at(b, path))
		return r;
	if ((r = written_text(b, arena_printf(a, "%s%s", h->skel, sub), &text, &n, e)) || !text)
		return r;
	return want_file(b, &(struct want_file){ path, text, n, mode, h->uid, h->gid, false, true }, e);
}

static int one_folder(struct builder *b, const struct home *h, const char *sub, unsigned mode, bool *ret_through, struct err *e)
{
	const char *path = arena_printf(&b->plan->arena, "%s%s", h->path, sub);
	struct fact now;
	int r = want_look(b, path, &now, e);

	*ret_through = !r && now.kind != FACT_LINK;     /* that is the user's own, and led who knows where */
	return r || !*ret_through ? r : want_dir(b, path, mode, h->uid, h->gid, e);
}

static int from_disk(struct builder *b, const struct home *h, const char *below, unsigned depth, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *from = arena_printf(a, "%s%s", h->skel, below), **names;
	size_t count;
	int r;

	if (depth > SKEL_DEPTH_MAX)
		return err_set(e, ERR_LIMIT, "%s: folders more than %d deep", from, SKEL_DEPTH_MAX);
	if ((r = facts_names(b->facts, from, &names, &count, e)))
		return r;
	for (size_t i = 0; i < count; i++) {
		const char *sub = arena_printf(a, "%s/%s", below, names[i]);
		const struct config_file *said = written_at(b, arena_printf(a, "%s%s", h->skel, sub));
		struct fact source;
		bool through = false;
		if ((r = facts_stat(b->facts, arena_printf(a, "%s%s", h->skel, sub), &source, e)))
			return r;
		if (source.kind == FACT_DIR)
			r = one_folder(b, h, sub, source.mode, &through, e);
		else if (source.kind == FACT_FILE)
			r = one_file(b, h, sub, said ? said->mode : source.mode, e);
		if (r || (through && (r = from_disk(b, h, sub, depth + 1, e))))
			return r;
	}
	return 0;
}

/* What write_files puts into the skeleton, where nothing of that name is yet. */
static int from_user_data(struct builder *b, const struct home *h, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const size_t n = strlen(h->skel);
	int r = 0;

	for (size_t i = 0; h->more && i < b->config->file_count && !r; i++) {
		const struct config_file *f = &b->config->files[i];
		struct fact there;
		bool through = true;
		if (!text_starts(f->path, h->skel) || f->path[n] != '/' || f->defer || f->problem)
			continue;
		if ((r = facts_stat(b->facts, f->path, &there, e)) || there.kind == FACT_FILE)
			continue;       /* from_disk() had it */
		const char *sub = f->path + n;
		for (const char *end = strchr(sub + 1, '/'); end && !r && through; end = strchr(end + 1, '/'))
			r = one_folder(b, h, arena_copy(a, sub, (size_t)(end - sub)), FOLDER_MODE, &through, e);
		if (!r && through)
			r = one_file(b, h, sub, f->mode, e);
	}
	return r;
}

int home_fill(struct builder *b, const struct home *h, struct err *e)
{
	int r = from_disk(b, h, "", 0, e);

	return r ? r : from_user_data(b, h, e);
}
