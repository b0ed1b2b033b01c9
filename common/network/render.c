/* render.c - the table of renderers, and what they share. */
#include "common/network/out.h"

#include <stdio.h>
#include <string.h>

enum { ALL_WORDS_MAX = 256 };    /* more name servers than that no resolver asks */

/* In the order in which they are looked for: netplan writes for others that are there, too. */
const struct net_renderer net_renderers[] = {
	{ "netplan", "netplan", net_render_netplan, { "usr/sbin/netplan|usr/bin/netplan" }, { "usr/sbin/netplan|usr/bin/netplan" },
		{ { "etc/netplan", "50-cloud-init.yaml" } } },
	{ "network-manager", "NetworkManager", net_render_network_manager, { "usr/sbin/NetworkManager|usr/bin/NetworkManager" },
		{ "etc/systemd/system/multi-user.target.wants/NetworkManager.service" },
		{ { "etc/NetworkManager/system-connections", "cloud-init-" } } },
	{ "networkd", "systemd-networkd", net_render_networkd, { "usr/lib/systemd/systemd-networkd|lib/systemd/systemd-networkd" },
		{ "etc/systemd/system/multi-user.target.wants/systemd-networkd.service" },
		{ { "etc/systemd/network", "10-cloud-init-" }, { "etc/systemd/network", "10-natal-" } } },
	{ "sysconfig", "sysconfig's network scripts", net_render_sysconfig, { "usr/sbin/ifup|sbin/ifup",
		"etc/sysconfig/network-scripts|etc/sysconfig/network/config" },
		{ "etc/systemd/system/multi-user.target.wants/network.service|etc/systemd/system/multi-user.target.wants/wicked.service" },
		{ { "etc/sysconfig/network-scripts", "ifcfg-" } } },
	{ "eni", "ifupdown", net_render_eni, { "usr/sbin/ifup|sbin/ifup", "etc/network/interfaces" },
		{ "etc/systemd/system/multi-user.target.wants/networking.service" }, { { "etc/network/interfaces.d", "50-cloud-init" } } },
};
const size_t net_renderer_count = sizeof net_renderers / sizeof *net_renderers;

const struct net_renderer *net_renderer_find(const char *name)
{
	for (size_t i = 0; i < net_renderer_count; i++)
		if (strcmp(net_renderers[i].name, name) == 0)
			return &net_renderers[i];
	return NULL;
}

static bool has_any(const char *words, bool (*has)(const void *, const char *), const void *ctx)
{
	char path[128];

	for (size_t n; (n = strcspn(words, "|")); words += n + (words[n] != 0)) {
		memcpy(path, words, n < sizeof path ? n : sizeof path - 1);
		path[n < sizeof path ? n : sizeof path - 1] = 0;
		if (has(ctx, path))
			return true;
	}
	return false;
}

const struct net_renderer *net_renderer_choose(bool (*has)(const void *ctx, const char *path), const void *ctx)
{
	const struct net_renderer *first = NULL;

	for (size_t i = 0; i < net_renderer_count; i++) {
		const struct net_renderer *r = &net_renderers[i];
		bool there = true;
		for (size_t k = 0; k < sizeof r->installed / sizeof *r->installed && r->installed[k]; k++)
			there = there && has_any(r->installed[k], has, ctx);
		if (there && has_any(r->enabled[0], has, ctx))
			return r;
		if (there && !first)
			first = r;
	}
	return first;
}

int net_emit(struct net_render *r, const char *path, unsigned mode, const struct buf *content)
{
	int fail = buf_check(content, path, r->e);

	if (fail)
		return fail;
	if (r->out->count == NET_FILES_MAX)
		return err_set(r->e, ERR_LIMIT, "more than %d files", NET_FILES_MAX);
	r->out->at = arena_grow(r->arena, r->out->at, r->out->count, sizeof *r->out->at);
	r->out->at[r->out->count++] = (struct net_file){ path, arena_copy(r->arena, content->size ? content->data : "", content->size),
		content->size, mode };
	return 0;
}

void net_no_effect(struct net_render *r, const struct node *n, const char *what)
{
	note_add(r->notes, NOTE_WARNING, ERR_UNSUPPORTED, n, "%s has no effect with %s", what, r->with->what);
}

struct node *net_param(const struct net_link *l, const char *name)
{
	for (size_t i = 0; i < l->params->count; i++)
		if (net_param_is(l->params->members[i].key->text, name))
			return l->params->members[i].value;
	return NULL;
}

const char *net_port_value(struct arena *a, const struct net_link *bridge, const char *param, const char *port)
{
	const struct node *n = net_param(bridge, param);
	size_t len = strlen(port);

	if (n && n->kind == NODE_MAP)
		return node_get(n, port) ? net_say(a, node_get(n, port)) : NULL;
	for (size_t i = 0; n && n->kind == NODE_LIST && i < n->count; i++) {
		const char *text = node_str(n->items[i]);
		if (text && strncmp(text, port, len) == 0 && text[len] == ' ')
			return text + len + strspn(text + len, " ");
	}
	return NULL;
}

