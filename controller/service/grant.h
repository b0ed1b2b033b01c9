/* grant.h - who is let in by the network: granted with a token, enrolled with a key of their own, renewed, revoked; and whether a certificate
 * still counts.
 *
 * A token is shown once; the store has its digest. It also holds the controller's pin, so that the client knows whom it tells it to. What is
 * issued is committed before it is signed: grant_certificate() is for after the turn.
 */
#pragma once
#include "controller/service/ctl.h"
#include "controller/service/identity.h"
#include "controller/service/token.h"
#include "controller/store/access.h"

enum { TOKEN_HOURS = 24, TOKEN_HOURS_MAX = 24 * 30 };

/* A new name, or a token anew for one that was revoked, has expired or never enrolled. conflict: it is in use; usage: no name, no role for that. */
int grant_make(struct ctl *c, const struct identity *id, int64_t token_s, struct access *ret, char token[TOKEN_TEXT_MAX], struct err *e);
/* By a token and a certificate request (PEM) that proves its key. denied: no such token, expired; conflict: used by another key. The same token and
 * key once more give the same again: the first answer may have been lost. */
int grant_enrol(struct ctl *c, const char *token, const char *csr, struct access *ret, struct err *e);
/* The next certificate of who has one. serial: of the certificate that asks (ACCESS_SERIAL_SIZE), which goes on until the next one after this is used. */
struct grant_renewal { const struct identity *who; const char *csr; const uint8_t *serial; };
int grant_renew(struct ctl *c, const struct grant_renewal *g, struct access *ret, struct err *e);
/* The certificate and its chain, PEM, of what was committed. */
int grant_certificate(struct ctl *c, const struct access *a, struct buf *pem, struct err *e);
int grant_revoke(struct ctl *c, const char *project, const char *name, struct access *ret, struct err *e);
/* Is it one of the certificates that count for this guest, as the store has them? */
bool grant_knows(struct ctl *c, const struct identity *id, const void *der, size_t size);
/* denied: revoked, replaced, or a guest whose VM is gone. A guest's certificate that was issued after those that the store has, and that it does not know,
 * is good: this store is an older copy, which the guest's HELLO will say (goal.h). */
struct grant_shown { const struct identity *id; const void *serial; size_t size; int64_t not_before; };
int grant_check(struct ctl *c, const struct grant_shown *shown, struct err *e);

/* natald's own, for its listeners. names: of its certificate. */
struct grant_self { const char *instance; size_t name_count; const char (*names)[128]; const void *spki; size_t spki_size; };
int grant_self(struct ctl *c, const struct grant_self *self, struct access *ret, struct err *e);
/* SHA-256 of the SPKI of the CA that issues all of these, and its chain. */
int grant_pin(struct ctl *c, uint8_t pin[SHA256_SIZE], struct buf *chain, struct err *e);
