/* contents.c - see contents.h */
#include "controller/service/contents.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "controller/crypto/seal.h"
#include "controller/service/birth_parts.h"
#include "controller/service/proof.h"
#include "controller/service/spec.h"
#include "controller/store/audit_row.h"
#include "controller/store/key_statement.h"
#include "controller/store/media_key.h"
#include "controller/store/pool_key.h"
#include "controller/store/vm_page.h"

enum { WALK = 256, PAGE = 500, STATEMENTS = 1000, PROJECTS = 64 };

/* The keys of the project that was met last. */
struct look { struct store *s; const struct secret *seal; struct contents *n; char project[STORE_PROJECT_MAX]; bool known; struct trust *keys; };

static int keys_of(struct look *l, const char *project, struct err *e)
{
	struct media_key *keys;
	size_t n;

	if (l->known && strcmp(l->project, project) == 0)
		return 0;
	memset(l->keys, 0, sizeof *l->keys);
	policy_default(&l->keys->policy);
	int r = media_key_list(l->s, project, &keys, &n, e);
	if (r)
		return r == -ERR_UNSUPPORTED || r == -ERR_FORMAT ? proof_damaged(e) : r;
	for (size_t i = 0; !r && i < n; i++)
		r = trust_add(l->keys, &keys[i].public, keys[i].name, e);
	media_key_list_free(keys, n);
	snprintf(l->project, sizeof l->project, "%s", project);
	l->known = !r;
	return r;
}

static int damaged(const struct vm *v, const char *what, struct err *e)
{
	err_set(e, ERR_FORMAT, "VM %s (%s) in the store: %s", v->name, v->id, what);
	return proof_damaged(e);
}

/* What the signed manifest says of its machine is what the machine's row says. */
static int compare(const struct vm *v, const struct bundle_row *row, struct err *e)
{
	scoped_json struct json_object *o = NULL, *vm = NULL;
	struct err why;

	if (row->stage < BUNDLE_WRITTEN || !row->manifest.size)
		return 0;
	if (json_parse(row->manifest.data, row->manifest.size, "manifest", &o, &why) || !json_object_object_get_ex(o, "vm", &vm))
		return damaged(v, "its manifest is none", e);
	json_object_get(vm);
	const char *said[] = { json_text(vm, "id"), json_text(vm, "name"), json_text(vm, "instance_id"), json_text(vm, "uuid"), json_text(o, "project") };
	const char *is[] = { v->id, v->name, v->instance_id, v->uuid, v->project };
	for (size_t i = 0; i < ARRAY_SIZE(said); i++)
		if (!said[i] || strcmp(said[i], is[i]) != 0)
			return damaged(v, "its name or one of its ids is not what was signed", e);
	return 0;
}

static int check_documents(const struct vm *v, struct err *e)
{
	const struct { const char *name, *text; } docs[] = { { "spec", v->spec }, { "status", v->status }, { "forwards", v->forwards }, { "goal", v->goal } };
	struct vm_spec spec;
	struct err why;

	for (size_t i = 0; i < ARRAY_SIZE(docs); i++) {
		scoped_json struct json_object *o = NULL;
		if (!docs[i].text || !*docs[i].text)
			continue;
		if (json_parse(docs[i].text, strlen(docs[i].text), docs[i].name, &o, &why) || (i == 0 && spec_read(o, &spec, &why))) {
			char what[64];
			snprintf(what, sizeof what, "its %s cannot be read", docs[i].name);
			return damaged(v, what, e);
		}
	}
	return 0;
}

/* Sealed under this name: it opens, or its bytes are not what they were. */
static int opens(struct look *l, const char *name, const void *sealed, size_t size, struct err *e)
{
	scoped_secret struct secret *opened = NULL;
	struct err why;

	if (!l->seal || !size)
		return 0;
	l->n->sealed++;
	if (seal_open(l->seal, name, sealed, size, &opened, &why) == 0)
		return 0;
	err_set(e, ERR_FORMAT, "in the store: the sealed value of %s does not open", name);
	return proof_damaged(e);
}

static int look_at_key(void *arg, const struct pool_key *k, struct err *e) { return opens(arg, k->id, k->sealed.data, k->sealed.size, e); }

/* Certificate and chain lie beside the manifest that has their digests. */
static int compare_blobs(const struct vm *v, const struct bundle_row *row, struct err *e)
{
	const struct { const char *name; const struct buf *bytes; } have[] = { { BLOB_TLS_CERT, &row->cert }, { BLOB_TLS_CHAIN, &row->chain } };
	scoped_json struct json_object *o = NULL;
	struct json_object *blobs = NULL;
	uint8_t said[SHA256_SIZE], is[SHA256_SIZE];
	struct err why;

	if (row->stage < BUNDLE_WRITTEN || !row->manifest.size || json_parse(row->manifest.data, row->manifest.size, "manifest", &o, &why) ||
	    !json_object_object_get_ex(o, "blobs", &blobs))
		return 0;
	for (size_t i = 0; i < json_object_array_length(blobs); i++) {
		struct json_object *one = json_object_array_get_idx(blobs, i);
		for (size_t k = 0; k < ARRAY_SIZE(have); k++) {
			const char *name = json_text(one, "name"), *hex = json_text(one, "sha256");
			if (!name || strcmp(name, have[k].name) != 0 || !hex || !hex_decode(hex, said, sizeof said))
				continue;
			sha256(have[k].bytes->data ? have[k].bytes->data : "", have[k].bytes->size, is);
			if (!bytes_equal(said, is, sizeof is))
				return damaged(v, "its certificate is not what was signed", e);
		}
	}
	return 0;
}

