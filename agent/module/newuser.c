/* newuser.c - see newuser.h */
#include "agent/module/newuser.h"

#include <ctype.h>
#include <string.h>
#include "agent/module/written.h"
#include "common/base/text.h"

/* KEY=value, as useradd takes it: without quotes, and the last one counts. It becomes a field of passwd(5). */
static const char *word_of(struct arena *a, const char *text, const char *key, const char *otherwise, bool path)
{
	const char *found = otherwise;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *v = line + strlen(key);
		if (!text_starts(line, key) || *v++ != '=')
			continue;
		size_t n = strcspn(v, "\n");
		bool plain = n && (*v == '/') == path;
		while (path && n > 1 && v[n - 1] == '/')
			n--;
		for (size_t i = 0; i < n; i++)
			plain &= v[i] != ':' && !iscntrl((unsigned char)v[i]);
		found = plain && n > path ? arena_copy(a, v, n) : otherwise;
	}
	return found;
}

/* The value of a line of login.defs(5): behind the key and white space; NULL where it does not say. */
static const char *def_of(const char *text, const char *key)
{
	size_t n = strlen(key);
	const char *found = NULL;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, key, n) == 0 && (line[n] == ' ' || line[n] == '\t'))
			found = line + n + strspn(line + n, " \t\"");
	return found;
}

static long number_of(const char *text, const char *key, long otherwise)
{
	enum { ID_MAX = 2000000000 };
	const char *v = def_of(text, key);
	char *end;

	if (!v || !isdigit((unsigned char)*v))
		return otherwise;
	unsigned long n = strtoul(v, &end, 0);
	return n > ID_MAX || (*end && !strchr(" \t\n\"", *end)) ? otherwise : (long)n;
}

/* useradd(8)'s rule, so that a home is what the distribution's would be: HOME_MODE, else what UMASK leaves of 0777. */
static unsigned home_mode(const char *text)
{
	const char *mode = def_of(text, "HOME_MODE"), *umask = def_of(text, "UMASK");

	if (mode)
		return (unsigned)strtoul(mode, NULL, 8) & 0777;
	return umask ? 0777 & ~((unsigned)strtoul(umask, NULL, 8) & 0777) : 0755;
}

/* `kind` is UID or GID. */
static struct account_ids ids_of(struct arena *a, const char *text, const char *kind)
{
	const struct account_ids usual = ACCOUNT_IDS;
	struct account_ids ids;

	ids.min = number_of(text, arena_printf(a, "%s_MIN", kind), usual.min);
	ids.max = number_of(text, arena_printf(a, "%s_MAX", kind), usual.max);
	ids.system_min = number_of(text, arena_printf(a, "SYS_%s_MIN", kind), usual.system_min);
	ids.system_max = number_of(text, arena_printf(a, "SYS_%s_MAX", kind), ids.min - 1);
	return ids.min <= ids.max && ids.system_min <= ids.system_max ? ids : usual;
}

static bool is_no(const char *value) { return value && strncasecmp(value, "yes", 3) != 0; }

static bool grows(const struct config *c, const char *skel)
{
	const size_t n = strlen(skel);

	for (size_t i = 0; i < c->file_count; i++)
		if (!c->files[i].defer && text_starts(c->files[i].path, skel) && c->files[i].path[n] == '/')
			return true;
	return false;
}

int newuser_read(struct builder *b, const struct newuser **ret, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *said, *defs;
	size_t ignored;
	int r = b->newuser ? 0 : written_text(b, "/etc/default/useradd", &said, &ignored, e);

	*ret = b->newuser;
	if (b->newuser || r || (r = written_text(b, "/etc/login.defs", &defs, &ignored, e)))
		return r;
	said = said ? said : "";
	defs = defs ? defs : "";
	struct newuser *n = arena_alloc(a, sizeof *n);
	*n = (struct newuser){
		.shell = word_of(a, said, "SHELL", "/bin/sh", true), .home = word_of(a, said, "HOME", "/home", true),
		.skel = word_of(a, said, "SKEL", "/etc/skel", true), .group = word_of(a, said, "GROUP", "users", false),
		.own_group = !is_no(def_of(defs, "USERGROUPS_ENAB")), .home_mode = home_mode(defs),
		.uids = ids_of(a, defs, "UID"), .gids = ids_of(a, defs, "GID"),
	};
	n->skel_more = grows(b->config, n->skel);
	*ret = b->newuser = n;
	return 0;
}
