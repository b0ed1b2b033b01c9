/* lint.c - see lint.h */
#include "common/lint/lint.h"

#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/url.h"
#include "common/data/yaml.h"
#include "common/network/netconf.h"
#include "common/schema/schema.h"
#include "common/userdata/meaning.h"
#include "common/userdata/merge.h"
#include "common/userdata/parts.h"
#include "common/userdata/template.h"
#include "common/userdata/unpack.h"

enum { DOC_NAME_MAX = 60 };

/* A message without its place and of another's making becomes a note. */
static void note_err(struct notes *notes, const struct err *e)
{
	*note_add(notes, NOTE_ERROR, e->code, NULL, "%s", e->msg) = *e;
	note_path(notes, "");
}

/* A file's source is fetched in the guest, where its image's policy lets it be. */
static void judge_sources(struct arena *a, const struct node *config, struct lint *l)
{
	const struct node *files = node_get(config, "write_files");
	struct url u;
	struct err e;

	for (size_t i = 0; files && files->kind == NODE_LIST && i < files->count; i++) {
		const struct node *uri = node_get(node_get(files->items[i], "source"), "uri");
		if (!node_str(uri))
			continue;
		if (url_parse(a, uri->text, &u, &e))
			err_hint(note_add(&l->besides, NOTE_WARNING, e.code, uri, "%s", e.msg), "%s", e.hint);
		else
			note_add(&l->besides, NOTE_WARNING, ERR_DENIED, uri, "%s is fetched only where the image's policy lets it be (\"fetch\")", u.shown);
	}
}

static void judge_config(struct arena *a, const char *doc, const void *text, size_t size, struct lint *l)
{
	struct node *config = NULL;
	struct err e;

	if (yaml_read(a, doc, text, size, &l->besides, &config, &e)) {
		note_err(&l->notes, &e);
		return;
	}
	if (schema_check(config, &l->notes) == 0)
		meaning_check(a, config, &l->notes);
	schema_support(config, &l->besides);
	judge_sources(a, config, l);
}

/* What is fetched is fetched in the guest, if its image's policy lets: here it is said, and stands for nothing. */
static int not_fetched(void *data, struct arena *a, const struct userdata_url *url, struct userdata_text *ret, struct err *e)
{
	struct lint *l = data;
	struct url u;

	(void)ret;
	if (url_parse(a, url->text, &u, e)) {
		note_err(&l->notes, e);
		return 0;
	}
	err_hint(note_add(&l->besides, NOTE_WARNING, ERR_DENIED, NULL, "#include of %s: it is fetched only where the image's policy lets it be (\"fetch\")",
		u.shown), u.has_digest ? "\"hash\": true there, or its server among \"hosts\"" :
		"its server among \"hosts\" there, or #sha256=DIGEST behind the address and \"hash\": true");
	return 0;
}

static void judge_part(struct arena *a, const struct part *p, struct lint *l)
{
	const struct node here = { .place = { p->doc, 1, 1 } };
	struct node *patch;
	struct err e;

	if (p->type == PART_CONFIG)
		judge_config(a, p->doc, p->bytes, p->size, l);
	else if ((p->type == PART_TEMPLATE && template_check(&(struct template_in){ a, p->doc, p->bytes, p->size, NULL }, &e)) ||
	    (p->type == PART_PATCH && (yaml_read(a, p->doc, p->bytes, p->size, NULL, &patch, &e) || patch_check(a, patch, &e))))
		note_err(&l->notes, &e);
	else if (p->type == PART_TEMPLATE)
		err_hint(note_add(&l->besides, NOTE_WARNING, ERR_UNSUPPORTED, &here, "a template is judged when its variables are known"),
			"natal-agent userdata template --vars FILE FILE fills it in");
}

static void judge_parts(struct arena *a, const char *doc, const void *text, size_t size, struct lint *l)
{
	const struct userdata_include include = { not_fetched, l };
	struct parts parts = { 0 };
	struct err e;

	if (parts_read(&(struct parts_in){ a, doc, text, size, &include, &l->besides }, &parts, &e)) {
		note_err(&l->notes, &e);
		return;
	}
	for (size_t i = 0; i < parts.count; i++)
		judge_part(a, &parts.at[i], l);
}

/* Network configuration has no header: it is a map with a "network", or with what its languages begin with. */
static bool is_network(struct arena *a, const void *text, size_t size, struct node **ret)
{
	static const char *const keys[] = { "network", "ethernets", "bonds", "bridges", "vlans", "config", "links" };
	struct err ignored;

	if (yaml_read(a, "network-config", text, size, NULL, ret, &ignored))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (node_get(*ret, keys[i]) && (i == 0 || strcmp(keys[i], "links") == 0 || node_get(*ret, "version")))
			return true;
	return false;
}

static void judge_network(struct arena *a, const struct node *root, struct lint *l)
{
	const struct node *inner;
	enum netconf_kind kind;
	struct netconf *ignored;
	struct err e;

	if (netconf_kind(root, &kind, &inner, &e) || netconf_read(a, kind, inner, NULL, &l->besides, &ignored, &e))
		note_err(&l->notes, &e);
}

void lint_text(struct arena *a, const char *text, size_t size, bool strict, struct lint *l)
{
	const char *name = strrchr(l->file, '/') ? strrchr(l->file, '/') + 1 : l->file, *doc = strlen(name) > DOC_NAME_MAX ? "user-data" : name;
	struct node *root = NULL;

	l->notes.arena = l->besides.arena = a;
	if (part_sniff(text, size) == PART_CONFIG) {
		judge_config(a, doc, text, size, l);
	} else if (part_sniff(text, size) == PART_UNKNOWN && packing_of(text, size) == PACKING_NONE && is_network(a, text, size, &root)) {
		judge_network(a, root, l);
	} else {
		judge_parts(a, doc, text, size, l);
	}
	l->valid = !l->notes.of[NOTE_ERROR] && !l->notes.of[NOTE_WARNING] && !(strict && l->notes.of[NOTE_DEPRECATED]);
}

int lint_file(struct arena *a, const char *file, bool strict, struct lint *ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(LINT_SIZE_MAX);
	bool from_stdin = strcmp(file, "-") == 0;
	int r = file_read_input(file, &text, e);

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
		/* A part of several has its name in front of the place in it. */
		if (strchr(p.where, '/'))
			fprintf(to, " %s:", p.where);
		else if (line)
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
	/* Errors and what cloud-init's own schema calls one; deprecations count where strict, and are said where there are. */
	static const struct { enum note_level level; const char *what; } why[] = {
		{ NOTE_ERROR, "error" }, { NOTE_WARNING, "unknown key" }, { NOTE_DEPRECATED, "deprecation" },
	};
	size_t said = 0;

	print_notes(l, &l->notes, to);
	print_notes(l, &l->besides, to);
	fprintf(to, "%s: %s", l->file, l->valid ? "valid" : "not valid");
	for (size_t i = 0; !l->valid && i < ARRAY_SIZE(why); i++)
		if (l->notes.of[why[i].level])
			fprintf(to, "%s%zu %s%s", said++ ? ", " : ": ", l->notes.of[why[i].level], why[i].what, l->notes.of[why[i].level] == 1 ? "" : "s");
	fprintf(to, "\n");
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
		json_put(o, "where", n->err.where);
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
