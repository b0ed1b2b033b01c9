/* password.c - see password.h */
#include "agent/module/password.h"

#include <string.h>
#include "agent/module/crypt_functions.h"
#include "common/base/late.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"

static struct { CRYPT_FUNCTIONS(LATE_MEMBER) } libcrypt;
static const char *const names[] = { CRYPT_FUNCTIONS(LATE_NAME) };
static struct late library = LATE(CRYPT_SONAME, names, &libcrypt);

static void wipe_data(struct crypt_data **d)
{
	if (*d)
		explicit_bzero(*d, sizeof **d);
	free(*d);
}

int password_matches(const char *plain, const char *hash, bool *ret, struct err *e)
{
	scoped(wipe_data) struct crypt_data *data = calloc(1, sizeof *data);
	int r = data ? late_load(&library, e) : err_nomem(e);

	if (r)
		return r;
	const char *made = *hash == '$' ? libcrypt.crypt_r(plain, hash, data) : NULL;
	*ret = made && strlen(made) == strlen(hash) && bytes_equal(made, hash, strlen(hash));
	return 0;
}

int password_hash(struct arena *a, const char *plain, const char *seed, const char **ret, struct err *e)
{
	scoped(wipe_data) struct crypt_data *data = calloc(1, sizeof *data);
	uint8_t digest[SHA256_SIZE];
	char salt[17];
	int r = data ? late_load(&library, e) : err_nomem(e);

	if (r)
		return r;
	sha256(seed, strlen(seed), digest);
	hex_encode(digest, 8, salt);
	const char *made = libcrypt.crypt_r(plain, arena_printf(a, "$6$%s$", salt), data);
	if (!made || *made != '$')
		return err_set(e, ERR_UNAVAILABLE, "crypt(3) made no hash of the password");
	*ret = arena_text(a, made);
	return 0;
}
