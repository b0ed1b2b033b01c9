/* signer.h - the process that holds the private signing keys: media keys and the CA's.
 *
 * It is forked before natald does anything else, has no network (seccomp refuses sockets and programs; a network namespace of its own
 * where that is permitted), cannot be dumped or traced, and reads the store with a connection of its own.  To a server it connects before it
 * is confined; when that connection is lost it ends, and its parent, which does nothing else, starts the next (keep.c).  Asked to sign, it
 * takes the bytes from the committed row, never from the asker.  Messages over a socketpair, answered in order; the caller is natald's loop.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "common/base/buf.h"
#include "common/base/secret.h"
#include "common/crypto/pubkey.h"
#include "controller/store/bundle_row.h"

struct signer;
struct signer_config { const char *store; const struct secret *key; };    /* key: SEAL_SIGNER */

int signer_start(const struct signer_config *config, struct signer **ret, struct err *e);
/* Closes the channel, by which the process ends, and waits for it. */
void signer_stop(struct signer *s);
scope_fn(struct signer, signer_stop)
#define scoped_signer scoped(signer_stop_p)
/* Readable when answers are there, and when the process has gone: natald then has to end. */
int signer_fd(const struct signer *s);
bool signer_alive(const struct signer *s);
pid_t signer_pid(const struct signer *s);

int signer_make_media_key(struct signer *s, enum sig_alg alg, struct pubkey *ret, struct buf *sealed, struct err *e);
int signer_make_ca(struct signer *s, const char *subject, struct buf *sealed, struct buf *chain_pem, struct err *e);
int signer_csr(struct signer *s, const char *project, const char *subject, struct buf *csr_pem, struct err *e);
/* The certificate of an access row (store/access.h) that was committed. Appends PEM. */
int signer_issue(struct signer *s, const char *access_id, struct buf *cert_pem, struct err *e);
/* The envelope of a committed key statement (store/key_statement.h). */
int signer_state(struct signer *s, const char *project, int64_t n, struct buf *envelope, struct err *e);
/* Births, a batch a message: what each needs next follows from its stage. BUNDLE_TAKEN: the certificate of the committed intent.
 * BUNDLE_WRITTEN: the signatures of the committed manifest (as FORMAT.md writes them) and the whole pin record of the committed pin payload.
 * The answers come in the order of asking, and are taken when they are there: the signer works while natald does. */
enum { SIGNER_BATCH = 16 };
int signer_post(struct signer *s, const struct bundle_ref *refs, size_t n, struct err *e);
/* Takes in what has arrived, without waiting. unavailable: the signer has ended. */
int signer_read(struct signer *s, struct err *e);
struct signer_answer { struct err failed; struct buf cert, signatures, pin_record; };        /* failed.code, or what the stage asked for */
#define SIGNER_ANSWER ((struct signer_answer){ .cert = BUF_MAX(BUNDLE_CERT_MAX), .signatures = BUF_MAX(BUNDLE_SIGNATURES_MAX), \
	.pin_record = BUF_MAX(BUNDLE_MANIFEST_MAX + 8192) })
void signer_answer_fini(struct signer_answer *a);
/* Has an answer arrived that signer_next() would return? */
bool signer_answered(const struct signer *s);
/* How many of them. */
size_t signer_answers(const struct signer *s);
/* The next answer: *ret_none where it has not arrived. */
int signer_next(struct signer *s, struct signer_answer *ret, bool *ret_none, struct err *e);
/* As signer_next(), after waiting for it (10 s at most). */
int signer_wait(struct signer *s, struct signer_answer *ret, struct err *e);

/* The other end: never returns but when the channel closes. For the child, and for tests. store: a server's, connected before the signer is
 * confined (NULL: a file, which is opened when it is needed); *ret_lost: its connection is gone, and so is this process's use. */
int signer_serve(int fd, const struct signer_config *config, struct store *store, bool *ret_lost, struct err *e);
/* signer_serve() by children of this process's, each with a connection of its own: when one has lost it, the next takes the channel. */
int signer_keep(int fd, const struct signer_config *config, struct err *e);
