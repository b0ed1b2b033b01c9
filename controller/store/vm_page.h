/* vm_page.h - machines in the order of their names, a page at a time, for lists: by key and never by offset, so that the last page of a
 * million costs what the first does.
 *
 * A page looks at VM_PAGE_SCAN rows at most.  Where few of them fit the filter it is short, even empty, and `next` says where to go on.
 */
#pragma once
#include "controller/store/vm.h"

enum { VM_PAGE_SCAN = 5000 };
struct vm_page {
	const char *project, *after, *prefix, *host, *image;    /* "": any */
	int state;                                              /* -1: any */
	size_t limit;
	char next[STORE_NAME_MAX];                              /* set: more may come after this name; "": that was all */
};
/* Of the row only what a list shows is there: id, project, name, uuid, host, image, state, reason, running, forwards, sequence, rev. */
int vm_page(struct store *s, struct vm_page *p, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e);

/* The next `most` machines of all projects, in the order of their ids: id, project, name and sequence alone. after: "" at first; *ret_whole: there are no more. */
struct vm_walk { char after[STORE_ID_MAX]; size_t most; bool whole; };
int vm_walk(struct store *s, struct vm_walk *w, int (*each)(void *arg, struct vm *v, struct err *e), void *arg, struct err *e);
/* A machine of that image: its name, "" where there is none. */
int vm_of_image(struct store *s, const char *project, const char *image, char out[STORE_NAME_MAX], struct err *e);
/* How many machines the project has, and how many of them run: by indexes alone. */
int vm_tally(struct store *s, const char *project, int64_t *ret_all, int64_t *ret_running, struct err *e);

/* Counts by state and of those that run, a stretch at a time: a walk over all rows in the order of their ids, of all projects. */
struct vm_count { char after[STORE_ID_MAX]; int64_t by_state[VM_STATES], running; };
/* Goes on for `most` rows; *ret_whole where it came to the end. */
int vm_count_step(struct store *s, struct vm_count *n, size_t most, bool *ret_whole, struct err *e);
