/* shape.h - the shapes of single texts in a request: what a name, an address, a path has to look like. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "common/data/json.h"

/* Are all its characters in one of the three? */
bool shape_made_of(const char *s, const char *a, const char *b, const char *more);
extern const char shape_lower[], shape_digits[];
/* A label of a host name: what a VM's name has to be, since it becomes one. */
bool shape_label(const char *s);
bool shape_hostname(const char *s);
bool shape_uuid(const char *s);
bool shape_mac(const char *s);
bool shape_ip(const char *s);
/* No empty, '.' or '..' component, no control character: what the agent would refuse is not signed. */
bool shape_file_path(const char *p);

/* "WHAT 'value' is not WANT": format. */
int shape_bad(struct err *e, const char *what, const char *value, const char *want);
/* Arrays in requests: NULL has no entries; an entry that is no text, or holds a NUL, is NULL. */
size_t list_size(struct json_object *a);
const char *list_text(struct json_object *a, size_t i);
