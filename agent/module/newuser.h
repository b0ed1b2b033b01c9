/* newuser.h - what a new user gets where nobody says otherwise: useradd(8)'s own defaults, of this guest. */
#pragma once
#include "agent/plan/build.h"

struct newuser {
	const char *shell;              /* /etc/default/useradd: SHELL */
	const char *home;               /* … HOME: the folder of homes */
	const char *skel;               /* … SKEL: what a home begins with */
	unsigned home_mode;             /* of login.defs(5) */
};

/* The plan's, read once. What is no absolute path counts as not said. Errors: system. */
int newuser_read(struct builder *b, const struct newuser **ret, struct err *e);
