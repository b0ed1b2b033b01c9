/* api_image.c - images. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/api/bodies.h"
#include "controller/api/page.h"
#include "controller/service/carrier.h"
#include "controller/service/pool.h"
#include "controller/store/event.h"
#include "controller/store/image.h"
#include "controller/store/vm_page.h"

enum { IMAGE_DOC_MAX = 64 << 10 };
static const char *const files[] = { "kernel", "initrd", "root" };

/* What its image.json may hold. */
struct image_doc { char kernel[512], initrd[512], root[512], cmdline[512], os[128], agent_version[64], agent_by[16]; uint64_t built_at; bool rsa; };
static const struct json_field doc_fields[] = {
	JSON_FIELD(struct image_doc, kernel, JSON_TEXT, true), JSON_FIELD(struct image_doc, initrd, JSON_TEXT, true),
	JSON_FIELD(struct image_doc, root, JSON_TEXT, true), JSON_FIELD(struct image_doc, cmdline, JSON_TEXT, false),
	JSON_FIELD(struct image_doc, os, JSON_TEXT, false), JSON_FIELD(struct image_doc, agent_version, JSON_TEXT, false),
	JSON_FIELD(struct image_doc, agent_by, JSON_TEXT, false),
	JSON_FIELD(struct image_doc, built_at, JSON_UINT, false), JSON_FIELD(struct image_doc, rsa, JSON_BOOL, false),
};

/* An earlier natald kept whatever stood in the file: only what is known goes out. */
static int image_json(const struct image *i, struct json_object **ret, struct err *e)
{
	scoped_json struct json_object *doc = NULL;
	struct json_object *v;

	int r = json_parse(i->doc, strlen(i->doc), "image", &doc, e);
	if (r)
		return r;
	struct json_object *o = json_object_new_object();
	json_put(o, "name", i->name);
	for (size_t k = 0; k < ARRAY_SIZE(doc_fields); k++)
		if (json_object_object_get_ex(doc, doc_fields[k].name, &v))
			json_object_object_add(o, doc_fields[k].name, json_object_get(v));
	json_put_uint(o, "registered_at", (uint64_t)i->created_at);
	*ret = o;
	return 0;
}

struct listing { struct request *rq; struct json_object *array; size_t limit, given; int r; struct err *e; char last[STORE_NAME_MAX]; };
static void add_image(void *arg, const struct image *i)
{
	struct listing *l = arg;
	struct json_object *o;

	if (l->given++ == l->limit) {           /* one more than was asked for: there is a next page */
		page_next(l->rq, l->last);
		return;
	}
	memcpy(l->last, i->name, sizeof l->last);
	if (!l->r && !(l->r = image_json(i, &o, l->e)))
		json_object_array_add(l->array, o);
}

int api_image_list(struct ctl *c, struct request *rq, struct err *e)
{
	struct listing l = { .rq = rq, .e = e };
	char after[64];

	int r = page_read(rq, &l.limit, after, e);
	if (r)
		return r;
	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "images", l.array = json_object_new_array());
	r = image_page(c->store, &(struct image_cursor){ rq->project, after, (int)l.limit + 1 }, add_image, &l, e);
	return r ? r : l.r ? l.r : answer_digest(rq, e);
}

struct names { const char *at[101]; char text[100][STORE_NAME_MAX]; size_t n; };
static void add_name(void *arg, const struct image *i)
{
	struct names *n = arg;

	if (n->n == 100)
		return;
	snprintf(n->text[n->n], sizeof n->text[0], "%s", i->name);
	n->at[n->n] = n->text[n->n];
	n->n++;
}

/* A missing image, with the nearest name as hint. */
static int no_image(struct ctl *c, struct request *rq, const char *name, struct err *e)
{
	struct names known = { .n = 0 };
	struct err ignored;

	err_set(e, ERR_NOT_FOUND, "there is no image '%s'", name);
	image_each(c->store, rq->project, add_name, &known, &ignored);
	err_suggest(e, name, known.at, known.n ? "natalctl image list shows what there is" : "make one: natalctl image bake NAME");
	return -(int)e->code;
}

int api_image_there(struct ctl *c, struct request *rq, const char *name, struct err *e)
{
	scoped(image_fini) struct image i = { 0 };
	bool absent;

	int r = image_get(c->store, rq->project, name, &i, &absent, e);
	return r ? r : absent ? no_image(c, rq, name, e) : 0;
}

