/* tpm.c - see tpm.h. Numbers: TPM 2.0 Part 2, 6.3 (algorithms), 6.5.2 (commands), 7.4 (handles), 8.3 (attributes). */
#include "agent/birth/tpm.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "agent/birth/tpm_line.h"
#include "common/base/text.h"

enum { NO_SESSIONS = 0x8001, SESSIONS = 0x8002 };
enum { CC_CREATE_PRIMARY = 0x131, CC_ACTIVATE_CREDENTIAL = 0x147, CC_POLICY_SECRET = 0x151, CC_FLUSH_CONTEXT = 0x165, CC_READ_PUBLIC = 0x173,
	CC_START_AUTH_SESSION = 0x176 };
#define RH_NULL 0x40000007u
#define RS_PASSWORD 0x40000009u
#define RH_ENDORSEMENT 0x4000000bu
#define EK_HANDLE 0x81010001u           /* TCG Registry of Reserved TPM 2.0 Handles, 2.3.1 */
enum { COMMAND_MAX = 2048, LOADED_MAX = 3, NONCE_SIZE = 16, POLICY_SESSION = 1, MODULUS_SIZE = 256, TRIES_MAX = 50, AGAIN_MS = 100 };

/* TPMT_PUBLIC of template L-1 (EK Credential Profile 2.3, B.3.3), up to its unique field, which is 256 zeros: authPolicy is TPM2_PolicySecret
 * (TPM_RH_ENDORSEMENT). */
static const uint8_t ek_template[] = {
	0x00, 0x01, 0x00, 0x0b, 0x00, 0x03, 0x00, 0xb2, 0x00, 0x20,
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
	0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
	0x00, 0x06, 0x00, 0x80, 0x00, 0x43, 0x00, 0x10, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,
};
/* A restricted ECDSA key on P-256: what the credential is sealed to, beside the EK. It lives for this one proof. */
static const uint8_t ak_template[] = {
	0x00, 0x23, 0x00, 0x0b, 0x00, 0x05, 0x00, 0x72, 0x00, 0x00,
	0x00, 0x10, 0x00, 0x18, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
};

struct tpm {
	int fd;
	uint32_t ek, ak;
	size_t loaded_count;
	uint32_t loaded[LOADED_MAX];    /* to be flushed */
	struct buf reply;
};

static void u16be(struct buf *b, size_t v)
{
	buf_u8(b, (uint8_t)(v >> 8));
	buf_u8(b, (uint8_t)v);
}

static void begin(struct buf *b, uint16_t tag, uint32_t code)
{
	u16be(b, tag);
	buf_u32be(b, 0);                /* ask() fills it in */
	buf_u32be(b, code);
}

/* One authorization: no nonce, no attributes, an empty password or HMAC. */
static void authorize(struct buf *b, uint32_t session)
{
	buf_u32be(b, session);
	u16be(b, 0);
	buf_u8(b, 0);
	u16be(b, 0);
}
enum { AUTHORIZATION_SIZE = 9 };

static int ask(struct tpm *t, struct buf *b, const char *what, struct cursor *ret, struct err *e)
{
	int r = buf_check(b, what, e);

	if (r)
		return r;
	for (size_t i = 0; i < 4; i++)
		b->data[2 + i] = (char)(b->size >> (24 - 8 * i));
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		if ((r = tpm_line_ask(t->fd, b, what, &t->reply, e)))
			return r;
		if (!tpm_reply_is_later(t->reply.data, t->reply.size))
			break;
		poll(NULL, 0, AGAIN_MS);
	}
	return tpm_reply_open(t->reply.data, t->reply.size, what, ret, e);
}

static int take_handle(struct tpm *t, struct cursor *c, uint32_t *ret, struct err *e)
{
	int r = cursor_u32be(c, ret, e);

	if (!r && t->loaded_count < LOADED_MAX)
		t->loaded[t->loaded_count++] = *ret;
	return r;
}

