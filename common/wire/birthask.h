/* birthask.h - what a guest says that was born without a medium, and what it hears before its bundle. docs/WIRE.md "Birth".
 *
 * POST /v1/birth with a token, or with the answer to a challenge; POST /v1/birth/challenge with an EK. The uuid is the machine's, the nonce the
 * asker's own: it comes back inside the signed bundle, so that nobody can answer with what was signed for somebody else, or before.
 */
#pragma once
#include "common/crypto/hash.h"
#include "common/data/json.h"

enum { BIRTH_FORMAT = 1, BIRTH_NONCE_SIZE = 32, BIRTH_TOKEN_MAX = 96, BIRTH_SECRET_SIZE = 32, BIRTH_BODY_MAX = 16 << 10 };
enum { BIRTH_EK_MAX = 1024, BIRTH_AK_NAME_SIZE = 2 + SHA256_SIZE, BIRTH_CREDENTIAL_MAX = 256, BIRTH_ENCRYPTED_MAX = 514 };
enum { BIRTH_BASE64_MAX = 4 * BIRTH_EK_MAX / 3 + 8 };
#define BIRTH_PATH "/v1/birth"
#define BIRTH_CHALLENGE_PATH "/v1/birth/challenge"

/* All that any of them holds; what is not there is empty. */
struct birth_ask {
	uint64_t format;
	char uuid[37];
	uint8_t nonce[BIRTH_NONCE_SIZE];
	char token[BIRTH_TOKEN_MAX];
	char ek[BIRTH_BASE64_MAX];              /* base64: the EK as a TPM2B_PUBLIC (TPM 2.0 Part 2, 12.2.5) */
	uint8_t ak_name[BIRTH_AK_NAME_SIZE];    /* a TPM2B_NAME's bytes: 000b and a SHA-256 (Part 1, 16) */
	uint64_t until;                         /* of the challenge, unix s */
	uint8_t secret[BIRTH_SECRET_SIZE];      /* what the TPM found in it */
};
enum { BIRTH_TOKEN_FIELDS = 8, BIRTH_CHALLENGE_FIELDS = 5 };
extern const struct json_field birth_ask_fields[BIRTH_TOKEN_FIELDS];            /* of BIRTH_PATH */
extern const struct json_field birth_challenge_fields[BIRTH_CHALLENGE_FIELDS];  /* of BIRTH_CHALLENGE_PATH */
/* A request's document, judged as far as it can be without knowing anybody: format; unsupported: a format that is not known here. */
int birth_ask_read(struct json_object *o, struct birth_ask *ret, struct err *e);
int birth_challenge_ask_read(struct json_object *o, struct birth_ask *ret, struct err *e);
/* The guest's side: one line of JSON, appended. */
int birth_ask_write(const struct birth_ask *a, struct buf *out, struct err *e);
int birth_challenge_ask_write(const struct birth_ask *a, struct buf *out, struct err *e);

/* The answer to an EK: what TPM2_ActivateCredential takes, each with its size in front (TPM2B), big-endian. */
struct birth_challenge {
	size_t credential_size, encrypted_size;
	uint8_t credential[BIRTH_CREDENTIAL_MAX], encrypted[BIRTH_ENCRYPTED_MAX];
	uint64_t until;
};
struct json_object *birth_challenge_json(const struct birth_challenge *c);
/* Bytes of a server that is the pinned one. format, limit. */
int birth_challenge_read(const void *json, size_t size, struct birth_challenge *ret, struct err *e);
