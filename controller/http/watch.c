/* watch.c - who is told of each answer: for counting, and for the log of requests. See request.h. */
#include "controller/http/request.h"

static struct { void (*over)(void *arg, const struct request *rq); void *arg; } watcher;

void request_watch(void (*over)(void *arg, const struct request *rq), void *arg)
{
	watcher.over = over;
	watcher.arg = arg;
}

void request_over(const struct request *rq)
{
	if (watcher.over)
		watcher.over(watcher.arg, rq);
}
