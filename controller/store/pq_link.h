/* pq_link.h - one connection to a PostgreSQL, in pipeline mode: statements are sent behind each other, and their results are read when an
 * answer is needed.
 *
 * pq_link.c connects, and says when a connection is lost; pq_send.c sends and reads; engine_pq.c makes turns of it.
 */
#pragma once
#include "common/base/late.h"
#include "controller/store/engine.h"
#include "controller/store/pq_functions.h"

struct pq { PQ_FUNCTIONS(LATE_MEMBER) };

enum { PQ_STATEMENTS_MAX = 256, PQ_PENDING_MAX = 4096, PQ_ANSWER_MS = 30000, PQ_AWAY_MS = 30000 };

/* Kept as long as the store is; `known` by the server of this connection. */
struct pq_statement { const char *sql; char *text; bool known; };
/* Sent, and its result was not read yet. prepares: it makes this statement known. expect: of a post. keep: where its result
 * goes, or NULL. */
struct pq_pending { struct pq_statement *prepares; const char *sql; int expect; bool answered; PGresult **keep; };

struct pq_link {
	PGconn *conn;                   /* NULL: there is none */
	char *address;
	enum open_mode mode;
	size_t count, pending_count, unsent;    /* unsent: posts since they were last handed to the socket */
	struct pq_statement statements[PQ_STATEMENTS_MAX];
	struct pq_pending pending[PQ_PENDING_MAX];
	bool began, wrote;              /* in this turn: BEGIN was sent, and a write */
	bool marked, mark_sent;
	struct pq_held *held, **held_end;       /* posts behind a mark that was not sent */
	bool careful;                   /* posts are run at once: a turn that was run again and again finds out who is in the way */
	bool reading;                   /* a reader's snapshot */
	bool gone;                      /* the server said that this connection ends, or that it is a standby */
	struct err failed;              /* the turn's end: what is run in it says so */
	int64_t away_until_ms, next_try_ms;     /* while there is no connection: how long it is waited for, when it is tried again */
	char turn_id[STORE_ID_MAX];
};
extern struct pq pq;
int pq_load(struct err *e);
static inline struct pq_link *pq_link_of(const struct store *s) { return s->link; }

/* s->path from the address: hosts and database, nothing else of it. */
int pq_name(struct store *s, const char *address, struct err *e);
/* One try. unavailable. */
int pq_connect(struct store *s, struct err *e);
/* Tries, and again with growing pauses, until it has been away for PQ_AWAY_MS; from then on one try a second, at most. */
int pq_reconnect(struct store *s, struct err *e);
/* The connection is of no more use. Sets must_retry, and what the turn failed with. */
int pq_lost(struct store *s, const char *why, struct err *e);
/* Waits until results can be read. */
int pq_wait(struct store *s, struct err *e);
int pq_flush(struct store *s, struct err *e);

/* Puts it behind what was sent. */
int pq_send(struct store *s, const struct db_call *c, int expect, bool answered, struct err *e);
/* Would pq_send() take its values? */
int pq_bindable(const struct db_call *c, struct err *e);
/* pq_hold.c: a post that is sent by pq_hold_send(), behind those held before, or by nobody. */
int pq_hold(struct store *s, const struct db_call *c, int expect, struct err *e);
int pq_hold_send(struct store *s, struct err *e);
void pq_hold_drop(struct pq_link *l);
/* pq_commit.c: the COMMIT of a turn that began. */
int pq_end_turn(struct store *s, struct err *e);
/* engine_pq.c: nothing of this turn is remembered. */
void pq_forget_turn(struct pq_link *l);
/* Reads the results of all that was sent. *ret_last, where it is wanted, is that of the last one, which was sent `answered`. */
int pq_settle(struct store *s, PGresult **ret_last, struct err *e);
/* A literal without values, as a post. */
int pq_say(struct store *s, const char *sql, struct err *e);
/* What a refused statement means. Sets must_retry where it does. */
int pq_fail(struct store *s, const PGresult *res, struct err *e);
static inline void pq_clear_p(PGresult **res) { pq.PQclear(*res); }
#define scoped_result scoped(pq_clear_p)
