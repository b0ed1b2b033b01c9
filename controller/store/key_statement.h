/* key_statement.h - what media keys say of each other: FORMAT.md "Key statement". A project's are numbered from 1; none is ever deleted.
 *
 * The payload is committed first and signed then, by the key that it names as its signer: the signer signs what the store holds, and nothing else.
 */
#pragma once
#include "common/crypto/pubkey.h"
#include "controller/store/store.h"

enum { KEY_STATEMENT_PAYLOAD_MAX = 4096, KEY_STATEMENT_MAX = 8192, KEY_ID_TEXT_MAX = 2 * KEY_ID_SIZE + 1 };
/* successor: for images that know the old key; predecessor: the new key names the old one, for images that know the new key; revoked. */
enum key_statement_kind { KEY_SUCCESSOR = 1, KEY_PREDECESSOR, KEY_REVOKED };

struct key_statement {
	char project[STORE_PROJECT_MAX], subject[KEY_ID_TEXT_MAX], signer[KEY_ID_TEXT_MAX];     /* subject: the key that it is about, in hex */
	int64_t n, at;                          /* at: unix s */
	enum key_statement_kind kind;
	struct buf payload, envelope;           /* envelope: empty until it is signed */
};
#define KEY_STATEMENT ((struct key_statement){ .payload = BUF_MAX(KEY_STATEMENT_PAYLOAD_MAX), .envelope = BUF_MAX(KEY_STATEMENT_MAX) })
void key_statement_fini(struct key_statement *k);
#define scoped_key_statement scoped(key_statement_fini)

/* k->n is given here. */
int key_statement_insert(struct store *s, struct key_statement *k, struct err *e);
int key_statement_get(struct store *s, const char *project, int64_t n, struct key_statement *ret, bool *ret_absent, struct err *e);
/* The newest `limit`, in the order of their numbers. */
int key_statement_each(struct store *s, const char *project, int limit, int (*each)(void *arg, struct key_statement *k, struct err *e), void *arg, struct err *e);
/* What travels behind a bundle: every signed successor, and of each key that was revoked the revocations by keys that sign now, and the newest; the newest
 * `limit`, in the order of their numbers. Another revocation of the same key says nothing more: who believes its signer finds his successor, who says it too. */
int key_statement_behind(struct store *s, const char *project, int limit, int (*each)(void *arg, struct key_statement *k, struct err *e), void *arg, struct err *e);
/* Projects with statements that are not signed yet, `max` at most. */
int key_statement_unsigned(struct store *s, char (*projects)[STORE_PROJECT_MAX], size_t max, size_t *ret, struct err *e);
int key_statement_sign(struct store *s, const struct key_statement *k, const struct buf *envelope, struct err *e);
