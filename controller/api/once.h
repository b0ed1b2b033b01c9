/* once.h - Idempotency-Key: the second request with a key is answered as the first was, and changes nothing. */
#pragma once
#include "controller/api/api.h"

/* *ret_again: it came before, and rq has its answer, or will have it. conflict: the key was used for another request. */
int once_before(struct ctl *c, struct request *rq, bool *ret_again, struct err *e);
/* After its handler, in the same turn. */
int once_keep(struct ctl *c, struct request *rq, struct err *e);
