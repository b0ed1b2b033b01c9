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
	bool logs, seed, machine_id, with_output;       /* clean; collect-logs */
	const char *how, *vars, *default_user, *ssh_options, *add;      /* of userdata's verbs */
};

/* Whether JSON is asked for; and JSON as it is shown. */
bool verb_as_json(const struct run *run);
void verb_show(struct json_object *o);

/* What `status -o json` shows; the caller's. */
struct json_object *status_json(const struct journal *j, const struct boot *b);
int verb_status(struct run *run, struct err *e);
/* systemd says that a stage of this boot failed: it was killed, and says no last word. The error of that. */
bool status_stage_was_lost(void);
int status_lost(struct err *e);
int verb_net_render(struct run *run, struct err *e);
int verb_schema(struct run *run, struct err *e);
int verb_version(struct run *run, struct err *e);

/* stage_verbs.c */
int verb_plan(struct run *run, struct err *e);
int verb_apply(struct run *run, struct err *e);
int verb_early(struct run *run, struct err *e);
int verb_late(struct run *run, struct err *e);
int verb_behind(struct run *run, struct err *e);

/* born.c */
int verb_birth(struct run *run, struct err *e);

/* userdata_verb.c */
int verb_userdata_merge(struct run *run, struct err *e);
int verb_userdata_parts(struct run *run, struct err *e);
int verb_userdata_template(struct run *run, struct err *e);
int verb_userdata_users(struct run *run, struct err *e);
int verb_userdata_keys(struct run *run, struct err *e);

int verb_clean(struct run *run, struct err *e);
int verb_collect_logs(struct run *run, struct err *e);
int verb_query(struct run *run, struct err *e);
/* Instance data, and what the journal says; *ret_denied: that is root's to read, and left out. The caller's. */
int query_gather(struct run *run, struct json_object **ret, bool *ret_denied, struct err *e);
/* The value of a dotted name, borrowed. not-found, with the nearest name. */
int query_find(struct json_object *all, const char *key, struct json_object **ret, struct err *e);

/* analyze_verb.c */
int verb_analyze_show(struct run *run, struct err *e);
int verb_analyze_blame(struct run *run, struct err *e);
int verb_analyze_plot(struct run *run, struct err *e);
