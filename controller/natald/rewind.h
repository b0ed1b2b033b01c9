/* rewind.h - requests as they were when the turn began: for a turn that is run again, or came to nothing.
 *
 * A handler is a function of its decoded request until the reply is sent; what it put into the request is taken back here, what it asked of
 * the host by link_turn_end(), what it wrote by the store.
 */
#pragma once
#include "controller/http/request.h"

/* Before the turn: those that had waited, and those that are new. */
void rewind_note(struct request *list, bool waited);
/* From wherever the turn put them back to where they came from, in front; who was no part of it (before.out) stays. */
void rewind_all(struct request **from, struct request **fresh, struct request **waiting);
