/* news.h - what one natald changed, for the others that serve the same store: rows (instance, n), written in the turn that made the change.
 *
 * A natald alone writes its numbers, and one turn after the other: who has read up to n has missed nothing before it.  The others keep a
 * cursor per instance and look every second.  Rows are dropped after NEWS_KEPT_S; who was away for longer finds a gap, and has to compare what it
 * holds with the store.  Without news_begin() (a store of one natald) nothing is written.
 */
#pragma once
#include "controller/store/store.h"

enum { NEWS_KEPT_S = 600, NEWS_INSTANCES_MAX = 64, NEWS_BATCH = 1000 };

/* From now on this store's turns tell what they change as this instance. Outside a turn. */
int news_begin(struct store *s, const char *instance, struct err *e);
/* Inside a turn; told when it is committed, once, unless its mark is undone. */
int news_add(struct store *s, const char *noun, const char *noun_id, struct err *e);

/* n: read so far, last: written. fresh: nothing of it was read, and what comes first is no gap. there: it stands in the store. */
struct news_cursor { char instance[STORE_ID_MAX]; int64_t n, last; bool fresh, there; };
/* Those that were seen last, NEWS_INSTANCES_MAX at most. read_ms: when it was read, monotonic. */
struct news_reader { size_t count; bool begun; int64_t read_ms; struct news_cursor at[NEWS_INSTANCES_MAX]; };
/* What the others told since; the first time nothing, for it is all in the store. *ret_gap: something was dropped unread. At most NEWS_BATCH rows
 * of each instance: *ret_more. */
struct news_found { bool gap, more; };
struct news_ear { void (*each)(void *arg, const char *noun, const char *noun_id); void *arg; };
int news_read(struct store *s, struct news_reader *r, const struct news_ear *ear, struct news_found *ret, struct err *e);
/* The duty of one (a lease): what is old goes. */
int news_trim(struct store *s, int64_t now_unix_s, struct err *e);
