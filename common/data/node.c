/* node.c - see node.h */
#include "common/data/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { INDEX_FROM = 12 };

/* Open addressing; each slot holds a member's number + 1. Of maps only once they are long. */
struct node_index { size_t slots; uint32_t *at; };

struct node *node_new(struct arena *a, enum node_kind kind, struct place place)
{
	struct node *n = arena_alloc(a, sizeof *n);

	n->kind = kind;
	n->place = place;
	return n;
}

struct node *node_text_n(struct arena *a, const char *text, size_t size, struct place place)
{
	struct node *n = node_new(a, NODE_TEXT, place);

	n->text = arena_copy(a, text, size);
	n->count = size;
	return n;
}

struct node *node_text(struct arena *a, const char *text, struct place place) { return node_text_n(a, text, strlen(text), place); }

struct node *node_int(struct arena *a, int64_t value, struct place place)
{
	struct node *n = node_new(a, NODE_INT, place);

	n->integer = value;
	n->text = arena_printf(a, "%lld", (long long)value);
	n->count = strlen(n->text);
	return n;
}

struct node *node_bool(struct arena *a, bool value, struct place place)
{
	struct node *n = node_new(a, NODE_BOOL, place);

	n->boolean = value;
	n->text = value ? "true" : "false";
	n->count = strlen(n->text);
	return n;
}

static bool is_number(const struct node *n) { return n->kind == NODE_INT || n->kind == NODE_FLOAT || n->kind == NODE_BOOL; }

static double number(const struct node *n)
{
	return n->kind == NODE_INT ? (double)n->integer : n->kind == NODE_BOOL ? (double)n->boolean : n->real;
}

static uint64_t hash(const struct node *key)
{
	uint64_t h = 14695981039346656037u;

	if (is_number(key)) {
		double v = number(key);
		return (h ^ (v > -1e18 && v < 1e18 ? (uint64_t)(int64_t)v : 0)) * 1099511628211u;
	}
	for (size_t i = 0; i < key->count && key->kind == NODE_TEXT; i++)
		h = (h ^ (uint8_t)key->text[i]) * 1099511628211u;
	return h ^ h >> 29;
}

/* The slot of key's member, or the empty one that it would take. */
static uint32_t *slot_of(const struct node *map, const struct node *key)
{
	size_t mask = map->index->slots - 1;

	for (size_t s = hash(key) & mask;; s = (s + 1) & mask) {
		uint32_t *slot = &map->index->at[s];
		if (!*slot || node_equal(map->members[*slot - 1].key, key))
			return slot;
	}
}

static size_t position(const struct node *map, const struct node *key)
{
	if (map->index) {
		uint32_t *slot = slot_of(map, key);
		return *slot ? *slot - 1 : SIZE_MAX;
	}
	for (size_t i = 0; i < map->count; i++)
		if (node_equal(map->members[i].key, key))
			return i;
	return SIZE_MAX;
}

static void index_map(struct arena *a, struct node *map)
{
	struct node_index *x = arena_alloc(a, sizeof *x);

	for (x->slots = 32; x->slots < 4 * map->count;)
		x->slots *= 2;
	x->at = arena_array(a, x->slots, sizeof *x->at);
	map->index = x;
	for (size_t i = 0; i < map->count; i++)
		*slot_of(map, map->members[i].key) = (uint32_t)i + 1;
}

void node_add(struct arena *a, struct node *list, struct node *item)
{
	list->items = arena_grow(a, list->items, list->count, sizeof *list->items);
	list->items[list->count++] = item;
}

void node_set(struct arena *a, struct node *map, struct node *key, struct node *value)
{
	size_t at = position(map, key);

	if (at != SIZE_MAX) {
		map->members[at].value = value;
		return;
	}
	map->members = arena_grow(a, map->members, map->count, sizeof *map->members);
	map->members[map->count++] = (struct member){ key, value };
	if (map->index && 2 * map->count <= map->index->slots)
		*slot_of(map, key) = (uint32_t)map->count;
	else if (map->count > INDEX_FROM)
		index_map(a, map);
}

void node_put(struct arena *a, struct node *map, const char *key, struct node *value)
{
	node_set(a, map, node_text(a, key, value->place), value);
}

