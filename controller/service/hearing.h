/* hearing.h - what natald holds in memory of the guests that it hears, so that a status that changes nothing costs the store one statement.
 *
 * An entry says on which revision of the machine's row it rests; the statement names that too (store/progress.h), so that an entry that is out of date
 * leads to the long way and to nothing else.  Of fixed size: where there is no room near, the one heard of longest ago goes.
 */
#pragma once
#include "common/wire/status.h"
#include "controller/store/vm.h"

enum { HEARINGS = 1 << 15 };
struct hearing {
	char vm_id[STORE_ID_MAX], host[VM_HOST_MAX], boot_id[37];
	int64_t rev, epoch, sequence, seq;      /* of the machine's row; seq: the last of boot_id */
	int64_t until_s;                        /* by the store's clock: then its deadline wants to be put off, by the long way */
	int64_t watched_ms;                     /* monotonic: until then somebody looks at each step */
	int64_t forged_ms;                      /* monotonic: when the bucket of forged frames was looked at; 0: it is full */
	double forged_left;
	uint32_t used;                          /* when it was looked for last, in lookups */
	enum status_phase phase;
	uint8_t key[VM_REPORT_KEY_SEALED_MAX];  /* sealed */
	size_t key_size;
};
struct hearings;
struct hearings *hearings_new(void);
void hearings_free(struct hearings *h);
/* NULL: it is not held; with `make`, an empty one (rev 0). */
struct hearing *hearings_find(struct hearings *h, const char *vm_id, bool make);
/* The machine's row was saved after a report of this boot, in this phase. */
void hearings_note(struct hearings *h, const struct vm *v, const struct status *s, int64_t until_s);
/* What was noted since the mark was undone with its request: those reports go the long way. h NULL: nothing is. */
uint32_t hearings_mark(const struct hearings *h);
void hearings_undo(struct hearings *h, uint32_t mark);
/* A frame came whose MAC is wrong: it costs the store a row. HEARING_FORGED_MAX at once, then one a second: while there are none left, nothing of this
 * guest is read, and false says so. *ret_last: with this one they are used up. h NULL: always. */
enum { HEARING_FORGED_MAX = 256 };
bool hearings_may_forge(struct hearings *h, const char *vm_id, int64_t now_ms);
void hearings_forged(struct hearings *h, const char *vm_id, int64_t now_ms, bool *ret_last);
/* Somebody reads this machine's events. */
void hearings_watch(struct hearings *h, const char *vm_id);
bool hearings_watched(struct hearings *h, const char *vm_id);
