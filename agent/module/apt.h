/* apt.h - what apt.c and apt_sources.c share. */
#pragma once
#include "agent/module/guest.h"

/* sources.list, or DISTRIBUTION.sources, where the document says what is to be in it. */
int apt_sources_list(struct builder *b, const struct node *apt, const struct guest *g, struct err *e);
/* Files of sources.list.d and their keys. */
int apt_sources(struct builder *b, const struct node *apt, const struct guest *g, struct err *e);
/* `apt`, or what older keys make of it (apt_old.c); NULL: neither. */
const struct node *apt_wanted(struct builder *b);
/* Names for $MIRROR, $SECURITY, $RELEASE and such: name, value, … NULL. */
const char *const *apt_names(struct builder *b, const struct node *apt, const struct guest *g);
