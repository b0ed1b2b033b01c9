/* openapi.c - see openapi.h */
#include "controller/api/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "controller/api/api.h"
#include "controller/api/openapi_schema.h"

static struct json_object *child(struct json_object *o, const char *key)
{
	struct json_object *c = json_object_new_object();

	json_object_object_add(o, key, c);
	return c;
}

static struct json_object *list(struct json_object *o, const char *key)
{
	struct json_object *a = json_object_new_array();

	json_object_object_add(o, key, a);
	return a;
}

static void put_ref(struct json_object *o, const char *kind, const char *name)
{
	char ref[120];

	snprintf(ref, sizeof ref, "#/components/%s/%s", kind, name);
	json_put(o, "$ref", ref);
}

static void add_ref(struct json_object *a, const char *kind, const char *name)
{
	struct json_object *o = json_object_new_object();

	put_ref(o, kind, name);
	json_object_array_add(a, o);
}

/* "get_v1_vms_name_events" */
static void operation_id(const struct route *r, char out[120])
{
	size_t n = 0;

	for (const char *at = r->method; *at && n < 100; at++)
		out[n++] = (char)tolower((unsigned char)*at);
	for (const char *at = r->path; *at && n < 118; at++)
		if (isalnum((unsigned char)*at))
			out[n++] = *at;
		else if (out[n - 1] != '_')
			out[n++] = '_';
	while (out[n - 1] == '_')
		n--;
	out[n] = 0;
}

/* "vms" of "/v1/vms/{name}"; what watches over natald is "service". */
static void tag_of(const struct route *r, char out[32])
{
	if (strncmp(r->path, "/v1/", 4) != 0)
		snprintf(out, 32, "service");
	else
		snprintf(out, 32, "%.*s", (int)strcspn(r->path + 4, "/"), r->path + 4);
}

static bool takes_header(const struct route *r, const char *name) { return r->params && strstr(r->params, name); }

static void parameters(const struct route *r, struct json_object *op)
{
	struct json_object *a = list(op, "parameters");

	if (strstr(r->path, "{name}"))
		add_ref(a, "parameters", "name");
	for (size_t i = 0; i < request_param_count; i++)
		if (route_takes(r, request_params[i].name))
			add_ref(a, "parameters", request_params[i].name);
}

static void content(struct json_object *o, const char *type, const struct schema *s)
{
	struct json_object *media = child(child(o, "content"), type);
	struct json_object *schema = child(media, "schema");
	char name[64];

	if (s)
		put_ref(schema, "schemas", openapi_schema_name(s, name));
	else
		json_put(schema, "type", "string");
}

static void body(const struct route *r, struct json_object *op)
{
	bool required = false;

	if (!r->request && !r->raw_body)
		return;
	struct json_object *o = child(op, "requestBody");
	for (size_t i = 0; r->request && i < r->request->count; i++)
		required |= r->request->fields[i].required;
	json_put_bool(o, "required", required || r->raw_body);
	content(o, r->raw_body ? "application/octet-stream" : "application/json", r->request);
}

static void responses(const struct route *r, struct json_object *op)
{
	struct json_object *o = child(op, "responses"), *good;
	char status[8];

	snprintf(status, sizeof status, "%d", r->status ? r->status : 200);
	good = child(o, status);
	json_put(good, "description", r->raw ? r->summary : "Done, or what was asked for");
	if (takes_header(r, "If-None-Match") || takes_header(r, "If-Match"))
		put_ref(child(child(good, "headers"), "ETag"), "headers", "ETag");
	content(good, r->raw ? r->type ? r->type : "application/octet-stream" : "application/json", r->raw ? NULL : r->response);
	if (takes_header(r, "If-None-Match"))
		json_put(child(o, "304"), "description", "It is what the client knows");
	put_ref(child(o, "4XX"), "responses", "problem");
	put_ref(child(o, "5XX"), "responses", "problem");
}

static void operation(const struct route *r, struct json_object *path)
{
	char id[120], tag[32], roles[ROLES_TEXT_MAX], method[8];
	size_t n = 0;

	for (; r->method[n] && n < sizeof method - 1; n++)
		method[n] = (char)tolower((unsigned char)r->method[n]);
	method[n] = 0;
	struct json_object *op = child(path, method);
	operation_id(r, id);
	tag_of(r, tag);
	json_put(op, "operationId", id);
	json_put(op, "summary", r->summary);
	json_object_array_add(list(op, "tags"), json_object_new_string(tag));
	json_put(op, "x-natal-roles", r->roles & ROLE_ANYONE ? "anyone" : roles_text(r->roles, roles));
	parameters(r, op);
	body(r, op);
	responses(r, op);
	if (r->roles & ROLE_ANYONE)             /* none is needed, a certificate does no harm */
		list(op, "security");
}

