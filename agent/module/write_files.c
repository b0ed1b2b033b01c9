/* write_files.c - the user's files, one item each. */
#include "agent/module/module.h"

int module_write_files(struct builder *b, struct err *e)
{
	for (size_t i = 0; i < b->config->file_count; i++) {
		const struct config_file *f = &b->config->files[i];
		uid_t uid;
		gid_t gid;
		want_item(b, f->path);
		int r = want_owner(b, f->user, f->group, &uid, &gid, e);
		if (!r)
			r = want_file(b, &(struct want_file){ f->path, f->bytes, f->size, f->mode, uid, gid, (f->mode & 077) == 0 }, e);
		if (r && (r = want_failed(b, e)))
			return r;
	}
	return 0;
}
