/* things.c - what a change is about, as it was and as it became: short documents for the audit, with the ETag that If-Match names. No secrets. */
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/service/goal.h"
#include "controller/store/bundle_row.h"
#include "controller/store/ca_row.h"
#include "controller/store/image.h"
#include "controller/store/media_key.h"
#include "controller/store/pool_mark.h"
#include "controller/crypto/guestkey.h"

void vm_tag(const struct vm *v, int64_t bundle_rev, char out[TAG_MAX])
{
	/* A name may have been given to another machine, whose rows count from 1 too. */
	snprintf(out, TAG_MAX, "\"%lld-%lld-%.8s\"", (long long)v->rev, (long long)bundle_rev, v->id + 3);
}

static void digest_text(struct json_object *o, const char *key, const char *text)
{
	uint8_t digest[SHA256_SIZE];

	sha256(text, strlen(text), digest);
	json_put_hex(o, key, digest, sizeof digest);
}

int thing_vm(struct ctl *c, struct request *rq, struct thing *ret, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_vm struct vm v = { 0 };
	bool absent, no_bundle;

	/* Once it was found it is asked for by its id: the change may have given it another name. */
	int r = *rq->vm_id ? vm_get_by_id(c->store, rq->vm_id, &v, &absent, e) : vm_get(c->store, rq->project, request_thing(rq), &v, &absent, e);
	if (r || absent)
		return r;
	if (*rq->if_match && (r = bundle_row_get_public(c->store, v.id, v.sequence, &row, &no_bundle, e)))
		return r;
	vm_tag(&v, row.rev, ret->tag);
	struct json_object *o = ret->doc = json_object_new_object();
	json_put(o, "id", v.id);
	json_put(o, "name", v.name);
	json_put(o, "state", vm_state_name(v.state));
	json_put_bool(o, "running", v.running);
	json_put(o, "host", v.host);
	json_put(o, "image", v.image);
	json_put(o, "goal", goal_state_name(goal_state_of(&v)));
	json_put_uint(o, "epoch", (uint64_t)v.epoch);
	json_put_uint(o, "sequence", (uint64_t)v.sequence);
	json_put_uint(o, "run_token", (uint64_t)v.run_token);
	json_put(o, "forwards", v.forwards);
	digest_text(o, "spec_sha256", v.spec);
	json_put_uint(o, "rev", (uint64_t)v.rev);
	return 0;
}

int thing_image(struct ctl *c, struct request *rq, struct thing *ret, struct err *e)
{
	scoped(image_fini) struct image i = { 0 };
	bool absent;

	int r = image_get(c->store, rq->project, request_thing(rq), &i, &absent, e);
	if (r || absent)
		return r;
	image_tag(&i, ret->tag);
	ret->doc = json_object_new_object();
	json_put(ret->doc, "id", i.id);
	json_put(ret->doc, "name", i.name);
	digest_text(ret->doc, "doc_sha256", i.doc);
	json_put_uint(ret->doc, "rev", (uint64_t)i.rev);
	return 0;
}

void image_tag(const struct image *i, char out[TAG_MAX]) { snprintf(out, TAG_MAX, "\"%lld-%.8s\"", (long long)i->rev, i->id + 4); }

static struct json_object *key_of_thing(const struct media_key *k)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "id", k->id);
	json_put(o, "name", k->name);
	json_put(o, "state", k->state);
	return o;
}

/* All media keys of the project: which there are decides what counts. */
int thing_keys(struct ctl *c, struct request *rq, struct thing *ret, struct err *e)
{
	struct media_key *keys;
	size_t n;

	int r = media_key_list(c->store, rq->project, &keys, &n, e);
	if (r)
		return r;
	struct json_object *a = json_object_new_array();
	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, key_of_thing(&keys[i]));
	media_key_list_free(keys, n);
	ret->doc = json_object_new_object();
	json_object_object_add(ret->doc, "keys", a);
	return 0;
}

int thing_ca(struct ctl *c, struct request *rq, struct thing *ret, struct err *e)
{
	scoped(ca_row_fini) struct ca_row row = CA_ROW;
	bool absent;

	int r = ca_row_get(c->store, rq->project, &row, &absent, e);
	if (r || absent)
		return r;
	ret->doc = json_object_new_object();
	json_put(ret->doc, "id", row.id);
	digest_text(ret->doc, "chain_sha256", row.chain.data ? row.chain.data : "");
	return 0;
}

int thing_marks(struct ctl *c, struct request *rq, struct thing *ret, struct err *e)
{
	struct pool_mark marks[POOL_MARKS_MAX];
	size_t n = 0;

	int r = pool_mark_list(c->store, rq->project, marks, &n, e);
	ret->doc = json_object_new_object();
	for (size_t i = 0; i < n; i++) {
		struct json_object *m = json_object_new_object();
		json_put_uint(m, "low", (uint64_t)marks[i].low);
		json_put_uint(m, "high", (uint64_t)marks[i].high);
		json_object_object_add(ret->doc, guestkey_kind_name((enum guestkey_kind)marks[i].kind), m);
	}
	return r;
}
