/* audit.c - see audit.h */
#include "common/wire/audit.h"

#include <stdio.h>
#include <string.h>

static void add_text(struct sha256 *h, const char *text)
{
	size_t n = strlen(text);
	const uint8_t size[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };

	sha256_add(h, size, sizeof size);
	sha256_add(h, text, n);
}

static void add_number(struct sha256 *h, int64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)v);
	add_text(h, text);
}

void audit_hash(const struct audit *a, const uint8_t before[SHA256_SIZE], uint8_t ret[SHA256_SIZE])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, before, SHA256_SIZE);
	add_text(&h, a->instance);
	add_number(&h, a->n);
	add_number(&h, a->at_ms);
	add_text(&h, a->project);
	add_text(&h, a->who);
	add_text(&h, a->action);
	add_text(&h, a->before);
	add_text(&h, a->after);
	sha256_done(&h, ret);
}
