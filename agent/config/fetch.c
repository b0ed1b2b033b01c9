/* fetch.c - see fetch.h */
#include "agent/config/config.h"

#include <ctype.h>
#include <string.h>

static bool is_refused(const struct verified *v) { return v->waived && waiver_refuses(&v->waiver, "fetch"); }

bool config_fetches(const struct config *c) { return c->with.fetch && fetch_policy_any(c->with.fetch->policy); }

int config_fetch(struct config *c, const char *address, struct config_want *w, struct userdata_text *ret, struct err *e)
{
	struct userdata_text text = { 0 };
	int r = url_parse(&c->arena, address, &w->url, e);

	if (r)
		return r;
	if (is_refused(c->verified)) {
		err_set(e, ERR_DENIED, "%s: what a source that nobody signed wants fetched is refused by the image's policy", w->url.shown);
		err_hint(e, "sign the user-data, or take \"fetch\" out of \"refuse\" in /etc/natal/policy.json, or add it to \"allow\"");
		return -(int)e->code;
	}
	if ((r = fetch_allows(c->with.fetch->policy, &w->url, &w->pin, e)) || (r = c->with.fetch->get(c->with.fetch->data, &c->arena, w, &text, e)))
		return r;
	*ret = text;
	if (text.bytes)
		return 0;
	if (c->want_count == CONFIG_WANTS_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than %d texts are to be fetched", w->url.shown, CONFIG_WANTS_MAX);
	c->wants = arena_grow(&c->arena, c->wants, c->want_count, sizeof *c->wants);
	c->wants[c->want_count++] = *w;
	c->partial |= !w->file;
	return 0;
}

int config_include(void *data, struct arena *a, const struct userdata_url *url, struct userdata_text *ret, struct err *e)
{
	struct config_want w = { .once = url->once };

	(void)a;
	return config_fetch(data, url->text, &w, ret, e);
}

/* A header's name is a token of RFC 9110 5.6.2; nothing in its value ends the line. */
static bool is_header(const char *name, const char *value)
{
	bool fits = *name != 0;

	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		fits &= isalnum(*p) || strchr("!#$%&'*+-.^_`|~", *p);
	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		fits &= *p >= ' ' && *p != 127;
	return fits;
}

static int take_headers(struct config *c, const struct doc *d, const char *path, const struct node *headers, const char *const **ret, struct err *e)
{
	size_t n = headers ? headers->count : 0;

	if (headers && headers->kind != NODE_MAP && headers->kind != NODE_NULL)
		return doc_fail(d, path, ERR_FORMAT, e, "%s is not a map", path);
	if (n > CONFIG_HEADERS_MAX)
		return doc_fail(d, path, ERR_LIMIT, e, "%s: %zu headers: %d at most", path, n, CONFIG_HEADERS_MAX);
	const char **lines = arena_array(&c->arena, n + 1, sizeof *lines);
	for (size_t i = 0; i < n; i++) {
		const char *name = node_str(headers->members[i].key), *value = node_str(headers->members[i].value);
		if (!name || !value || !is_header(name, value))
			return doc_fail(d, path, ERR_FORMAT, e, "%s: a header is no name and text without line ends", path);
		lines[i] = arena_printf(&c->arena, "%s: %s", name, value);
	}
	*ret = n ? lines : NULL;
	return 0;
}

int config_source(struct config *c, const struct doc *d, const char *path, const struct node *source, struct userdata_text *ret, struct err *e)
{
	struct config_want w = { .file = true };
	const char *uri = node_str(node_get(source, "uri"));
	struct err why;
	int r;

	if (!uri || !*uri)
		return doc_fail(d, path, ERR_FORMAT, e, "%s has no uri", path);
	if ((r = take_headers(c, d, doc_path(d, path, "headers"), node_get(source, "headers"), &w.headers, e)))
		return r;
	if ((r = config_fetch(c, uri, &w, ret, &why))) {
		doc_fail(d, doc_path(d, path, "uri"), why.code, e, "%s", why.msg);
		memcpy(e->hint, why.hint, sizeof e->hint);
		e->code = why.code;
	}
	return r;
}
