/* accounts.c - see accounts.h */
#include "agent/accounts.h"

#include <ctype.h>
#include <string.h>
#include "common/base/buf.h"

enum { ACCOUNT_TEXT_MAX = 16 << 20 };

const struct account_file account_files[ACCOUNT_FILES] = {
	[ACCOUNT_PASSWD]  = { "/etc/passwd",  7, 0644, "root" },
	[ACCOUNT_GROUP]   = { "/etc/group",   4, 0644, "root" },
	[ACCOUNT_SHADOW]  = { "/etc/shadow",  9, 0640, "shadow" },
	[ACCOUNT_GSHADOW] = { "/etc/gshadow", 4, 0640, "shadow" },
};

static void parse_line(struct arena *arena, char *text, size_t fields, struct account_line *ret)
{
	size_t n = 0;
	char *copy = arena_text(arena, text);

	for (char *field; n < ACCOUNT_FIELDS_MAX && (field = strsep(&copy, ":")); n++)
		ret->f[n] = field;
	if (n != fields || copy || !*ret->f[0])
		*ret = (struct account_line){ .verbatim = text };
}

int accounts_read(const struct facts *f, struct accounts *ret, struct err *e)
{
	*ret = (struct accounts){ .arena = f->arena, .ids = { ACCOUNT_IDS, ACCOUNT_IDS } };
	for (int i = 0; i < ACCOUNT_FILES; i++) {
		struct account_table *t = &ret->table[i];
		const char *text;
		int r = facts_text(f, account_files[i].path, &text, e);
		if (r)
			return r;
		t->absent = !text;
		char *rest = text ? arena_text(f->arena, text) : NULL;
		for (char *line; (line = strsep(&rest, "\n")) && (*line || rest);) {
			t->lines = arena_grow(f->arena, t->lines, t->count, sizeof *t->lines);
			t->lines[t->count] = (struct account_line){ 0 };
			parse_line(f->arena, line, account_files[i].fields, &t->lines[t->count++]);
		}
	}
	return 0;
}

struct account_line *accounts_find(struct accounts *a, int file, const char *name)
{
	struct account_table *t = &a->table[file];

	for (size_t i = 0; i < t->count; i++)
		if (!t->lines[i].verbatim && strcmp(t->lines[i].f[0], name) == 0)
			return &t->lines[i];
	return NULL;
}

struct account_line *accounts_add(struct accounts *a, int file, const char *name)
{
	struct account_table *t = &a->table[file];

	t->lines = arena_grow(a->arena, t->lines, t->count, sizeof *t->lines);
	struct account_line *l = &t->lines[t->count++];
	*l = (struct account_line){ 0 };
	for (size_t i = 0; i < account_files[file].fields; i++)
		l->f[i] = "";
	l->f[0] = name;
	return l;
}

static long number(const char *s)
{
	long v = 0;

	if (!*s || strlen(s) > 10)
		return -1;
	for (; *s; s++) {
		if (!isdigit((unsigned char)*s))
			return -1;
		v = v * 10 + (*s - '0');
	}
	return v;
}

long accounts_uid(struct accounts *a, const char *name)
{
	struct account_line *l = accounts_find(a, ACCOUNT_PASSWD, name);

	return l ? number(l->f[PW_UID]) : -1;
}

long accounts_gid(struct accounts *a, const char *name)
{
	struct account_line *l = accounts_find(a, ACCOUNT_GROUP, name);

	return l ? number(l->f[GR_GID]) : -1;
}

bool accounts_id_taken(struct accounts *a, int file, long id)
{
	const struct account_table *t = &a->table[file];

	for (size_t i = 0; i < t->count; i++)
		if (!t->lines[i].verbatim && number(t->lines[i].f[2]) == id)
			return true;
	return false;
}

/* As useradd(8) and groupadd(8) choose: one above the highest that a person has; where that is the last, the first free one. The system's
 * go down from the top. */
