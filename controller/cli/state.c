/* state.c - see state.h */
#include "controller/cli/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int state_dir_default(char *out, size_t size, struct err *e)
{
	const char *given = getenv("NATAL_STATE"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	if (given && *given)
		n = snprintf(out, size, "%s", given);
	else if (geteuid() == 0)
		n = snprintf(out, size, "/var/lib/natal");
	else if (data && *data)
		n = snprintf(out, size, "%s/natal", data);
	else if (home && *home)
		n = snprintf(out, size, "%s/.local/share/natal", home);
	else {
		err_set(e, ERR_USAGE, "no state folder: HOME is not set");
		err_hint(e, "say --state DIR");
		return -(int)e->code;
	}
	return n < 0 || (size_t)n >= size ? err_set(e, ERR_LIMIT, "the state folder's path is too long") : 0;
}
