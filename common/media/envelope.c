/* envelope.c - see envelope.h; FORMAT.md "Envelope", "Signature". */
#include "common/media/envelope.h"

#include <string.h>
#include "common/base/cursor.h"
#include "common/base/text.h"

static const uint8_t magic[8] = { 'N', 'A', 'T', 'A', 'L', '\r', '\n', 0x1a };
enum { SIGNATURE_HEADER_SIZE = 36, SIGNATURE_SIZE_MAX = SIGNATURE_HEADER_SIZE + SIG_MAX };

static const char *const kind_names[ENVELOPE_KINDS] = {
	[ENVELOPE_BUNDLE] = "bundle", [ENVELOPE_PIN] = "pin record", [ENVELOPE_STATEMENT] = "key statement",
};
static const char *const payload_types[ENVELOPE_KINDS] = {
	[ENVELOPE_BUNDLE] = "application/vnd.natal.manifest.v1+json",
	[ENVELOPE_PIN] = "application/vnd.natal.pin.v1+json",
	[ENVELOPE_STATEMENT] = "application/vnd.natal.key-statement.v1+json",
};

const char *envelope_payload_type(enum envelope_kind kind) { return kind > 0 && kind < ENVELOPE_KINDS ? payload_types[kind] : NULL; }

/* The 32 bytes in front, as written. */
struct header { uint16_t version, kind; uint32_t payload_size, signatures_size, signature_count; uint64_t total; };

