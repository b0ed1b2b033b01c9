/* api_access.c - who is let in by the network: grants, tokens, certificates. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/api/page.h"
#include "controller/service/grant.h"
#include "controller/service/token.h"

struct grant_body { char role[16], name[IDENTITY_NAME_MAX]; bool all_projects; uint64_t hours; };
static const struct json_field grant_fields[] = {
	JSON_FIELD(struct grant_body, role, JSON_TEXT, true), JSON_FIELD(struct grant_body, name, JSON_TEXT, true),
	JSON_FIELD(struct grant_body, all_projects, JSON_BOOL, false), JSON_FIELD(struct grant_body, hours, JSON_UINT, false),
};
const struct schema schema_access_grant = { "access", grant_fields, ARRAY_SIZE(grant_fields), NULL, false };

struct enrol_body { char token[TOKEN_TEXT_MAX], csr[8192], role[16]; };         /* role: what it must be good for; "": anything */
static const struct json_field enrol_fields[] = {
	JSON_FIELD(struct enrol_body, token, JSON_TEXT, true), JSON_FIELD(struct enrol_body, csr, JSON_TEXT, true),
	JSON_FIELD(struct enrol_body, role, JSON_TEXT, false),
};
const struct schema schema_access_enrol = { "enrol", enrol_fields, ARRAY_SIZE(enrol_fields), NULL, false };
static const struct json_field renew_fields[] = { JSON_FIELD(struct enrol_body, csr, JSON_TEXT, true) };
const struct schema schema_access_renew = { "renew", renew_fields, ARRAY_SIZE(renew_fields), NULL, false };

#define OUT(name, kind) { name, kind, true, 0, 0 }
#define OPT(name, kind) { name, kind, false, 0, 0 }
static const struct json_field access_fields[] = {
	OUT("name", JSON_TEXT), OUT("role", JSON_TEXT), OUT("project", JSON_TEXT), OUT("state", JSON_TEXT), OUT("created_at", JSON_UINT),
	OUT("not_after", JSON_UINT), OUT("revoked_at", JSON_UINT), OUT("token_until", JSON_UINT), OPT("token", JSON_TEXT), OPT("serial", JSON_TEXT),
};
const struct schema schema_access = { "access", access_fields, ARRAY_SIZE(access_fields), NULL, false };
static const struct json_field list_fields[] = { OUT("access", JSON_ARRAY), OPT("next", JSON_TEXT) };
static const struct schema_part list_parts[] = { { "access", &schema_access }, { NULL, NULL } };
const struct schema schema_access_list = { "access", list_fields, ARRAY_SIZE(list_fields), list_parts, false };
static const struct json_field enrolled_fields[] = {
	OUT("controller_id", JSON_TEXT), OUT("uri", JSON_TEXT), OUT("certificate", JSON_TEXT), OUT("not_after", JSON_UINT),
	OUT("addresses", JSON_ARRAY),
};
const struct schema schema_enrolled = { "enrolled", enrolled_fields, ARRAY_SIZE(enrolled_fields), NULL, false };

static const char *state_of(const struct access *a)
{
	int64_t now = clock_unix_s();

	return a->revoked_at ? "revoked" : a->enrolled ? a->not_after < now ? "expired" : "active" : a->token_until < now ? "expired" : "granted";
}

static struct json_object *access_json(const struct access *a)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "name", a->name);
	json_put(o, "role", a->role);
	json_put(o, "project", a->project);
	json_put(o, "state", state_of(a));
	json_put_uint(o, "created_at", (uint64_t)a->created_at);
	json_put_uint(o, "not_after", (uint64_t)a->not_after);
	json_put_uint(o, "revoked_at", (uint64_t)a->revoked_at);
	json_put_uint(o, "token_until", (uint64_t)a->token_until);
	if (a->enrolled)
		json_put_hex(o, "serial", a->serial, sizeof a->serial);
	return o;
}

/* Of this name in the project, and among those of all projects: a grant makes one of the two, a revocation ends both. */
static int named(struct ctl *c, struct request *rq, struct json_object *list, struct err *e)
{
	const char *const projects[] = { rq->project, "" };
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(projects); i++) {
		scoped_access struct access a = ACCESS;
		bool absent = true;
		r = access_get(c->store, projects[i], request_thing(rq), &a, &absent, e);
		if (!r && !absent)
			json_object_array_add(list, access_json(&a));
	}
	return r;
}

