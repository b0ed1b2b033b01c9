/* notes.c - see notes.h */
#include "common/data/notes.h"

#include <stdio.h>
#include "common/base/text.h"
#include "common/data/node.h"

const char *note_level_name(enum note_level l)
{
	static const char *const names[] = { "error", "warning", "deprecated" };

	return names[l];
}

struct err *note_add(struct notes *notes, enum note_level level, enum err_code code, const struct node *n, const char *fmt, ...)
{
	static _Thread_local struct err spare;
	struct err *e = &spare;
	char msg[sizeof e->msg];
	va_list ap;

	if (notes) {
		notes->count++;
		notes->of[level]++;
	}
	if (notes && notes->kept < NOTES_MAX) {
		notes->at = arena_grow(notes->arena, notes->at, notes->kept, sizeof *notes->at);
		notes->at[notes->kept] = (struct note){ .level = level };
		e = &notes->at[notes->kept++].err;
	}
	*e = ERR_NONE;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	node_fail(n, code, e, "%s", msg);
	return e;
}

void note_path(struct notes *notes, const char *path)
{
	if (notes && notes->kept && notes->count == notes->kept)
		notes->at[notes->kept - 1].path = arena_text(notes->arena, path);
}

void notes_print(const struct notes *notes)
{
	for (size_t i = 0; i < notes->kept; i++) {
		struct err p = notes->at[i].err;
		text_printable(p.where);
		text_printable(p.msg);
		text_printable(p.hint);
		fprintf(stderr, "%s[%s]: %s%s%s\n", note_level_name(notes->at[i].level), err_reason(p.code), p.where, *p.where ? ": " : "", p.msg);
		if (*p.hint)
			fprintf(stderr, "  hint: %s\n", p.hint);
	}
	if (notes->count > notes->kept)
		fprintf(stderr, "and %zu more\n", notes->count - notes->kept);
}
