/* agent_way.c - see agent_way.h */
#include "controller/service/agent_way.h"

#include <string.h>
#include "common/base/text.h"
#include "common/data/json.h"
#include "controller/store/image.h"

/* *ret NULL: not registered, or not any more. */
static int read_image(struct ctl *c, const char *project, const char *name, struct json_object **ret, struct err *e)
{
	scoped(image_fini) struct image i = { 0 };
	bool absent;

	int r = image_get(c->store, project, name, &i, &absent, e);
	*ret = NULL;
	return r || absent ? r : json_parse(i.doc, strlen(i.doc), "image", ret, e);
}

static int judge(const char *image, struct json_object *doc, const char *asked, struct agent_way *ret, struct err *e)
{
	const char *by = json_text(doc, "agent_by"), *has = json_text(doc, "agent_version");
	bool needs = by && !has, medium = strcmp(asked, "medium") == 0;

	if (*asked && !medium && strcmp(asked, "image") != 0) {
		static const char *const words[] = { "image", "medium", NULL };
		err_set(e, ERR_USAGE, "agent '%s': it is in the image, or on the medium", asked);
		err_suggest(e, asked, words, "image or medium");
		return -(int)e->code;
	}
	if (*asked && !medium && needs) {
		err_set(e, ERR_CONFLICT, "image '%s' has no agent, so it cannot come from there", image);
		err_hint(e, "--agent medium: the host brings it (%s)", by);
		return -(int)e->code;
	}
	ret->carried = medium || (!*asked && needs);
	if (!ret->carried || (by && carrier_way_read(by, &ret->way)))
		return 0;
	err_set(e, ERR_CONFLICT, "image '%s' does not say how an agent from the medium is started in it", image);
	err_hint(e, "natalctl image register %s --from DIR --agent-by cloud-init, systemd or initrd", image);
	return -(int)e->code;
}

int agent_way_of(struct ctl *c, const char *project, const char *image, const char *asked, struct agent_way *ret, struct err *e)
{
	scoped_json struct json_object *doc = NULL;

	*ret = (struct agent_way){ 0 };
	int r = *image ? read_image(c, project, image, &doc, e) : 0;
	return r || !doc ? r : judge(image, doc, asked, ret, e);
}

/* A spec may hold files of megabytes: it is read only where the image leaves a choice. */
int agent_way_vm(struct ctl *c, const struct vm *v, struct agent_way *ret, struct err *e)
{
	scoped_json struct json_object *doc = NULL, *spec = NULL;

	*ret = (struct agent_way){ 0 };
	int r = *v->image ? read_image(c, v->project, v->image, &doc, e) : 0;
	if (r || !*v->image || (doc && !json_text(doc, "agent_by")) || (r = json_parse(v->spec, strlen(v->spec), "the VM's spec", &spec, e)))
		return r;
	const char *asked = json_text(spec, "agent") ? json_text(spec, "agent") : "";
	if (doc)
		return judge(v->image, doc, asked, ret, e);
	/* The host has the image's files; how it takes an agent is not known there. */
	return strcmp(asked, "medium") == 0 ? err_set(e, ERR_NOT_FOUND, "image '%s' is not registered any more", v->image) : 0;
}
