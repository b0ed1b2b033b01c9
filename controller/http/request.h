/* request.h - one HTTP request as handlers see it, and the route table's row.
 *
 * Made by the server, decoded by the route (path parameter, query, JSON body), answered by the handler, freed by the server.
 * A handler runs inside the turn's transaction and returns 0 or an error; either it answers, or it sets `then` (called after the turn was
 * committed, or once the birth that it awaits has ended), or it parks the request: it is run again when something happened, or when its
 * time is up.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "common/data/json.h"
#include "controller/http/peer.h"

struct ctl;
struct request;
typedef int request_fn(struct ctl *c, struct request *rq, struct err *e);
/* What a route changes, as it is now: a short document without secrets, and its ETag. doc NULL: there is none. */
enum { TAG_MAX = 64 };
struct thing { struct json_object *doc; char tag[TAG_MAX]; };
typedef int thing_fn(struct ctl *c, struct request *rq, struct thing *ret, struct err *e);

enum { REQUEST_BODY_MAX = 64 << 20, REQUEST_SMALL_MAX = 256 << 10, REQUEST_PATH_MAX = 512, REQUEST_HEADERS_MAX = 4, REPLY_RAW_MAX = 66 << 20 };

/* parts (ended by a NULL field, or NULL) describe the entries of an array and the inside of an object; open: further keys may stand in it. */
struct schema;
struct schema_part { const char *field; const struct schema *schema; };
struct schema { const char *name; const struct json_field *fields; size_t count; const struct schema_part *parts; bool open; };
/* What every refusal is answered with. */
extern const struct schema schema_problem;


/* A query parameter or header that some route takes: where it goes in the request, and what it means. */
struct request_param { const char *name; bool header, number; size_t offset, size; const char *summary; };
extern const struct request_param request_params[];
extern const size_t request_param_count;

/* One row says all there is about a route: what the server checks, what documents are made from. */
struct route {
	const char *method, *path;              /* "/v1/vms/{name}/start": one parameter at most */
	unsigned roles;                         /* who may: a mask of enum role */
	const char *summary;
	const struct schema *request, *response;        /* NULL: no body */
	const char *params;                     /* names of request_params, "limit after If-Match"; project goes with all */
	size_t body_max;
	int status;                             /* of a success; 0: 200 */
	bool reads;                             /* it changes nothing, though it is a POST: nothing for the audit */
	bool raw;                               /* the reply is no JSON */
	bool raw_body;                          /* nor is the request */
	bool storeless;                         /* it asks the store for nothing: answered before the turn, whatever has become of that */
	bool makes;                             /* what was not there before: else it fails */
	bool whole;                             /* of the controller as a whole: not for peers that are bound to one project */
	const char *type;                       /* of a raw reply; NULL: application/octet-stream */
	thing_fn *thing;                        /* of a change: for the audit and If-Match; may be NULL */
	request_fn *handle;
};
extern const struct route routes[];
extern const size_t route_count;

/* Thousands wait, each with one: what few of them need is no part of it. */
struct request {
	const struct route *route;
	char *path;                             /* owned; shorter than REQUEST_PATH_MAX */
	char method[8], name[64];               /* name: the path's parameter */
	char project[64], idempotency_key[80], if_match[80], if_none_match[400];
	char after[128], boot[40], wait[24], max[24], force[8], grace[24], limit[8], state[24], host[64], image[64], prefix[64];         /* query */
	char unknown[64];                       /* a parameter of the query that no route has */
	struct buf body;
	struct json_object *json;
	struct peer *peer;                      /* the connection's; never NULL in a handler */
	/* the answer */
	int status;
	struct json_object *reply;
	struct buf reply_raw;                   /* text or bytes where the route is raw */
	struct { const char *name; char value[80]; } headers[REQUEST_HEADERS_MAX];      /* of the answer: request_header() */
	size_t header_count;
	int64_t began_ns;                       /* monotonic: when its head had come */
	/* kept for later */
	request_fn *then;
	bool awaits_birth;                      /* of vm_id: `then` and the reply come when it has ended, or after BIRTH_WAIT_MS */
	int64_t look_ms;                        /* monotonic: when the store is asked next whether that birth has ended, which may be another natald's */
	bool parked, expired;
	bool unchanged;                         /* it has changed nothing, this time: nothing for the audit */
	bool kept;                              /* until deadline_ms by ctl->waiters, for vm_id: woken, it is run again */
	int phase;                              /* the handler's, across parkings */
	struct { bool waited, out; int phase; uint64_t ticket; int64_t deadline_ms; } before;        /* when the turn began (natald/rewind.h) */
	uint64_t ticket;
	int64_t deadline_ms;                    /* of parking; monotonic */
	char vm_id[72];                         /* or who waits: the key among ctl->waiters */
	/* the server's */
	void *connection;
	bool done, suspended, close;            /* close: the connection, with the reply */
	unsigned retry_after_s;                 /* refused as one too many (429) */
	struct err failed;
	struct err *refused;                    /* owned; request_refuse(): what it fails with, once that is committed which the refusal wrote */
	struct request *next;
};

/* Finds the row; not-found, or usage where the path knows other methods. name and route are set. */
int route_find(struct request *rq, struct err *e);
/* May this peer ask that of this project? */
int route_admit(const struct route *r, const struct peer *peer, const char *project, struct err *e);
/* Checks what the row asks of a request: size, JSON, key. */
int route_decode(struct request *rq, struct err *e);
/* One parameter or header as it came; limit where it is too long: cut, two keys would be one. A header that nobody knows is nothing. */
int request_param_take(struct request *rq, bool header, const char *name, const char *value, struct err *e);
/* Is this parameter one of the route's? */
bool route_takes(const struct route *r, const char *name);
/* Does its route take what came? */
int request_params_check(const struct request *rq, struct err *e);
/* A header of the answer. */
void request_header(struct request *rq, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Who hears of each answer, with its status; one at a time, NULL for nobody. */
void request_watch(void (*over)(void *arg, const struct request *rq), void *arg);
/* Refused with `why`, and what the handler has written stays all the same: it returns 0 then. */
void request_refuse(struct request *rq, const struct err *why);
/* It is answered now. */
void request_over(const struct request *rq);
/* Decimal digits only. */
uint64_t request_number(const char *text, uint64_t otherwise);
struct json_object *problem_json(const struct err *e);
