/* parts.c - see parts.h */
#include "common/userdata/parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "common/base/text.h"
#include "common/data/url.h"
#include "common/data/yaml.h"
#include "common/userdata/mime.h"
#include "common/userdata/unpack.h"

enum { INCLUDES_MAX = 64, URL_MAX = 4096, NAME_MAX_SAFE = 96 };

struct reading {
	const struct parts_in *in;
	struct parts *ret;
	size_t unpacked, includes, met, holders;
	int depth;
	bool inside;            /* a MIME message, an archive or what an include fetched: not the whole text by itself */
	bool counted;           /* lines are those of the document */
};

/* A part before it is known to be a leaf. */
struct piece { const char *type, *filename, *merge, *launch; const void *bytes; size_t size; unsigned line; };

static int read_blob(struct reading *r, const void *bytes, size_t size, struct err *e);

static int fail(struct reading *r, enum err_code code, unsigned line, struct err *e)
{
	char msg[sizeof e->msg], hint[sizeof e->hint];

	memcpy(msg, e->msg, sizeof msg);
	memcpy(hint, e->hint, sizeof hint);
	err_at(e, r->in->doc, line ? line : 1, 1, "%s", msg);
	memcpy(e->hint, hint, sizeof hint);
	e->code = code;
	return -(int)code;
}

static int limit(struct reading *r, const char *what, struct err *e)
{
	err_set(e, ERR_LIMIT, "%s", what);
	return fail(r, ERR_LIMIT, 0, e);
}

static bool safe_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_-.()", c));
}

/* A slash becomes '_', other bytes fall away; nothing hidden, nothing empty, nothing that is a folder. */
static const char *safe_name(struct arena *a, const char *filename, size_t number)
{
	char name[NAME_MAX_SAFE + 1];
	size_t n = 0;

	for (const char *c = filename; *c && n < NAME_MAX_SAFE; c++) {
		char byte = *c == '/' ? '_' : *c;
		if (safe_byte(byte) && (n || byte != '.'))
			name[n++] = byte;
	}
	name[n] = 0;
	return n ? arena_text(a, name) : arena_printf(a, "part-%03zu", number);
}

static long launch_index(const char *text)
{
	uint64_t n;
	char word[24];
	size_t from = strspn(text, " \t"), size = strcspn(text + from, " \t");

	if (size >= sizeof word)
		return -2;
	memcpy(word, text + from, size);
	word[size] = 0;
	return text_number(word, &n) && n < 1 << 30 ? (long)n : -2;
}

/* A cloud-config may name its launch index itself; the header counts first. */
static long own_launch_index(struct reading *r, const struct part *p)
{
	struct node *config, *n;
	struct err unused;

	if (p->type != PART_CONFIG || !memmem(p->bytes, p->size, "launch-index", 12) ||
	    yaml_read(r->in->arena, p->doc, p->bytes, p->size, NULL, &config, &unused))
		return -1;
	n = node_get(config, "launch-index");
	return !n || n->kind == NODE_NULL ? -1 : n->kind == NODE_INT && n->integer >= 0 ? (long)n->integer : n->kind == NODE_TEXT ?
		launch_index(n->text) : -2;
}

static int add_part(struct reading *r, const struct piece *piece, enum part_type type, struct err *e)
{
	struct arena *a = r->in->arena;
	size_t number = r->ret->count + 1;
	struct part p = { .type = type, .bytes = piece->bytes, .size = piece->size, .merge = piece->merge,
		.mime = type == PART_UNKNOWN ? piece->type : part_type_name(type), .line = r->counted ? piece->line : 0 };
	p.filename = piece->filename && *piece->filename ? piece->filename : arena_printf(a, "part-%03zu", number);
	p.name = safe_name(a, p.filename, number);
	p.doc = r->inside ? arena_printf(a, "%s/%s", r->in->doc, p.name) : r->in->doc;
	p.launch_index = piece->launch ? launch_index(piece->launch) : own_launch_index(r, &p);
	if (p.launch_index == -2)
		err_hint(note_add(r->in->notes, NOTE_WARNING, ERR_FORMAT, NULL, "%s: the launch index is not a whole number", p.doc),
			"0 is the first instance of a launch");
	r->ret->at = arena_grow(a, r->ret->at, r->ret->count, sizeof *r->ret->at);
	r->ret->at[r->ret->count++] = p;
	return 0;
}