static int look_at_bundle(struct look *l, const struct vm *v, int64_t n, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	char where[STORE_ID_MAX + 24];
	bool absent;
	int r = l->seal ? bundle_row_get(l->s, v->id, n, &row, &absent, e) : bundle_row_get_public(l->s, v->id, n, &row, &absent, e);

	if (r || (absent && n < v->sequence))
		return r;
	if (absent)
		return damaged(v, "its bundle is missing", e);
	l->n->bundles++;
	part_seal_name(v->id, n, where, sizeof where);
	if ((r = proof_whole(&row, l->keys, e)) || (r = compare_blobs(v, &row, e)) || (r = opens(l, where, row.secrets.data, row.secrets.size, e)))
		return r;
	return n == v->sequence ? compare(v, &row, e) : 0;
}

static int look_at(void *arg, struct vm *brief, struct err *e)
{
	struct look *l = arg;
	scoped_vm struct vm v = { 0 };
	bool absent;
	int r = vm_get_by_id(l->s, brief->id, &v, &absent, e);

	if (r || absent)
		return r;
	l->n->machines++;
	if ((r = keys_of(l, v.project, e)) || (r = check_documents(&v, e)))
		return r;
	r = opens(l, v.id, v.report_key, v.report_key_size, e);
	for (int64_t n = 1; !r && n <= v.sequence; n++)
		r = look_at_bundle(l, &v, n, e);
	return r;
}

static int look_at_statement(void *arg, struct key_statement *k, struct err *e)
{
	struct look *l = arg;
	struct envelope env;
	struct err why;
	int r = keys_of(l, k->project, e);

	if (r || !k->envelope.size)
		return r;
	l->n->statements++;
	if (envelope_read(k->envelope.data, k->envelope.size, ENVELOPE_STATEMENT, "key statement", &env, &why) ||
	    trust_check(l->keys, &env, (uint64_t)clock_unix_s(), "key statement", NULL, &why) || env.payload_size != k->payload.size ||
	    memcmp(env.payload, k->payload.data, k->payload.size) != 0) {
		err_set(e, ERR_FORMAT, "key statement %lld of project %s in the store is not what was signed", (long long)k->n, k->project);
		return proof_damaged(e);
	}
	return 0;
}

static int check_statements(struct look *l, struct err *e)
{
	char projects[PROJECTS][STORE_PROJECT_MAX] = { "" };
	size_t n;

	do {
		char after[STORE_PROJECT_MAX];
		memcpy(after, projects[PROJECTS - 1], sizeof after);
		int r = media_key_projects(l->s, after, projects, PROJECTS, &n, e);
		for (size_t i = 0; !r && i < n; i++)
			r = key_statement_each(l->s, projects[i], STATEMENTS, look_at_statement, l, e);
		if (r)
			return r;
	} while (n == PROJECTS);
	return 0;
}

/* The chain that is being walked; broken: from its row n on. */
struct walk { char instance[64]; int64_t n, rows; uint8_t hash[SHA256_SIZE]; bool broken; };

static void follow(void *arg, const struct audit_row *row)
{
	struct walk *w = arg;
	uint8_t is[SHA256_SIZE];

	if (w->broken)
		return;
	if (strcmp(w->instance, row->a.instance) != 0) {
		snprintf(w->instance, sizeof w->instance, "%s", row->a.instance);
		w->n = 0;
		memset(w->hash, 0, sizeof w->hash);
	}
	audit_hash(&row->a, w->hash, is);
	w->broken = row->a.n != w->n + 1 || !bytes_equal(is, row->hash, sizeof is);
	memcpy(w->hash, is, sizeof is);
	w->n++;
	w->rows++;
}

static int check_audit(struct store *s, struct contents *ret, struct err *e)
{
	struct walk w = { .n = 0 };
	int64_t before;
	char from[64];

	do {
		before = w.rows;
		snprintf(from, sizeof from, "%s", w.instance);
		int r = audit_row_each(s, &(struct audit_cursor){ from, w.n, PAGE }, follow, &w, e);
		if (r)
			return r;
	} while (!w.broken && w.rows == before + PAGE);
	ret->changes = w.rows;
	if (!w.broken)
		return 0;
	err_set(e, ERR_FORMAT, "the audit of %.40s in the store does not fit from row %lld on", w.instance, (long long)w.n);
	return proof_damaged(e);
}

int contents_check(struct store *s, const struct secret *seal, struct contents *ret, struct err *e)
{
	scoped_free struct trust *keys = calloc(1, sizeof *keys);
	struct vm_walk w = { .most = WALK };
	struct look l = { .s = s, .seal = seal, .n = ret, .keys = keys };
	int r;

	*ret = (struct contents){ 0 };
	if (!keys)
		return err_nomem(e);
	while (!w.whole)
		if ((r = vm_walk(s, &w, look_at, &l, e)))
			return r;
	if ((r = check_audit(s, ret, e)) || (r = check_statements(&l, e)))
		return r;
	return seal ? pool_key_each_free(s, look_at_key, &l, e) : 0;
}
