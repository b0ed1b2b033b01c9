/* token.c - see token.h */
#include "common/http/token.h"

#include <stdio.h>
#include <string.h>

void token_write(const struct token *t, char out[TOKEN_TEXT_MAX])
{
	scoped_buf struct buf b = BUF_MAX(TOKEN_TEXT_MAX);

	base64_encode(&b, t, sizeof *t);
	for (size_t i = 0; i < b.size; i++)
		b.data[i] = (char)(b.data[i] == '+' ? '-' : b.data[i] == '/' ? '_' : b.data[i]);
	snprintf(out, TOKEN_TEXT_MAX, TOKEN_PREFIX "%.*s", (int)strcspn(b.data ? b.data : "", "="), b.data ? b.data : "");
}

bool token_parse(const char *text, struct token *ret)
{
	scoped_buf struct buf padded = BUF_MAX(TOKEN_TEXT_MAX), raw = BUF_MAX(TOKEN_TEXT_MAX);
	struct err ignored;

	if (text_starts(text, TOKEN_PREFIX))
		for (const char *p = text + strlen(TOKEN_PREFIX); *p && padded.size < TOKEN_TEXT_MAX; p++)
			buf_u8(&padded, *p == '-' ? '+' : *p == '_' ? '/' : (uint8_t)*p);
	buf_str(&padded, "==");
	if (base64_decode(padded.data, padded.size, "token", &raw, &ignored) || raw.size != sizeof *ret)
		return false;
	memcpy(ret, raw.data, sizeof *ret);
	return true;
}
