/* anchors.h - what whoever trusts a project's media keys from now on has to hold: a folder's files, as images (trust.d), clients and bakes take them.
 *
 * NAME.pub for each key that signs; NAME.statement, signed by one of those, for each that counts until a moment, or never again.
 */
#pragma once
#include "controller/service/ctl.h"

enum { ANCHORS_MAX = 512 };
struct anchor { char name[STORE_NAME_MAX + 16]; struct buf bytes; };
struct anchors { size_t count; struct anchor *at; };
void anchors_fini(struct anchors *a);
#define scoped_anchors scoped(anchors_fini)

int anchors_of(struct ctl *c, const char *project, struct anchors *ret, struct err *e);
