/* yaml_write.c - a tree as YAML in block form.  What could be read as anything but a text stands in double quotes, as in JSON. */
#include "common/network/out.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Begins with a letter, goes on with what means nothing in YAML, and is no word of YAML 1.1. */
static bool is_bare(const struct node *n)
{
	static const char *const words[] = { "y", "n", "yes", "no", "on", "off", "true", "false", "null" };

	if (n->kind != NODE_TEXT || !n->count || !isalpha((unsigned char)*n->text))
		return false;
	for (size_t i = 0; i < n->count; i++)
		if (!isalnum((unsigned char)n->text[i]) && !strchr("._-/+", n->text[i] ? n->text[i] : ' '))
			return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(n->text, words[i]) == 0)
			return false;
	return true;
}

static void scalar(const struct node *n, struct buf *out)
{
	if (is_bare(n))
		buf_str(out, n->text);
	else
		node_json(n, 0, out);
}

static bool is_block(const struct node *n) { return (n->kind == NODE_LIST || n->kind == NODE_MAP) && n->count; }

static void pad(unsigned n, struct buf *out)
{
	for (unsigned i = 0; i < n; i++)
		buf_str(out, " ");
}

static void map(const struct node *n, unsigned indent, struct buf *out);
static void list(const struct node *n, unsigned indent, struct buf *out)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct node *item = n->items[i];
		pad(indent, out);
		buf_str(out, "-");
		if (is_block(item)) {
			buf_str(out, "\n");
			yaml_write(item, indent + 4, out);
		} else {
			buf_str(out, " ");
			yaml_write(item, 0, out);
		}
	}
}

static void map(const struct node *n, unsigned indent, struct buf *out)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct node *v = n->members[i].value;
		pad(indent, out);
		scalar(n->members[i].key, out);
		buf_str(out, is_block(v) ? ":\n" : ": ");
		yaml_write(v, is_block(v) ? indent + 4 : 0, out);
	}
}

void yaml_write(const struct node *n, unsigned indent, struct buf *out)
{
	if (n->kind == NODE_MAP && n->count)
		map(n, indent, out);
	else if (n->kind == NODE_LIST && n->count)
		list(n, indent, out);
	else {
		scalar(n, out);
		buf_str(out, "\n");
	}
}
