/* signer.h - the process that holds the private signing keys: media keys and the CA's.
 *
 * It is forked before natald does anything else, has no network (seccomp refuses sockets and programs; a network namespace of its own
 * where that is permitted), cannot be dumped or traced, and reads the store with a connection of its own.  Asked to sign, it
 * takes the bytes from the committed row, never from the asker.  One request, one reply over a socketpair; the caller is natald's loop.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "common/base/buf.h"
#include "common/base/secret.h"
#include "common/crypto/pubkey.h"
#include "controller/store/bundle_row.h"

struct signer;
struct signer_config { const char *store_path; const struct secret *key; };    /* key: SEAL_SIGNER */

int signer_start(const struct signer_config *config, struct signer **ret, struct err *e);
/* Closes the channel, by which the process ends, and waits for it. */
void signer_stop(struct signer *s);
scope_fn(struct signer, signer_stop)
#define scoped_signer scoped(signer_stop_p)
/* Readable when the process has gone: natald then has to end. */
int signer_fd(const struct signer *s);
bool signer_alive(const struct signer *s);
pid_t signer_pid(const struct signer *s);

int signer_make_media_key(struct signer *s, enum sig_alg alg, struct pubkey *ret, struct buf *sealed, struct err *e);
int signer_make_ca(struct signer *s, const char *subject, struct buf *sealed, struct buf *chain_pem, struct err *e);
int signer_csr(struct signer *s, const char *project, const char *subject, struct buf *csr_pem, struct err *e);
/* The certificate of a committed intent: bundle at stage 1 or later. denied where the store has no such row. */
int signer_issue(struct signer *s, const struct bundle_ref *ref, struct buf *cert_pem, struct err *e);
/* Signatures of a committed manifest (as FORMAT.md writes them) and the whole pin record of a committed pin payload: stage 2 or later. */
int signer_sign(struct signer *s, const struct bundle_ref *ref, struct buf *signatures, struct buf *pin_record, struct err *e);
/* Asks many at once: send all, then collect in the same order. At most SIGNER_BATCH. */
enum { SIGNER_BATCH = 16 };
int signer_post(struct signer *s, const char *op, const struct bundle_ref *ref, struct err *e);
int signer_collect_cert(struct signer *s, struct buf *cert_pem, struct err *e);
int signer_collect_signatures(struct signer *s, struct buf *signatures, struct buf *pin_record, struct err *e);
#define SIGNER_OP_ISSUE "issue"
#define SIGNER_OP_SIGN "sign"

/* The other end: never returns but when the channel closes. For the child, and for tests. */
int signer_serve(int fd, const struct signer_config *config, struct err *e);
