/* proof.c - see proof.h */
#include "controller/service/proof.h"

#include <string.h>
#include "common/base/clock.h"
#include "common/base/cursor.h"
#include "common/verify/pin.h"

int proof_damaged(struct err *e)
{
	e->code = ERR_FORMAT;
	err_hint(e, "the store is damaged: natalctl store check says how far; put a backup of the state folder in its place");
	return -(int)e->code;
}

int proof_signatures(const struct bundle_row *row, struct signature ret[ENVELOPE_SIGNATURES_MAX], size_t *ret_count, struct err *e)
{
	struct cursor cur = cursor_of(row->signatures.data, row->signatures.size, "the row's signatures");
	size_t n = 0;
	int r;

	for (; cursor_left(&cur) && n < ENVELOPE_SIGNATURES_MAX; n++) {
		uint16_t alg, size;
		const uint8_t *id;
		if ((r = cursor_u16le(&cur, &alg, e)) || (r = cursor_u16le(&cur, &size, e)) || (r = cursor_take(&cur, KEY_ID_SIZE, &id, e)) ||
		    (r = cursor_take(&cur, size, &ret[n].value, e)))
			return r;
		ret[n].alg = (enum sig_alg)alg;
		ret[n].size = size;
		memcpy(ret[n].key_id, id, KEY_ID_SIZE);
	}
	*ret_count = n;
	return 0;
}

static int differs(const struct bundle_row *row, const char *what, struct err *e)
{
	err_set(e, ERR_FORMAT, "bundle %s.%lld in the store: its %s is not what was made", row->vm_id, (long long)row->sequence, what);
	return proof_damaged(e);
}

int proof_digests(const struct bundle_row *row, struct err *e)
{
	uint8_t digest[SHA256_SIZE];

	envelope_digest(ENVELOPE_BUNDLE, row->manifest.data, row->manifest.size, digest);
	if (!bytes_equal(digest, row->digest, sizeof digest))
		return differs(row, "manifest", e);
	envelope_digest(ENVELOPE_PIN, row->pin.data, row->pin.size, digest);
	return bytes_equal(digest, row->pin_digest, sizeof digest) ? 0 : differs(row, "pin payload", e);
}

int proof_whole(const struct bundle_row *row, const struct trust *keys, struct err *e)
{
	struct envelope env = { .kind = ENVELOPE_BUNDLE, .payload = (const uint8_t *)row->manifest.data, .payload_size = row->manifest.size };
	struct envelope record;
	struct err why;
	int r;

	if (row->stage < BUNDLE_WRITTEN || !row->manifest.size)
		return 0;
	if ((r = proof_digests(row, e)))
		return r;
	if (row->stage != BUNDLE_SIGNED)
		return 0;
	const uint64_t now = (uint64_t)clock_unix_s();
	if (proof_signatures(row, env.signatures, &env.signature_count, &why) || trust_check(keys, &env, now, "bundle", NULL, &why))
		return differs(row, "signature", e);
	if (envelope_read(row->pin_record.data, row->pin_record.size, ENVELOPE_PIN, "pin record", &record, &why) ||
	    trust_check(keys, &record, now, "pin record", NULL, &why) || record.payload_size != row->pin.size ||
	    memcmp(record.payload, row->pin.data, row->pin.size) != 0)
		return differs(row, "pin record", e);
	return 0;
}