int api_image_show(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(image_fini) struct image i = { 0 };
	bool absent;

	int r = image_get(c->store, rq->project, rq->name, &i, &absent, e);
	if (r || absent || (r = image_json(&i, &rq->reply, e)))
		return r ? r : no_image(c, rq, rq->name, e);
	char tag[TAG_MAX];
	image_tag(&i, tag);
	return answer_tagged(rq, tag, e);
}

static int absolute(struct json_object *doc, const char *dir, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *rel = json_text(doc, files[i]);
		char path[4096];
		if (!rel)
			return err_set(e, ERR_FORMAT, "%s/image.json: %s is missing", dir, files[i]);
		if (snprintf(path, sizeof path, "%s%s%s", *rel == '/' ? "" : dir, *rel == '/' ? "" : "/", rel) >= 512)
			return err_set(e, ERR_LIMIT, "%s/image.json: the path of %s is longer than 511 bytes", dir, files[i]);
		if (access(path, R_OK) < 0)
			return err_sys(e, "image file %s", path);
		json_put(doc, files[i], path);
	}
	return 0;
}

/* How an image without the agent takes one: as the request says, else its folder. */
static int take_agent_by(struct json_object *doc, const char *asked, const char *own, struct err *e)
{
	static const char *const words[] = { "cloud-init", "systemd", "initrd", NULL };
	const char *by = *asked ? asked : own;
	enum carrier_way way;

	if (*by && !carrier_way_read(by, &way)) {
		err_set(e, ERR_FORMAT, "an image takes an agent by cloud-init, systemd or initrd, not by '%s'", by);
		err_suggest(e, by, words, NULL);
		return -(int)e->code;
	}
	if (*asked)
		json_put(doc, "agent_by", asked);
	return 0;
}

int api_image_register(struct ctl *c, struct request *rq, struct err *e)
{
	scoped(image_fini) struct image i = { 0 };
	scoped_json struct json_object *doc = NULL;
	scoped_buf struct buf text = BUF_MAX(IMAGE_DOC_MAX);
	scoped_free struct image_doc *known = calloc(1, sizeof *known);
	struct image_register body = { .name = "" };
	char path[2100];
	int r;

	if (!known)
		return err_nomem(e);
	if ((r = json_decode(rq->json, image_register_fields, ARRAY_SIZE(image_register_fields), "image", &body, e)))
		return r;
	if (!*body.name || strspn(body.name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(body.name))
		return err_set(e, ERR_FORMAT, "image name '%s' holds more than small letters, digits, '-', '_' and '.'", body.name);
	if (*body.dir != '/')
		return err_set(e, ERR_FORMAT, "image folder '%s' is no absolute path", body.dir);
	snprintf(path, sizeof path, "%s/image.json", body.dir);
	if ((r = file_read(AT_FDCWD, path, &text, NULL, e)) || (r = json_parse(text.data, text.size, path, &doc, e)) ||
		(r = json_decode(doc, doc_fields, ARRAY_SIZE(doc_fields), path, known, e)) || (r = absolute(doc, body.dir, e)) || (r = take_agent_by(doc, body.agent_by, known->agent_by, e)))
		return r;
	store_new_id("img-", i.id);
	snprintf(i.project, sizeof i.project, "%s", rq->project);
	snprintf(i.name, sizeof i.name, "%s", body.name);
	i.doc = strdup(json_line(doc));
	if (!i.doc)
		return err_nomem(e);
	if ((r = image_put(c->store, &i, e)) ||
	    (r = event_add(c->store, rq->project, &(struct event){ .noun = "image", .noun_id = i.id, .kind = "registered",
		.body = "{}" }, e)))
		return r;
	if (pool_image_rsa(i.doc))
		pool_want_rsa(c->pool);
	return image_json(&i, &rq->reply, e);
}

int api_image_delete(struct ctl *c, struct request *rq, struct err *e)
{
	char vm[STORE_NAME_MAX];
	bool absent;

	int r = vm_of_image(c->store, rq->project, rq->name, vm, e);
	if (r)
		return r;
	if (*vm) {
		err_set(e, ERR_CONFLICT, "image '%s' is that of VM %s, which could not be started again", rq->name, vm);
		err_hint(e, "delete its VMs first: natalctl vm list --image %.60s", rq->name);
		return -(int)e->code;
	}
	r = image_delete(c->store, rq->project, rq->name, &absent, e);
	rq->reply = json_object_new_object();
	return r ? r : absent ? no_image(c, rq, rq->name, e) : 0;
}
