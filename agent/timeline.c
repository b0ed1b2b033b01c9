/* timeline.c - see timeline.h */
#include "agent/timeline.h"

#include <stdlib.h>
#include <string.h>

enum { LABELS = 330, BARS = 820, TIMES = 110, ROW = 18, HEAD = 64, FOOT = 12, TICKS_AT_MOST = 12, LABEL_MAX = 44 };

struct bar { const char *item, *stage, *outcome; double from_ms, took_ms; size_t at; };
struct chart { struct bar *bars; size_t count, all; double from_ms, to_ms; };

/* Whole characters of at most LABEL_MAX bytes; what XML cannot hold as '?'. */
static void add_text(struct buf *out, const char *s)
{
	static const struct { char c; const char *as; } special[] = { { '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '"', "&quot;" } };

	for (; *s; s++) {
		const char *as = NULL;
		for (size_t i = 0; i < sizeof special / sizeof *special; i++)
			if (*s == special[i].c)
				as = special[i].as;
		if (as)
			buf_str(out, as);
		else
			buf_u8(out, (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : (uint8_t)*s);
	}
}

static void add_label(struct buf *out, const char *s)
{
	size_t n = strlen(s), from = n > LABEL_MAX ? n - LABEL_MAX : 0;

	while (from && ((unsigned char)s[from] & 0xc0) == 0x80)
		from++;
	if (from)
		buf_str(out, "…");
	add_text(out, s + from);
}

static int by_time(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;

	return x->took_ms < y->took_ms ? 1 : x->took_ms > y->took_ms ? -1 : x->at < y->at ? -1 : 1;
}

static int by_place(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;

	return x->at < y->at ? -1 : 1;
}

static const char *text_of(struct json_object *o, const char *key)
{
	const char *s = json_text(o, key);

	return s ? s : "";
}

static void read_chart(struct json_object *boot, struct chart *c)
{
	struct json_object *items = json_object_object_get(boot, "items");

	c->all = json_object_is_type(items, json_type_array) ? json_object_array_length(items) : 0;
	c->bars = calloc(c->all + 1, sizeof *c->bars);
	for (size_t i = 0; c->bars && i < c->all; i++) {
		struct json_object *o = json_object_array_get_idx(items, i);
		struct bar b = { text_of(o, "item"), text_of(o, "stage"), text_of(o, "outcome"), (double)json_uint(o, "started_ms", 0),
			(double)json_uint(o, "took_us", 0) / 1000, i };
		c->from_ms = i && c->from_ms < b.from_ms ? c->from_ms : b.from_ms;
		c->to_ms = c->to_ms > b.from_ms + b.took_ms ? c->to_ms : b.from_ms + b.took_ms;
		c->bars[c->count++] = b;
	}
	if (c->count > TIMELINE_ROWS) {
		qsort(c->bars, c->count, sizeof *c->bars, by_time);
		c->count = TIMELINE_ROWS;
		qsort(c->bars, c->count, sizeof *c->bars, by_place);
	}
	if (c->to_ms - c->from_ms < 1)
		c->to_ms = c->from_ms + 1;
}

static double x_of(const struct chart *c, double ms) { return LABELS + (ms - c->from_ms) / (c->to_ms - c->from_ms) * BARS; }

/* 1, 2 or 5 times a power of ten milliseconds. */
static double tick_of(const struct chart *c)
{
	static const double steps[] = { 2, 2.5, 2 };
	double tick = 1;

	for (size_t i = 0; (c->to_ms - c->from_ms) / tick > TICKS_AT_MOST; i = (i + 1) % 3)
		tick *= steps[i];
	return tick;
}

static void draw_ticks(const struct chart *c, unsigned height, struct buf *out)
{
	double tick = tick_of(c), first = (double)(uint64_t)(c->from_ms / tick) * tick;

	for (double at = first < c->from_ms ? first + tick : first; at <= c->to_ms; at += tick)
		buf_printf(out, "<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%u\" y2=\"%u\"/>"
			"<text class=\"small\" text-anchor=\"middle\" x=\"%.1f\" y=\"%u\">%.3f s</text>\n",
			x_of(c, at), x_of(c, at), HEAD - 6, height - FOOT, x_of(c, at), HEAD - 12, at / 1000);
}

static void draw_bar(const struct chart *c, const struct bar *b, unsigned y, struct buf *out)
{
	double width = b->took_ms / (c->to_ms - c->from_ms) * BARS;
	const char *class = strcmp(b->outcome, "failed") == 0 ? "failed" : !*b->item ? "stage" : strcmp(b->stage, "early") == 0 ? "early" : "late";

	buf_printf(out, "<text text-anchor=\"end\" x=\"%d\" y=\"%u\">", LABELS - 8, y + 12);
	add_label(out, *b->item ? b->item : b->stage);
	buf_printf(out, "</text><rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%d\"><title>", class, x_of(c, b->from_ms), y + 2,
		width < 1.5 ? 1.5 : width, ROW - 5);
	add_text(out, *b->item ? b->item : b->stage);
	buf_printf(out, ": %.3f ms, from %.3f s</title></rect>", b->took_ms, b->from_ms / 1000);
	buf_printf(out, "<text class=\"small\" text-anchor=\"end\" x=\"%d\" y=\"%u\">%.3f ms</text>\n", LABELS + BARS + TIMES - 8, y + 12, b->took_ms);
}

void timeline_svg(struct json_object *boot, struct buf *out)
{
	struct chart c = { 0 };

	read_chart(boot, &c);
	unsigned width = LABELS + BARS + TIMES, height = HEAD + (unsigned)c.count * ROW + FOOT;
	buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\""
		" viewBox=\"0 0 %u %u\">\n", width, height, width, height);
	buf_str(out, "<style>text { font: 12px sans-serif; fill: #222 } .small { font-size: 10px; fill: #666 } .title { font-size: 15px }"
		" .tick { stroke: #ddd } .stage { fill: #c9ced6 } .early { fill: #3b76af } .late { fill: #4e9a51 } .failed { fill: #c03a2b }</style>\n"
		"<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text class=\"title\" x=\"12\" y=\"24\">natal: boot ");
	add_text(out, text_of(boot, "boot_id"));
	buf_str(out, "</text>\n<text class=\"small\" x=\"12\" y=\"40\">seconds since the kernel started");
	if (c.count < c.all)
		buf_printf(out, "; the %zu of %zu items that took longest", c.count, c.all);
	buf_str(out, "</text>\n");
	draw_ticks(&c, height, out);
	for (size_t i = 0; i < c.count; i++)
		draw_bar(&c, &c.bars[i], HEAD + (unsigned)i * ROW, out);
	buf_str(out, "</svg>\n");
	free(c.bars);
}