void node_drop(struct node *map, const char *key)
{
	const struct node wanted = { .kind = NODE_TEXT, .text = key, .count = strlen(key) };
	size_t at = position(map, &wanted);

	if (at == SIZE_MAX)
		return;
	memmove(map->members + at, map->members + at + 1, (map->count - at - 1) * sizeof *map->members);
	map->count--;
	map->index = NULL;      /* made anew with the next long growth */
}

/* With the room that arena_grow() believes it has: up to the next power of two. */
static void *copy_array(struct arena *a, const void *array, size_t count, size_t size)
{
	size_t room = 1;

	while (room < count)
		room *= 2;
	void *copy = arena_array(a, room, size);
	if (count)
		memcpy(copy, array, count * size);
	return copy;
}

struct node *node_copy(struct arena *a, const struct node *n)
{
	struct node *c = arena_alloc(a, sizeof *c);

	*c = *n;
	c->index = NULL;
	if (n->kind == NODE_LIST)
		c->items = copy_array(a, n->items, n->count, sizeof *n->items);
	if (n->kind == NODE_MAP) {
		c->members = copy_array(a, n->members, n->count, sizeof *n->members);
		if (c->count > INDEX_FROM)
			index_map(a, c);
	}
	return c;
}

struct node *node_find(const struct node *map, const struct node *key)
{
	size_t at = map && map->kind == NODE_MAP ? position(map, key) : SIZE_MAX;

	return at == SIZE_MAX ? NULL : map->members[at].value;
}

struct node *node_get(const struct node *map, const char *key)
{
	return node_find(map, &(struct node){ .kind = NODE_TEXT, .text = key, .count = strlen(key) });
}

const char *node_str(const struct node *n)
{
	return n && n->kind == NODE_TEXT && strlen(n->text) == n->count ? n->text : NULL;
}

bool node_is(const struct node *n, const char *text)
{
	const char *s = node_str(n);

	return s && strcmp(s, text) == 0;
}

static bool number_equal(const struct node *a, const struct node *b)
{
	if (a->kind == NODE_INT && b->kind == NODE_INT)
		return a->integer == b->integer && (a->integer != INT64_MAX || strcmp(a->text, b->text) == 0);
	return number(a) >= number(b) && number(a) <= number(b);
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (a == b || (is_number(a) && is_number(b)))
		return a == b || number_equal(a, b);
	if (a->kind != b->kind)
		return false;
	if (a->kind == NODE_NULL)
		return true;
	if (a->count != b->count)
		return false;
	if (a->kind == NODE_LIST) {
		for (size_t i = 0; i < a->count; i++)
			if (!node_equal(a->items[i], b->items[i]))
				return false;
		return true;
	}
	if (a->kind == NODE_MAP) {
		for (size_t i = 0; i < a->count; i++) {
			struct node *other = node_find(b, a->members[i].key);
			if (!other || !node_equal(a->members[i].value, other))
				return false;
		}
		return true;
	}
	return memcmp(a->text, b->text, a->count) == 0;
}

void node_weigh(const struct node *n, size_t *total, size_t max)
{
	if (++*total > max)
		return;
	for (size_t i = 0; (n->kind == NODE_LIST || n->kind == NODE_MAP) && i < n->count && *total <= max; i++)
		node_weigh(n->kind == NODE_LIST ? n->items[i] : n->members[i].value, total, max);
}

bool node_truth(const struct node *n)
{
	if (!n || n->kind == NODE_NULL)
		return false;
	switch (n->kind) {
	case NODE_BOOL:
		return n->boolean;
	case NODE_INT:
		return n->integer != 0;
	case NODE_FLOAT:
		return n->real < 0 || n->real > 0 || n->real != n->real;
	default:
		return n->count > 0 || n->kind == NODE_TIME;
	}
}

int node_fail(const struct node *n, enum err_code code, struct err *e, const char *fmt, ...)
{
	char msg[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	err_set(e, code, "%s", msg);
	if (n && n->place.line)
		snprintf(e->where, sizeof e->where, "%s:%u:%u", n->place.doc, n->place.line, n->place.col);
	return -(int)code;
}

const char *node_kind_name(enum node_kind k)
{
	static const char *const names[] = { "null", "a boolean", "a whole number", "a number", "a text", "a time", "bytes", "a list",
		"a map" };

	return names[k];
}