/* Opens gzip or zstd; the arena takes what was in it. */
static int open_packed(struct reading *r, enum packing packing, const void **bytes, size_t *size, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(USERDATA_TEXT_MAX - r->unpacked);
	int failed = unpack(packing, *bytes, *size, &out, e);

	if (failed)
		return e->code == ERR_FORMAT || e->code == ERR_LIMIT ? fail(r, e->code, 0, e) : failed;
	r->unpacked += out.size;
	*bytes = arena_copy(r->in->arena, out.data ? out.data : "", out.size);
	*size = out.size;
	return 0;
}

static int read_url(struct reading *r, const char *line, size_t n, bool once, struct err *e)
{
	const struct userdata_include *include = r->in->include;
	struct userdata_text text = { 0 };

	if (n > URL_MAX || ++r->includes > INCLUDES_MAX)
		return limit(r, n > URL_MAX ? "an include's address is longer than 4096 bytes" : "more than 64 includes", e);
	const char *url = arena_copy(r->in->arena, line, n);
	if (!include || !include->fetch) {
		err_set(e, ERR_DENIED, "#include of %.200s is refused: it would be run unseen", url_shown(r->in->arena, url));
		err_hint(e, "put the text itself into the user-data, as a part of a MIME message or an archive");
		return fail(r, ERR_DENIED, 0, e);
	}
	int failed = include->fetch(include->data, r->in->arena, &(struct userdata_url){ url, once }, &text, e);
	if (failed)
		return err_wrap(e, "#include");
	if (!text.bytes)
		return 0;
	if (text.size > USERDATA_SIZE_MAX || (r->unpacked += text.size) > USERDATA_TEXT_MAX)
		return limit(r, "what includes brought is larger than 32 MiB", e);
	bool was_inside = r->inside, was_counted = r->counted;
	r->inside = true;
	r->counted = false;
	failed = read_blob(r, text.bytes, text.size, e);
	r->inside = was_inside;
	r->counted = was_counted;
	return failed;
}

/* One address a line; "#include ADDRESS" names one too, other lines with '#' are comments. */
static int read_include(struct reading *r, const struct piece *p, bool once, struct err *e)
{
	const char *at = p->bytes, *end = at + p->size;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at)), *line = at, *stop = nl ? nl : end;
		static const char *const words[] = { "#include-once", "#include" };
		at = nl ? nl + 1 : end;
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if ((size_t)(stop - line) >= strlen(words[i]) && strncasecmp(line, words[i], strlen(words[i])) == 0) {
				line += strlen(words[i]);
				once = i == 0;  /* and so for the lines that follow */
				break;
			}
		while (line < stop && (*line == ' ' || *line == '\t'))
			line++;
		while (stop > line && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r'))
			stop--;
		if (line == stop || *line == '#')
			continue;
		int failed = read_url(r, line, (size_t)(stop - line), once, e);
		if (failed)
			return failed;
	}
	return 0;
}

