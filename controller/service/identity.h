/* identity.h - who somebody is to this controller: a role, a project or all of them, a name; and how that stands in a certificate.
 *
 * The URI is a SPIFFE ID (SPIFFE-ID 2.1, 2.2) whose trust domain is the controller's id: docs/FLEET.md has the table. A route names a mask of roles.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "common/base/err.h"

enum role {
	ROLE_OPERATOR = 1, ROLE_READER = 2, ROLE_VERIFIER = 4, ROLE_HOST = 8, ROLE_GUEST = 16, ROLE_CONTROLLER = 32,
	ROLE_ANYONE = 64,                       /* of a peer: it has no certificate; of a route: no certificate is needed */
};
enum { IDENTITY_NAME_MAX = 64, IDENTITY_URI_MAX = 256, ROLES_TEXT_MAX = 96 };

struct identity { enum role role; char project[IDENTITY_NAME_MAX], name[IDENTITY_NAME_MAX]; };         /* project "": all, or it has none */

/* "operator"; "" for no role or several. */
const char *role_name(unsigned role);
/* 0: there is no such role. */
enum role role_from_name(const char *name);
/* "operator or reader"; "" for none. */
const char *roles_text(unsigned mask, char out[ROLES_TEXT_MAX]);
/* May a peer of that role be bound to one project? Must it be? */
bool role_may_have_project(enum role role);
bool role_must_have_project(enum role role);

/* "spiffe://CONTROLLER/project/P/operator/NAME". */
void identity_uri(const struct identity *id, const char *controller, char out[IDENTITY_URI_MAX]);
/* untrusted: another controller's; format: none of ours. */
int identity_from_uri(const char *uri, const char *controller, struct identity *ret, struct err *e);
/* "operator alice of project blue", for messages and logs. */
const char *identity_text(const struct identity *id, char out[IDENTITY_URI_MAX]);
