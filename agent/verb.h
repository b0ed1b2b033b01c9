/* verb.h - what a verb is given, for verbs that live in files of their own.  Each is a row of verbs.c's table. */
#pragma once
#include <stddef.h>
#include "agent/agent.h"
#include "common/base/err.h"

enum { VERB_ARGS_MANY = 1 << 16 };

struct run {
	struct agent_options options;
	const char *format, *wait;
	const char *to, *kind, *macs;   /* net render */
	const char *const *args;        /* what is no option, in its order: as many as the row allows */
	size_t arg_count;
	bool strict, support, reverse;
	const char *how, *vars, *default_user, *ssh_options, *add;      /* of userdata's verbs */
};

int verb_net_render(struct run *run, struct err *e);
int verb_schema(struct run *run, struct err *e);

/* userdata_verb.c */
int verb_userdata_merge(struct run *run, struct err *e);
int verb_userdata_parts(struct run *run, struct err *e);
int verb_userdata_template(struct run *run, struct err *e);
int verb_userdata_users(struct run *run, struct err *e);
int verb_userdata_keys(struct run *run, struct err *e);