/* Types by which compressed parts are announced; what is in them is told by how it begins. */
static bool says_compressed(const char *type)
{
	static const char *const types[] = { "application/gzip", "application/gzip-compressed", "application/gzipped", "application/x-compress",
		"application/x-compressed", "application/x-gunzip", "application/x-gzip", "application/x-gzip-compressed", "application/zstd" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* As much of a line as tells people which it is: a word that means to be a header, or a key; never a value, which may be a secret. */
static const char *quoted_line(struct arena *a, const char *line, size_t size)
{
	const char *text = arena_copy(a, line, size < 40 ? size : 40);
	size_t n = strcspn(text, "\r\n"), key = strcspn(text, ":=\r\n");

	if (*text == '#')
		return arena_printf(a, ": '%.*s'", (int)n, text);
	return key < n && strspn(text, "abcdefghijklmnopqrstuvwxyz_-") == key ? arena_printf(a, ": '%.*s'", (int)key + 1, text) : "";
}

/* A part whose type is none of ours. */
static int unknown(struct reading *r, const struct piece *p, struct err *e)
{
	const char *begin = p->bytes;
	size_t blank = 0;

	while (blank < p->size && strchr(" \t\r\n", begin[blank]) && begin[blank])
		blank++;
	if (blank == p->size)
		return 0;               /* nothing is in it */
	if (r->inside) {
		struct err *note = note_add(r->in->notes, NOTE_WARNING, ERR_UNSUPPORTED, NULL, "%s: a part of type %.60s%s%.80s%s is not used",
			r->in->doc, p->type, p->filename ? " ('" : "", p->filename ? p->filename : "", p->filename ? "')" : "");
		part_suggest(p->bytes, p->size, note);
		return add_part(r, p, PART_UNKNOWN, e);
	}
	err_set(e, ERR_FORMAT, "the first line is no header%s", quoted_line(r->in->arena, begin + blank, p->size - blank));
	part_suggest(p->bytes, p->size, e);
	return fail(r, ERR_FORMAT, 1, e);
}

static int read_archive(struct reading *r, const struct piece *p, struct err *e);

static int read_piece(struct reading *r, struct piece p, struct err *e)
{
	enum packing packing = packing_of(p.bytes, p.size);
	int failed;

	/* An empty one counts as well: each costs room and time before that is known. */
	if (r->met++ == USERDATA_PARTS_MAX)
		return limit(r, "more than 256 parts", e);
	if (packing || says_compressed(p.type)) {
		if (!packing) {
			err_set(e, ERR_FORMAT, "a part of type %.60s is neither gzip nor zstd", p.type);
			return fail(r, ERR_FORMAT, p.line, e);
		}
		if ((failed = open_packed(r, packing, &p.bytes, &p.size, e)))
			return failed;
		if (says_compressed(p.type))
			p.type = "text/plain";
		p.line = 0;
	}
	enum part_type type = part_type_from_name(p.type);
	if (type == PART_SCRIPT || strcmp(p.type, "text/plain") == 0) {
		enum part_type sniffed = part_sniff(p.bytes, p.size);
		type = sniffed == PART_UNKNOWN ? type : sniffed;
	}
	if (type < PART_LEAVES)
		return add_part(r, &p, type, e);
	if (type == PART_HANDLER) {
		err_set(e, ERR_UNSUPPORTED, "a part handler is refused: natal runs no Python that comes with user-data");
		err_hint(e, "do in a script (#!) what the handler would do");
		return fail(r, ERR_UNSUPPORTED, p.line, e);
	}
	if (type == PART_UNKNOWN)
		return unknown(r, &p, e);
	if (r->depth >= USERDATA_NESTING_MAX)
		return limit(r, "archives, includes and compression are nested more than 8 deep", e);
	/* What holds parts gives its own place to them, as often as there are places. */
	r->met -= r->holders++ < USERDATA_PARTS_MAX;
	r->depth++;
	failed = type == PART_ARCHIVE ? read_archive(r, &p, e) : read_include(r, &p, type == PART_INCLUDE_ONCE, e);
	r->depth--;
	return failed;
}

/* An archive's entry as a part: a text, or a map with content, type, filename, launch-index and further headers. */
static struct piece entry_piece(struct reading *r, const struct node *entry)
{
	const struct node *content = entry->kind == NODE_MAP ? node_get(entry, "content") : entry;
	struct piece p = { .bytes = "", .type = "", .line = content ? content->place.line : entry->place.line };

	if (content && (content->kind == NODE_TEXT || content->kind == NODE_BYTES)) {
		p.bytes = content->text;
		p.size = content->count;
	}
	for (size_t i = 0; entry->kind == NODE_MAP && i < entry->count; i++) {
		const char *key = node_str(entry->members[i].key);
		const struct node *v = entry->members[i].value;
		if (!key || !v->text)
			continue;
		if (strcmp(key, "type") == 0)
			p.type = v->text;
		else if (strcmp(key, "filename") == 0)
			p.filename = v->text;
		else if (strcasecmp(key, "launch-index") == 0)
			p.launch = v->text;
		else if (strcasecmp(key, "Merge-Type") == 0 || (strcasecmp(key, "X-Merge-Type") == 0 && !p.merge))
			p.merge = v->text;
	}
	if (!*p.type) {
		enum part_type t = part_sniff(p.bytes, p.size);
		p.type = t != PART_UNKNOWN ? part_type_name(t) : content && content->kind == NODE_BYTES ? "application/octet-stream" :
			"text/cloud-config";
	}
	return p;
}

static int read_archive(struct reading *r, const struct piece *p, struct err *e)
{
	struct node *list;
	int failed = yaml_read(r->in->arena, r->in->doc, p->bytes, p->size, r->in->notes, &list, e);

	if (failed)
		return failed;
	if (list->kind != NODE_LIST && list->kind != NODE_NULL)
		return node_fail(list, ERR_FORMAT, e, "an archive is a list of parts, not %s", node_kind_name(list->kind));
	bool was_inside = r->inside, was_counted = r->counted;
	r->inside = true;
	r->counted = false;
	for (size_t i = 0; !failed && list->kind == NODE_LIST && i < list->count; i++) {
		struct node *entry = list->items[i];
		if (entry->kind != NODE_TEXT && entry->kind != NODE_MAP)
			note_add(r->in->notes, NOTE_WARNING, ERR_FORMAT, entry, "%s is no part of an archive: a text or a map is", node_kind_name(entry->kind));
		else
			failed = read_piece(r, entry_piece(r, entry), e);
	}
	r->inside = was_inside;
	r->counted = was_counted;
	return failed;
}

static int read_leaf(void *data, const struct mime_leaf *l, struct err *e)
{
	return read_piece(data, (struct piece){ l->type, l->filename, l->merge, l->launch, l->bytes, l->size, l->line }, e);
}

bool part_has_mark(const void *bytes, size_t size) { return size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0; }

/* What a source gives, or an include: compressed or not, MIME or one part by itself. */
static int read_blob(struct reading *r, const void *bytes, size_t size, struct err *e)
{
	int failed = 0, depth = r->depth;

	for (enum packing p; (p = packing_of(bytes, size));) {
		if (++r->depth > USERDATA_NESTING_MAX)
			return limit(r, "archives, includes and compression are nested more than 8 deep", e);
		if ((failed = open_packed(r, p, &bytes, &size, e)))
			return failed;
	}
	if (part_has_mark(bytes, size)) {
		bytes = (const char *)bytes + 3;
		size -= 3;
		err_hint(note_add(r->in->notes, NOTE_WARNING, ERR_FORMAT, NULL, "%s begins with a byte order mark, which is passed over", r->in->doc),
			"cloud-init knows no header behind one: save the text as UTF-8 without it");
	}
	r->depth = depth;
	if (!mime_is(bytes, size))
		return read_piece(r, (struct piece){ .type = "text/plain", .bytes = bytes, .size = size, .line = 1 }, e);
	bool was = r->inside, cut = false;
	r->inside = true;
	failed = mime_read(&(struct mime_reader){ r->in->arena, r->in->doc, read_leaf, r, &cut }, bytes, size, e);
	r->inside = was;
	if (!failed && cut)
		err_hint(note_add(r->in->notes, NOTE_WARNING, ERR_FORMAT, NULL, "%s: a multipart has no last boundary", r->in->doc),
			"was the text cut short?");
	return failed;
}

int parts_read(const struct parts_in *in, struct parts *ret, struct err *e)
{
	struct parts parts = { 0 };
	struct reading r = { .in = in, .ret = &parts, .counted = true };

	if (in->size > USERDATA_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s has %zu bytes: %d at most", in->doc, in->size, USERDATA_SIZE_MAX);
	int failed = read_blob(&r, in->bytes, in->size, e);
	if (!failed)
		*ret = parts;
	return failed;
}
