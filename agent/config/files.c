/* files.c - cloud-config's write_files, and the scripts that runcmd and bootcmd come to. */
#include "agent/config/config.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/words.h"

struct file_row { const char *path, *encoding, *owner; const struct node *permissions, *content, *source; enum tri append, defer; };
static const struct key_row file_keys[] = {
	KEY(struct file_row, path, WANT_TEXT), KEY(struct file_row, content, WANT_ANY), KEY(struct file_row, source, WANT_ANY), KEY(struct file_row, encoding, WANT_TEXT),
	KEY(struct file_row, owner, WANT_TEXT), KEY(struct file_row, permissions, WANT_ANY), KEY(struct file_row, append, WANT_BOOL),
	KEY(struct file_row, defer, WANT_BOOL),
};

static int parse_mode(const struct doc *d, const char *path, const struct node *v, unsigned *ret, struct err *e)
{
	if (word_mode(v, ret))
		return 0;
	doc_fail(d, path, ERR_FORMAT, e, "%s is '%.20s', not octal text", path, v && v->text ? v->text : "");
	err_hint(e, "write it as a string, \"0644\"");
	return -(int)e->code;
}

static int find_encoding(const struct doc *d, const char *path, const char *name, const struct encoding **ret, struct err *e)
{
	*ret = word_encoding(name);
	if (*ret)
		return 0;
	doc_fail(d, doc_path(d, path, "encoding"), ERR_UNSUPPORTED, e, "%s.encoding '%.40s' is not one that this agent decodes", path, name);
	err_suggest(e, name, word_encodings, "b64, gz, gz+b64 or no encoding at all");
	return -(int)e->code;
}

static int parse_content(struct config *c, const struct doc *d, const char *path, const struct file_row *row, struct config_file *f,
	struct err *e)
{
	const struct node *v = row->content;
	const struct encoding *how = NULL;
	const char *text = v && v->text ? v->text : "";
	size_t size = v && v->text ? v->count : 0;
	int r = row->encoding ? find_encoding(d, path, row->encoding, &how, e) : 0;

	if (r)
		return r;
	if (v && v->kind != NODE_TEXT && v->kind != NODE_BYTES && v->kind != NODE_NULL)
		return doc_fail(d, doc_path(d, path, "content"), ERR_FORMAT, e, "%s.content is not a string", path);
	scoped_buf struct buf out = BUF_MAX(CONFIG_FILE_MAX);
	struct err why;
	if (how && word_decode(how, text, size, &out, &why))
		return doc_fail(d, doc_path(d, path, "content"), why.code, e, "%s.content %.250s", path, why.msg);
	if (how) {
		text = out.data ? out.data : "";
		size = out.size;
	}
	c->files_size += size;
	if (c->files_size > CONFIG_FILES_SIZE_MAX)
		return doc_fail(d, doc_path(d, path, "content"), ERR_LIMIT, e, "%s: the files come to more than %d bytes", path, CONFIG_FILES_SIZE_MAX);
	f->bytes = how ? arena_copy(&c->arena, text, size) : text;     /* the document's own stays as long as the config */
	f->size = size;
	return 0;
}

/* As cloud-init has it: what the source gives is taken as it is, and the content stands in where it gives nothing. f->bytes NULL: not yet here. */
static int parse_bytes(struct config *c, const struct doc *d, const char *path, const struct file_row *row, struct config_file *f, struct err *e)
{
	const char *at = doc_path(d, path, "source");
	bool content = row->content && row->content->kind != NODE_NULL;
	struct userdata_text text = { 0 };
	int r = 0;

	if (!node_truth(row->source))
		return parse_content(c, d, path, row, f, e);
	if (!config_fetches(c) && !content)
		return doc_fail(d, at, ERR_DENIED, e, "%s: source is not fetched, and there is no content", path);
	if (config_fetches(c))
		r = config_source(c, d, at, row->source, &text, e);
	else
		doc_warn(d, at, ERR_DENIED, "%s: source is not fetched: the content beside it is written", path);
	if (!content && r && e->code != ERR_FORMAT && e->code != ERR_LIMIT && e->code != ERR_DENIED) {
		struct err *kept = arena_alloc(&c->arena, sizeof *kept);
		*kept = *e;
		f->problem = kept;
		text = (struct userdata_text){ "", 0 };
	} else if (!content && r) {
		return r;
	}
	if (content && r)
		err_hint(doc_warn(d, at, e->code, "%.250s: the content beside it is written", e->msg), "%s", e->hint);
	if (content && (r || !config_fetches(c)))
		return parse_content(c, d, path, row, f, e);
	f->bytes = text.bytes;
	f->size = text.size;
	c->files_size += text.size;
	return c->files_size <= CONFIG_FILES_SIZE_MAX ? 0 :
		doc_fail(d, at, ERR_LIMIT, e, "%s: the files come to more than %d bytes", path, CONFIG_FILES_SIZE_MAX);
}

