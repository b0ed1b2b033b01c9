/* births.h - the births that are under way: which bundles are with the signer, which came to an end, and who is to hear of it.
 *
 * Part of struct ctl; for the loop's thread.  After a commit births_post() asks the signer for what is unfinished; births_take() takes the
 * answers that have arrived, in a turn of its own; births_tell() does what follows from an end, once that is on the disk.  Only memory: what is
 * unfinished stands in the store, and is asked for again by the next natald.
 */
#pragma once
#include "controller/store/bundle_row.h"

struct ctl;
enum { BIRTHS_MAX = 64 };       /* with the signer or the writer of pin records at a time; more wait in the store */
struct birth_end { struct bundle_ref ref; bool committed; struct buf pin_record; };     /* signed: with the record that became of it */
struct births {
	size_t asked, ended, done_count;
	struct bundle_ref with_signer[BIRTHS_MAX];              /* in the order of asking */
	struct birth_end end[BIRTHS_MAX];                       /* signed, broken, gone or put off, and not told yet */
	struct bundle_ref done[2 * BIRTHS_MAX];                 /* and nothing is left to do for who awaits them */
	int64_t retry_ms;                                       /* monotonic: after a commit that failed, not before this */
	bool look_again;                                        /* a VM was deleted: who waits for it waits for nothing */
};

/* Inside a turn: each bundle whose answer has arrived goes one stage on, in a savepoint of its own. */
int births_take(struct ctl *c, struct err *e);
/* After it: was it committed? Else its births are put off for a second. */
void births_took(struct ctl *c, bool committed);
/* Pin records go to their writer, and the host hears of new VMs. What cannot be told is told by the next call. */
int births_tell(struct ctl *c, struct err *e);
int births_post(struct ctl *c, struct err *e);
/* Did the birth of this VM end since births_forget(), and is its pin record laid out? True too for a VM that was deleted. */
bool births_ended(struct ctl *c, const char *vm_id);
void births_forget(struct ctl *c);
