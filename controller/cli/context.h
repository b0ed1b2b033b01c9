/* context.h - the controllers that natalctl can speak to by HTTPS: address, pin, certificate and key, in one file of the user's own (0600),
 * $XDG_CONFIG_HOME/natal/contexts.json, else ~/.config/natal/contexts.json. `local` is none of them: the unix socket of a state folder.
 */
#pragma once
#include "common/data/json.h"
#include "common/http/enrol.h"
#include "common/http/where.h"

#define CONTEXT_LOCAL "local"
enum { CONTEXT_NAME_MAX = 64 };
struct context { char name[CONTEXT_NAME_MAX]; struct http_where where; uint8_t pin[SHA256_SIZE]; struct enrolment own; };
void context_fini(struct context *c);
#define scoped_context scoped(context_fini)

/* name NULL: the current one; *ret_local where that is none. not-found, with a near name. */
int context_get(const char *name, struct context *ret, bool *ret_local, struct err *e);
/* Takes the place of one of the same name, and becomes the current one. */
int context_put(const struct context *c, struct err *e);
/* `local` too. */
int context_use(const char *name, struct err *e);
int context_delete(const char *name, struct err *e);
/* The file's document: {"current": NAME, "contexts": {NAME: {…}}}. */
int context_file(struct json_object **ret, struct err *e);