static int header_read(struct cursor *c, struct header *ret, struct err *e)
{
	const uint8_t *m;
	int r;

	if ((r = cursor_take(c, sizeof magic, &m, e)) || (r = cursor_u16le(c, &ret->version, e)) || (r = cursor_u16le(c, &ret->kind, e)) ||
	    (r = cursor_u32le(c, &ret->payload_size, e)) || (r = cursor_u32le(c, &ret->signatures_size, e)) ||
	    (r = cursor_u32le(c, &ret->signature_count, e)) || (r = cursor_u64le(c, &ret->total, e)))
		return r;
	if (memcmp(m, magic, sizeof magic) != 0)
		return err_set(e, ERR_FORMAT, "%s: does not start with the natal magic", c->doc);
	if (ret->version != ENVELOPE_VERSION)
		return err_set(
			e, ERR_UNSUPPORTED, "%s: envelope version %u: this program reads %d", c->doc, ret->version, ENVELOPE_VERSION);
	if (ret->payload_size == 0 || ret->payload_size > ENVELOPE_PAYLOAD_MAX)
		return err_set(
			e, ERR_LIMIT, "%s: a payload of %u bytes: 1 to %d are allowed", c->doc, ret->payload_size, ENVELOPE_PAYLOAD_MAX);
	if (ret->signature_count == 0 || ret->signature_count > ENVELOPE_SIGNATURES_MAX)
		return err_set(
			e, ERR_LIMIT, "%s: %u signatures: 1 to %d are allowed", c->doc, ret->signature_count, ENVELOPE_SIGNATURES_MAX);
	if (ret->signatures_size > ENVELOPE_SIGNATURES_MAX * SIGNATURE_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s: signatures of %u bytes: %d at most", c->doc, ret->signatures_size,
			ENVELOPE_SIGNATURES_MAX * SIGNATURE_SIZE_MAX);
	if (ret->total > ENVELOPE_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s: %llu bytes: %d at most", c->doc, (unsigned long long)ret->total, ENVELOPE_SIZE_MAX);
	if (ret->total < ENVELOPE_HEADER_SIZE + (uint64_t)ret->payload_size + ret->signatures_size)
		return err_set(e, ERR_FORMAT, "%s: a total of %llu bytes is less than its parts", c->doc, (unsigned long long)ret->total);
	return 0;
}

int envelope_peek_size(const uint8_t header[ENVELOPE_HEADER_SIZE], const char *doc, uint64_t *ret, struct err *e)
{
	struct cursor c = cursor_of(header, ENVELOPE_HEADER_SIZE, doc);
	struct header h;
	int r = header_read(&c, &h, e);

	if (!r)
		*ret = h.total;
	return r;
}

static int signature_read(struct cursor *c, struct signature *ret, struct err *e)
{
	uint16_t alg, size;
	const uint8_t *id;
	int r;

	if ((r = cursor_u16le(c, &alg, e)) || (r = cursor_u16le(c, &size, e)) || (r = cursor_take(c, KEY_ID_SIZE, &id, e)))
		return r;
	if (size == 0 || size > SIG_MAX)
		return err_set(e, ERR_LIMIT, "%s: a signature value of %u bytes: 1 to %d are allowed", c->doc, size, SIG_MAX);
	if ((r = cursor_take(c, size, &ret->value, e)))
		return r;
	ret->alg = (enum sig_alg)alg;
	ret->size = size;
	memcpy(ret->key_id, id, KEY_ID_SIZE);
	return 0;
}

/* No key signs twice: which of the two counted would depend on the reader. */
static int key_once(const struct signature *sigs, size_t i, const char *doc, struct err *e)
{
	char id[2 * KEY_ID_SIZE + 1];

	for (size_t j = 0; j < i; j++)
		if (memcmp(sigs[j].key_id, sigs[i].key_id, KEY_ID_SIZE) == 0) {
			hex_encode(sigs[i].key_id, KEY_ID_SIZE, id);
			return err_set(e, ERR_FORMAT, "%s: key %.16s signs twice", doc, id);
		}
	return 0;
}

int envelope_read(const void *bytes, size_t size, enum envelope_kind kind, const char *doc, struct envelope *ret, struct err *e)
{
	struct cursor c = cursor_of(bytes, size, doc);
	struct envelope env = { .kind = kind };
	struct header h;
	const uint8_t *sigs;
	int r = header_read(&c, &h, e);

	if (r)
		return r;
	if (h.kind != kind)
		return err_set(e, ERR_FORMAT, "%s: is of kind %u, not a %s (%d)", doc, h.kind, kind_names[kind], kind);
	if (h.total != size)
		return err_set(e, ERR_FORMAT, "%s: says it has %llu bytes and has %zu", doc, (unsigned long long)h.total, size);
	if ((r = cursor_take(&c, h.payload_size, &env.payload, e)) || (r = cursor_take(&c, h.signatures_size, &sigs, e)))
		return r;
	env.payload_size = h.payload_size;
	env.body = c.at;
	env.body_size = cursor_left(&c);
	if (kind != ENVELOPE_BUNDLE && env.body_size)
		return err_set(e, ERR_FORMAT, "%s: a %s with a body of %zu bytes", doc, kind_names[kind], env.body_size);
	struct cursor s = cursor_of(sigs, h.signatures_size, doc);
	for (; env.signature_count < h.signature_count; env.signature_count++)
		if ((r = signature_read(&s, &env.signatures[env.signature_count], e)) ||
		    (r = key_once(env.signatures, env.signature_count, doc, e)))
			return r;
	if (cursor_left(&s))
		return err_set(e, ERR_FORMAT, "%s: %zu bytes follow the last signature", doc, cursor_left(&s));
	*ret = env;
	return 0;
}

static void pae_head(enum envelope_kind kind, size_t size, struct buf *out)
{
	buf_printf(out, "DSSEv1 %zu %s %zu ", strlen(payload_types[kind]), payload_types[kind], size);
}

void envelope_pae(enum envelope_kind kind, const void *payload, size_t size, struct buf *out)
{
	pae_head(kind, size, out);
	buf_add(out, payload, size);
}

void envelope_digest(enum envelope_kind kind, const void *payload, size_t size, uint8_t out[SHA256_SIZE])
{
	scoped_buf struct buf head = BUF_MAX(ENVELOPE_PAE_HEAD_MAX);
	struct sha256 h;

	pae_head(kind, size, &head);
	sha256_init(&h);
	sha256_add(&h, head.data, head.size);
	sha256_add(&h, payload, size);
	sha256_done(&h, out);
}

int envelope_write(enum envelope_kind kind, const void *payload, size_t payload_size, const struct signature *sigs, size_t sig_count,
	const void *body, size_t body_size, struct buf *out, struct err *e)
{
	size_t start = out->size, sigs_size = 0;
	struct envelope check;
	const char *doc = kind_names[kind];

	if (payload_size > ENVELOPE_PAYLOAD_MAX || sig_count > ENVELOPE_SIGNATURES_MAX || body_size > ENVELOPE_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s: a payload of %zu bytes, %zu signatures, a body of %zu bytes: %d, %d and %d at most", doc,
			payload_size, sig_count, body_size, ENVELOPE_PAYLOAD_MAX, ENVELOPE_SIGNATURES_MAX, ENVELOPE_SIZE_MAX);
	for (size_t i = 0; i < sig_count; i++)
		sigs_size += SIGNATURE_HEADER_SIZE + sigs[i].size;
	buf_add(out, magic, sizeof magic);
	buf_u16le(out, ENVELOPE_VERSION);
	buf_u16le(out, (uint16_t)kind);
	buf_u32le(out, (uint32_t)payload_size);
	buf_u32le(out, (uint32_t)sigs_size);
	buf_u32le(out, (uint32_t)sig_count);
	buf_u64le(out, ENVELOPE_HEADER_SIZE + payload_size + sigs_size + body_size);
	buf_add(out, payload, payload_size);
	for (size_t i = 0; i < sig_count; i++) {
		buf_u16le(out, (uint16_t)sigs[i].alg);
		buf_u16le(out, (uint16_t)sigs[i].size);
		buf_add(out, sigs[i].key_id, KEY_ID_SIZE);
		buf_add(out, sigs[i].value, sigs[i].size);
	}
	buf_add(out, body, body_size);
	int r = buf_check(out, doc, e);
	return r ? r : envelope_read(out->data + start, out->size - start, kind, doc, &check, e);
}
