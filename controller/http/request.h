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

struct ctl;
struct request;
typedef int request_fn(struct ctl *c, struct request *rq, struct err *e);

enum { REQUEST_BODY_MAX = 64 << 20, REQUEST_SMALL_MAX = 256 << 10, REQUEST_PATH_MAX = 512, REPLY_RAW_MAX = 66 << 20 };

/* parts (ended by a NULL field, or NULL) describe the entries of an array and the inside of an object; open: further keys may stand in it. */
struct schema;
struct schema_part { const char *field; const struct schema *schema; };
struct schema { const char *name; const struct json_field *fields; size_t count; const struct schema_part *parts; bool open; };
/* What every refusal is answered with. */
extern const struct schema schema_problem;


/* One row says all there is about a route: what the server checks, what documents are made from. */
struct route {
	const char *method, *path;              /* "/v1/vms/{name}/start": one parameter at most */
	const char *role;                       /* "operator": who may; the local socket's peer is one */
	const char *summary;
	const struct schema *request, *response;        /* NULL: no body */
	size_t body_max;
	bool idempotency_key;                   /* takes the header Idempotency-Key */
	bool raw;                               /* the reply is no JSON */
	request_fn *handle;
};
extern const struct route routes[];
extern const size_t route_count;

struct request {
	const struct route *route;
	char method[8], path[REQUEST_PATH_MAX], name[64];       /* name: the path's parameter */
	char project[64], idempotency_key[80];
	char after[24], wait[24], max[24], force[8], grace[24];            /* query */
	struct buf body;
	struct json_object *json;
	uid_t peer_uid;
	/* the answer */
	int status;
	struct json_object *reply;
	struct buf reply_raw;                   /* text or bytes where the route is raw */
	/* kept for later */
	request_fn *then;
	bool awaits_birth;                      /* of vm_id: `then` and the reply come when it has ended, or after BIRTH_WAIT_MS */
	bool parked, expired;
	int phase, phase_before;                /* the handler's, across parkings; before: when the turn began */
	uint64_t ticket;
	int64_t deadline_ms;                    /* of parking; monotonic */
	char vm_id[32];
	/* the server's */
	void *connection;
	bool done, suspended;
	struct err failed;
	struct request *next;
};

/* Finds the row; not-found, or usage where the path knows other methods. name and route are set. */
int route_find(struct request *rq, struct err *e);
/* May a peer of this role? The roles that there are stand in route.c; a row that names another is for nobody. */
int route_admit(const struct route *r, const char *peer_role, struct err *e);
/* Checks what the row asks of a request: size, JSON, key. */
int route_decode(struct request *rq, struct err *e);
/* Decimal digits only. */
uint64_t request_number(const char *text, uint64_t otherwise);
struct json_object *problem_json(const struct err *e);
