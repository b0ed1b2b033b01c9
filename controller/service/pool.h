/* pool.h - keys made ahead: a thread of the lowest priority makes them, the loop seals and stores them.
 *
 * pool_fd() becomes readable when keys are ready; pool_collect() then stores them, inside a turn.  pool_take() works on an empty pool too:
 * it makes the key on the spot.
 */
#pragma once
#include "controller/crypto/guestkey.h"
#include "controller/service/ctl.h"
#include "controller/store/pool_key.h"

enum { POOL_KEYS_MAX = 100000 };          /* of a kind, ahead */
struct pool_marks { int64_t low, high; };
/* Per kind; RSA keys are made only where somebody asks for them. */
extern const struct pool_marks pool_marks_default[GUESTKEY_KINDS];

int pool_start(const struct pool_marks marks[GUESTKEY_KINDS], struct pool **ret, struct err *e);
void pool_stop(struct pool *p);
struct pool_marks pool_marks(const struct pool *p, enum guestkey_kind kind);
/* Writes an operator's marks to the store, inside a turn; pool_load_marks() then takes them up. limit, usage. 0 and 0: none are made ahead. */
int pool_set_marks(struct ctl *c, enum guestkey_kind kind, struct pool_marks marks, struct err *e);
/* The marks of the store are the pool's from now on: at the start, and after the commit that changed them. */
int pool_load_marks(struct ctl *c, struct err *e);
/* RSA keys are made ahead from now on: an image whose VMs get one is registered. */
void pool_want_rsa(struct pool *p);
/* Is one registered already? At the start. */
int pool_look_for_rsa(struct ctl *c, struct err *e);
/* Does this image's document ask for it? */
bool pool_image_rsa(const char *doc);
int pool_fd(const struct pool *p);
/* Is there something to collect? */
bool pool_ready(struct pool *p);
int pool_collect(struct ctl *c, struct err *e);
/* Below the low mark: order keys up to the high one. `atleast` (0: the mark) raises it for this once. */
int pool_top_up(struct ctl *c, int64_t atleast, struct err *e);
/* How many of a kind are being made. */
int64_t pool_pending(const struct pool *p, enum guestkey_kind kind);
int pool_take(struct ctl *c, const char *project, enum guestkey_kind kind, const char *vm_id, struct guestkey *ret, struct err *e);
