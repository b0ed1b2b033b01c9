/* meta.c - the blob "meta-data" of sources that nobody signs: what lies below user-data. */
#include <string.h>
#include "agent/config/config.h"
#include "common/data/yaml.h"

int config_meta(struct config *c, struct userdata_in *in, struct err *e)
{
	const struct blob *b = verified_blob(c->verified, BLOB_META_DATA);
	struct node *meta = NULL;
	int r = b ? yaml_read(&c->arena, BLOB_META_DATA, b->bytes, (size_t)b->size, NULL, &meta, e) : 0;

	if (r || !meta)
		return r;
	const struct node *index = node_get(meta, "launch_index");
	in->below = node_get(meta, "config");
	in->keys = c->meta_keys = node_get(meta, "keys");
	c->meta = node_get(meta, "meta_data");
	c->machine_id = node_str(node_get(meta, "machine_id"));
	if (index && index->kind == NODE_INT)
		in->launch_index = (int)index->integer;
	return 0;
}
