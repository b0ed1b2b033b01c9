/* written.c - see written.h */
#include "agent/module/written.h"

#include <string.h>

const struct config_file *written_at(const struct builder *b, const char *path)
{
	for (size_t i = 0; i < b->config->file_count; i++) {
		const struct config_file *f = &b->config->files[i];
		if (!f->defer && !f->problem && strcmp(f->path, path) == 0)
			return f;
	}
	return NULL;
}

int written_text(struct builder *b, const char *path, const char **ret, size_t *ret_size, struct err *e)
{
	const struct config_file *f = written_at(b, path);
	const char *there = NULL;
	size_t n = 0;
	int r = f && !f->append ? 0 : facts_bytes(b->facts, path, &there, &n, e);

	if (r)
		return r;
	/* What is put behind a file has been put there by an earlier run, where it ends so. */
	const bool all = f && (!there || n < f->size || memcmp(there + n - f->size, f->bytes, f->size) != 0);
	*ret = there;
	*ret_size = n;
	if (!all)
		return 0;
	char *text = arena_alloc(&b->plan->arena, n + f->size + 1);
	memcpy(text, there ? there : "", n);
	memcpy(text + n, f->bytes, f->size);
	text[n + f->size] = 0;
	*ret = text;
	*ret_size = n + f->size;
	return 0;
}
