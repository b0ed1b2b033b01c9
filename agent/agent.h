/* agent.h - one run of the agent: the sentence "find, verify, parse, plan, apply, report", in the two stages of a boot.
 *
 * agent_open() takes the options, reads the journal and what this boot has said so far; agent_close() undoes it.  The stages
 * leave the outcome in `phase` and in the report; the error they return is the one that ended the run, already reported.
 */
#pragma once
#include "agent/boot.h"
#include "agent/fetched.h"
#include "agent/journal.h"
#include "agent/report/report.h"
#include "agent/seed.h"
#include "agent/timings.h"

struct agent_options {
	const char *root;               /* NULL: the running system */
	const char *medium;             /* NULL: looked for */
	const char *uuid;               /* NULL: this machine's */
	const char *channel;            /* NULL: the virtio port, but none where root is given */
	int wait_ms;                    /* for a medium to appear */
	const char *tpm;                /* NULL: TPM_DEVICE */
	enum { BIRTH_NOW, BIRTH_LATER, BIRTH_NEVER } birth;     /* where no medium is here: asks for a bundle, or when the network is there, or not */
	bool exclusive;                 /* this run changes the root: no other may at the same time */
	bool replan;                    /* look at the machine again even where the journal has this very bundle */
};

struct agent {
	struct agent_options options;
	int root;
	bool live;
	char uuid[37];
	struct journal journal;
	struct boot boot;
	struct report report;
	struct timings timings;
	struct verified *verified;
	struct fetched fetched;
	struct config_fetch config_fetch;
	struct machine machine;
	bool fetching;                  /* what user-data names is fetched, not only looked for */
	struct config *config;
	struct plan *plan;
	bool unborn;                    /* it is to ask for its bundle, later in this boot */
	bool born;                      /* it has asked, and this is what came */
	enum status_phase phase;
};

int agent_open(struct agent *a, const struct agent_options *o, struct err *e);
void agent_close(struct agent *a);

/* offered.c: a source that nobody signs, where the policy waives it; ret_why: one is here that it does not waive, named. */
int agent_offered(struct agent *a, bool *ret_taken, char ret_why[256], struct err *e);
/* born.c: where no medium is here and the image's policy says whom to ask. *ret NULL: it does not, or later (a->unborn). */
int agent_birth(struct agent *a, struct seed **ret, struct err *e);
/* The stage behind the network, that asks, is started and not waited for. */
void agent_start_birth(const struct agent *a);
/* find → verify → parse → plan. *ret_none: there is no medium, and none is needed. */
int agent_plan(struct agent *a, bool *ret_none, struct err *e);
/* late_fetch.c: the parsing of it, with what was fetched; and the late stage's first step, where the early one had to leave something out. */
int agent_config(struct agent *a, struct err *e);
int agent_fetch(struct agent *a, struct err *e);
/* What planning sees of this machine, but for the arena; and what it took all the same is told. */
struct facts agent_facts(const struct agent *a);
void agent_tell_notes(struct agent *a, const struct notes *notes);
/* again.c: struct apply's, with data the agent. In the late stage, what the early one of this boot has run is not run again. */
int agent_again(void *data, struct plan *p, size_t row, struct err *e);
void agent_skip_what_ran(struct agent *a, struct plan *p);
/* The plan, and whether it is to be applied: *ret_none, it is not. Then the applying, with its record. */
int agent_decide(struct agent *a, bool *ret_none, struct err *e);
int agent_apply(struct agent *a, bool none, struct err *e);
/* All of it but what belongs after the network; the terminal report where it fails. */
int agent_early(struct agent *a, struct err *e);
/* What is pending, the look at what the services present, the terminal report. */
int agent_late(struct agent *a, struct err *e);
/* behind.c: the journal's programs of the stage behind the boot, where some are pending; and their service, started but not waited for. */
bool agent_has_behind(const struct agent *a);
int agent_behind(struct agent *a, struct err *e);
void agent_start_behind(const struct agent *a);
/* Waits until everything that was reported is acknowledged. */
int agent_drain(struct agent *a, int wait_ms, struct err *e);