static void flush(struct tpm *t, uint32_t handle)
{
	scoped_buf struct buf b = BUF_MAX(COMMAND_MAX);
	struct cursor c;
	struct err ignored;

	begin(&b, NO_SESSIONS, CC_FLUSH_CONTEXT);
	buf_u32be(&b, handle);
	(void)ask(t, &b, "TPM2_FlushContext", &c, &ignored);
}

bool tpm_is_there(const char *path)
{
	return path ? text_starts(path, "unix:") || access(path, F_OK) == 0 : access(TPM_DEVICE, F_OK) == 0;
}

int tpm_open(const char *path, struct tpm **ret, struct err *e)
{
	scoped(tpm_close_p) struct tpm *t = calloc(1, sizeof *t);

	if (!t)
		return err_nomem(e);
	*t = (struct tpm){ .fd = -1, .reply = BUF_MAX(TPM_REPLY_MAX) };
	int r = tpm_line_open(path ? path : TPM_DEVICE, &t->fd, e);
	if (!r)
		*ret = give(t);
	return r;
}

void tpm_close(struct tpm *t)
{
	if (!t)
		return;
	while (t->fd >= 0 && t->loaded_count)
		flush(t, t->loaded[--t->loaded_count]);
	if (t->fd >= 0)
		close(t->fd);
	buf_fini(&t->reply);
	free(t);
}

/* Under a hierarchy whose password is empty. ret: behind the handle, in the parameters. */
static int create_primary(struct tpm *t, uint32_t hierarchy, const struct buf *public, uint32_t *ret_handle, struct cursor *ret, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(COMMAND_MAX);
	int r;

	begin(&b, SESSIONS, CC_CREATE_PRIMARY);
	buf_u32be(&b, hierarchy);
	buf_u32be(&b, AUTHORIZATION_SIZE);
	authorize(&b, RS_PASSWORD);
	u16be(&b, 4);                   /* TPM2B_SENSITIVE_CREATE: no password, no data */
	buf_u32be(&b, 0);
	u16be(&b, public->size);
	buf_add(&b, public->data, public->size);
	u16be(&b, 0);                   /* outsideInfo */
	buf_u32be(&b, 0);               /* creationPCR */
	if ((r = ask(t, &b, "TPM2_CreatePrimary", ret, e)) || (r = take_handle(t, ret, ret_handle, e)))
		return r;
	return tpm_reply_parameters(ret, e);
}

/* As a TPM2B_PUBLIC, its size in front. */
static int put_ek(struct cursor *c, char ek[BIRTH_BASE64_MAX], struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(BIRTH_BASE64_MAX - 1);
	const uint8_t *from = c->at;
	struct tpm2b public;
	int r = tpm_take_2b(c, &public, e);

	if (r)
		return r;
	base64_encode(&text, from, public.size + 2);
	if ((r = buf_check(&text, "the EK", e)))
		return r;
	return text_copy(ek, BIRTH_BASE64_MAX, text.data, "the EK", e);
}

static int load_ek(struct tpm *t, char ek[BIRTH_BASE64_MAX], struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(COMMAND_MAX), template = BUF_MAX(COMMAND_MAX);
	static const uint8_t unique[MODULUS_SIZE];
	struct cursor c;
	struct err none;
	int r;

	begin(&b, NO_SESSIONS, CC_READ_PUBLIC);
	buf_u32be(&b, EK_HANDLE);
	if (ask(t, &b, "TPM2_ReadPublic", &c, &none) == 0) {
		t->ek = EK_HANDLE;
		return put_ek(&c, ek, e);
	}
	buf_add(&template, ek_template, sizeof ek_template);
	u16be(&template, sizeof unique);
	buf_add(&template, unique, sizeof unique);
	return (r = create_primary(t, RH_ENDORSEMENT, &template, &t->ek, &c, e)) ? r : put_ek(&c, ek, e);
}

