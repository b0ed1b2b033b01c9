/* newuser.c - see newuser.h */
#include "agent/module/newuser.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"

/* KEY=value, as useradd takes it: without quotes, and the last one counts. It becomes a field of passwd(5). */
static const char *path_of(struct arena *a, const char *text, const char *key, const char *otherwise)
{
	const char *found = otherwise;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *v = line + strlen(key);
		if (!text_starts(line, key) || *v++ != '=')
			continue;
		size_t n = strcspn(v, "\n");
		bool plain = *v == '/';
		while (n > 1 && v[n - 1] == '/')
			n--;
		for (size_t i = 0; i < n; i++)
			plain &= v[i] != ':' && !iscntrl((unsigned char)v[i]);
		found = plain && n > 1 ? arena_copy(a, v, n) : otherwise;
	}
	return found;
}

/* useradd(8)'s rule, so that a home is what the distribution's would be: login.defs' HOME_MODE, else what its UMASK leaves of 0777. */
static unsigned home_mode(const char *text)
{
	static const struct { const char *key; bool keep; } rules[] = { { "HOME_MODE", true }, { "UMASK", false } };

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
			size_t n = strlen(rules[i].key);
			if (strncmp(line, rules[i].key, n) != 0 || (line[n] != ' ' && line[n] != '\t'))
				continue;
			unsigned v = (unsigned)strtoul(line + n, NULL, 8) & 0777;
			return rules[i].keep ? v : 0777 & ~v;
		}
	return 0755;
}

int newuser_read(struct builder *b, const struct newuser **ret, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *said, *defs;
	int r = b->newuser ? 0 : facts_text(b->facts, "/etc/default/useradd", &said, e);

	*ret = b->newuser;
	if (b->newuser || r || (r = facts_text(b->facts, "/etc/login.defs", &defs, e)))
		return r;
	said = said ? said : "";
	struct newuser *n = arena_alloc(a, sizeof *n);
	*n = (struct newuser){ path_of(a, said, "SHELL", "/bin/sh"), path_of(a, said, "HOME", "/home"), path_of(a, said, "SKEL", "/etc/skel"),
		home_mode(defs ? defs : "") };
	*ret = b->newuser = n;
	return 0;
}
