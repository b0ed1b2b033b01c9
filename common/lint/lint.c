/* lint.c - see lint.h */
#include "common/lint/lint.h"

#include <fcntl.h>
#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/yaml.h"
#include "common/schema/schema.h"

#define CLOUD_CONFIG "#cloud-config"

/* A message without its place and of another's making becomes a note. */
static void note_err(struct notes *notes, const struct err *e)
{
	*note_add(notes, NOTE_ERROR, e->code, NULL, "%s", e->msg) = *e;
	note_path(notes, "");
}

static bool first_line_is(const char *text, size_t size, const char *line)
{
	size_t n = strlen(line);

	while (size && (*text == ' ' || *text == '\t')) {
		text++;
		size--;
	}
	if (size < n || memcmp(text, line, n) != 0)
		return false;
	return size == n || strchr(" \t\r\n", text[n]);
}

static void judge_config(struct arena *a, const char *text, size_t size, struct lint *l)
{
	struct node *config = NULL;
	const char *doc = strrchr(l->file, '/') ? strrchr(l->file, '/') + 1 : l->file;
	struct err e;

	if (yaml_read(a, strlen(doc) > 60 ? "user-data" : doc, text, size, &l->besides, &config, &e)) {
		note_err(&l->notes, &e);
		return;
	}
	schema_check(config, &l->notes);
	schema_support(config, &l->besides);
}

void lint_text(struct arena *a, const char *text, size_t size, bool strict, struct lint *l)
{
	struct err e = ERR_NONE;

	l->notes.arena = l->besides.arena = a;
	if (first_line_is(text, size, CLOUD_CONFIG)) {
		judge_config(a, text, size, l);
	} else {
		err_set(&e, ERR_FORMAT, "the first line is not '" CLOUD_CONFIG "'");
		err_hint(&e, "user-data of the other forms is not judged here");
		note_err(&l->notes, &e);
	}
	l->valid = !l->notes.of[NOTE_ERROR] && !l->notes.of[NOTE_WARNING] && !(strict && l->notes.of[NOTE_DEPRECATED]);
}

int lint_file(struct arena *a, const char *file, bool strict, struct lint *ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(LINT_SIZE_MAX);
	bool from_stdin = strcmp(file, "-") == 0;
	int r = file_read(AT_FDCWD, from_stdin ? "/dev/stdin" : file, &text, NULL, e);

	if (r)
		return r;
	*ret = (struct lint){ .file = arena_text(a, from_stdin ? "standard input" : file) };
	lint_text(a, text.data ? text.data : "", text.size, strict, ret);
	return 0;
}

/* An err's where is "DOC:LINE:COLUMN" or empty. */
static void split_place(const char *where, uint64_t *line, uint64_t *col)
{
	const char *last = strrchr(where, ':');
	char first[24];

	*line = *col = 0;
	if (!last || !text_number(last + 1, col))
		return;
	const char *from = last;
	while (from > where && from[-1] != ':')
		from--;
	if (from > where && (size_t)(last - from) < sizeof first) {
		memcpy(first, from, (size_t)(last - from));
		first[last - from] = 0;
		if (!text_number(first, line))
			*line = 0;
	}
}

static void print_notes(const struct lint *l, const struct notes *notes, FILE *to)
{
	for (size_t i = 0; i < notes->kept; i++) {
		struct err p = notes->at[i].err;
		uint64_t line, col;
		split_place(p.where, &line, &col);
		text_printable(p.msg);
		text_printable(p.hint);
		fprintf(to, "%s[%s]: %s:", note_level_name(notes->at[i].level), err_reason(p.code), l->file);
		if (line)
			fprintf(to, "%llu:%llu:", (unsigned long long)line, (unsigned long long)col);
		fprintf(to, " %s\n", p.msg);
		if (*p.hint)
			fprintf(to, "  hint: %s\n", p.hint);
	}
	if (notes->count > notes->kept)
		fprintf(to, "and %zu more\n", notes->count - notes->kept);
}

void lint_print(const struct lint *l, FILE *to)
{
	print_notes(l, &l->notes, to);
	print_notes(l, &l->besides, to);
	fprintf(to, "%s: %s\n", l->file, l->valid ? "valid" : "not valid");
}

static void add_notes(const struct notes *notes, struct json_object *list)
{
	for (size_t i = 0; i < notes->kept; i++) {
		const struct note *n = &notes->at[i];
		struct json_object *o = json_object_new_object();
		uint64_t line, col;
		split_place(n->err.where, &line, &col);
		json_put(o, "level", note_level_name(n->level));
		json_put(o, "reason", err_reason(n->err.code));
		json_put_uint(o, "line", line);
		json_put_uint(o, "column", col);
		json_put(o, "path", n->path ? n->path : "");
		json_put(o, "message", n->err.msg);
		json_put(o, "hint", n->err.hint);
		json_object_array_add(list, o);
	}
}

struct json_object *lint_json(const struct lint *l)
{
	struct json_object *o = json_object_new_object(), *notes = json_object_new_array();

	json_put(o, "file", l->file);
	json_object_object_add(o, "valid", json_object_new_boolean(l->valid));
	add_notes(&l->notes, notes);
	add_notes(&l->besides, notes);
	json_object_object_add(o, "notes", notes);
	return o;
}

int lint_files(const char *const *files, size_t count, struct lint_how how, bool *ret, struct err *e)
{
	scoped_json struct json_object *all = json_object_new_object();
	struct json_object *list = json_object_new_array();
	bool valid = true;

	json_object_object_add(all, "files", list);
	for (size_t i = 0; i < count; i++) {
		scoped(arena_fini) struct arena a = { 0 };
		struct lint l;
		int r = lint_file(&a, files[i], how.strict, &l, e);
		if (r)
			return r;
		valid &= l.valid;
		if (how.json)
			json_object_array_add(list, lint_json(&l));
		else
			lint_print(&l, stdout);
	}
	if (how.json)
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	*ret = valid;
	return 0;
}