/* The name is the last of the parameters: after outPublic, creationData, creationHash and creationTicket (tag, hierarchy, digest). */
static int take_name(struct cursor *c, uint8_t name[BIRTH_AK_NAME_SIZE], struct err *e)
{
	struct tpm2b skipped, got;
	const uint8_t *head;
	int r;

	if ((r = tpm_take_2b(c, &skipped, e)) || (r = tpm_take_2b(c, &skipped, e)) || (r = tpm_take_2b(c, &skipped, e)) ||
	    (r = cursor_take(c, 6, &head, e)) || (r = tpm_take_2b(c, &skipped, e)) || (r = tpm_take_2b(c, &got, e)))
		return r;
	if (got.size != BIRTH_AK_NAME_SIZE)
		return err_set(e, ERR_FORMAT, "%s: a name of %zu bytes", c->doc, got.size);
	memcpy(name, got.bytes, BIRTH_AK_NAME_SIZE);
	return 0;
}

int tpm_identity(struct tpm *t, char ek[BIRTH_BASE64_MAX], uint8_t ak_name[BIRTH_AK_NAME_SIZE], struct err *e)
{
	scoped_buf struct buf template = BUF_MAX(COMMAND_MAX);
	struct cursor c;
	int r;

	buf_add(&template, ak_template, sizeof ak_template);
	if ((r = load_ek(t, ek, e)) || (r = create_primary(t, RH_NULL, &template, &t->ak, &c, e)))
		return r;
	return take_name(&c, ak_name, e);
}

/* A session that meets the EK's policy. */
static int start_policy(struct tpm *t, uint32_t *ret, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(COMMAND_MAX), secret = BUF_MAX(COMMAND_MAX);
	uint8_t nonce[NONCE_SIZE];
	struct cursor c;
	int r;

	random_bytes(nonce, sizeof nonce);
	begin(&b, NO_SESSIONS, CC_START_AUTH_SESSION);
	buf_u32be(&b, RH_NULL);         /* tpmKey, bind */
	buf_u32be(&b, RH_NULL);
	u16be(&b, sizeof nonce);
	buf_add(&b, nonce, sizeof nonce);
	u16be(&b, 0);                   /* encryptedSalt */
	buf_u8(&b, POLICY_SESSION);
	u16be(&b, 0x0010);              /* symmetric: none */
	u16be(&b, 0x000b);              /* SHA-256 */
	if ((r = ask(t, &b, "TPM2_StartAuthSession", &c, e)) || (r = take_handle(t, &c, ret, e)))
		return r;
	begin(&secret, SESSIONS, CC_POLICY_SECRET);
	buf_u32be(&secret, RH_ENDORSEMENT);
	buf_u32be(&secret, *ret);
	buf_u32be(&secret, AUTHORIZATION_SIZE);
	authorize(&secret, RS_PASSWORD);
	u16be(&secret, 0);              /* nonceTPM, cpHashA, policyRef, expiration */
	u16be(&secret, 0);
	u16be(&secret, 0);
	buf_u32be(&secret, 0);
	return ask(t, &secret, "TPM2_PolicySecret", &c, e);
}

int tpm_activate(struct tpm *t, const struct birth_challenge *ch, uint8_t secret[BIRTH_SECRET_SIZE], struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(COMMAND_MAX);
	struct tpm2b found;
	uint32_t session;
	struct cursor c;
	int r = start_policy(t, &session, e);

	if (r)
		return r;
	begin(&b, SESSIONS, CC_ACTIVATE_CREDENTIAL);
	buf_u32be(&b, t->ak);
	buf_u32be(&b, t->ek);
	buf_u32be(&b, 2 * AUTHORIZATION_SIZE);
	authorize(&b, RS_PASSWORD);
	authorize(&b, session);         /* it ends with this command */
	buf_add(&b, ch->credential, ch->credential_size);
	buf_add(&b, ch->encrypted, ch->encrypted_size);
	if ((r = ask(t, &b, "TPM2_ActivateCredential", &c, e)) || (r = tpm_reply_parameters(&c, e)) || (r = tpm_take_2b(&c, &found, e)))
		return r;
	t->loaded_count--;
	if (found.size != BIRTH_SECRET_SIZE)
		return err_set(e, ERR_FORMAT, "%s: found %zu bytes in the challenge", c.doc, found.size);
	memcpy(secret, found.bytes, BIRTH_SECRET_SIZE);
	return 0;
}
