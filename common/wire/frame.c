/* frame.c - see frame.h */
#include "common/wire/frame.h"

#include "common/base/cursor.h"

static const char magic[4] = { 'N', 'T', 'L', '1' };
enum { MAC_OFFSET = 24 };

static void mac_of(const uint8_t key[32], const uint8_t *head, const void *body, size_t size, uint8_t out[SHA256_SIZE])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, key, 32);
	crypto_auth_hmacsha256_update(&st, head, MAC_OFFSET);
	crypto_auth_hmacsha256_update(&st, body, size);
	crypto_auth_hmacsha256_final(&st, out);
}

int frame_write(enum frame_type type, uint64_t seq, const void *body, size_t size, const uint8_t *key, struct buf *out, struct err *e)
{
	uint8_t mac[SHA256_SIZE] = { 0 };

	if (size > FRAME_BODY_MAX)
		return err_set(e, ERR_LIMIT, "a frame of %zu bytes: %d at most", size, FRAME_BODY_MAX);
	if (!buf_room(out, FRAME_HEADER_SIZE + size))
		return buf_check(out, "the frame buffer", e);
	size_t start = out->size;
	buf_add(out, magic, sizeof magic);
	buf_u32le(out, (uint32_t)size);
	buf_u8(out, (uint8_t)type);
	buf_add(out, "\0\0\0\0\0\0", 7);
	buf_u64le(out, seq);
	if (key)
		mac_of(key, (const uint8_t *)out->data + start, body, size, mac);
	buf_add(out, mac, sizeof mac);
	buf_add(out, body, size);
	return buf_check(out, "the frame buffer", e);
}

void frame_reader_fini(struct frame_reader *r) { buf_fini(&r->in); }

int frame_feed(struct frame_reader *r, const void *bytes, size_t n, struct err *e)
{
	buf_drop(&r->in, r->used);
	r->used = 0;
	buf_add(&r->in, bytes, n);
	return buf_check(&r->in, "unread frames", e);
}

/* A header at `at` is one of ours: magic, a size within the cap, zeros where zeros belong. */
static bool plausible(const uint8_t *at, size_t left, uint32_t *size)
{
	static const uint8_t zeros[7];

	if (memcmp(at, magic, left < sizeof magic ? left : sizeof magic) != 0)
		return false;
	if (left < MAC_OFFSET)
		return true;
	memcpy(size, at + 4, sizeof *size);
	*size = le32toh(*size);
	return *size <= FRAME_BODY_MAX && memcmp(at + 9, zeros, sizeof zeros) == 0;
}

void frame_next(struct frame_reader *r, struct frame *ret, bool *ret_have)
{
	const uint8_t *p = (const uint8_t *)r->in.data + r->used;
	uint32_t size = 0;
	uint64_t seq;

	*ret_have = false;
	while (r->used < r->in.size && !plausible(p, r->in.size - r->used, &size)) {
		r->used++;
		r->skipped++;
		p++;
	}
	size_t left = r->in.size - r->used;
	if (left < FRAME_HEADER_SIZE || left < FRAME_HEADER_SIZE + (size_t)size)
		return;
	memcpy(&seq, p + 16, sizeof seq);
	ret->type = p[8];
	ret->seq = le64toh(seq);
	memcpy(ret->mac, p + MAC_OFFSET, SHA256_SIZE);
	ret->body = p + FRAME_HEADER_SIZE;
	ret->body_size = size;
	r->used += FRAME_HEADER_SIZE + (size_t)size;
	*ret_have = true;
}

bool frame_authentic(const struct frame *f, const uint8_t key[32])
{
	uint8_t head[MAC_OFFSET] = { 0 }, mac[SHA256_SIZE];
	uint32_t size = htole32((uint32_t)f->body_size);
	uint64_t seq = htole64(f->seq);

	memcpy(head, magic, sizeof magic);
	memcpy(head + 4, &size, sizeof size);
	head[8] = (uint8_t)f->type;
	memcpy(head + 16, &seq, sizeof seq);
	mac_of(key, head, f->body, f->body_size, mac);
	return bytes_equal(mac, f->mac, SHA256_SIZE);
}
