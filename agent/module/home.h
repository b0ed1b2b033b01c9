/* home.h - a home, and what it begins with. */
#pragma once
#include "agent/plan/build.h"

struct home {
	const char *path;
	uid_t uid;
	gid_t gid;
	const char *skel;       /* the skeleton's folder, and whether write_files puts something there */
	bool more;
};

/* Files of the skeleton (also those that write_files puts there) that the home has not are put there; those that exist are the user's own,
 * and nothing goes through a link of his. Errors: limit (folders in folders), system. */
int home_fill(struct builder *b, const struct home *h, struct err *e);
