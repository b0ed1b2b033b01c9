/* node_json.c - a tree as JSON text, as Python's json.dumps writes the same values. */
#include "common/data/node.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/text.h"

struct writer { unsigned indent; struct buf *out; };

/* Characters that YAML's readers and terminals take badly: C1, U+FEFF, U+FFFE, U+FFFF. 0: another one stands there. */
static unsigned awkward(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	if (n >= 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return p[1];
	if (n < 3 || p[0] != 0xef || !((p[1] == 0xbb && p[2] == 0xbf) || (p[1] == 0xbf && p[2] >= 0xbe)))
		return 0;
	return 0xf000u | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
}

static void quoted(struct buf *out, const char *s, size_t n)
{
	static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";

	buf_str(out, "\"");
	for (size_t i = 0; i < n; i++) {
		const char *special = s[i] ? strchr(letters, s[i]) : NULL;
		if (special)
			buf_printf(out, "\\%c", names[special - letters]);
		else if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned char)s[i]);
		else if (awkward(s + i, n - i)) {
			buf_printf(out, "\\u%04x", awkward(s + i, n - i));
			i += awkward(s + i, n - i) < 0x100 ? 1 : 2;
		} else
			buf_add(out, s + i, 1);
	}
	buf_str(out, "\"");
}

/* The shortest decimal that reads back as the same, with ".0" where it looks whole: Python's repr(). */
static void real(struct buf *out, double v)
{
	char text[40];

	if (isnan(v) || isinf(v)) {
		buf_str(out, isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		double back = strtod(text, NULL);
		if (back >= v && back <= v)
			break;
	}
	double size = fabs(v);
	if (strchr(text, 'e') && size >= 1 && size < 1e16)
		snprintf(text, sizeof text, "%.0f", v);
	buf_str(out, text);
	if (!strpbrk(text, ".e"))
		buf_str(out, ".0");
}

static void integer(struct buf *out, const struct node *n)
{
	const char *s = n->text ? n->text : "";
	size_t digits = strspn(s + (*s == '-'), "0123456789");

	/* Longer than 64 bits: as it was written, where that was decimal. */
	if ((n->integer == INT64_MAX || n->integer == -INT64_MAX) && digits && !s[digits + (*s == '-')] && s[*s == '-'] != '0')
		buf_str(out, s);
	else
		buf_printf(out, "%lld", (long long)n->integer);
}

static void scalar_text(struct buf *out, const struct node *n)
{
	switch (n->kind) {
	case NODE_NULL:
		buf_str(out, "null");
		break;
	case NODE_BOOL:
		buf_str(out, n->boolean ? "true" : "false");
		break;
	case NODE_INT:
		integer(out, n);
		break;
	case NODE_FLOAT:
		real(out, n->real);
		break;
	case NODE_BYTES:
		buf_str(out, "\"");
		base64_encode(out, n->text, n->count);
		buf_str(out, "\"");
		break;
	default:
		quoted(out, n->text, n->count);
	}
}

static void key_text(struct buf *out, const struct node *key)
{
	bool bare = key->kind != NODE_TEXT && key->kind != NODE_TIME && key->kind != NODE_BYTES;

	buf_str(out, bare ? "\"" : "");
	scalar_text(out, key);
	buf_str(out, bare ? "\"" : "");
}

static void line(const struct writer *w, unsigned depth)
{
	if (w->indent)
		buf_printf(w->out, "\n%*s", (int)(w->indent * depth), "");
}

static void write_node(const struct writer *w, const struct node *n, unsigned depth)
{
	bool map = n->kind == NODE_MAP;

	if (!map && n->kind != NODE_LIST) {
		scalar_text(w->out, n);
		return;
	}
	buf_str(w->out, map ? "{" : "[");
	for (size_t i = 0; i < n->count; i++) {
		buf_str(w->out, i ? (w->indent ? "," : ", ") : "");
		line(w, depth + 1);
		if (map) {
			key_text(w->out, n->members[i].key);
			buf_str(w->out, ": ");
		}
		write_node(w, map ? n->members[i].value : n->items[i], depth + 1);
	}
	if (n->count)
		line(w, depth);
	buf_str(w->out, map ? "}" : "]");
}

void node_json(const struct node *n, unsigned indent, struct buf *out)
{
	const struct writer w = { indent, out };

	write_node(&w, n, 0);
}
