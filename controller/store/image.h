/* image.h - registered images: a name and the document of its folder (image.json, paths made absolute). */
#pragma once
#include "controller/store/store.h"

struct image { char id[STORE_ID_MAX], project[STORE_PROJECT_MAX], name[STORE_NAME_MAX]; char *doc; int64_t created_at, rev; };
void image_fini(struct image *i);
/* Registering a name again replaces its document. */
int image_put(struct store *s, const struct image *i, struct err *e);
int image_get(struct store *s, const char *project, const char *name, struct image *ret, bool *ret_absent, struct err *e);
int image_delete(struct store *s, const char *project, const char *name, bool *ret_absent, struct err *e);
/* In the order of names, after that one, `limit` at most. */
struct image_cursor { const char *project, *after; int limit; };
int image_page(struct store *s, const struct image_cursor *c, void (*each)(void *arg, const struct image *i), void *arg, struct err *e);
int image_each(struct store *s, const char *project, void (*each)(void *arg, const struct image *i), void *arg, struct err *e);
