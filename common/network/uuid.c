/* uuid.c - name-based UUIDs, RFC 4122 section 4.3, by SHA-1 (FIPS 180-4): an identifier that others compute alike, no security. */
#include "common/network/out.h"

#include <stdio.h>
#include <string.h>

static uint32_t turn(uint32_t v, unsigned by) { return v << by | v >> (32 - by); }

static void block(uint32_t h[5], const unsigned char *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (size_t i = 16; i < 80; i++)
		w[i] = turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (size_t i = 0; i < 80; i++) {
		uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
		uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6, t = turn(a, 5) + f + e + k + w[i];
		e = d, d = c, c = turn(b, 30), b = a, a = t;
	}
	h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

void uuid5(const unsigned char space[16], const char *name, char out[37])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	size_t n = strnlen(name, NETCONF_TEXT_MAX), total = 16 + n, padded = (total + 8) / 64 * 64 + 64;
	unsigned char bytes[16 + NETCONF_TEXT_MAX + 128] = { 0 }, u[16];

	memcpy(bytes, space, 16);
	memcpy(bytes + 16, name, n);
	bytes[total] = 0x80;
	for (size_t i = 0; i < 8; i++)
		bytes[padded - 1 - i] = (unsigned char)((uint64_t)total * 8 >> 8 * i);
	for (size_t i = 0; i < padded; i += 64)
		block(h, bytes + i);
	for (size_t i = 0; i < 16; i++)
		u[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
	u[6] = (u[6] & 0x0f) | 0x50;
	u[8] = (u[8] & 0x3f) | 0x80;
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7],
		u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}
