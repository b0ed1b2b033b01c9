/* configdrive.c - OpenStack's ConfigDrive: a volume labelled config-2, openstack/latest/. */
#include <stdio.h>
#include <string.h>
#include "agent/source/offer.h"
#include "common/base/text.h"
#include "common/data/yaml.h"

#define FOLDER "openstack/latest/"

/* JSON, which YAML reads. *ret NULL: there is no such file. */
static int read_json(const struct volume *v, const char *path, struct offer *o, struct node **ret, struct err *e)
{
	struct offer_text text = { 0 };
	int r = volume_read(v, path, o, &text, e);

	*ret = NULL;
	return r || !text.bytes ? r : yaml_read(&o->arena, path, text.bytes, text.size, &o->notes, ret, e);
}

/* A text, or a map with one under "cloud-init": what vendors give. */
static void take_vendor(struct offer *o, struct node *n)
{
	struct node *own = n && n->kind == NODE_MAP ? node_get(n, "cloud-init") : n;

	if (own && own->kind == NODE_TEXT)
		o->vendor = (struct offer_text){ own->text, own->count };
	else if (n && n->kind != NODE_NULL && !(n->kind == NODE_MAP && !own))
		note_add(&o->notes, NOTE_WARNING, ERR_FORMAT, n, "vendor_data.json is neither a text nor a map with a text 'cloud-init': not used");
}

static int take_meta(struct offer *o, const struct node *meta, struct err *e)
{
	const struct node *keys = node_get(meta, "public_keys"), *index = node_get(meta, "launch_index");

	if (meta->kind != NODE_MAP)
		return node_fail(meta, ERR_FORMAT, e, "meta_data.json is a map, not %s", node_kind_name(meta->kind));
	o->meta = (struct node *)meta;
	o->instance_id = node_str(node_get(meta, "uuid"));
	o->hostname = node_str(node_get(meta, "hostname"));
	if (!o->instance_id)
		return node_fail(meta, ERR_FORMAT, e, "meta_data.json has no uuid");
	if (index && index->kind == NODE_INT && index->integer >= 0 && index->integer < 1 << 30)
		o->launch_index = (long)index->integer;
	for (size_t i = 0; keys && keys->kind == NODE_MAP && i < keys->count; i++) {
		o->keys = o->keys ? o->keys : node_new(&o->arena, NODE_LIST, keys->place);
		if (node_str(keys->members[i].value))
			node_add(&o->arena, o->keys, keys->members[i].value);
	}
	const struct node *files = node_get(meta, "files");
	if (files && node_truth(files))
		err_hint(note_add(&o->notes, NOTE_WARNING, ERR_UNSUPPORTED, files, "files injected by OpenStack are not written"), "write_files does it");
	return 0;
}

int configdrive_volume(const struct volume *v, struct offer *o, struct err *e)
{
	struct node *meta, *vendor;
	int r;

	o->source = WAIVED_CONFIGDRIVE;
	snprintf(o->origin, sizeof o->origin, "%s", v->path);
	if ((r = read_json(v, FOLDER "meta_data.json", o, &meta, e)))
		return r;
	if (!meta)
		return err_set(e, ERR_FORMAT, "%s has no " FOLDER "meta_data.json", v->path);
	if ((r = take_meta(o, meta, e)) || (r = volume_read(v, FOLDER "user_data", o, &o->user, e)) ||
	    (r = volume_read(v, FOLDER "network_data.json", o, &o->network_data, e)) || (r = read_json(v, FOLDER "vendor_data.json", o, &vendor, e)))
		return r;
	take_vendor(o, vendor);
	return 0;
}
