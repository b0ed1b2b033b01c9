/* pinwriter.h - the thread that lays out pin records as files.
 *
 * Making a file takes the disk a quarter of a millisecond, and a birth awaits its own: the loop makes other births meanwhile. Records are written
 * in the order in which they were given; one that cannot be written is said in the log and counts as done, since each start writes what is
 * missing.  All functions are for the loop's thread.
 */
#pragma once
#include <stdbool.h>
#include "controller/store/bundle_row.h"

struct pinwriter;
int pinwriter_start(struct pinwriter **ret, struct err *e);
/* Writes what is queued, then ends. NULL is fine. */
void pinwriter_stop(struct pinwriter *w);
/* Readable when pinwriter_next() has something. */
int pinwriter_fd(const struct pinwriter *w);
/* path: the file. bytes are taken over. */
int pinwriter_add(struct pinwriter *w, const struct bundle_ref *whose, const char *path, struct buf *bytes, struct err *e);
/* How many were added and not yet returned by pinwriter_next(). */
size_t pinwriter_count(const struct pinwriter *w);
/* Is a record of this VM queued, being written, or written and not yet returned? */
bool pinwriter_holds(struct pinwriter *w, const char *vm_id);
/* Whose record was laid out (or given up). False: none now. */
bool pinwriter_next(struct pinwriter *w, struct bundle_ref *ret);
/* Nothing of this path is written any more when it returns: the file may then be removed. */
void pinwriter_forget(struct pinwriter *w, const char *path);
