/* api_backup.c - a copy of all that natald holds, into a folder: the guests' state by the host, then pin records, public keys and the store.
 *
 * The store comes last: a folder without natal.db is no backup.  The store's key is never in it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "controller/api/api.h"
#include "controller/api/bodies.h"
#include "controller/service/link.h"
#include "controller/store/pool_key.h"

enum { FILE_MAX = 4 << 20, HOST_ANSWER_MS = 90000 };
enum { PHASE_NEW, PHASE_ASKED };

static bool is_empty(int dir)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	int n = 0;

	while (d && n < 3 && readdir(d))
		n++;
	if (d)
		closedir(d);
	return d && n < 3;              /* . and .. */
}

static int make_folder(const char *path, struct err *e)
{
	if (*path != '/')
		return err_set(e, ERR_USAGE, "the backup's folder '%s' is not an absolute path", path);
	int r = file_mkdirs(AT_FDCWD, path, 0700, e);
	if (r)
		return r;
	scoped_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open %s", path);
	if (!is_empty(dir)) {
		err_set(e, ERR_CONFLICT, "%s is not empty", path);
		err_hint(e, "each backup wants a folder of its own");
		return -(int)e->code;
	}
	return fchmod(dir, 0700) < 0 ? err_sys(e, "keep %s to ourselves", path) : file_mkdirs(dir, "host", 0711, e);
}

/* A folder of public files: pins, trust.d. */
static int copy_public(const struct ctl *c, const char *name, int to, struct err *e)
{
	char path[1100];

	snprintf(path, sizeof path, "%s/%s", c->state_dir, name);
	DIR *d = opendir(path);
	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, "list %s", path);
	int r = file_mkdirs(to, name, 0755, e);
	for (struct dirent *entry; !r && (entry = readdir(d));) {
		scoped_buf struct buf b = BUF_MAX(FILE_MAX);
		char target[600];
		if (entry->d_type != DT_REG)
			continue;
		snprintf(target, sizeof target, "%s/%s", name, entry->d_name);
		if ((r = file_read(dirfd(d), entry->d_name, &b, NULL, e)) == 0)
			r = file_write(to, target, b.data, b.size, 0644, (uid_t)-1, (gid_t)-1, e);
	}
	closedir(d);
	return r;
}

/* The pool's free keys stay behind: they may be delivered after the copy was made, and no key is ever delivered twice. */
static int copy_store(const struct ctl *c, const char *dir, struct err *e)
{
	scoped_store struct store *copy = NULL;
	char part[1100], path[1100];
	int r;

	if ((size_t)snprintf(part, sizeof part, "%s/natal.db.part", dir) >= sizeof part)
		return err_set(e, ERR_LIMIT, "the path of the backup is too long");
	snprintf(path, sizeof path, "%s/natal.db", dir);
	if ((r = store_backup(c->store, part, e)) || (r = store_open(part, &copy, e)) || (r = store_turn_begin(copy, e)) ||
	    (r = pool_key_retire(copy, e)) || (r = store_turn_commit(copy, e)))
		return r;
	store_close(give(copy));        /* its log goes into it */
	return rename(part, path) < 0 ? err_sys(e, "finish the backup %s", path) : 0;
}

/* After the turn: SQLite copies outside a transaction only. */
static int finish(struct ctl *c, struct request *rq, struct err *e)
{
	const char *path = json_text(rq->json, "dir");
	int r;

	scoped_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open %s", path);
	if ((r = copy_public(c, "pins", dir, e)) || (r = copy_public(c, "trust.d", dir, e)) || (r = copy_store(c, path, e)))
		return r;
	rq->reply = json_object_new_object();
	json_put(rq->reply, "dir", path);
	return 0;
}

int api_backup(struct ctl *c, struct request *rq, struct err *e)
{
	struct link_answer answer = { NULL };
	struct backup_body body = { "" };
	bool there;
	int r;

	if ((r = json_decode(rq->json, backup_fields, ARRAY_SIZE(backup_fields), "backup", &body, e)))
		return r;
	if (rq->phase == PHASE_NEW) {
		char host[sizeof body.dir + 8];
		snprintf(host, sizeof host, "%s/host", body.dir);
		if ((r = make_folder(body.dir, e)))
			return r;
		if (link_fd(c) < 0) {           /* guests are on hosts of their own, and what they hold is there */
			rq->then = finish;
			return 0;
		}
		if ((r = link_backup(c, host, &rq->ticket, e)))
			return r;
		rq->phase = PHASE_ASKED;
	}
	if ((r = link_take(c, NULL, rq->ticket, &answer, &there, e)))
		return r;
	if (!there)
		return request_park(rq, HOST_ANSWER_MS, e);
	free(answer.text);
	if (answer.failed.code) {
		*e = answer.failed;
		return -(int)e->code;
	}
	rq->then = finish;
	return 0;
}
