/* address.c - addresses and prefix lengths as text. */
#include "common/network/build.h"

#include <arpa/inet.h>
#include <string.h>
#include "common/base/text.h"

bool net_is_four(const char *s)
{
	unsigned char a[4];

	return inet_pton(AF_INET, s, a) == 1;
}

/* With a zone ("%eth0"), too. */
static bool six_bytes(const char *s, unsigned char out[16])
{
	char text[INET6_ADDRSTRLEN];
	size_t n = strcspn(s, "%");

	if (n >= sizeof text || (s[n] && (!s[n + 1] || strpbrk(s + n + 1, "%/ "))))
		return false;
	memcpy(text, s, n);
	text[n] = 0;
	return inet_pton(AF_INET6, text, out) == 1;
}

bool net_is_six(const char *s)
{
	unsigned char a[16];

	return six_bytes(s, a);
}

/* Ones and then zeros only. */
static int ones(const unsigned char *mask, size_t size)
{
	int bits = 0;

	while (bits < (int)size * 8 && mask[bits / 8] & (0x80 >> bits % 8))
		bits++;
	for (int i = bits; i < (int)size * 8; i++)
		if (mask[i / 8] & (0x80 >> i % 8))
			return -1;
	return bits;
}

int net_mask_prefix(const char *mask, bool six)
{
	unsigned char bytes[16];
	uint64_t n;

	if (text_number(mask, &n))
		return n <= (six ? 128 : 32) ? (int)n : -1;
	if (six)
		return six_bytes(mask, bytes) ? ones(bytes, 16) : -1;
	return inet_pton(AF_INET, mask, bytes) == 1 ? ones(bytes, 4) : -1;
}

const char *net_prefix_mask(struct arena *a, int prefix)
{
	uint32_t m = prefix <= 0 ? 0 : ~(uint32_t)0 << (32 - (prefix > 32 ? 32 : prefix));

	return arena_printf(a, "%u.%u.%u.%u", m >> 24, m >> 16 & 255, m >> 8 & 255, m & 255);
}

bool net_inside(const char *address, const char *network, int prefix)
{
	unsigned char a[16], n[16];
	bool six = net_is_six(address);

	if (six != net_is_six(network) || (!six && (!net_is_four(address) || !net_is_four(network))))
		return false;
	if (six ? !six_bytes(address, a) || !six_bytes(network, n) : inet_pton(AF_INET, address, a) != 1 || inet_pton(AF_INET, network, n) != 1)
		return false;
	for (int i = 0; i < prefix && i < (six ? 128 : 32); i++)
		if ((a[i / 8] ^ n[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}
