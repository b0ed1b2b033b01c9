/* verb.h - what a verb is given, for verbs that live in files of their own.  Each is a row of verbs.c's table. */
#pragma once
#include <stddef.h>
#include "agent/agent.h"
#include "common/base/err.h"

enum { VERB_ARGS_MANY = 1 << 16 };

struct run {
	struct agent_options options;
	const char *format, *wait;
	bool wait_alone;                /* --wait may stand without a number: wait is "" then */
	const char *to, *kind, *macs;   /* net render */
	const char *const *args;        /* what is no option, in its order: as many as the row allows */
	size_t arg_count;
	bool strict, support, reverse;
	const char *how, *vars, *default_user, *ssh_options, *add;      /* of userdata's verbs */
};

/* Whether JSON is asked for; and JSON as it is shown. */
bool verb_as_json(const struct run *run);
void verb_show(struct json_object *o);

/* What `status -o json` shows; the caller's. */
struct json_object *status_json(const struct journal *j, const struct boot *b);
int verb_status(struct run *run, struct err *e);
int verb_net_render(struct run *run, struct err *e);
int verb_schema(struct run *run, struct err *e);

/* userdata_verb.c */
int verb_userdata_merge(struct run *run, struct err *e);
int verb_userdata_parts(struct run *run, struct err *e);
int verb_userdata_template(struct run *run, struct err *e);
int verb_userdata_users(struct run *run, struct err *e);
int verb_userdata_keys(struct run *run, struct err *e);

int verb_query(struct run *run, struct err *e);

/* analyze_verb.c */
int verb_analyze_show(struct run *run, struct err *e);
int verb_analyze_blame(struct run *run, struct err *e);
int verb_analyze_plot(struct run *run, struct err *e);
