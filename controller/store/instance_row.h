/* instance_row.h - the natald that serve one store: who lives, where guests and hosts find him, and who is forgotten.
 *
 * A row (id, seen_at, last_n, addresses) is written by its own natald alone: news.h counts in it, instance_alive() says that it lives. seen_at is
 * unix time by that natald's clock, negative where it has ended in order.
 */
#pragma once
#include "controller/store/store.h"

/* addresses: "NAME:PORT", separated by blanks. INSTANCE_FORGOTTEN_S: after it a row goes, with what is left of its news. */
enum { INSTANCE_ADDRESSES_MAX = 1100, INSTANCE_FORGOTTEN_S = 86400 };
struct instance_row { char id[STORE_ID_MAX], addresses[INSTANCE_ADDRESSES_MAX]; };

/* This natald lives and is found there; its row is made where it was forgotten. Nothing before news_begin(). */
int instance_alive(struct store *s, int64_t now_unix_s, const char *addresses, struct err *e);
/* It ends: nobody has to wait for it. Outside a turn. */
int instance_end(struct store *s, int64_t now_unix_s, struct err *e);
/* Of the others that were alive since then, those that can be found: in the order of their ids, from ours on and round. */
int instance_others(struct store *s, int64_t since_unix_s, struct instance_row *rows, size_t max, size_t *ret, struct err *e);
/* Ids of all that were alive since then. */
int instance_ids(struct store *s, int64_t since_unix_s, char (*ids)[STORE_ID_MAX], size_t max, size_t *ret, struct err *e);
/* The duty of one (a lease): who was neither seen nor ended for INSTANCE_FORGOTTEN_S. */
int instance_forget(struct store *s, int64_t now_unix_s, struct err *e);
