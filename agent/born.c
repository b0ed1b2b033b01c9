/* born.c - the agent's third choice: nothing is attached, and the image's policy says whom to ask. See birth/birth.h. */
#include <stdio.h>
#include "agent/agent.h"
#include "agent/apply/sys.h"
#include "agent/birth/birth.h"
#include "agent/verb.h"

enum { START_TIMEOUT_MS = 30000 };

int agent_birth(struct agent *a, struct seed **ret, struct err *e)
{
	const struct birth_guest guest = { a->root, a->uuid, a->options.tpm };
	struct policy policy;
	int r = seed_policy(a->root, &policy, e);

	if (r || !policy.birth.here)
		return r;
	if (a->options.birth == BIRTH_NEVER) {
		err_set(e, ERR_NOT_FOUND, "no medium is here, and this guest is not born yet: it asks the controller for its bundle when it boots");
		err_hint(e, "natal-agent apply asks now");
		return -(int)e->code;
	}
	a->unborn = a->options.birth == BIRTH_LATER;
	if (a->unborn)
		return 0;
	r = birth_ask_for(&guest, &policy.birth, ret, e);
	a->born = !r;
	return r;
}

void agent_start_birth(const struct agent *a)
{
	static const char *const argv[] = { "/usr/bin/systemctl", "--no-block", "start", "natal-birth.service", NULL };
	struct err e;
	int status = 0;

	if (!a->live)
		return;
	fprintf(stderr, "birth=later: no medium is here, natal-birth.service asks for the bundle\n");
	if (sys_exec(&(struct proc){ .argv = argv, .root = -1, .timeout_ms = START_TIMEOUT_MS }, &status, &e))
		fprintf(stderr, "birth=not-started reason=%s message=\"%s\"\n", err_reason(e.code), e.msg);
	else if (status)
		fprintf(stderr, "birth=not-started message=\"systemctl ended with %d\"\n", status);
}

int verb_birth(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a;

	run->options.exclusive = true;
	int r = agent_open(&a, &run->options, e);

	return r ? r : agent_early(&a, e);
}
