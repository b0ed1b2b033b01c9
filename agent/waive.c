/* waive.c - seed.h's second way: what the image's policy lets in although nobody signed it; waiver.c says what that may ask for. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "agent/journal.h"
#include "agent/seed.h"
#include "agent/source/offer.h"
#include "common/base/clock.h"
#include "common/base/file.h"

enum { POLICY_MAX = 64 << 10, PARTS = 5, JSON_MAX = 4 << 20 };

int seed_policy(int root, struct policy *ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(POLICY_MAX);
	bool absent;
	int r = file_read(root, POLICY_PATH, &text, &absent, e);

	policy_default(ret);
	return r || absent ? r : policy_parse(text.data ? text.data : "", text.size, POLICY_PATH, ret, e);
}

int seed_waiver(int root, struct waiver *ret, struct err *e)
{
	struct policy p;
	int r = seed_policy(root, &p, e);

	*ret = p.waiver;
	return r;
}

static void put(struct arena *a, struct node *map, const char *key, const char *text)
{
	if (text)
		node_put(a, map, key, node_text(a, text, map->place));
}

/* The blob "meta-data": {"config": {...}, "keys": [...], "meta_data": {...}, "launch_index": N, "machine_id": ID}; config is a cloud-config that lies below all
 * others, meta_data what the source has, for templates. */
static int write_meta(struct offer *o, struct buf *out, struct err *e)
{
	struct arena *a = &o->arena;
	struct place place = { .doc = "meta-data" };
	struct node *meta = node_new(a, NODE_MAP, place), *config = o->config ? node_copy(a, o->config) : node_new(a, NODE_MAP, place);

	if (!node_get(config, "hostname"))
		put(a, config, "hostname", o->hostname);
	node_put(a, meta, "config", config);
	if (o->keys)
		node_put(a, meta, "keys", o->keys);
	if (o->meta)
		node_put(a, meta, "meta_data", o->meta);
	put(a, meta, "machine_id", o->machine_id);
	if (o->launch_index >= 0)
		node_put(a, meta, "launch_index", node_int(a, o->launch_index, place));
	node_json(meta, 0, out);
	return buf_check(out, "the meta-data", e);
}

static int fill(struct verified *v, struct offer *o, const struct buf *meta, struct err *e)
{
	const struct { const char *name; struct offer_text text; } parts[PARTS] = {
		{ BLOB_USER_DATA, o->user }, { BLOB_VENDOR_DATA, o->vendor }, { BLOB_NETWORK_CONFIG, o->network },
		{ BLOB_NETWORK_DATA, o->network_data }, { BLOB_META_DATA, { meta->data, meta->size } },
	};
	struct manifest *m = &v->manifest;
	struct sha256 digest;

	for (size_t i = 0; i < PARTS; i++)
		v->size += parts[i].text.bytes ? parts[i].text.size : 0;
	v->bytes = malloc(v->size + 1);
	m->blobs = calloc(PARTS, sizeof *m->blobs);
	if (!v->bytes || !m->blobs)
		return err_nomem(e);
	sha256_init(&digest);
	uint8_t *at = v->bytes;
	for (size_t i = 0; i < PARTS; i++) {
		struct blob *b = &m->blobs[m->blob_count];
		if (!parts[i].text.bytes)
			continue;
		m->blob_count++;
		snprintf(b->name, sizeof b->name, "%s", parts[i].name);
		snprintf(b->owner, sizeof b->owner, "root");
		b->size = parts[i].text.size;
		b->mode = 0600;
		b->bytes = at;
		memcpy(at, parts[i].text.bytes, parts[i].text.size);
		at += parts[i].text.size;
		sha256(b->bytes, (size_t)b->size, b->sha256);
		sha256_add(&digest, b->name, strlen(b->name) + 1);
		sha256_add(&digest, b->sha256, sizeof b->sha256);
	}
	sha256_done(&digest, v->digest);
	return 0;
}

int seed_waive(int root, struct offer *o, const char *uuid, const struct journal *j, struct verified **ret, struct err *e)
{
	scoped_buf struct buf meta = BUF_MAX(JSON_MAX);
	struct waiver waiver = { 0 };
	int r = seed_waiver(root, &waiver, e);

	if (r)
		return r;
	if (!waiver.of[o->source]) {
		err_set(e, ERR_UNTRUSTED, "%s: nobody signed it, and the image's policy does not waive the source %s", o->origin, waived_name(o->source));
		err_hint(e, "\"waive\": {\"sources\": [\"%s\"]} in " POLICY_PATH " of the image", waived_name(o->source));
		return -(int)e->code;
	}
	if (o->instance_id && strlen(o->instance_id) >= sizeof (*ret)->manifest.vm.instance_id)
		return err_set(e, ERR_LIMIT, "%s: the instance-id has %zu bytes: %zu at most", o->origin, strlen(o->instance_id),
			sizeof (*ret)->manifest.vm.instance_id - 1);
	if (strcmp(j->uuid, uuid) == 0 && j->sequence)
		return err_set(e, ERR_UNTRUSTED, "%s: nobody signed it, and this guest was provisioned by a signed medium", o->origin);
	scoped(verified_free_p) struct verified *v = calloc(1, sizeof *v);
	if (!v)
		return err_nomem(e);
	v->waived = true;
	v->manifest.issued_at = (uint64_t)clock_unix_s();        /* it has no date of its own; shadow(5) wants one */
	v->waiver = waiver;
	snprintf(v->manifest.vm.uuid, sizeof v->manifest.vm.uuid, "%s", uuid);
	snprintf(v->manifest.vm.id, sizeof v->manifest.vm.id, "%s", uuid);
	snprintf(v->manifest.vm.name, sizeof v->manifest.vm.name, "%s", o->hostname ? o->hostname : "");
	snprintf(v->manifest.vm.instance_id, sizeof v->manifest.vm.instance_id, "%s", o->instance_id ? o->instance_id : uuid);
	snprintf(v->manifest.bundle_id, sizeof v->manifest.bundle_id, "%s", waived_name(o->source));
	if ((r = write_meta(o, &meta, e)) || (r = fill(v, o, &meta, e)))
		return r;
	*ret = give(v);
	return 0;
}
