/* boot.h - the boots a machine has reported of: which frames were seen, and which boot is the newest.
 *
 * number is the guest's own counter (0: unknown), place the order in which natald heard of them.  A row is written with the first proven
 * frame of a boot and goes with the machine or its bundle's successor.
 */
#pragma once
#include "controller/store/store.h"

enum { BOOTS_MAX = 1024 };              /* a machine; beyond, the first heard of are forgotten */
enum boot_standing { BOOT_COUNTS, BOOT_LATE, BOOT_QUARANTINED };        /* late: it spoke after a newer one; service/runs.h */
/* seq: the last that was committed; twin: its number has two boots; run_token: of the VM when it was first heard of. */
struct boot { char boot_id[37]; int64_t number, place, seq, run_token; bool twin; enum boot_standing standing; };

int boot_get(struct store *s, const char *vm_id, const char *boot_id, struct boot *ret, bool *ret_absent, struct err *e);
/* One that stands so. */
int boot_get_standing(struct store *s, const char *vm_id, enum boot_standing standing, struct boot *ret, bool *ret_absent, struct err *e);
/* Looks for a quarantined one of each of these machines at once: those that have none are not asked of again, until bundle_ahead_clear() or a boot_put(). */
struct bundle_ref;
int boot_ahead_read(struct store *s, const struct bundle_ref *refs, size_t n, struct err *e);
void boot_ahead_clear(struct store *s);
/* Writes it; place 0: it is new, and gets the next one. */
int boot_put(struct store *s, const char *vm_id, struct boot *b, struct err *e);
/* And what was said in them (progress.h). */
int boot_delete_all(struct store *s, const char *vm_id, struct err *e);
/* Is a newer than b? By their numbers where both are known, else by place. */
bool boot_newer(const struct boot *a, const struct boot *b);
