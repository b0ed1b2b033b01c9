/* nocloud.c - cloud-init's NoCloud: user-data, meta-data, vendor-data and network-config in a folder or on a volume labelled cidata. */
#include <stdio.h>
#include <string.h>
#include "agent/source/offer.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/yaml.h"

static const struct { const char *name; size_t offset; } files[] = {
	{ "user-data", offsetof(struct offer, user) }, { "vendor-data", offsetof(struct offer, vendor) },
	{ "network-config", offsetof(struct offer, network) },
};

static int refuse(const struct node *n, const char *what, const char *hint, struct err *e)
{
	node_fail(n, ERR_UNSUPPORTED, e, "%s", what);
	err_hint(e, "%s", hint);
	return -(int)e->code;
}

/* A list of texts, one text, or a map of them (names to keys, or Ec2's numbers to {openssh-key}). */
static void take_keys(struct offer *o, const struct node *n)
{
	struct node *list = o->keys ? o->keys : node_new(&o->arena, NODE_LIST, n->place);

	o->keys = list;
	for (size_t i = 0; (n->kind == NODE_LIST || n->kind == NODE_MAP) && i < n->count; i++) {
		const struct node *one = n->kind == NODE_LIST ? n->items[i] : n->members[i].value;
		const struct node *inner = node_get(one, "openssh-key");
		take_keys(o, inner ? inner : one);
	}
	for (const char *s = node_str(n); s && *s;) {
		size_t size = strcspn(s, "\n");
		if (size > strspn(s, " \t\r"))
			node_add(&o->arena, list, node_text_n(&o->arena, s, size, n->place));
		s += size + (s[size] == '\n');
	}
}

static const char *text_of(struct arena *a, const struct node *n)
{
	return n && n->kind != NODE_LIST && n->kind != NODE_MAP && n->kind != NODE_NULL && n->count ? arena_copy(a, n->text, n->count) : NULL;
}

int nocloud_meta(struct offer *o, const void *text, size_t size, struct err *e)
{
	static const char *const known[] = { "instance-id", "local-hostname", "hostname", "public-keys", "public_keys", "launch-index",
		"ami-launch-index", "dsmode", "availability-zone", "region", "cloud-name", "network-interfaces", "seedfrom", NULL };
	struct arena *a = &o->arena;
	struct node *meta;
	int r = yaml_read(a, "meta-data", text, size, &o->notes, &meta, e);

	if (r || meta->kind == NODE_NULL)
		return r;
	if (meta->kind != NODE_MAP)
		return node_fail(meta, ERR_FORMAT, e, "meta-data is a map, not %s", node_kind_name(meta->kind));
	if (node_get(meta, "network-interfaces"))
		return refuse(node_get(meta, "network-interfaces"), "network-interfaces in meta-data is a form that natal does not read",
			"write the network into network-config, version 2", e);
	if (node_get(meta, "seedfrom"))
		return refuse(node_get(meta, "seedfrom"), "seedfrom: natal follows no seed to another place", "put user-data beside this meta-data", e);
	o->meta = meta;
	o->instance_id = text_of(a, node_get(meta, "instance-id"));
	o->hostname = text_of(a, node_get(meta, node_get(meta, "local-hostname") ? "local-hostname" : "hostname"));
	const struct node *keys = node_get(meta, node_get(meta, "public-keys") ? "public-keys" : "public_keys");
	const struct node *index = node_get(meta, node_get(meta, "launch-index") ? "launch-index" : "ami-launch-index");
	if (keys)
		take_keys(o, keys);
	if (index && index->kind == NODE_INT && index->integer >= 0 && index->integer < 1 << 30)
		o->launch_index = (long)index->integer;
	for (size_t i = 0; i < meta->count; i++) {
		const char *key = node_str(meta->members[i].key), *const *k = known;
		while (key && *k && strcmp(*k, key) != 0)
			k++;
		if (key && !*k && text_nearest(key, known))     /* others are for templates */
			err_suggest(note_add(&o->notes, NOTE_WARNING, ERR_FORMAT, meta->members[i].key, "meta-data: '%.60s' has no effect but in "
				"templates", key), key, known, NULL);
	}
	return 0;
}

/* The four files are in o but for meta-data, which is taken apart. */
static int finish(struct offer *o, const struct offer_text *meta, struct err *e)
{
	if (!meta->bytes && !o->user.bytes) {
		err_set(e, ERR_FORMAT, "%s has neither meta-data nor user-data", o->origin);
		err_hint(e, "a NoCloud seed has both, meta-data with an instance-id");
		return -(int)e->code;
	}
	return meta->bytes ? nocloud_meta(o, meta->bytes, meta->size, e) : 0;
}

static int read_file(int root, const char *folder, const char *name, struct offer *o, struct offer_text *ret, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(OFFER_TEXT_MAX);
	bool absent;
	int r = file_read(root, arena_printf(&o->arena, "%s/%s", folder, name), &out, &absent, e);

	if (!r && !absent)
		*ret = (struct offer_text){ arena_copy(&o->arena, out.data ? out.data : "", out.size), out.size };
	return r;
}

int nocloud_folder(int root, const char *folder, struct offer *o, struct err *e)
{
	struct offer_text meta = { 0 };
	int r = read_file(root, folder, "meta-data", o, &meta, e);

	o->source = WAIVED_NOCLOUD;
	snprintf(o->origin, sizeof o->origin, "%s", folder);
	for (size_t i = 0; !r && i < ARRAY_SIZE(files); i++)
		r = read_file(root, folder, files[i].name, o, (struct offer_text *)((char *)o + files[i].offset), e);
	return r ? r : finish(o, &meta, e);
}

int nocloud_volume(const struct volume *v, struct offer *o, struct err *e)
{
	struct offer_text meta = { 0 };
	int r = volume_read(v, "meta-data", o, &meta, e);

	o->source = WAIVED_NOCLOUD;
	snprintf(o->origin, sizeof o->origin, "%s", v->path);
	for (size_t i = 0; !r && i < ARRAY_SIZE(files); i++)
		r = volume_read(v, files[i].name, o, (struct offer_text *)((char *)o + files[i].offset), e);
	return r ? r : finish(o, &meta, e);
}

int nocloud_hint(struct offer *o, const char *hint, const char **ret_folder, struct err *e)
{
	static const struct { const char *key; size_t offset; } keys[] = {
		{ "i", offsetof(struct offer, instance_id) }, { "instance-id", offsetof(struct offer, instance_id) },
		{ "h", offsetof(struct offer, hostname) }, { "local-hostname", offsetof(struct offer, hostname) },
	};
	const char *seed = "";

	for (const char *at = hint + strcspn(hint, "; \t\n"); *at == ';';) {
		size_t n = strcspn(++at, "; \t\n"), k = strcspn(at, "=");
		const char *value = k < n ? arena_copy(&o->arena, at + k + 1, n - k - 1) : "";
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (k < n && strlen(keys[i].key) == k && strncmp(at, keys[i].key, k) == 0)
				*(const char **)((char *)o + keys[i].offset) = value;
		if (k < n && ((k == 1 && *at == 's') || (k == 8 && strncmp(at, "seedfrom", 8) == 0)))
			seed = value;
		at += n;
	}
	if (text_starts(seed, "file://"))
		seed += strlen("file://");
	if (*seed && *seed != '/') {
		err_set(e, ERR_UNSUPPORTED, "the seed %.100s is not of this machine: natal fetches none", seed);
		err_hint(e, "a folder (s=/path/ or s=file:///path/), or a volume labelled cidata");
		return -(int)e->code;
	}
	*ret_folder = seed;
	return 0;
}
