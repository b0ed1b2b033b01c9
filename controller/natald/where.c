/* where.c - see where.h */
#include "controller/natald/where.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/store/store.h"

/* user:password@ before the first slash, or a parameter of that name. */
static bool has_password(const char *address)
{
	const char *rest = strstr(address, "://") + 3;
	size_t authority = strcspn(rest, "/?");
	const char *at = memchr(rest, '@', authority);

	return (at && memchr(rest, ':', (size_t)(at - rest))) || strstr(rest + authority, "password=");
}

/* The state folder's note of a store that is elsewhere: one line, as it is given to --store; absent: the store is natal.db there. */
static int note_path(const char *state, char out[PATH_MAX], struct err *e)
{
	return snprintf(out, PATH_MAX, "%s/store.at", state) < PATH_MAX ? 0 : err_set(e, ERR_LIMIT, "the state folder's path is too long");
}

static int read_address(const char *path, char *out, size_t size, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(STORE_WHERE_MAX);
	int r = file_read(AT_FDCWD, path, &b, NULL, e);

	if (r)
		return r;
	if (b.data)
		b.data[strcspn(b.data, "\r\n")] = 0;
	return text_copy(out, size, b.data ? b.data : "", "the store's address", e);
}

int store_where(const char *given, char *out, size_t size, struct err *e)
{
	bool file = *given == '@';
	int r = file ? read_address(given + 1, out, size, e) : text_copy(out, size, given, "--store", e);

	if (r)
		return r;
	if (!store_is_server(out)) {
		err_set(e, ERR_USAGE, "%s is no address of a store", file ? given + 1 : given);
		err_hint(e, "postgresql://HOST[,HOST…]/DATABASE; a file of SQLite's is natal.db in the state folder, without --store");
		return -(int)e->code;
	}
	if (file || !has_password(out))
		return 0;
	explicit_bzero(out, size);
	err_set(e, ERR_USAGE, "the store's address has a password in it, which everybody can read on a command line");
	err_hint(e, "write the address into a file of yours and give --store @FILE, or use PGPASSFILE");
	return -(int)e->code;
}

int store_note(const char *state, const char *given, struct err *e)
{
	char path[PATH_MAX], line[PATH_MAX + 8] = "@", had[PATH_MAX + 8];
	struct err ignored;
	int r = note_path(state, path, e);

	if (r)
		return r;
	if (*given == '@' && !realpath(given + 1, line + 1))
		return err_sys(e, "open %s", given + 1);
	if (*given != '@' && (r = text_copy(line, sizeof line, given, "the store's address", e)))
		return r;
	if (read_address(path, had, sizeof had, &ignored) == 0 && strcmp(had, line) == 0)
		return 0;
	size_t n = strlen(line);
	line[n++] = '\n';
	return file_write(AT_FDCWD, path, line, n, 0600, (uid_t)-1, (gid_t)-1, e);
}

int store_note_end(const char *state, struct err *e)
{
	char path[PATH_MAX];
	int r = note_path(state, path, e);

	return r ? r : unlink(path) == 0 || errno == ENOENT ? 0 : err_sys(e, "remove %s", path);
}

int store_is_here(const char *state, struct err *e)
{
	char path[PATH_MAX], old[PATH_MAX], db[PATH_MAX], line[PATH_MAX + 8];
	int r = note_path(state, path, e);

	if (r)
		return r;
	if (access(path, F_OK) == 0) {
		if ((r = read_address(path, line, sizeof line, e)))
			return r;
		err_set(e, ERR_UNAVAILABLE, "the store of %.150s is not there, but %.200s", state, line);
		err_hint(e, "start natald with --store and that address, or with it in NATAL_STORE; only for another, empty store remove store.at from that folder");
		return -(int)e->code;
	}
	if (snprintf(db, sizeof db, "%s/natal.db", state) >= PATH_MAX || snprintf(old, sizeof old, "%s.moved", db) >= PATH_MAX)
		return err_set(e, ERR_LIMIT, "the state folder's path is too long");
	if (access(db, F_OK) == 0 || access(old, F_OK) < 0)
		return 0;
	err_set(e, ERR_UNAVAILABLE, "the store of %.150s was moved to a server (natal.db.moved is what it was)", state);
	err_hint(e, "start natald with --store and its address, or with it in NATAL_STORE; only for another, empty store remove natal.db.moved");
	return -(int)e->code;
}
