/* where.c - see where.h */
#include "controller/natald/where.h"

#include <fcntl.h>
#include <string.h>
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
