/* birth_goal.c - the next generation of a machine's bundle (birth.h): with the keys and the certificate that it has, where they still say the same. */
#include <string.h>
#include "common/base/clock.h"
#include "common/data/json.h"
#include "controller/service/birth.h"
#include "controller/service/birth_parts.h"
#include "controller/signer/intent.h"
#include "controller/store/news.h"
#include "controller/store/pool_key.h"

int birth_other_certificate(struct ctl *c, const struct vm *v, struct err *e)
{
	c->access_generation++;
	return news_add(c->store, "cert", v->id, e);
}

/* The certificate of before says the same, and has the better half of its time before it: it stays, and the signer is asked for one thing less. */
static int keep_certificate(struct ctl *c, const struct vm *v, const struct bundle_row *before, bool *ret_kept, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	struct cert_intent was, is;
	int r;

	if ((r = birth_row(c, v, &row, e)) || (r = intent_read(before->intent.data, before->intent.size, before->spki.data, before->spki.size, &was, e)) ||
	    (r = intent_read(row.intent.data, row.intent.size, row.spki.data, row.spki.size, &is, e)))
		return r;
	bool same = before->cert.size && strcmp(was.common_name, is.common_name) == 0 && strcmp(was.uri, is.uri) == 0 && was.name_count == is.name_count &&
		(int64_t)was.not_after - clock_unix_s() > CERT_VALID_S / 2;
	for (size_t i = 0; same && i < is.name_count; i++)
		same = strcmp(was.names[i], is.names[i]) == 0;
	*ret_kept = same;
	if (!same)
		return 0;
	buf_add(&row.cert, before->cert.data, before->cert.size);
	return birth_written(c, v, &row, e);
}

/* The newest two count (store/access.h): where the last two are one, a third that is the same changes nothing, and nobody who is connected is asked again. */
static int tell_certificate(struct ctl *c, const struct vm *v, const struct bundle_row *before, bool kept, struct err *e)
{
	scoped_bundle_row struct bundle_row older = BUNDLE_ROW;
	bool absent = true;
	int r = kept && before->sequence > 1 ? bundle_row_get_public(c->store, v->id, before->sequence - 1, &older, &absent, e) : 0;

	if (r)
		return r;
	bool same = kept && (absent || !older.cert.size || (older.cert.size == before->cert.size && memcmp(older.cert.data, before->cert.data, older.cert.size) == 0));
	return same ? 0 : birth_other_certificate(c, v, e);
}

int birth_goal(struct ctl *c, struct vm *v, const struct goal_doc *goal, bool new_keys, struct err *e)
{
	scoped_bundle_row struct bundle_row before = BUNDLE_ROW;
	scoped_json struct json_object *o = NULL;
	struct vm_spec spec;
	int r;

	if ((r = birth_row(c, v, &before, e)) || (r = json_parse(v->spec, strlen(v->spec), "the VM's spec", &o, e)) ||
	    (r = spec_read(o, &spec, e)) || (r = bundle_row_wipe(c->store, v->id, v->sequence, e)) ||
	    (new_keys && (r = pool_key_wipe(c->store, v->project, v->id, e))))
		return r;
	v->sequence = before.sequence + 1;
	c->scrub = true;
	bool kept = false;
	r = birth_write_row(c, v, &(struct birth){ .spec = &spec, .goal = goal, .kept = new_keys ? NULL : &before }, e);
	if (r || (!new_keys && (r = keep_certificate(c, v, &before, &kept, e))))
		return r;
	return tell_certificate(c, v, &before, kept, e);
}
