/* files.c - cloud-config's write_files and runcmd. */
#include "agent/config/config.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"

struct file_row { const char *path, *content, *encoding, *owner; const struct node *permissions; enum tri append, defer; };
static const struct key_row file_keys[] = {
	KEY(struct file_row, path, WANT_TEXT), KEY(struct file_row, content, WANT_TEXT), KEY(struct file_row, encoding, WANT_TEXT),
	KEY(struct file_row, owner, WANT_TEXT), KEY(struct file_row, permissions, WANT_ANY), KEY(struct file_row, append, WANT_BOOL),
	KEY(struct file_row, defer, WANT_BOOL),
};

/* "0644", as text, or a number that is written in octal; another was meant octal too, and says something else: refused. */
static int parse_mode(const struct doc *d, const char *path, const struct node *v, unsigned *ret, struct err *e)
{
	const char *s = v && v->kind != NODE_NULL ? v->text : "0644";
	unsigned mode = 0;
	size_t n = 0;

	if (!v || v->kind == NODE_NULL || node_str(v) || (v->kind == NODE_INT && *s == '0')) {
		if (s[0] == '0' && s[1] == 'o')
			s += 2;
		for (; s[n] >= '0' && s[n] <= '7' && n < 5; n++)
			mode = mode * 8 + (unsigned)(s[n] - '0');
		if (n > 0 && !s[n] && mode <= 07777) {
			*ret = mode;
			return 0;
		}
	}
	doc_fail(d, path, ERR_FORMAT, e, "%s is '%.20s', not octal text", path, v && v->text ? v->text : "");
	err_hint(e, "write it as a string, \"0644\"");
	return -(int)e->code;
}

static int parse_content(struct config *c, const struct doc *d, const char *path, const struct file_row *row, struct config_file *f,
	struct err *e)
{
	static const char *const words[] = { "b64", "base64", "text/plain", NULL };
	const char *text = row->content ? row->content : "";

	if (!row->encoding || strcmp(row->encoding, "text/plain") == 0) {
		f->bytes = text;
		f->size = strlen(text);
		return 0;
	}
	if (strcmp(row->encoding, "b64") != 0 && strcmp(row->encoding, "base64") != 0) {
		doc_fail(d, doc_path(d, path, "encoding"), ERR_UNSUPPORTED, e, "%s/encoding '%.40s' is not one that this agent decodes",
			path, row->encoding);
		err_suggest(e, row->encoding, words, "b64 or no encoding at all");
		return -(int)e->code;
	}
	/* cloud-init's decoder passes over white space. */
	char *packed = arena_text(d->arena, text), *to = packed;
	for (const char *from = text; *from; from++)
		if (!isspace((unsigned char)*from))
			*to++ = *from;
	scoped_buf struct buf out = BUF_MAX(CONFIG_DOC_MAX);
	if (base64_decode(packed, (size_t)(to - packed), path, &out, e))
		return doc_fail(d, doc_path(d, path, "content"), ERR_FORMAT, e, "%s/content is not base64", path);
	f->bytes = arena_copy(&c->arena, out.data, out.size);
	f->size = out.size;
	return 0;
}

static bool clean_path(const char *s)
{
	if (*s != '/' || strlen(s) >= 4000 || !s[1] || s[strlen(s) - 1] == '/')
		return false;
	for (const char *p = s; *p; p++) {
		if (iscntrl((unsigned char)*p))
			return false;
		if (*p == '/' && (text_starts(p, "//") || text_starts(p, "/./") || text_starts(p, "/../") || !strcmp(p, "/..") ||
			!strcmp(p, "/.")))
			return false;
	}
	return true;
}

static int parse_file(struct config *c, const struct doc *d, const char *path, const struct node *v, struct err *e)
{
	struct file_row row = { 0 };
	struct config_file f = { .user = "root", .group = "root" };
	int r = doc_decode(d, path, v, file_keys, ARRAY_SIZE(file_keys), &row, e);

	if (r)
		return r;
	if (!row.path)
		return doc_fail(d, path, ERR_FORMAT, e, "%s: path is missing", path);
	if (!clean_path(row.path))
		return doc_fail(d, doc_path(d, path, "path"), ERR_FORMAT, e,
			"%s/path '%.100s' is not an absolute path without '//', '.' and '..'", path, row.path);
	if (row.append == TRI_YES)
		return doc_fail(d, doc_path(d, path, "append"), ERR_UNSUPPORTED, e,
			"%s: append is not applied: a second run would append again", path);
	f.path = row.path;
	if (row.owner) {
		size_t n = strcspn(row.owner, ":");
		f.user = arena_copy(&c->arena, row.owner, n);
		f.group = row.owner[n] ? row.owner + n + 1 : NULL;
		if (!n || (f.group && !*f.group))
			return doc_fail(d, doc_path(d, path, "owner"), ERR_FORMAT, e, "%s/owner '%.60s' is not 'user:group'", path,
				row.owner);
	}
	for (size_t i = 0; i < c->file_count; i++)
		if (strcmp(c->files[i].path, f.path) == 0)
			return doc_fail(d, doc_path(d, path, "path"), ERR_FORMAT, e, "%s/path '%.200s' stands twice", path, f.path);
	if ((r = parse_mode(d, doc_path(d, path, "permissions"), row.permissions, &f.mode, e)) ||
		(r = parse_content(c, d, path, &row, &f, e)))
		return r;
	c->files[c->file_count++] = f;
	return 0;
}

int config_files(struct config *c, const struct doc *d, const struct node *files, struct err *e)
{
	size_t n = files ? files->count : 0;
	int r = 0;

	if (n > CONFIG_FILES_MAX)
		return doc_fail(d, "write_files", ERR_LIMIT, e, "%zu files: %d at most", n, CONFIG_FILES_MAX);
	c->files = arena_array(&c->arena, n + 1, sizeof *c->files);
	for (size_t i = 0; i < n && !r; i++)
		r = parse_file(c, d, doc_path_n(d, "write_files", i), files->items[i], e);
	return r;
}

/* A word for sh(1): in single quotes. */
static void quote(struct buf *out, const char *s)
{
	buf_str(out, "'");
	for (; *s; s++)
		if (*s == '\'')
			buf_str(out, "'\\''");
		else
			buf_add(out, s, 1);
	buf_str(out, "'");
}

/* One script of all commands, as cloud-init makes it: a `cd` in one holds for the next. Lists are words, quoted. */
int config_runcmd(struct config *c, const struct doc *d, const struct node *list, struct err *e)
{
	scoped_buf struct buf script = BUF_MAX(CONFIG_DOC_MAX);
	size_t n = list ? list->count : 0;
	int r;

	if (n == 0)
		return 0;
	buf_str(&script, "#!/bin/sh\n");
	for (size_t i = 0; i < n; i++) {
		const struct node *v = list->items[i];
		const char *path = doc_path_n(d, "runcmd", i);
		struct texts words = { 0 };
		if ((r = doc_value(d, path, v, WANT_LIST, &words, e)))
			return r;
		if (words.count == 0)
			return doc_fail(d, path, ERR_FORMAT, e, "%s is empty", path);
		if (v->kind == NODE_TEXT)
			buf_str(&script, words.at[0]);
		else
			for (size_t w = 0; w < words.count; w++) {
				buf_str(&script, w ? " " : "");
				quote(&script, words.at[w]);
			}
		buf_str(&script, "\n");
	}
	if ((r = buf_check(&script, "the script of runcmd", e)))
		return r;
	c->runcmd = arena_copy(&c->arena, script.data, script.size);
	return 0;
}