long accounts_free_id(struct accounts *a, int file, bool system)
{
	const struct account_table *t = &a->table[file];
	const struct account_ids *ids = &a->ids[file == ACCOUNT_GROUP];
	long next = ids->min, *low = &a->tried[file == ACCOUNT_GROUP].min, *high = &a->tried[file == ACCOUNT_GROUP].system_max;

	/* What was taken stays so: each number is looked at once. */
	for (*high = *high && *high < ids->system_max ? *high : ids->system_max; system && *high >= ids->system_min; --*high)
		if (!accounts_id_taken(a, file, *high))
			return *high;
	if (system)
		return -1;
	for (size_t i = 0; i < t->count; i++) {
		long id = t->lines[i].verbatim ? -1 : number(t->lines[i].f[2]);
		next = id >= next && id <= ids->max ? id + 1 : next;
	}
	if (next <= ids->max)
		return next;
	for (*low = *low > ids->min ? *low : ids->min; *low <= ids->max; ++*low)
		if (!accounts_id_taken(a, file, *low))
			return *low;
	return -1;
}

bool accounts_member(const char *members, const char *user)
{
	size_t n = strlen(user);

	for (const char *p = members; n && (p = strstr(p, user)); p++)
		if ((p == members || p[-1] == ',') && (p[n] == ',' || !p[n]))
			return true;
	return false;
}

/* One text for all of them: a copy for each would be the square of their number. */
static const char *with_members(struct arena *arena, const char *members, const char *const *users, size_t n)
{
	scoped_buf struct buf out = BUF_MAX(ACCOUNT_TEXT_MAX);

	buf_str(&out, members);
	for (size_t i = 0; i < n; i++)
		if (!out.size || !accounts_member(out.data, users[i]))
			buf_printf(&out, "%s%s", out.size ? "," : "", users[i]);
	return out.size == strlen(members) ? members : arena_copy(arena, out.data, out.size);
}

void accounts_join(struct accounts *a, const char *group, const char *const *users, size_t n)
{
	struct account_line *g = accounts_find(a, ACCOUNT_GROUP, group), *s = accounts_find(a, ACCOUNT_GSHADOW, group);

	if (g)
		g->f[GR_MEMBERS] = with_members(a->arena, g->f[GR_MEMBERS], users, n);
	if (s)
		s->f[SG_MEMBERS] = with_members(a->arena, s->f[SG_MEMBERS], users, n);
}

static void shadow_group(struct accounts *a, const char *name, const char *members)
{
	struct account_line *s = accounts_add(a, ACCOUNT_GSHADOW, name);

	s->f[SG_HASH] = "!";
	s->f[SG_MEMBERS] = members;
}

long accounts_ensure_group(struct accounts *a, const char *name, long gid, bool system)
{
	struct account_line *there = accounts_find(a, ACCOUNT_GROUP, name);
	if (there) {
		if (!a->table[ACCOUNT_GSHADOW].absent && !accounts_find(a, ACCOUNT_GSHADOW, name))
			shadow_group(a, name, there->f[GR_MEMBERS]);
		return accounts_gid(a, name);
	}
	if (gid < 0)
		gid = accounts_free_id(a, ACCOUNT_GROUP, system);
	if (gid < 0)
		return -1;
	struct account_line *g = accounts_add(a, ACCOUNT_GROUP, name);
	g->f[GR_PASSWD] = "x";
	g->f[GR_GID] = arena_printf(a->arena, "%ld", gid);
	if (!a->table[ACCOUNT_GSHADOW].absent)
		shadow_group(a, name, "");
	return gid;
}

const char *accounts_render(const struct accounts *a, int file)
{
	const struct account_table *t = &a->table[file];
	scoped_buf struct buf out = BUF_MAX(ACCOUNT_TEXT_MAX);

	for (size_t i = 0; i < t->count; i++) {
		const struct account_line *l = &t->lines[i];
		for (size_t k = 0; !l->verbatim && k < account_files[file].fields; k++) {
			buf_str(&out, k ? ":" : "");
			buf_str(&out, l->f[k]);
		}
		buf_str(&out, l->verbatim ? l->verbatim : "");
		buf_str(&out, "\n");
	}
	return arena_copy(a->arena, out.data ? out.data : "", out.size);
}
