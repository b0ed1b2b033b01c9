/* hosts.c - which hosts there are: those that were granted (grant.h), and natald's own. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/service/link.h"
#include "controller/service/remote.h"
#include "controller/store/access.h"

enum { NAMES_MAX = 32, HINT_MAX = 100 };
struct names { size_t count; char name[NAMES_MAX][VM_HOST_MAX]; };

static int add_name(void *arg, struct access *a, struct err *e)
{
	struct names *n = arg;

	(void)e;
	if (n->count < NAMES_MAX && strcmp(a->role, "host") == 0 && !a->revoked_at)
		snprintf(n->name[n->count++], sizeof n->name[0], "%s", a->name);
	return 0;
}

/* "local, h1, h2 or none", as far as there is room. */
static int list_names(struct ctl *c, char out[HINT_MAX], struct err *e)
{
	struct names n = { .count = 0 };
	size_t at = 0;

	if (link_fd(c) >= 0)
		snprintf(n.name[n.count++], sizeof n.name[0], "local");
	int r = access_each(c->store, "", add_name, &n, e);
	for (size_t i = 0; !r && i < n.count; i++)
		if (at + strlen(n.name[i]) + 12 < HINT_MAX)
			at += (size_t)snprintf(out + at, HINT_MAX - at, "%s%s", at ? ", " : "", n.name[i]);
	snprintf(out + at, HINT_MAX - at, "%snone", at ? " or " : "");
	return r;
}

int remote_check(struct ctl *c, const char *host, struct err *e)
{
	scoped_access struct access a = ACCESS;
	bool absent, own = strcmp(host, "local") == 0;
	char names[HINT_MAX] = "";
	int r;

	if (strcmp(host, "none") == 0 || (own && link_fd(c) >= 0))
		return 0;
	if ((r = access_get(c->store, "", host, &a, &absent, e)) || (!own && !absent && strcmp(a.role, "host") == 0 && !a.revoked_at))
		return r;
	if ((r = list_names(c, names, e)))
		return r;
	if (own)
		err_set(e, ERR_UNSUPPORTED, "this controller's store is shared, and it has no host 'local'");
	else
		err_set(e, ERR_NOT_FOUND, "there is no host '%s'", host);
	err_hint(e, "--host is %s; another: natalctl access grant host NAME", names);
	return -(int)e->code;
}
