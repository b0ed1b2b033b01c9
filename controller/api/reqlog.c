/* reqlog.c - see reqlog.h */
#include "controller/api/reqlog.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/api/metrics.h"

bool log_level_read(const char *word, enum log_level *ret)
{
	static const char *const words[] = { [LOG_EVENTS] = "events", [LOG_REQUESTS] = "requests" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	return false;
}

/* A client's word, in a line of key=value: nothing in it ends the value. */
static void quoted(const char *text, char *out, size_t size)
{
	snprintf(out, size, "%s", text);
	text_printable(out);
	for (char *at = out; (at = strpbrk(at, "\"\\")); at++)
		*at = '?';
}

static void log_line(const struct request *rq)
{
	char name[sizeof rq->name], project[sizeof rq->project], said[WHO_MAX], who[WHO_MAX];
	double ms = (double)(clock_ns(CLOCK_MONOTONIC) - rq->began_ns) / 1e6;

	quoted(rq->name, name, sizeof name);
	quoted(rq->project, project, sizeof project);
	request_who(rq, said);
	quoted(said, who, sizeof who);
	fprintf(stderr, "natald: request method=%s route=%s name=\"%s\" project=\"%s\" status=%d ms=%.1f peer=\"%s\"%s%s\n", rq->route ? rq->method : "-",
		rq->route ? rq->route->path : "-", name, project, rq->status ? rq->status : 200, ms, who, rq->failed.code ? " reason=" : "",
		rq->failed.code ? err_reason(rq->failed.code) : "");
}

static void over(void *arg, const struct request *rq)
{
	struct ctl *c = arg;

	metrics_request(c->metrics, rq);
	if (c->log_requests)
		log_line(rq);
}

void reqlog_start(struct ctl *c) { request_watch(over, c); }