static void param_components(struct json_object *components)
{
	struct json_object *all = child(components, "parameters"), *o = child(all, "name");

	json_put(o, "name", "name");
	json_put(o, "in", "path");
	json_put_bool(o, "required", true);
	json_put(o, "description", "the name of the thing");
	o = child(o, "schema");
	json_put(o, "type", "string");
	json_put_uint(o, "minLength", 1);
	json_put_uint(o, "maxLength", 63);
	for (size_t i = 0; i < request_param_count; i++) {
		const struct request_param *p = &request_params[i];
		o = child(all, p->name);
		json_put(o, "name", p->name);
		json_put(o, "in", p->header ? "header" : "query");
		json_put_bool(o, "required", false);
		json_put(o, "description", p->summary);
		o = child(o, "schema");
		json_put(o, "type", p->number ? "integer" : "string");
		json_put_uint(o, p->number ? "minimum" : "maxLength", p->number ? 0 : p->size - 1);
	}
}

static void components(struct json_object *doc)
{
	struct json_object *o = child(doc, "components"), *problem, *tag;

	openapi_schemas(child(o, "schemas"));
	param_components(o);
	problem = child(child(o, "responses"), "problem");
	json_put(problem, "description", "Refused: what, why, and what to do (RFC 9457)");
	content(problem, "application/problem+json", &schema_problem);
	tag = child(child(o, "headers"), "ETag");
	json_put(tag, "description", "which revision this is: for If-Match and If-None-Match");
	json_put(child(tag, "schema"), "type", "string");
	json_put(child(child(o, "securitySchemes"), "certificate"), "type", "mutualTLS");
	json_object_object_get_ex(o, "securitySchemes", &tag);
	json_object_object_get_ex(tag, "certificate", &tag);
	json_put(tag, "description", "a certificate of this controller's CA, whose SPIFFE ID says the role; on the unix socket the peer's user");
}

static const char *tag_text(const char *tag)
{
	static const struct { const char *tag, *text; } texts[] = {
		{ "status", "what this natald is" }, { "daemon", "natald itself" }, { "backup", "copies of what natald holds" }, { "keys", "media signing keys" },
		{ "ca", "the certificate authority" }, { "pool", "keys made ahead" }, { "images", "what machines boot" }, { "vms", "machines" },
		{ "audit", "every change, chained" }, { "access", "who was let in" }, { "enrol", "how somebody gets in" }, { "guest", "what guests say and hear" },
		{ "host", "what hosts say and hear" }, { "birth", "first boot without a medium" }, { "service", "for who watches over natald" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i].tag, tag) == 0)
			return texts[i].text;
	return tag;
}

static bool tag_before(size_t i, const char *tag)
{
	char other[32];

	for (size_t k = 0; k < i; k++) {
		tag_of(&routes[k], other);
		if (strcmp(other, tag) == 0)
			return true;
	}
	return false;
}

static void info(struct json_object *doc)
{
	struct json_object *o = child(doc, "info"), *tags, *server = json_object_new_object();
	char tag[32];

	json_put(o, "title", "natal");
	json_put(o, "version", PACKAGE_VERSION);
	json_put(o, "summary", "identities for virtual machines, before they exist");
	json_put(o, "description", "The API of natald, by HTTPS with client certificates and on its unix socket. natald(8), docs/FLEET.md.");
	o = child(o, "license");
	json_put(o, "name", "LGPL-2.1-or-later");
	json_put(o, "identifier", "LGPL-2.1-or-later");
	json_put(server, "url", "/");
	json_object_array_add(list(doc, "servers"), server);
	server = json_object_new_object();
	list(server, "certificate");
	json_object_array_add(list(doc, "security"), server);
	tags = list(doc, "tags");
	for (size_t i = 0; i < route_count; i++) {
		tag_of(&routes[i], tag);
		if (tag_before(i, tag))
			continue;
		o = json_object_new_object();
		json_put(o, "name", tag);
		json_put(o, "description", tag_text(tag));
		json_object_array_add(tags, o);
	}
}

struct json_object *openapi_document(void)
{
	struct json_object *doc = json_object_new_object(), *paths, *path;

	json_put(doc, "openapi", "3.1.0");
	info(doc);
	paths = child(doc, "paths");
	for (size_t i = 0; i < route_count; i++) {
		if (!json_object_object_get_ex(paths, routes[i].path, &path))
			path = child(paths, routes[i].path);
		operation(&routes[i], path);
	}
	components(doc);
	return doc;
}

int api_openapi(struct ctl *c, struct request *rq, struct err *e)
{
	rq->reply = openapi_document();
	return 0;
}
