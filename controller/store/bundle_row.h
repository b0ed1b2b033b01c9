/* bundle_row.h - what one VM is handed, in the stages of its making. A kill between two stages leaves a row that says what is next.
 *
 * stage 1: the keys are taken, the certificate's intent and the secrets are there.  The signer may issue the certificate.
 * stage 2: certificate, manifest and pin payload are there, with their digests.  The signer may sign both.
 * stage 3: the signatures are there: the medium can be made, byte for byte the same each time.
 * broken: the signer refused for good; the machine says why.
 * The secrets (blobs, in the manifest's order, sealed) are gone once wiped_at is set.
 */
#pragma once
#include "common/crypto/hash.h"
#include "controller/store/store.h"

enum bundle_stage { BUNDLE_TAKEN = 1, BUNDLE_WRITTEN, BUNDLE_SIGNED, BUNDLE_BROKEN };
enum { BUNDLE_SECRETS_MAX = 65 << 20, BUNDLE_CERT_MAX = 64 << 10, BUNDLE_MANIFEST_MAX = 1 << 20, BUNDLE_SIGNATURES_MAX = 4096,
	BUNDLE_SPKI_MAX = 800 };

struct bundle_row {
	char vm_id[STORE_ID_MAX], project[STORE_PROJECT_MAX];
	int64_t sequence;
	enum bundle_stage stage;
	struct buf intent;                      /* JSON: cert_intent (service/intent.h) */
	struct buf spki;                        /* DER, of the TLS key */
	struct buf secrets;                     /* sealed, bound to "<vm id>/<sequence>" */
	struct buf cert, chain;                 /* PEM */
	struct buf manifest, pin;               /* the payloads that are signed */
	uint8_t digest[SHA256_SIZE], pin_digest[SHA256_SIZE];   /* of their envelopes */
	struct buf signatures;                  /* of the manifest, as in FORMAT.md "Signature" */
	struct buf pin_record;                  /* the whole signed envelope */
	struct buf keys;                        /* JSON: digests of what was installed, to compare reports with */
	int64_t delivered_at, wiped_at, rev;
};
#define BUNDLE_ROW ((struct bundle_row){ .intent = BUF_MAX(65536), .spki = BUF_MAX(BUNDLE_SPKI_MAX), .secrets = BUF_MAX(BUNDLE_SECRETS_MAX), \
	.cert = BUF_MAX(BUNDLE_CERT_MAX), .chain = BUF_MAX(BUNDLE_CERT_MAX), .manifest = BUF_MAX(BUNDLE_MANIFEST_MAX), .pin = BUF_MAX(BUNDLE_MANIFEST_MAX), \
	.signatures = BUF_MAX(BUNDLE_SIGNATURES_MAX), .pin_record = BUF_MAX(BUNDLE_MANIFEST_MAX + 8192), .keys = BUF_MAX(65536) })
void bundle_row_fini(struct bundle_row *b);
#define scoped_bundle_row scoped(bundle_row_fini)

/* For this folder: what reads one, with or without what is sealed, and a row of its answer. */
#define BUNDLE_ROW_COLUMNS(secrets) "SELECT vm_id, sequence, project, stage, intent, spki, " secrets ", cert, chain, manifest, pin, signatures, pin_record, keys," \
	" digest, pin_digest, delivered_at, wiped_at, rev FROM bundle "
#define BUNDLE_ROW_ONE "WHERE vm_id = ? AND sequence = ?"
#define BUNDLE_ROW_SECRET BUNDLE_ROW_COLUMNS("secrets") "LEFT JOIN bundle_secret USING (vm_id, sequence) " BUNDLE_ROW_ONE
#define BUNDLE_ROW_PUBLIC BUNDLE_ROW_COLUMNS("NULL") BUNDLE_ROW_ONE
struct db_query;
int bundle_row_read(struct db_query *q, struct bundle_row *b, struct err *e);

int bundle_row_insert(struct store *s, const struct bundle_row *b, struct err *e);
int bundle_row_get(struct store *s, const char *vm_id, int64_t sequence, struct bundle_row *ret, bool *ret_absent, struct err *e);
/* Without its secrets: for who has no business with them. */
int bundle_row_get_public(struct store *s, const char *vm_id, int64_t sequence, struct bundle_row *ret, bool *ret_absent, struct err *e);
/* All but the secrets and the intent, by compare-and-swap; b->rev grows. */
int bundle_row_save(struct store *s, struct bundle_row *b, struct err *e);
/* Deletes the secrets of this and every earlier sequence. Scrub the store afterwards. */
int bundle_row_wipe(struct store *s, const char *vm_id, int64_t sequence, struct err *e);
/* Those of this sequence and before go, with their secrets, but for what is being made or signed. *ret_secrets: some had theirs; scrub the store afterwards. */
int bundle_row_trim(struct store *s, const char *vm_id, int64_t sequence, bool *ret_secrets, struct err *e);
/* VMs whose newest bundle was delivered and not wiped: their medium was not seen to go. */
int bundle_row_unwiped(struct store *s, char (*ids)[STORE_ID_MAX], size_t max, size_t *ret, struct err *e);
/* Which bundles are not at stage 3, of those that this natald began; and of the others' after a while, for their maker may have gone. */
enum { BUNDLE_OTHERS_S = 10 };
struct bundle_ref { char vm_id[STORE_ID_MAX]; int64_t sequence, rev; enum bundle_stage stage; };
/* From stage 2 to 3. *ret_changed is false where the row is not as it was when it was asked for: what was signed is not what stands there. */
int bundle_row_sign(struct store *s, const struct bundle_ref *ref, const struct buf *signatures, const struct buf *pin_record, bool *ret_changed,
	struct err *e);
/* From here on this natald is the one that is at it: another may have begun it. */
int bundle_row_claim(struct store *s, const struct bundle_row *b, struct err *e);
int bundle_row_unfinished(struct store *s, struct bundle_ref *refs, size_t max, size_t *ret, struct err *e);