const struct net_link *net_bridge_of(const struct netconf *c, const struct net_link *l)
{
	for (size_t i = 0; i < c->link_count; i++)
		for (size_t k = 0; c->links[i].ports && k < c->links[i].ports->count; k++)
			if (node_is(c->links[i].ports->items[k], l->key))
				return &c->links[i];
	return NULL;
}

bool net_is_described(const struct net_link *l) { return node_get(l->at, "type"); }

const char *net_match_name(const struct net_link *l) { return l->match_name && !l->set_name ? l->match_name : l->name; }

bool net_is_default(const struct net_route *route)
{
	return route->prefix == 0 && (strcmp(route->network, "::") == 0 || strcmp(route->network, "0.0.0.0") == 0);
}

const char *net_join(struct arena *a, const struct net_words *w, const char *between)
{
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX);

	for (size_t i = 0; i < w->count; i++)
		buf_printf(&out, "%s%s", i ? between : "", w->at[i]);
	return arena_copy(a, out.size ? out.data : "", out.size);
}

const struct node *net_override(const struct net_link *l, bool six, const char *key)
{
	return node_get(node_get(l->v2, six ? "dhcp6-overrides" : "dhcp4-overrides"), key);
}

const struct node *net_policy(const struct net_link *l, size_t i)
{
	const struct node *list = node_get(l->v2, "routing-policy");

	return list && list->kind == NODE_LIST && i < list->count ? list->items[i] : NULL;
}

/* MACAddress= is the one that it has now, by which one that is given another is found once only (systemd.network(5); since 245). */
const char *net_match_mac(const struct net_link *l)
{
	return l->set_mac && strcmp(l->set_mac, l->mac) != 0 ? "PermanentMACAddress" : "MACAddress";
}

void net_words_merge(struct arena *a, struct net_words *to, const struct net_words *from)
{
	for (size_t i = 0; i < from->count && to->count < ALL_WORDS_MAX; i++)
		if (!net_words_have(to, from->at[i]))
			net_words_add(a, to, from->at[i]);
}

struct net_dns net_all_dns(struct arena *a, const struct netconf *c)
{
	struct net_dns d = { 0 };

	for (size_t i = 0; i < c->link_count; i++) {
		const struct net_link *l = &c->links[i];
		for (size_t k = 0; k < l->subnet_count; k++) {
			net_words_merge(a, &d.servers, &l->subnets[k].dns.servers);
			net_words_merge(a, &d.search, &l->subnets[k].dns.search);
		}
		net_words_merge(a, &d.servers, &l->dns.servers);
		net_words_merge(a, &d.search, &l->dns.search);
	}
	net_words_merge(a, &d.servers, &c->dns.servers);
	net_words_merge(a, &d.search, &c->dns.search);
	return d;
}

void net_udev_rules(const struct netconf *c, struct buf *out)
{
	for (size_t i = 0; i < c->link_count; i++) {
		const struct net_link *l = &c->links[i];
		const char *driver = node_str(net_param(l, "driver"));
		if (l->type != NET_PHYSICAL || !l->mac)
			continue;
		buf_printf(out, "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"%s\", ATTR{address}==\"%s\", NAME=\"%s\"\n",
			driver && *driver ? driver : "?*", l->mac, l->name);
	}
}

int net_render(struct arena *a, const struct net_renderer *with, const struct netconf *c, const struct net_target *target,
	struct notes *notes, struct net_files *ret, struct err *e)
{
	static const struct net_target unknown = { 0 };
	struct net_files out = { 0 };
	struct net_render r = { a, c, target ? target : &unknown, with, notes, &out, e };
	int fail = 0;

	for (size_t i = 0; i < c->passed->count && with->render != net_render_netplan; i++) {
		const char *key = node_str(c->passed->items[i]);
		char shown[48];
		snprintf(shown, sizeof shown, "'%.40s'", key ? key : "?");
		net_no_effect(&r, c->passed->items[i], shown);
	}
	if (!c->disabled && (fail = with->render(&r)))
		return fail;
	if (!c->disabled)
		net_tell_effects(&r);
	*ret = out;
	return 0;
}

int net_render_links(struct arena *a, const struct netconf *c, struct net_files *ret, struct err *e)
{
	struct net_files out = { 0 };
	struct net_render r = { .arena = a, .c = c, .out = &out, .e = e };
	int fail;

	for (size_t i = 0; !c->disabled && i < c->link_count; i++) {
		const struct net_link *l = &c->links[i];
		const char *driver = node_str(net_param(l, "driver"));
		scoped_buf struct buf text = BUF_MAX(NET_FILE_MAX);
		if (l->type != NET_PHYSICAL || !(l->mac || l->match_name || driver) || !(l->set_name || (c->version == 1 && l->mac)))
			continue;
		buf_str(&text, "[Match]\n");
		if (l->mac)
			buf_printf(&text, "%s=%s\n", net_match_mac(l), l->mac);
		if (l->match_name)
			buf_printf(&text, "OriginalName=%s\n", l->match_name);
		if (driver)
			buf_printf(&text, "Driver=%s\n", driver);
		buf_printf(&text, "\n[Link]\nName=%s\n", l->name);
		if ((fail = net_emit(&r, arena_printf(a, "etc/systemd/network/10-cloud-init-%s.link", l->key), 0644, &text)))
			return fail;
	}
	*ret = out;
	return 0;
}
