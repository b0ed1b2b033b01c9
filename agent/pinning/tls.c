/* tls.c - present_tls(): a TLS 1.2 ClientHello, and the certificate out of the server's first flight. */
#include <string.h>
#include "agent/pinning/pins.h"
#include "agent/pinning/present.h"
#include "agent/pinning/wire.h"
#include "common/base/buf.h"
#include "common/base/cursor.h"

enum {                                          /* RFC 5246 6.2.1, 7.4 */
	RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_MAX = 16384 + 256, HS_CLIENT_HELLO = 1, HS_CERTIFICATE = 11,
		FLIGHT_MAX = 256 << 10,
	TLS_1_0 = 0x0301, TLS_1_2 = 0x0303,
};

static void put_u16(struct buf *b, unsigned v)
{
	buf_u8(b, (uint8_t)(v >> 8));
	buf_u8(b, (uint8_t)v);
}

static void put_u24(struct buf *b, size_t v)
{
	buf_u8(b, (uint8_t)(v >> 16));
	put_u16(b, (unsigned)(v & 0xffff));
}

static void put_list(struct buf *b, unsigned extension, const uint16_t *values, size_t n)
{
	put_u16(b, extension);
	put_u16(b, (unsigned)(2 * n + 2));
	put_u16(b, (unsigned)(2 * n));
	for (size_t i = 0; i < n; i++)
		put_u16(b, values[i]);
}

static int send_hello(struct peer *p, struct err *e)
{
	static const uint16_t ciphers[] = { 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009c, 0x009d, 0x002f };
	static const uint16_t groups[] = { 29, 23, 24 }, schemes[] = { 0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501, 0x0201 };
	scoped_buf struct buf body = BUF_MAX(1024), more = BUF_MAX(512), out = BUF_MAX(2048);
	uint8_t random[32];

	random_bytes(random, sizeof random);
	put_list(&more, 10, groups, ARRAY_SIZE(groups));                /* RFC 8422 5.1.1 */
	put_list(&more, 13, schemes, ARRAY_SIZE(schemes));              /* RFC 5246 7.4.1.4.1 */
	buf_add(&more, "\0\x0b\0\x02\x01\0\xff\x01\0\x01\0", 11);       /* ec_point_formats, renegotiation_info (RFC 5746) */
	put_u16(&body, TLS_1_2);
	buf_add(&body, random, sizeof random);
	buf_u8(&body, 0);
	put_u16(&body, sizeof ciphers);
	for (size_t i = 0; i < ARRAY_SIZE(ciphers); i++)
		put_u16(&body, ciphers[i]);
	buf_add(&body, "\x01\0", 2);
	put_u16(&body, (unsigned)more.size);
	buf_add(&body, more.data, more.size);
	buf_u8(&out, RECORD_HANDSHAKE);
	put_u16(&out, TLS_1_0);
	put_u16(&out, (unsigned)body.size + 4);
	buf_u8(&out, HS_CLIENT_HELLO);
	put_u24(&out, body.size);
	buf_add(&out, body.data, body.size);
	int r = buf_check(&out, "a ClientHello", e);
	return r ? r : peer_write(p, out.data, out.size, e);
}

static int add_record(struct peer *p, struct buf *flight, struct err *e)
{
	uint8_t head[5];
	int r = peer_read(p, head, sizeof head, e);

	if (r)
		return r;
	size_t size = (size_t)head[3] << 8 | head[4];
	if ((head[0] != RECORD_HANDSHAKE && head[0] != RECORD_ALERT) || head[1] != 3 || size == 0 || size > RECORD_MAX)
		return err_set(e, ERR_FORMAT, "%s does not speak TLS", p->name);
	char *room = buf_room(flight, size);
	if (!room)
		return buf_check(flight, "the server's first flight", e);
	if ((r = peer_read(p, room, size, e)))
		return r;
	if (head[0] == RECORD_ALERT)
		return err_set(e, ERR_UNSUPPORTED, "%s refuses TLS 1.2 (alert %u)", p->name, size > 1 ? (uint8_t)room[1] : 0);
	buf_grew(flight, size);
	return 0;
}

static size_t u24(const char *at)
{
	const uint8_t *p = (const uint8_t *)at;

	return (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
}

/* Message by message until the certificate: its list's first entry is the server's own. */
static int find_certificate(struct peer *p, struct buf *flight, uint8_t ret[SHA256_SIZE], struct err *e)
{
	for (;;) {
		int r;
		while (flight->size < 4 || flight->size < 4 + u24(flight->data + 1))
			if ((r = add_record(p, flight, e)))
				return r;
		size_t size = u24(flight->data + 1);
		if (flight->data[0] != HS_CERTIFICATE) {
			buf_drop(flight, 4 + size);
			continue;
		}
		if (size < 6 || u24(flight->data + 7) > size - 6)
			return err_set(e, ERR_FORMAT, "%s sends no certificate", p->name);
		return spki_digest(flight->data + 10, u24(flight->data + 7), p->name, ret, e);
	}
}

int present_tls_on(struct peer *p, uint8_t ret[SHA256_SIZE], struct err *e)
{
	scoped_buf struct buf flight = BUF_MAX(FLIGHT_MAX);
	int r = send_hello(p, e);

	return r ? r : find_certificate(p, &flight, ret, e);
}

int present_tls(uint16_t port, uint8_t ret[SHA256_SIZE], bool *ret_listening, struct err *e)
{
	scoped(peer_close) struct peer p = { .fd = -1, .name = "the TLS service" };
	int r = peer_connect(&p, port, PRESENT_WAIT_MS, ret_listening, e);

	return r || !*ret_listening ? r : present_tls_on(&p, ret, e);
}
