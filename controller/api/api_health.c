/* api_health.c - is natald alive, and can it serve: for who watches over it. Nothing is told that a stranger may not know. */
#include "controller/api/api.h"
#include "controller/store/vm_page.h"

static int say(struct request *rq, const char *status)
{
	rq->reply = json_object_new_object();
	json_put(rq->reply, "status", status);
	return 0;
}

/* That it is answered is the answer. */
int api_healthz(struct ctl *c, struct request *rq, struct err *e) { return say(rq, "alive"); }

/* The turn that this runs in has begun: the store lets itself be written. It is read too. */
int api_readyz(struct ctl *c, struct request *rq, struct err *e)
{
	struct vm_count n = { .by_state = { 0 } };
	bool whole;

	if (c->stopping)
		return err_set(e, ERR_UNAVAILABLE, "natald is stopping");
	if (!signer_alive(c->signer))
		return err_set(e, ERR_UNAVAILABLE, "the signer has gone");
	int r = vm_count_step(c->store, &n, 1, &whole, e);
	return r ? r : say(rq, "ready");
}