/* Twice the room each time: thousands of pieces are no reason to keep thousands of copies. */
static void put_behind(struct config *c, struct config_file *was, const struct config_file *f)
{
	if (was->size + f->size > was->room) {
		was->room = 2 * (was->size + f->size);
		char *both = arena_alloc(&c->arena, was->room + 1);
		memcpy(both, was->bytes, was->size);
		was->bytes = both;
	}
	memcpy((char *)was->bytes + was->size, f->bytes, f->size);
	was->size += f->size;
}

/* A path that stands again: what is appended follows what is there, anything else takes its place. */
static void put_file(struct config *c, const struct config_file *f)
{
	size_t *number = text_index_at(&c->arena, &c->file_at[f->defer], f->path);

	if (!*number) {
		c->files[c->file_count++] = *f;
		*number = c->file_count;
		return;
	}
	struct config_file *was = &c->files[*number - 1];
	if (!f->append) {
		*was = *f;
		return;
	}
	put_behind(c, was, f);
	was->mode = f->mode;
	was->user = f->user;
	was->group = f->group;
}

/* What "user:group" leaves out stays root's; so does what cloud-init takes for nothing. */
static const char *name_or_root(struct arena *a, const char *text, size_t n)
{
	for (; n && *text == ' '; n--)
		text++;
	while (n && text[n - 1] == ' ')
		n--;
	const char *name = arena_copy(a, text, n);
	return !n || strcmp(name, "-1") == 0 || strcasecmp(name, "none") == 0 ? "root" : name;
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
	f.path = word_path(&c->arena, row.path);
	if (!f.path) {
		doc_fail(d, doc_path(d, path, "path"), ERR_FORMAT, e, "%s.path '%.100s' is not an absolute path without '..'", path, row.path);
		err_hint(e, "it begins with '/', as the file is called in the guest");
		return -(int)e->code;
	}
	f.append = row.append == TRI_YES;
	f.defer = row.defer == TRI_YES;
	if (row.owner) {
		size_t n = strcspn(row.owner, ":");
		f.user = name_or_root(&c->arena, row.owner, n);
		f.group = row.owner[n] ? name_or_root(&c->arena, row.owner + n + 1, strlen(row.owner + n + 1)) : "root";
	}
	if ((r = parse_mode(d, doc_path(d, path, "permissions"), row.permissions, &f.mode, e)) ||
		(r = parse_bytes(c, d, path, &row, &f, e)))
		return r;
	if (f.bytes)
		put_file(c, &f);
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

/* A word of a list: texts and numbers as they are written. NULL: it is none. */
static const char *word_of(const struct node *v) { return v->kind == NODE_INT || v->kind == NODE_FLOAT ? v->text : node_str(v); }

static int put_command(const struct doc *d, const char *path, const struct node *v, struct buf *script, struct err *e)
{
	const char *word;
	int r = 0;

	if (v->kind == NODE_NULL)
		return 0;
	if (v->kind != NODE_LIST) {
		if (v->kind != NODE_TEXT)
			return doc_fail(d, path, ERR_FORMAT, e, "%s is not a list of strings", path);
		if ((r = doc_value(d, path, v, WANT_TEXT, &word, e)))
			return r;
		buf_str(script, word);
	}
	if (v->kind == NODE_LIST && v->count == 0)
		return 0;
	for (size_t i = 0; v->kind == NODE_LIST && i < v->count && !r; i++) {
		word = word_of(v->items[i]);
		if (!word && (r = doc_value(d, doc_path_n(d, path, i), v->items[i], WANT_TEXT, &word, e)))
			return r;
		buf_str(script, i ? " " : "");
		text_shell_quote(script, word);
	}
	buf_str(script, "\n");
	return 0;
}

/* One script of all commands, as cloud-init makes it: a `cd` in one holds for the next. Lists are words, quoted. */
int config_script(struct config *c, const struct doc *d, const char *key, const char **ret, struct err *e)
{
	scoped_buf struct buf script = BUF_MAX(CONFIG_DOC_MAX);
	const struct node *list = node_get(c->cloud, key);
	int r;

	*ret = NULL;
	if (!list || list->kind == NODE_NULL)
		return 0;
	if (list->kind != NODE_LIST)
		return doc_fail(d, key, ERR_FORMAT, e, "%s is not a list", key);
	buf_str(&script, "#!/bin/sh\n");
	for (size_t i = 0; i < list->count; i++)
		if ((r = put_command(d, doc_path_n(d, key, i), list->items[i], &script, e)))
			return r;
	if ((r = buf_check(&script, key, e)))
		return r;
	*ret = list->count ? arena_copy(&c->arena, script.data, script.size) : NULL;
	return 0;
}
