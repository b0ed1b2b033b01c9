/* trust_load.c - trust.h's anchors, statements and policy, from files. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/media/trust.h"

enum { TRUST_FILES_MAX = 256, TRUST_FILE_MAX = 64 << 10, PATH_BYTES_MAX = 4096 };

struct names { size_t count; char *names[TRUST_FILES_MAX]; };

static void names_fini(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->names[i]);
}

static void dir_close_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Where everybody may write, an anchor says nothing. name "": of the folder itself. */
static int only_owners_write(int fd, const char *name, const char *dir, struct err *e)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "look at %s/%s", dir, name);
	if (S_ISLNK(st.st_mode) || !(st.st_mode & S_IWOTH))
		return 0;
	err_set(e, ERR_UNTRUSTED, "trust anchors: everybody may write to %s%s%s", dir, *name ? "/" : "", name);
	err_hint(e, "chmod o-w it, once it holds what it should");
	return -(int)e->code;
}

/* The names in dir that a key or a statement can have, sorted bytewise. */
static int list(int root, const char *dir, struct names *ret, struct err *e)
{
	int r;

	scoped_fd int fd = file_open(root, dir, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "no trust anchors: there is no folder %s", dir);
	if (fd < 0)
		return err_sys(e, "open folder %s", dir);
	if ((r = only_owners_write(fd, "", dir, e)))
		return r;
	scoped(dir_close_p) DIR *d = fdopendir(fd);
	if (!d)
		return err_sys(e, "read folder %s", dir);
	give_fd(&fd);
	for (struct dirent *entry; errno = 0, (entry = readdir(d));) {
		if (entry->d_name[0] == '.' || (!ends_with(entry->d_name, ".pub") && !ends_with(entry->d_name, ".statement")))
			continue;
		if ((r = only_owners_write(dirfd(d), entry->d_name, dir, e)))
			return r;
		if (ret->count == TRUST_FILES_MAX)
			return err_set(e, ERR_LIMIT, "%s: more than %d keys and statements", dir, TRUST_FILES_MAX);
		if (!(ret->names[ret->count] = strdup(entry->d_name)))
			return err_nomem(e);
		ret->count++;
	}
	if (errno)
		return err_sys(e, "read folder %s", dir);
	if (ret->count)
		qsort(ret->names, ret->count, sizeof *ret->names, by_name);
	return 0;
}

static int read_one(int root, const char *dir, const char *name, struct buf *out, struct err *e)
{
	char path[PATH_BYTES_MAX];

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return err_set(e, ERR_LIMIT, "%s/%s: the path is longer than %d bytes", dir, name, PATH_BYTES_MAX - 1);
	return file_read(root, path, out, NULL, e);
}

static int load_key(struct trust *t, int root, const char *dir, const char *name, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(TRUST_FILE_MAX);
	struct pubkey key;
	int r;

	if ((r = read_one(root, dir, name, &text, e)) || (r = pubkey_from_pem(text.data ? text.data : "", text.size, name, &key, e)))
		return r;
	return trust_add(t, &key, name, e);
}

static int load_statement(struct trust *t, int root, const char *dir, const char *name, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(TRUST_FILE_MAX);
	struct envelope env;
	int r;

	if ((r = read_one(root, dir, name, &bytes, e)) || (r = envelope_read(bytes.data, bytes.size, ENVELOPE_STATEMENT, name, &env, e)))
		return r;
	return trust_statement(t, &env, name, e);
}

static int load_policy(int root, const char *path, struct policy *ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(TRUST_FILE_MAX);
	bool absent = true;
	int r = path ? file_read(root, path, &text, &absent, e) : 0;

	if (r)
		return r;
	if (!absent)
		return policy_parse(text.data ? text.data : "", text.size, path, ret, e);
	policy_default(ret);
	return 0;
}

int trust_load(int root, const char *dir, const char *policy_path, struct trust *ret, struct err *e)
{
	scoped_free struct trust *t = calloc(1, sizeof *t);     /* some 80 KB */
	scoped(names_fini) struct names n = { 0 };
	int r;

	if (!t)
		return err_nomem(e);
	if ((r = load_policy(root, policy_path, &t->policy, e)) || (r = list(root, dir, &n, e)))
		return r;
	for (size_t i = 0; i < n.count; i++)
		if (ends_with(n.names[i], ".pub") && (r = load_key(t, root, dir, n.names[i], e)))
			return err_wrap(e, "trust anchors in %s", dir);
	if (t->count == 0)
		return err_set(e, ERR_NOT_FOUND, "no trust anchors: %s holds no NAME.pub", dir);
	for (size_t i = 0; i < n.count; i++)
		if (ends_with(n.names[i], ".statement") && (r = load_statement(t, root, dir, n.names[i], e)))
			return err_wrap(e, "trust anchors in %s", dir);
	*ret = *t;
	return 0;
}
