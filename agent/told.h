/* told.h - what a run tells as it goes, and its last word: to the report, to the console, to the next stage of this boot. */
#pragma once
#include "agent/agent.h"
#include "agent/apply/apply.h"

/* Steps and findings of apply, told by this run. */
struct progress told_progress(struct agent *a);
void told_finding(void *data, const struct item *i, const struct err *e);
/* The lines of the result document: the journal's items with this boot's outcomes, or without one what the journal knows; not those behind the
 * boot: of them nothing is known yet. In the journal's arena. */
struct result_line *told_lines(struct agent *a, size_t *ret_count);
/* What the next stage has to know: boot.h. */
int told_remember(struct agent *a, const char *phase, struct err *e);
/* Counts this boot. Where its number cannot be made to stand, the number may come again: then it says nothing. */
void told_boot(struct agent *a);
/* The terminal report of a run that did not get to its end. Returns -e's code, *e as it was. */
int told_failure(struct agent *a, struct err *e);
