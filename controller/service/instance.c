/* instance.c - see instance.h */
#include "controller/service/instance.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/text.h"

int instance_load(struct ctl *c, struct err *e)
{
	scoped_buf struct buf id = BUF_MAX(STORE_ID_MAX);
	char path[1100];
	int r;

	snprintf(path, sizeof path, "%s/instance", c->state_dir);
	if (access(path, F_OK) < 0) {
		store_new_id("nat-", c->instance);
		return file_write(AT_FDCWD, path, c->instance, strlen(c->instance), 0644, (uid_t)-1, (gid_t)-1, e);
	}
	if ((r = file_read(AT_FDCWD, path, &id, NULL, e)))
		return r;
	if (!id.size || !text_starts(id.data, "nat-") || strspn(id.data, "abcdefghijklmnopqrstuvwxyz234567-") != id.size) {
		err_set(e, ERR_FORMAT, "%s does not hold the id of a natald", path);
		err_hint(e, "without that file natald makes another, and its audit begins a chain of its own");
		return -(int)e->code;
	}
	return text_copy(c->instance, sizeof c->instance, id.data, path, e);
}
