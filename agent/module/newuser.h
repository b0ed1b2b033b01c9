/* newuser.h - what a new user gets where nobody says otherwise: useradd(8)'s own defaults, of this guest. */
#pragma once
#include "agent/plan/build.h"

struct newuser {
	const char *shell;              /* /etc/default/useradd: SHELL */
	const char *home;               /* … HOME: the folder of homes */
	const char *skel;               /* … SKEL: what a home begins with */
	bool skel_more;                 /* write_files puts something there */
	const char *group;              /* … GROUP: who has no group of his own is in it. A name, or a number */
	/* of login.defs(5): */
	bool own_group;                 /* USERGROUPS_ENAB: a group by the user's name */
	unsigned home_mode;
	struct account_ids uids, gids;
};

/* The plan's, read once, as write_files leaves the two files (written.h). What cannot be a value counts as not said. Errors: system. */
int newuser_read(struct builder *b, const struct newuser **ret, struct err *e);
