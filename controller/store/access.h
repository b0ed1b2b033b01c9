/* access.h - who was let in: a role and a name, the token that it enrols with, the certificate that it has.
 *
 * A row is made by a grant and never deleted, so that an audit finds who had what. The intent is what its certificate depends on (as a
 * bundle's): the signer issues from it, and from nothing else. Serials are those of the certificate that it has and of the one before, since
 * two overlap while it is renewed; a grant anew forgets both. natald's own listeners are rows too, of role `controller`.
 */
#pragma once
#include "common/crypto/hash.h"
#include "controller/store/store.h"

enum { ACCESS_SERIAL_SIZE = 16, ACCESS_SPKI_MAX = 800, ACCESS_INTENT_MAX = 8192, ACCESS_ROLE_MAX = 16 };
struct access {
	char id[STORE_ID_MAX], role[ACCESS_ROLE_MAX], project[STORE_PROJECT_MAX], name[STORE_NAME_MAX];         /* project "": all, or none */
	int64_t created_at;
	/* ---- these change */
	uint8_t token[SHA256_SIZE];             /* its digest; zeros: none */
	int64_t token_until;                    /* unix s */
	bool enrolled;                          /* serial, intent and spki are there */
	uint8_t serial[ACCESS_SERIAL_SIZE], serial_before[ACCESS_SERIAL_SIZE];
	struct buf intent, spki;
	int64_t not_after, revoked_at, rev;     /* unix s; 0: not */
};
#define ACCESS ((struct access){ .intent = BUF_MAX(ACCESS_INTENT_MAX), .spki = BUF_MAX(ACCESS_SPKI_MAX) })
void access_fini(struct access *a);
#define scoped_access scoped(access_fini)

/* conflict: the project has the name. */
int access_insert(struct store *s, const struct access *a, struct err *e);
int access_get(struct store *s, const char *project, const char *name, struct access *ret, bool *ret_absent, struct err *e);
int access_get_by_id(struct store *s, const char *id, struct access *ret, bool *ret_absent, struct err *e);
int access_get_by_token(struct store *s, const uint8_t token[SHA256_SIZE], struct access *ret, bool *ret_absent, struct err *e);
/* What changes, role included, by compare-and-swap; a->rev grows. conflict: changed meanwhile. */
int access_save(struct store *s, struct access *a, struct err *e);
/* By project and name; project NULL: all. Listeners are left out. */
int access_each(struct store *s, const char *project, int (*each)(void *arg, struct access *a, struct err *e), void *arg, struct err *e);
/* The same from behind one on, limit at most. */
struct access_cursor { const char *project, *after_project, *after_name; int limit; };
int access_page(struct store *s, const struct access_cursor *c, int (*each)(void *arg, struct access *a, struct err *e), void *arg, struct err *e);
/* A number that is another one after each revocation, wherever it was made. */
int access_generation(struct store *s, int64_t *ret, struct err *e);

/* The certificates of a VM's newest two bundles that have one: a guest fetches the newest with that of the one before. count 0: there is none. */
struct access_guest { char project[STORE_PROJECT_MAX]; size_t count; struct buf certs[2]; };
void access_guest_fini(struct access_guest *g);
int access_guest(struct store *s, const char *vm_id, struct access_guest *ret, struct err *e);
