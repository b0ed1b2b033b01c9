/* state.c - see state.h */
#include "controller/cli/state.h"

#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
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

int state_dir_fits(const char *state, struct err *e)
{
	const size_t most = sizeof ((struct sockaddr_un *)0)->sun_path - sizeof "/natald.sock";
	char here[PATH_MAX] = "";
	size_t n = strlen(state);

	if (*state != '/' && getcwd(here, sizeof here))
		n += strlen(here) + 1;
	if (n <= most)
		return 0;
	err_set(e, ERR_LIMIT, "the state folder's path has %zu bytes: %zu at most, for its socket's sake", n, most);
	err_hint(e, "choose a shorter state folder with --state");
	return -(int)e->code;
}

/* The nearest folder on the way to `path`, itself too, that can be looked at. */
static bool nearest(const char *path, char out[PATH_MAX], struct stat *st)
{
	if (snprintf(out, PATH_MAX, "%s", path) >= PATH_MAX)
		return false;
	while (stat(out, st) < 0) {
		char *slash = strrchr(out, '/');
		if (!slash)
			return false;
		slash[slash == out] = 0;
		if (slash == out)
			return stat(out, st) == 0;
	}
	return true;
}

int state_refused(const char *state, const char *path, struct err *e)
{
	bool ours = errno != EACCES && errno != EPERM;
	char at[PATH_MAX];
	struct stat st;

	if (ours || !nearest(state, at, &st))
		return err_sys(e, "open %s", path);
	struct passwd *who = getpwuid(st.st_uid);
	if (st.st_uid == geteuid())
		return err_set(e, ERR_DENIED, "the state folder %s: its mode keeps you out of %s, and you own it", state, at);
	err_set(e, ERR_DENIED, "the state folder %s is not yours: %s belongs to %s (user %u), and you are user %u", state, at,
		who ? who->pw_name : "another user", (unsigned)st.st_uid, (unsigned)geteuid());
	err_hint(e, "work as %s, or choose a folder of your own: --state DIR, or NATAL_STATE", who ? who->pw_name : "its owner");
	return -(int)e->code;
}
