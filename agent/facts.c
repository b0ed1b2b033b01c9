/* facts.c - see facts.h */
#include "agent/facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include "agent/links.h"
#include "common/base/file.h"

enum { FACT_TEXT_MAX = 16 << 20, FACT_NAMES_MAX = 65536 };

static bool is_absent(int code) { return code == ENOENT || code == ENOTDIR; }

int facts_stat(const struct facts *f, const char *path, struct fact *ret, struct err *e)
{
	struct stat st;

	scoped_fd int fd = file_open(f->root, path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 && is_absent(errno)) {
		*ret = (struct fact){ FACT_ABSENT };
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "look at %s", path);
	*ret = (struct fact){ S_ISREG(st.st_mode) ? FACT_FILE : S_ISDIR(st.st_mode) ? FACT_DIR : S_ISLNK(st.st_mode) ? FACT_LINK :
		FACT_OTHER,
		st.st_mode & 07777, st.st_uid, st.st_gid, (uint64_t)st.st_size };
	return 0;
}

int facts_text(const struct facts *f, const char *path, const char **ret, struct err *e)
{
	size_t ignored;

	return facts_bytes(f, path, ret, &ignored, e);
}

int facts_bytes(const struct facts *f, const char *path, const char **ret, size_t *ret_size, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(FACT_TEXT_MAX);
	bool absent;
	int r = file_read(f->root, path, &text, &absent, e);

	if (r && is_absent(e->sys_errno))
		absent = true;
	else if (r)
		return r;
	*ret = absent ? NULL : arena_copy(f->arena, text.data ? text.data : "", text.size);
	*ret_size = text.size;
	return 0;
}

int facts_own_text(const struct facts *f, const char *path, const char **ret, struct err *e)
{
	size_t ignored;

	return facts_own_bytes(f, path, ret, &ignored, e);
}

int facts_own_bytes(const struct facts *f, const char *path, const char **ret, size_t *ret_size, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(FACT_TEXT_MAX);
	const char *name;
	struct stat st, folder;
	bool absent;
	int r;

	*ret = NULL;
	*ret_size = 0;
	scoped_fd int dir = links_parent(f->root, path, &name, e);
	if (dir < 0)
		return is_absent(e->sys_errno) ? 0 : -(int)e->code;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look at %s", path);
	if (S_ISLNK(st.st_mode))
		return err_set(e, ERR_CONFLICT, "%s is a symlink, a file is wanted", path);
	if (st.st_nlink > 1 && fstat(dir, &folder) == 0 && st.st_uid != folder.st_uid)
		return err_set(e, ERR_CONFLICT, "%s is a second name of a file of user %u", path, (unsigned)st.st_uid);
	/* Its folder is the root that it is read below: a link that takes its place meanwhile leads nowhere else. */
	if ((r = file_read(dir, name, &text, &absent, e)))
		return err_wrap(e, "%s", path);
	*ret = absent ? NULL : arena_copy(f->arena, text.data ? text.data : "", text.size);
	*ret_size = text.size;
	return 0;
}

int facts_same(const struct facts *f, const char *path, const void *bytes, size_t size, bool *ret, struct err *e)
{
	struct fact now;
	scoped_buf struct buf text = BUF_MAX(size + 1);
	int r = facts_stat(f, path, &now, e);

	if (r)
		return r;
	if (now.kind != FACT_FILE || now.size != size) {
		*ret = false;
		return 0;
	}
	if ((r = file_read(f->root, path, &text, NULL, e)))
		return r;
	*ret = text.size == size && (size == 0 || memcmp(text.data, bytes, size) == 0);
	return 0;
}

int facts_link(const struct facts *f, const char *path, const char **ret, struct err *e)
{
	char target[PATH_MAX];

	scoped_fd int fd = file_open(f->root, path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 && !is_absent(errno))
		return err_sys(e, "look at %s", path);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target - 1);
	*ret = n < 0 ? NULL : arena_copy(f->arena, target, (size_t)n);
	return 0;
}

static int name_order(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }
static void dir_close_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

int facts_names(const struct facts *f, const char *path, const char ***ret, size_t *ret_count, struct err *e)
{
	const char **names = NULL;
	size_t n = 0;
	struct dirent *entry;

	int fd = file_open(f->root, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 && !is_absent(errno))
		return err_sys(e, "open folder %s", path);
	scoped(dir_close_p) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (n == FACT_NAMES_MAX)
			return err_set(e, ERR_LIMIT, "%s holds more than %d names", path, FACT_NAMES_MAX);
		names = arena_grow(f->arena, names, n, sizeof *names);
		names[n++] = arena_text(f->arena, entry->d_name);
	}
	if (n)
		qsort(names, n, sizeof *names, name_order);
	*ret = names;
	*ret_count = n;
	return 0;
}
