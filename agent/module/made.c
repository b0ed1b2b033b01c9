/* made.c - see made.h */
#include "agent/module/made.h"

#include <string.h>

int made_read(struct builder *b, struct err *e)
{
	int r = facts_text(b->facts, USERS_MADE_PATH, &b->made, e);

	if (!r && b->made && *b->made && b->made[strlen(b->made) - 1] != '\n')
		b->made = arena_printf(&b->plan->arena, "%s\n", b->made);
	return r;
}

static const char *line_of(struct builder *b, const char *name)
{
	return arena_printf(&b->plan->arena, "%s:%ld\n", name, accounts_uid(&b->accounts, name));
}

bool made_is(struct builder *b, const char *name)
{
	const char *line = line_of(b, name);

	for (const char *p = b->made ? b->made : ""; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncmp(p, line, strlen(line)) == 0)
			return true;
	return false;
}

void made_add(struct builder *b, const char *name)
{
	if (!made_is(b, name))
		b->made = arena_printf(&b->plan->arena, "%s%s", b->made ? b->made : "", line_of(b, name));
}

int made_write(struct builder *b, struct err *e)
{
	return b->made ? want_file(b, &(struct want_file){ USERS_MADE_PATH, b->made, strlen(b->made), 0600, 0, 0, false, true }, e) : 0;
}
