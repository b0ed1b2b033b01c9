/* tpm_reply.c - see tpm_reply.h */
#include "agent/birth/tpm_reply.h"

size_t tpm_reply_size(const uint8_t h[TPM_HEADER_SIZE])
{
	size_t n = (size_t)h[2] << 24 | (size_t)h[3] << 16 | (size_t)h[4] << 8 | h[5];

	return n >= TPM_HEADER_SIZE && n <= TPM_REPLY_MAX ? n : 0;
}

bool tpm_reply_is_later(const void *bytes, size_t size)
{
	const uint8_t *b = bytes;
	uint32_t code = size == TPM_HEADER_SIZE ? (uint32_t)b[6] << 24 | (uint32_t)b[7] << 16 | (uint32_t)b[8] << 8 | b[9] : 0;

	return code == 0x908 || code == 0x90a || code == 0x922;
}

int tpm_reply_open(const void *bytes, size_t size, const char *what, struct cursor *ret, struct err *e)
{
	struct cursor c = cursor_of(bytes, size, what);
	uint32_t says, code;
	uint16_t tag;
	int r;

	if ((r = cursor_u16be(&c, &tag, e)) || (r = cursor_u32be(&c, &says, e)) || (r = cursor_u32be(&c, &code, e)))
		return r;
	if (says != size)
		return err_set(e, ERR_FORMAT, "%s: the TPM's reply says %u bytes and has %zu", what, (unsigned)says, size);
	if (code)
		return err_set(e, ERR_DENIED, "%s: the TPM answers 0x%03x", what, (unsigned)code);
	if (tag != 0x8001 && tag != 0x8002)
		return err_set(e, ERR_FORMAT, "%s: the TPM's reply has the tag %04x", what, tag);
	*ret = c;
	return 0;
}

int tpm_reply_parameters(struct cursor *c, struct err *e)
{
	uint32_t size;
	const uint8_t *bytes;
	int r;

	if ((r = cursor_u32be(c, &size, e)) || (r = cursor_take(c, size, &bytes, e)))
		return r;
	*c = cursor_of(bytes, size, c->doc);
	return 0;
}

int tpm_take_2b(struct cursor *c, struct tpm2b *ret, struct err *e)
{
	struct tpm2b b;
	uint16_t size;
	int r;

	if ((r = cursor_u16be(c, &size, e)) || (r = cursor_take(c, size, &b.bytes, e)))
		return r;
	b.size = size;
	*ret = b;
	return 0;
}
