/* template.h - a subset of Jinja, as far as user-data uses it, and cloud-init's "basic" templates.
 *
 * The first line decides, as in cloud-init: "## template: jinja", "## template: basic", else basic.  Jinja here: {{ }} with literals,
 * names, attributes, items, comparisons, and/or/not, in, + - * / // % ~, inline if, filters and tests (template_filter.c), {% if/elif/else %},
 * {% for/else %} with loop, {% set %}, {% do %}, {% raw %}, {# #}, whitespace control; trim_blocks is on, one last line end is kept, both
 * as cloud-init has it.  Anything else is an error with its line.  A name that is not defined is an error where it is written out, counted
 * or iterated (cloud-init writes CI_MISSING_JINJA_VAR/name); it is false in a condition, and default() replaces it.
 * Basic: $NAME, ${NAME}, dots going into maps.
 * Source: the template designer documentation of Jinja 3.1; cloud-init's templater.py for headers and settings.
 */
#pragma once
#include "common/data/node.h"

enum {
	TEMPLATE_OUT_MAX = 16 << 20,            /* bytes written */
	TEMPLATE_MEMORY_MAX = 64 << 20,         /* of values made on the way */
	TEMPLATE_WORK_MAX = 1 << 29,            /* bytes and values compared or looked through */
	TEMPLATE_STEPS_MAX = 1 << 19,           /* expressions and statements run */
	TEMPLATE_DEPTH_MAX = 64,                /* blocks, or brackets, inside one another */
};

struct template_in {
	struct arena *arena;
	const char *doc;
	const void *text;
	size_t size;
	const struct node *vars;                /* a map; NULL: nothing is defined */
};
/* The text without its header, filled in; in the arena. Errors: format (with its place), unsupported, denied, limit. */
int template_render(const struct template_in *in, const char **ret, size_t *ret_size, struct err *e);

/* What can be said before there are values: whether it can be read, and knows its tags, filters and tests. Errors as template_render(). */
int template_check(const struct template_in *in, struct err *e);

/* Instance data as templates see it: the members of "v1" at the top too, and for each key with operators in it ("local-hostname") another
 * with underscores. The same rule, and the same order of who wins, as cloud-init's. */
struct node *template_vars(struct arena *a, const struct node *instance_data);