/* Who enrols or renews, by the token or the certificate that is shown. */
static int asking(struct ctl *c, struct request *rq, struct json_object *list, struct err *e)
{
	const char *token = json_text(rq->json, "token");
	scoped_access struct access a = ACCESS;
	uint8_t digest[SHA256_SIZE];
	bool absent = true;
	struct err none;                /* a token that is none is refused by its handler */
	int r = 0;

	if (token && token_read(c, token, "natalctl access grant", digest, &none) == 0)
		r = access_get_by_token(c->store, digest, &a, &absent, e);
	else if (!token && !rq->peer->local)
		r = access_get(c->store, rq->peer->id.project, rq->peer->id.name, &a, &absent, e);
	if (!r && !absent)
		json_object_array_add(list, access_json(&a));
	return r;
}

int thing_access(struct ctl *c, struct request *rq, struct thing *ret, struct err *e)
{
	scoped_json struct json_object *list = json_object_new_array();
	int r = *request_thing(rq) ? named(c, rq, list, e) : asking(c, rq, list, e);

	if (r || !json_object_array_length(list))
		return r;
	ret->doc = json_object_new_object();
	json_object_object_add(ret->doc, "access", give(list));
	return 0;
}

int api_access_grant(struct ctl *c, struct request *rq, struct err *e)
{
	static const char *const roles[] = { "operator", "reader", "verifier", "host", NULL };
	scoped_access struct access a = ACCESS;
	struct grant_body body = { .hours = TOKEN_HOURS };
	struct identity id = { 0 };
	char token[TOKEN_TEXT_MAX];

	int r = json_decode(rq->json, grant_fields, ARRAY_SIZE(grant_fields), "access", &body, e);
	if (r)
		return r;
	if (!(id.role = role_from_name(body.role))) {
		err_set(e, ERR_USAGE, "there is no role '%s'", body.role);
		err_suggest(e, body.role, roles, "operator, reader, verifier or host");
		return -(int)e->code;
	}
	if (body.hours == 0 || body.hours > TOKEN_HOURS_MAX)
		return err_set(e, ERR_USAGE, "a token for %llu hours: 1 to %d", (unsigned long long)body.hours, TOKEN_HOURS_MAX);
	bool all = body.all_projects || !role_may_have_project(id.role);
	if (all && *rq->peer->id.project)
		return err_set(e, ERR_DENIED, "you are of project %s, and cannot let anybody in to all of them", rq->peer->id.project);
	snprintf(id.project, sizeof id.project, "%s", all ? "" : rq->project);
	snprintf(id.name, sizeof id.name, "%s", body.name);
	if ((r = grant_make(c, &id, 3600 * (int64_t)body.hours, &a, token, e)))
		return r;
	rq->reply = access_json(&a);
	json_put(rq->reply, "token", token);
	return 0;
}

struct listing { struct request *rq; struct json_object *array; size_t limit, given; char last[STORE_ID_MAX]; };
static int add_access(void *arg, struct access *a, struct err *e)
{
	struct listing *l = arg;

	if (l->given++ == l->limit) {           /* one more than was asked for: there is a next page */
		page_next(l->rq, l->last);
		return 0;
	}
	memcpy(l->last, a->id, sizeof l->last);
	return json_object_array_add(l->array, access_json(a)) < 0 ? err_nomem(e) : 0;
}

/* A name may stand in many projects: the cursor is the id of the last row, and no row is ever deleted. */
int api_access_list(struct ctl *c, struct request *rq, struct err *e)
{
	const char *project = *rq->peer->id.project ? rq->peer->id.project : NULL;
	struct listing l = { .rq = rq };
	scoped_access struct access last = ACCESS;
	bool absent = false;
	char after[64];
	int r;

	if ((r = page_read(rq, &l.limit, after, e)) || (*after && (r = access_get_by_id(c->store, after, &last, &absent, e))))
		return r;
	if (absent || (*after && project && strcmp(project, last.project) != 0))
		return err_set(e, ERR_USAGE, "after '%.40s' is no cursor of this list", rq->after);
	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "access", l.array = json_object_new_array());
	r = access_page(c->store, &(struct access_cursor){ project, last.project, last.name, (int)l.limit + 1 }, add_access, &l, e);
	return r ? r : answer_digest(rq, e);
}

