/* newborn_ek.c - see newborn_ek.h
 *
 * natald keeps nothing of a challenge: what it seals is a MAC over all that the challenge was about, under a key of the store's, so that any natald
 * knows the answer again, and an EK that nobody proves has written nothing.
 */
#include "controller/service/newborn_ek.h"

#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/crypto/ek.h"

static int read_ek(const struct birth_ask *ask, struct ek *ret, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(BIRTH_EK_MAX);
	int r = base64_decode(ask->ek, strlen(ask->ek), "birth: ek", &bytes, e);

	return r ? r : ek_read(bytes.data, bytes.size, ret, e);
}

static int unknown(const struct birth_ask *ask, struct err *e)
{
	err_set(e, ERR_DENIED, "no machine with UUID %s and this TPM's EK waits to be born", ask->uuid);
	err_hint(e, "natalctl vm create --birth ek --ek FILE; natalctl vm show has the EK's SHA-256");
	return -(int)e->code;
}

/* Of those with this UUID, in all projects, the one with this EK. */
static int find(struct ctl *c, const struct birth_ask *ask, const char *ek_hex, struct newborn_row *n, struct vm *ret, struct err *e)
{
	struct newborn_row rows[NEWBORN_SAME_MAX];
	size_t count = 0;
	int r = newborn_row_by_uuid(c->store, ask->uuid, rows, &count, e);

	for (size_t i = 0; !r && i < count; i++) {
		scoped_vm struct vm v = { 0 };
		bool absent = true;
		if (strcmp(rows[i].proof, "ek") != 0 || (r = vm_get_by_id(c->store, rows[i].vm_id, &v, &absent, e)) || absent ||
		    strcmp(v.ek_sha256, ek_hex) != 0)
			continue;
		*n = rows[i];
		*ret = v;
		v = (struct vm){ 0 };
		return 0;
	}
	return r ? r : unknown(ask, e);
}

int newborn_find_ek(struct ctl *c, const struct birth_ask *ask, struct newborn_row *n, struct vm *v, struct err *e)
{
	char hex[2 * SHA256_SIZE + 1];
	struct ek ek;
	int r = read_ek(ask, &ek, e);

	if (r)
		return r;
	hex_encode(ek.digest, sizeof ek.digest, hex);
	return find(c, ask, hex, n, v, e);
}

/* What the challenge of this moment, for this asker, has inside. */
static void secret_of(struct ctl *c, const struct birth_ask *ask, const struct vm *v, uint64_t until, uint8_t out[BIRTH_SECRET_SIZE])
{
	static const char purpose[] = "natal birth challenge 1";
	scoped_buf struct buf about = BUF_MAX(1024);
	uint8_t key[SHA256_SIZE];

	hmac_sha256(c->seal->bytes, purpose, sizeof purpose, key);
	buf_add(&about, v->id, strlen(v->id) + 1);
	buf_add(&about, v->ek_sha256, sizeof v->ek_sha256);
	buf_add(&about, ask->nonce, sizeof ask->nonce);
	buf_add(&about, ask->ak_name, sizeof ask->ak_name);
	buf_u64le(&about, until);
	hmac_sha256(key, about.data, about.size, out);
	sodium_memzero(key, sizeof key);
}

int newborn_check_ek(struct ctl *c, const struct birth_ask *ask, const struct vm *v, struct err *e)
{
	uint8_t want[BIRTH_SECRET_SIZE];
	int64_t now = store_now_s(c->store);

	secret_of(c, ask, v, ask->until, want);
	if (!bytes_equal(want, ask->secret, sizeof want))
		return err_set(e, ERR_DENIED, "who asks for VM %s's bundle has not opened the challenge: it has not the TPM with that EK", v->name);
	return (int64_t)ask->until < now ? err_set(e, ERR_UNAVAILABLE, "the challenge is too old: ask for another") : 0;
}

int newborn_challenge(struct ctl *c, const struct birth_ask *ask, struct birth_challenge *ret, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	char hex[2 * SHA256_SIZE + 1];
	uint8_t secret[BIRTH_SECRET_SIZE];
	uint64_t until = (uint64_t)(store_now_s(c->store) + NEWBORN_CHALLENGE_S);
	struct newborn_row n;
	struct ek ek;
	int r = read_ek(ask, &ek, e);

	if (r)
		return r;
	hex_encode(ek.digest, sizeof ek.digest, hex);
	if ((r = find(c, ask, hex, &n, &v, e)))
		return r;
	secret_of(c, ask, &v, until, secret);
	r = ek_challenge(&ek, ask->ak_name, secret, ret, e);
	sodium_memzero(secret, sizeof secret);
	ret->until = until;
	return r;
}
