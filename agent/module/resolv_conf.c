/* resolv_conf.c - resolv.conf(5), where the document says that it manages it. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/services.h"

#define PATH "/etc/resolv.conf"

static void put_list(struct buf *out, const char *keyword, const struct node *list, bool line_each)
{
	for (size_t i = 0; list && i < list->count; i++) {
		const char *s = list->items[i]->text;
		if (line_each || !i)
			buf_printf(out, "%s %s%s", keyword, s, line_each ? "\n" : "");
		else
			buf_printf(out, " %s", s);
	}
	if (list && list->count && !line_each)
		buf_str(out, "\n");
}

/* Flags are true or left out; the others are name:value. */
static void put_options(struct buf *out, const struct node *options)
{
	bool any = false;

	for (size_t i = 0; options && i < options->count; i++) {
		const struct node *key = options->members[i].key, *v = options->members[i].value;
		if (v->kind == NODE_BOOL && !v->boolean)
			continue;
		buf_printf(out, "%s %s", any ? "" : "options", key->text);
		if (v->kind != NODE_BOOL)
			buf_printf(out, ":%s", v->text);
		any = true;
	}
	if (any)
		buf_str(out, "\n");
}

static int want_resolver(struct builder *b, const struct node *rc, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *domain = cloud_text(rc, "domain", NULL), *text, *target;
	int r = service_resolver(rc, e);

	if (r || (r = facts_link(b->facts, PATH, &target, e)))
		return r;
	if (target && strstr(target, "systemd/resolve")) {
		err_set(e, ERR_CONFLICT, PATH " is systemd-resolved's");
		err_hint(e, "its servers are configured by network-config (nameservers)");
		return -(int)e->code;
	}
	buf_str(&out, "# Written by natal.\n");
	put_list(&out, "nameserver", node_get(rc, "nameservers"), true);
	put_list(&out, "search", node_get(rc, "searchdomains"), false);
	if (domain)
		buf_printf(&out, "domain %s\n", domain);
	put_list(&out, "sortlist", node_get(rc, "sortlist"), false);
	put_options(&out, node_get(rc, "options"));
	return (r = take_text(b, &out, &text, e)) ? r : want_text(b, PATH, text, 0644, e);
}

int module_resolv_conf(struct builder *b, struct err *e)
{
	const struct node *rc = cloud_key(b, "resolv_conf");

	if (!rc || !cloud_bool(b->config->cloud, "manage_resolv_conf", false))
		return 0;
	want_item(b, "");
	return want_resolver(b, rc, e) ? want_failed(b, e) : 0;
}