/* One of the request's project and, where the asker is of all projects, one that is of all: who is ended has no second way in. */
int api_access_revoke(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_access struct access here = ACCESS, everywhere = ACCESS;
	struct err first = ERR_NONE, second = ERR_NONE;
	int r = grant_revoke(c, rq->project, rq->name, &here, &first), all = -ERR_NOT_FOUND;

	if ((!r || r == -ERR_NOT_FOUND) && !*rq->peer->id.project)
		all = grant_revoke(c, "", rq->name, &everywhere, &second);
	if ((r && r != -ERR_NOT_FOUND) || (r && all == -ERR_NOT_FOUND)) {
		*e = first;
		return r;
	}
	if (all && all != -ERR_NOT_FOUND) {
		*e = second;
		return all;
	}
	rq->reply = access_json(r ? &everywhere : &here);
	return 0;
}

/* After the turn: the row is committed, and the signer takes its intent from there. */
static int hand_out(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_access struct access a = ACCESS;
	scoped_buf struct buf pem = BUF_MAX(128 << 10);
	struct identity id = { 0 };
	char uri[IDENTITY_URI_MAX];
	bool absent = true;

	int r = access_get_by_id(c->store, rq->vm_id, &a, &absent, e);
	if (r || absent)
		return r ? r : err_set(e, ERR_INTERNAL, "an access that was just written is gone");
	if ((r = grant_certificate(c, &a, &pem, e)))
		return r;
	id.role = role_from_name(a.role);
	snprintf(id.project, sizeof id.project, "%s", a.project);
	snprintf(id.name, sizeof id.name, "%s", a.name);
	identity_uri(&id, c->id, uri);
	rq->reply = json_object_new_object();
	json_put(rq->reply, "controller_id", c->id);
	json_put(rq->reply, "uri", uri);
	json_put(rq->reply, "certificate", pem.data);
	json_put_uint(rq->reply, "not_after", (uint64_t)a.not_after);
	struct json_object *addresses = json_object_new_array();
	for (size_t i = 0; i < c->address_count; i++)
		json_object_array_add(addresses, json_object_new_string(c->addresses[i]));
	json_object_object_add(rq->reply, "addresses", addresses);
	return 0;
}

static void later(struct request *rq, const struct access *a)
{
	snprintf(rq->vm_id, sizeof rq->vm_id, "%s", a->id);
	rq->then = hand_out;
}

/* It is found out before the token is spent. */
static int check_role(struct ctl *c, const struct access *a, const char *wanted, struct err *e)
{
	struct identity id = { .role = role_from_name(a->role) };
	char uri[IDENTITY_URI_MAX];

	if (!*wanted || strcmp(wanted, a->role) == 0)
		return 0;
	snprintf(id.project, sizeof id.project, "%s", a->project);
	snprintf(id.name, sizeof id.name, "%s", a->name);
	identity_uri(&id, c->id, uri);
	err_set(e, ERR_USAGE, "that token is not a %s's: it lets in %s", wanted, uri);
	err_hint(e, "natalctl access grant %s NAME makes one; this one is good still", wanted);
	return -(int)e->code;
}

int api_access_enrol(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_access struct access a = ACCESS;
	struct enrol_body body = { .token = "" };
	int r;

	if ((r = json_decode(rq->json, enrol_fields, ARRAY_SIZE(enrol_fields), "enrol", &body, e)) ||
	    (r = grant_enrol(c, body.token, body.csr, &a, e)) || (r = check_role(c, &a, body.role, e)))
		return r;
	later(rq, &a);
	return 0;
}

int api_access_renew(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_access struct access a = ACCESS;
	struct enrol_body body = { .csr = "" };
	int r;

	if (rq->peer->local)
		return err_set(e, ERR_USAGE, "the unix socket needs no certificate");
	if ((r = json_decode(rq->json, renew_fields, ARRAY_SIZE(renew_fields), "renew", &body, e)) ||
	    (r = grant_renew(c, &(struct grant_renewal){ &rq->peer->id, body.csr, rq->peer->serial_size == ACCESS_SERIAL_SIZE ? rq->peer->serial : NULL }, &a, e)))
		return r;
	later(rq, &a);
	return 0;
}
