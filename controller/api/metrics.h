/* metrics.h - natald's numbers, counted in memory and written as Prometheus text (its exposition format 0.0.4): requests by route and status, turns,
 * commits, and what the store says of the pool and of machines when it is asked.
 *
 * One per natald, on the loop's thread.  Counting costs an increment; machines are counted by a walk of METRICS_WALK rows a scrape, so that a
 * scrape costs the same with a million.
 */
#pragma once
#include "controller/http/request.h"

enum { METRICS_WALK = 20000 };
struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
/* A request was answered. */
void metrics_request(struct metrics *m, const struct request *rq);
enum metrics_step { METRICS_TURN, METRICS_COMMIT, METRICS_SYNC, METRICS_STEPS };
/* One step of the loop that began at began_ns (monotonic). m may be NULL. */
void metrics_step(struct metrics *m, enum metrics_step step, int64_t began_ns, bool failed);
void metrics_connections(struct metrics *m, size_t open);
