/* births.h - which bundles are with the signer, and which births came to an end since the loop last looked. Part of struct ctl.
 *
 * Only memory: what is unfinished stands in the store, and is asked for again by the next natald.
 */
#pragma once
#include "controller/store/bundle_row.h"

enum { BIRTHS_MAX = 64 };       /* with the signer or the writer of pin records at a time; more wait in the store */
struct birth_end { struct bundle_ref ref; struct buf pin_record; };     /* signed: with the record that became of it */
struct births {
	size_t asked, ended, done_count;
	struct bundle_ref with_signer[BIRTHS_MAX];              /* in the order of asking */
	struct birth_end end[BIRTHS_MAX];                       /* in this turn: signed, broken, gone or put off */
	struct bundle_ref done[2 * BIRTHS_MAX];                 /* and nothing is left to do for who awaits them */
	int64_t retry_ms;                                       /* monotonic: after a commit that failed, not before this */
	bool look_again;                                        /* a VM was deleted: who waits for it waits for nothing */
};
