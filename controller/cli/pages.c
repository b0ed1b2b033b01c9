/* pages.c - a list of the API, all its pages as one document. See cli.h. */
#include <stdio.h>
#include <string.h>
#include "controller/cli/cli.h"

enum { PAGE = 1000 };

/* One page. next "" where it was the last. */
static int take_page(struct cli *cli, const struct api_list *l, char next[200], struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct json_object *list = NULL;
	char full[600];

	snprintf(full, sizeof full, "%s%climit=%d%s%s", l->path, strchr(l->path, '?') ? '&' : '?', PAGE, *next ? "&after=" : "", next);
	int r = api_json(cli, &(struct api_call){ "GET", full, .raw = l->raw }, &o, e);
	if (r)
		return r;
	if (!json_object_object_get_ex(o, l->key, &list) || !json_object_is_type(list, json_type_array))
		return err_set(e, ERR_INTERNAL, "natald's reply holds no %s", l->key);
	for (size_t i = 0; !r && i < json_object_array_length(list); i++)
		r = l->each(l->arg, json_object_array_get_idx(list, i), e);
	const char *goes_on = json_text(o, "next") ? json_text(o, "next") : "";
	if (!r && *goes_on && (strcmp(goes_on, next) == 0 || !json_object_array_length(list)))
		return err_set(e, ERR_INTERNAL, "natald's list of %s does not go on: the page after '%.60s' is followed by itself", l->key, next);
	snprintf(next, 200, "%s", goes_on);
	return r;
}

int api_each(struct cli *cli, const struct api_list *l, struct err *e)
{
	char next[200] = "";
	int r;

	do
		r = take_page(cli, l, next, e);
	while (!r && *next);
	return r;
}

static int keep(void *arg, struct json_object *row, struct err *e)
{
	(void)e;
	json_object_array_add(arg, json_object_get(row));
	return 0;
}

int api_list(struct cli *cli, const char *path, const char *key, struct json_object **ret, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *all = json_object_new_array();

	json_object_object_add(o, key, all);
	int r = api_each(cli, &(struct api_list){ path, key, keep, all }, e);
	if (!r)
		*ret = give(o);
	return r;
}
