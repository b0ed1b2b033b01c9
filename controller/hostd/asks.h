/* asks.h - what the controller asked of this host: which it has not answered (frame HAVE names them), and the last answers, for one that is asked
 * again since an answer was lost.
 */
#pragma once
#include "common/wire/frame.h"
#include "common/wire/hostframe.h"

enum { ASKS_OPEN_MAX = HOST_HAVE_MAX, ASKS_ANSWERED_MAX = 512 };
/* bytes: of an open one that waits to be begun, its body; of an answered one, its answer. */
struct ask { struct ask *next; uint64_t req; enum frame_type type; bool answered, begun; char *body, *answer; };
struct asks { struct ask *first; size_t open, answered; };
void asks_fini(struct asks *a);

struct ask *asks_find(const struct asks *a, uint64_t req);
/* limit: too many are open. The new one is last. */
int asks_add(struct asks *a, uint64_t req, const struct frame *f, struct ask **ret, struct err *e);
/* The oldest answers are forgotten. */
int asks_answer(struct asks *a, struct ask *ask, const void *answer, size_t size, struct err *e);
/* A whole frame HAVE. */
int asks_have(const struct asks *a, struct buf *out, struct err *e);
