/* media_key.h - rows of media signing keys: public half in the open, private half sealed for the signer. */
#pragma once
#include "common/crypto/pubkey.h"
#include "controller/store/store.h"

enum { MEDIA_KEY_SEALED_MAX = 4096 };
struct media_key {
	char id[2 * KEY_ID_SIZE + 1];           /* the key id, in hex */
	char project[STORE_PROJECT_MAX], name[STORE_NAME_MAX], state[16];       /* state: coming, active, retiring, revoked */
	struct pubkey public;
	struct buf sealed;
	int64_t created_at, rev;
	char succeeds[2 * KEY_ID_SIZE + 1];     /* whom it came after; "" */
	int64_t retired_at, until;              /* unix s: since when it retires, and until when it counts in new images; or when it was revoked; 0 */
};
void media_key_fini(struct media_key *k);
/* Is it active? */
bool media_key_signs(const struct media_key *k);
/* conflict: the name is taken. */
int media_key_insert(struct store *s, const struct media_key *k, struct err *e);
/* State and times, by compare-and-swap; k->rev grows. conflict: changed meanwhile. */
int media_key_save(struct store *s, struct media_key *k, struct err *e);
/* All keys of a project, in the order of their names. *ret is malloc'ed: media_key_list_free(). */
int media_key_list(struct store *s, const char *project, struct media_key **ret, size_t *ret_count, struct err *e);
/* Projects that have keys, `max` at most, after the name `after`. */
int media_key_projects(struct store *s, const char *after, char (*projects)[STORE_PROJECT_MAX], size_t max, size_t *ret, struct err *e);
void media_key_list_free(struct media_key *keys, size_t count);
