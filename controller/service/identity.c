/* identity.c - see identity.h */
#include "controller/service/identity.h"

#include <stdio.h>
#include <string.h>
#include "common/base/scope.h"
#include "common/base/text.h"

enum { MAY = 1, MUST = 2 };
static const struct { enum role role; const char *name; unsigned project; } roles[] = {
	{ ROLE_OPERATOR, "operator", MAY }, { ROLE_READER, "reader", MAY }, { ROLE_VERIFIER, "verifier", 0 }, { ROLE_HOST, "host", 0 },
	{ ROLE_GUEST, "guest", MAY | MUST }, { ROLE_CONTROLLER, "controller", 0 }, { ROLE_ANYONE, "anyone", 0 },
};

const char *role_name(unsigned role)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (roles[i].role == role)
			return roles[i].name;
	return "";
}

enum role role_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].role;
	return 0;
}

const char *roles_text(unsigned mask, char out[ROLES_TEXT_MAX])
{
	size_t n = 0;

	*out = 0;
	for (size_t i = 0; i < ARRAY_SIZE(roles) && n < ROLES_TEXT_MAX; i++)
		if (mask & roles[i].role)
			n += (size_t)snprintf(out + n, ROLES_TEXT_MAX - n, "%s%s", n ? " or " : "", roles[i].name);
	return out;
}

static unsigned project_of(enum role role)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (roles[i].role == role)
			return roles[i].project;
	return 0;
}

bool role_may_have_project(enum role role) { return project_of(role) & MAY; }
bool role_must_have_project(enum role role) { return project_of(role) & MUST; }

void identity_uri(const struct identity *id, const char *controller, char out[IDENTITY_URI_MAX])
{
	snprintf(out, IDENTITY_URI_MAX, "spiffe://%s%s%s/%s/%s", controller, *id->project ? "/project/" : "", id->project, role_name(id->role),
		id->name);
}

/* One path segment into out, and on to the next; false where it is empty, too long or the last one was taken. */
static bool segment(const char **at, char out[IDENTITY_NAME_MAX])
{
	if (**at != '/')
		return false;
	size_t n = strcspn(++*at, "/");
	if (n == 0 || n >= IDENTITY_NAME_MAX)
		return false;
	memcpy(out, *at, n);
	out[n] = 0;
	*at += n;
	return true;
}

int identity_from_uri(const char *uri, const char *controller, struct identity *ret, struct err *e)
{
	static const char scheme[] = "spiffe://";
	struct identity id = { 0 };
	char word[IDENTITY_NAME_MAX];

	size_t domain = text_starts(uri, scheme) ? strcspn(uri + strlen(scheme), "/") : 0;
	if (domain == 0)
		return err_set(e, ERR_FORMAT, "'%.200s' is no SPIFFE ID", uri);
	const char *at = uri + strlen(scheme);
	if (domain != strlen(controller) || strncmp(at, controller, domain) != 0)
		return err_set(e, ERR_UNTRUSTED, "'%.200s' is of another controller than %s", uri, controller);
	at += domain;
	bool good = segment(&at, word);
	if (good && strcmp(word, "project") == 0)
		good = segment(&at, id.project) && segment(&at, word);
	good = good && segment(&at, id.name) && !*at;
	id.role = good ? role_from_name(word) : 0;
	if (!id.role || id.role == ROLE_ANYONE || (*id.project && !role_may_have_project(id.role)) ||
	    (!*id.project && role_must_have_project(id.role)))
		return err_set(e, ERR_FORMAT, "'%.200s' names nobody that this controller knows", uri);
	*ret = id;
	return 0;
}

const char *identity_text(const struct identity *id, char out[IDENTITY_URI_MAX])
{
	snprintf(out, IDENTITY_URI_MAX, "%s%s%s%s%s", role_name(id->role), *id->name ? " " : "", id->name, *id->project ? " of project " : "",
		id->project);
	return out;
}
