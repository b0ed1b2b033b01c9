/* vm_recent.h - rows of machines that this natald wrote or read within one iteration of its loop, so that they are not asked for again.
 *
 * vm.c puts them here and looks here first.  Whoever writes compares the row's revision, so that one that another natald has changed meanwhile runs the turn
 * again, without these.  Whoever only reads is answered as of a moment behind his request: the loop forgets all before it takes requests (vm_recent_begin()).
 * A mark that is undone and a turn that is not committed forget them too.  Without vm_recent_begin() nothing is kept.
 */
#pragma once
#include "controller/store/vm.h"

enum { VM_RECENT_MAX = 128 };
struct vm_recent;

/* Forgets all. From here on rows are kept; without memory they are not. */
void vm_recent_begin(struct store *s);
/* vm.c: reads those of the refs that are not here, all at once, since they are about to be asked for. */
struct bundle_ref;
int vm_read_ahead(struct store *s, const struct bundle_ref *refs, size_t n, struct err *e);
/* A copy of v. The oldest goes where there is no room. */
void vm_recent_put(struct store *s, const struct vm *v);
/* ret: a copy, the caller's. false: it is not here. */
bool vm_recent_find(struct store *s, const char *id, struct vm *ret);
bool vm_recent_find_named(struct store *s, const char *project, const char *name, struct vm *ret);
/* NULL: it is not here. Borrowed until something is put here. */
const struct vm *vm_recent_peek(const struct store *s, const char *id);
void vm_recent_drop(struct store *s, const char *id);
void vm_recent_clear(struct store *s);
void vm_recent_free(struct store *s);
