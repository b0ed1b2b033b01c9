/* ssh.c - present_ssh(): version, KEXINIT with one host-key algorithm, an ephemeral X25519 key, and K_S out of the reply. */
#include <string.h>
#include "agent/pinning/present.h"
#include "agent/pinning/wire.h"
#include "common/base/buf.h"
#include "common/base/cursor.h"

enum {                                          /* RFC 4250 4.1.2, RFC 5656 7.1 */
	MSG_DISCONNECT = 1, MSG_IGNORE = 2, MSG_DEBUG = 4, MSG_KEXINIT = 20, MSG_ECDH_INIT = 30, MSG_ECDH_REPLY = 31,
	PACKET_MAX = 35000, LINE_MAX_BYTES = 255, LINES_MAX = 64, PACKETS_MAX = 16, BLOCK = 8, COOKIE = 16,
};

/* The algorithm by which a key of the type signs: what sshd calls an RSA key's is not what it lists. */
static const char *algorithms(const char *type) { return strcmp(type, "ssh-rsa") == 0 ? "rsa-sha2-256,rsa-sha2-512" : type; }

static void put_text(struct buf *b, const char *s)
{
	buf_u32be(b, (uint32_t)strlen(s));
	buf_str(b, s);
}

/* RFC 4253 6: length, padding length, payload, padding; no MAC before keys are taken into use. */
static int send_packet(struct peer *p, const struct buf *payload, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(PACKET_MAX);
	size_t pad = BLOCK - (5 + payload->size) % BLOCK;

	pad += pad < 4 ? BLOCK : 0;
	buf_u32be(&out, (uint32_t)(1 + payload->size + pad));
	buf_u8(&out, (uint8_t)pad);
	buf_add(&out, payload->data, payload->size);
	buf_add(&out, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", pad);
	int r = buf_check(&out, "an SSH packet", e);
	return r ? r : peer_write(p, out.data, out.size, e);
}

static int take_packet(struct peer *p, struct buf *payload, struct err *e)
{
	uint8_t head[5];
	int r = peer_read(p, head, sizeof head, e);

	if (r)
		return r;
	uint32_t size = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
	if (size < 2u + head[4] || size > PACKET_MAX - 4)
		return err_set(e, ERR_FORMAT, "%s: an SSH packet of %u bytes", p->name, size);
	buf_clear(payload);
	char *room = buf_room(payload, size - 1);
	if (!room)
		return buf_check(payload, "an SSH packet", e);
	if ((r = peer_read(p, room, size - 1, e)))
		return r;
	buf_grew(payload, size - 1 - head[4]);
	return 0;
}

static int take_version(struct peer *p, struct err *e)
{
	char line[LINE_MAX_BYTES];

	for (int lines = 0; lines < LINES_MAX; lines++) {
		size_t n = 0;
		do {
			int r = peer_read(p, line + n, 1, e);
			if (r)
				return r;
		} while (line[n] != '\n' && ++n < sizeof line);
		if (n == sizeof line)
			return err_set(e, ERR_FORMAT, "%s: a line of more than %d bytes", p->name, LINE_MAX_BYTES);
		if (n > 8 && memcmp(line, "SSH-2.0-", 8) == 0)
			return 0;
	}
	return err_set(e, ERR_FORMAT, "%s does not speak SSH 2.0", p->name);
}

static int send_hello(struct peer *p, const char *type, struct err *e)
{
	static const char *const lists[] = {    /* RFC 4253 7.1, in order; NULL: the host key algorithms */
		"curve25519-sha256,curve25519-sha256@libssh.org", NULL,
			"aes128-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
		"aes128-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
			"hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com",
		"hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com", "none", "none", "", "",
	};
	scoped_buf struct buf init = BUF_MAX(4096), ecdh = BUF_MAX(256);
	uint8_t cookie[COOKIE], secret[crypto_scalarmult_SCALARBYTES], public[crypto_scalarmult_BYTES];

	random_bytes(cookie, sizeof cookie);
	random_bytes(secret, sizeof secret);
	crypto_scalarmult_base(public, secret);
	buf_u8(&init, MSG_KEXINIT);
	buf_add(&init, cookie, sizeof cookie);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		put_text(&init, lists[i] ? lists[i] : algorithms(type));
	buf_u8(&init, 0);
	buf_u32be(&init, 0);
	buf_u8(&ecdh, MSG_ECDH_INIT);
	buf_u32be(&ecdh, sizeof public);
	buf_add(&ecdh, public, sizeof public);
	int r = peer_write(p, "SSH-2.0-natal\r\n", 15, e);
	return r || (r = send_packet(p, &init, e)) ? r : send_packet(p, &ecdh, e);
}

/* The next packet that is of the exchange. */
static int next_message(struct peer *p, struct buf *packet, uint8_t wanted, struct err *e)
{
	for (int i = 0; i < PACKETS_MAX; i++) {
		int r = take_packet(p, packet, e);
		uint8_t got = r ? 0 : (uint8_t)packet->data[0];
		if (r || got == wanted)
			return r;
		if (got != MSG_IGNORE && got != MSG_DEBUG)
			return err_set(e, got == MSG_DISCONNECT ? ERR_NOT_FOUND : ERR_FORMAT, "%s: message %u where %u belongs", p->name,
				got, wanted);
	}
	return err_set(e, ERR_FORMAT, "%s: too many messages", p->name);
}

static int read_key(const struct buf *reply, const char *type, const char *doc, uint8_t ret[SHA256_SIZE], struct err *e)
{
	struct cursor c = cursor_of(reply->data + 1, reply->size - 1, doc), blob;
	const uint8_t *p;
	uint32_t size, n;
	int r;

	if ((r = cursor_u32be(&c, &size, e)) || (r = cursor_take(&c, size, &p, e)))
		return r;
	blob = cursor_of(p, size, doc);
	sha256(p, size, ret);
	if ((r = cursor_u32be(&blob, &n, e)) || (r = cursor_take(&blob, n, &p, e)))
		return r;
	return n == strlen(type) && memcmp(p, type, n) == 0 ? 0 : err_set(e, ERR_FORMAT, "%s: its key is no %s", doc, type);
}

/* Is a wanted algorithm in the server's list? (The second name-list of its KEXINIT.) */
static int offers(const struct buf *init, const char *type, const char *doc, bool *ret, struct err *e)
{
	struct cursor c = cursor_of(init->data + 1, init->size - 1, doc);
	const char *want = algorithms(type);
	size_t len = strcspn(want, ",");
	const uint8_t *p;
	uint32_t n = 0;
	int r = cursor_take(&c, COOKIE, &p, e);

	for (int i = 0; i < 2; i++)
		if (r || (r = cursor_u32be(&c, &n, e)) || (r = cursor_take(&c, n, &p, e)))
			return r;
	*ret = false;
	for (size_t at = 0; at + len <= n; at++)
		*ret |= memcmp(p + at, want, len) == 0 && (at == 0 || p[at - 1] == ',') && (at + len == n || p[at + len] == ',');
	return 0;
}

int present_ssh_on(struct peer *p, const char *type, uint8_t ret[SHA256_SIZE], struct err *e)
{
	scoped_buf struct buf packet = BUF_MAX(PACKET_MAX);
	bool offered;
	int r;

	if ((r = send_hello(p, type, e)) || (r = take_version(p, e)) || (r = next_message(p, &packet, MSG_KEXINIT, e)) ||
	    (r = offers(&packet, type, p->name, &offered, e)))
		return r;
	if (!offered)
		return err_set(e, ERR_NOT_FOUND, "%s has no key of type %s", p->name, type);
	return (r = next_message(p, &packet, MSG_ECDH_REPLY, e)) ? r : read_key(&packet, type, p->name, ret, e);
}

int present_ssh(uint16_t port, const char *type, uint8_t ret[SHA256_SIZE], bool *ret_listening, struct err *e)
{
	scoped(peer_close) struct peer p = { .fd = -1, .name = "sshd" };
	int r = peer_connect(&p, port, PRESENT_WAIT_MS, ret_listening, e);

	return r || !*ret_listening ? r : present_ssh_on(&p, type, ret, e);
}
