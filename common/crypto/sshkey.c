/* sshkey.c - see sshkey.h */
#include "common/crypto/sshkey.h"

#include <string.h>
#include "common/base/buf.h"
#include "common/base/text.h"

static size_t word(const char *at, size_t n)
{
	size_t i = 0;

	while (i < n && at[i] && !strchr(" \t\r\n", at[i]))
		i++;
	return i;
}

int sshkey_digest(const char *line, size_t n, const char *what, char type[SSHKEY_TYPE_MAX], uint8_t ret[SHA256_SIZE], struct err *e)
{
	scoped_buf struct buf blob = BUF_MAX(SSHKEY_BLOB_MAX);
	size_t first = word(line, n), second;

	if (first == 0 || first >= SSHKEY_TYPE_MAX || first == n || line[first] != ' ' || !(second = word(line + first + 1, n - first - 1)))
		return err_set(e, ERR_FORMAT, "%s is no SSH public key", what);
	int r = base64_decode(line + first + 1, second, what, &blob, e);
	if (r)
		return r;
	memcpy(type, line, first);
	type[first] = 0;
	sha256(blob.data, blob.size, ret);
	return 0;
}
