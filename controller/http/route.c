/* route.c - matching and decoding requests by the table. See request.h. */
#include <stdlib.h>
#include <string.h>
#include "common/base/text.h"
#include "controller/http/request.h"

/* Does path fit the pattern?  "{name}" takes one component of 1..63 bytes. */
static bool path_fits(const char *pattern, const char *path, char *name, size_t size)
{
	const char *open = strchr(pattern, '{');

	if (!open)
		return strcmp(pattern, path) == 0;
	size_t head = (size_t)(open - pattern);
	if (strncmp(pattern, path, head) != 0)
		return false;
	size_t n = strcspn(path + head, "/");
	if (n == 0 || n >= size || strcmp(strchr(open, '}') + 1, path + head + n) != 0)
		return false;
	memcpy(name, path + head, n);
	name[n] = 0;
	return true;
}

int route_find(struct request *rq, struct err *e)
{
	char name[sizeof rq->name] = "";
	bool path_known = false;

	for (size_t i = 0; i < route_count; i++) {
		if (!path_fits(routes[i].path, rq->path, name, sizeof name))
			continue;
		path_known = true;
		if (strcmp(routes[i].method, rq->method) != 0)
			continue;
		rq->route = &routes[i];
		memcpy(rq->name, name, sizeof rq->name);
		return 0;
	}
	return path_known ? err_set(e, ERR_USAGE, "%s takes no %s", rq->path, rq->method) :
		err_set(e, ERR_NOT_FOUND, "there is nothing at %.200s", rq->path);
}

int route_admit(const struct route *r, const struct peer *peer, const char *project, struct err *e)
{
	char who[IDENTITY_URI_MAX], may[ROLES_TEXT_MAX];
	const struct identity *id = &peer->id;

	if (r->roles & (ROLE_ANYONE | id->role)) {
		if (*id->project && r->whole)
			return err_set(e, ERR_DENIED, "%s is of all projects, and you are %s", r->path, identity_text(id, who));
		if (!*id->project || r->roles & ROLE_ANYONE || strcmp(id->project, project) == 0)
			return 0;
		err_set(e, ERR_DENIED, "project %.63s is not yours: you are %s", project, identity_text(id, who));
		err_hint(e, "say --project %.63s, or be granted access to the other one: natalctl access grant", id->project);
		return -(int)e->code;
	}
	if (!*roles_text(r->roles, may))
		return err_set(e, ERR_DENIED, "%s is for nobody", r->path);
	if (id->role != ROLE_ANYONE)
		return err_set(e, ERR_DENIED, "%s is for the role %s, and you are %s", r->path, may, identity_text(id, who));
	err_set(e, ERR_DENIED, "%s is for the role %s, and you have no certificate", r->path, may);
	err_hint(e, "an operator makes a token (natalctl access grant); with it: natalctl login URL --token TOKEN");
	return -(int)e->code;
}

static bool field_known(const struct schema *s, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->fields[i].name, key) == 0)
			return true;
	return false;
}

/* Unknown and missing keys are named here, kinds by the handler's own decoding. */
static int check_schema(const struct schema *s, struct json_object *o, struct err *e)
{
	const char *words[64] = { NULL };

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, ERR_FORMAT, "the request body is not a JSON object");
	for (size_t i = 0; i < s->count && i < 63; i++)
		words[i] = s->fields[i].name;
	json_object_object_foreach(o, key, value) {
		(void)value;
		if (!field_known(s, key)) {
			err_set(e, ERR_FORMAT, "%s has no '%.60s'", s->name, key);
			err_suggest_all(e, key, words);
			return -(int)e->code;
		}
	}
	for (size_t i = 0; i < s->count; i++)
		if (s->fields[i].required && !json_object_object_get_ex(o, s->fields[i].name, NULL))
			return err_set(e, ERR_FORMAT, "%s: %s is missing", s->name, s->fields[i].name);
	return 0;
}

int route_decode(struct request *rq, struct err *e)
{
	int r = request_params_check(rq, e);

	if (r)
		return r;
	if (rq->route->raw_body)
		return 0;
	if (!rq->route->request)
		return rq->body.size ? err_set(e, ERR_FORMAT, "%s %s takes no body", rq->method, rq->route->path) : 0;
	r = json_parse(rq->body.size ? rq->body.data : "{}", rq->body.size ? rq->body.size : 2, "request", &rq->json, e);
	return r ? r : check_schema(rq->route->request, rq->json, e);
}

static int refuse(struct ctl *c, struct request *rq, struct err *e)
{
	(void)c;
	if (!rq->refused)
		return err_nomem(e);
	*e = *rq->refused;
	return -(int)e->code;
}

void request_refuse(struct request *rq, const struct err *why)
{
	if (!rq->refused)
		rq->refused = malloc(sizeof *rq->refused);
	if (rq->refused)
		*rq->refused = *why;
	rq->then = refuse;
}

uint64_t request_number(const char *text, uint64_t otherwise)
{
	uint64_t n;

	return text_number(text, &n) ? n : otherwise;
}
