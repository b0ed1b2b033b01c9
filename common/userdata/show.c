/* show.c - a list of parts for people and their tools. */
#include <string.h>
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "common/userdata/parts.h"

static void put_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	node_put(a, map, key, text ? node_text(a, text, map->place) : node_new(a, NODE_NULL, map->place));
}

static void put_number(struct arena *a, struct node *map, const char *key, int64_t n)
{
	node_put(a, map, key, n < 0 ? node_new(a, NODE_NULL, map->place) : node_int(a, n, map->place));
}

struct node *parts_show(struct arena *a, const struct parts *parts)
{
	struct place nowhere = { 0 };
	struct node *list = node_new(a, NODE_LIST, nowhere);

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *p = &parts->at[i];
		struct node *map = node_new(a, NODE_MAP, nowhere);
		uint8_t digest[SHA256_SIZE];
		char hex[2 * SHA256_SIZE + 1], *filename = arena_text(a, p->filename), *merge = p->merge ? arena_text(a, p->merge) : NULL;
		sha256(p->bytes, p->size, digest);
		hex_encode(digest, sizeof digest, hex);
		text_printable(filename);
		if (merge)
			text_printable(merge);
		put_text(a, map, "type", p->mime);
		node_put(a, map, "used", node_bool(a, p->type < PART_LEAVES, nowhere));
		put_text(a, map, "filename", filename);
		put_text(a, map, "name", p->name);
		put_number(a, map, "size", (int64_t)p->size);
		put_text(a, map, "sha256", hex);
		put_text(a, map, "merge_type", merge);
		put_number(a, map, "launch_index", p->launch_index);
		put_text(a, map, "place", p->doc);
		put_number(a, map, "line", p->line ? (int64_t)p->line : -1);
		node_add(a, list, map);
	}
	return list;
}
