/* event.h - what happened to each thing, in order: written in the commit of the change itself, read by cursor.
 *
 * Numbered per thing: two that change it wait for each other, so that no number is seen before a lower one is there.
 */
#pragma once
#include "controller/store/store.h"

struct event { int64_t seq, at_ms; const char *noun, *noun_id, *kind, *body; };
/* body: a JSON object. */
int event_add(struct store *s, const char *project, const struct event *ev, struct err *e);
/* Events of one thing after `after`, oldest first, at most `limit`. Strings live only inside each(). */
struct event_cursor { const char *noun_id; int64_t after; int limit; };
int event_each(struct store *s, const struct event_cursor *c, void (*each)(void *arg, const struct event *ev), void *arg, struct err *e);
/* Of the next `things` things after *at, which moves on ("": from the first): but the newest are deleted, and of what is no machine (any more) those
 * from before before_ms too. What is there goes on counting where it was. */
struct event_limits { int64_t newest, before_ms; };
int event_trim(struct store *s, char at[STORE_ID_MAX], int things, const struct event_limits *keep, struct err *e);
/* Is there one of this kind whose body begins so? */
struct event_start { const char *noun_id, *kind, *body; };
int event_has(struct store *s, const struct event_start *w, bool *ret, struct err *e);
/* Of this thing's events of this kind the newest are kept. */
int event_keep(struct store *s, const char *noun_id, const char *kind, int64_t newest, struct err *e);
/* The newest number of this thing, 0 where nothing happened. */
int event_last(struct store *s, const char *noun_id, int64_t *ret, struct err *e);
