/* network.c - network-config as the files of the network service that the guest has: one item, taken whole or not at all. */
#include "agent/module/module.h"

#include <string.h>
#include "agent/networks.h"
#include "common/base/text.h"

enum { TOOL_TIMEOUT_MS = 30000 };
#define SYSCONFIG_HEADER "# Created by cloud-init automatically"

/* fallback: nobody said anything, and the first interface asks for an address. */
struct net { struct builder *b; bool fallback; struct networks guest; struct netconf *conf; struct net_files files, links; bool changed, renamed; };

static int want_one(struct net *n, const struct net_file *f, struct err *e)
{
	const char *path = arena_printf(&n->b->plan->arena, "/%s", f->path);
	size_t before = n->b->plan->action_count;
	int r = want_file(n->b, &(struct want_file){ path, f->bytes, f->size, f->mode, 0, 0, f->mode == 0600, false }, e);

	if (n->b->plan->action_count != before) {
		n->changed = true;
		n->renamed |= strstr(path, "/udev/rules.d/") || strstr(path, ".link");
	}
	return r;
}

/* Names are set by udev: by rules that are among the files, or by .link files where the service leaves it to others. */
static bool wants_links(const struct net *n)
{
	const char *name = n->guest.renderer->name;

	return strcmp(name, "networkd") == 0 || strcmp(name, "network-manager") == 0;
}

/* The first interface by name, by DHCP: what cloud-init does where a source says nothing of the network. */
static const struct node *first_by_dhcp(struct net *n)
{
	struct arena *a = &n->b->plan->arena;
	const struct netconf_nic *first = NULL;
	const struct place place = { 0 };
	struct node *root = node_new(a, NODE_MAP, place), *links = node_copy(a, root), *link = node_copy(a, root), *match = node_copy(a, root);

	for (size_t i = 0; i < n->guest.host.count; i++)
		if (!first || strcmp(n->guest.host.nics[i].name, first->name) < 0)
			first = &n->guest.host.nics[i];
	/* Before the network its driver may not be there yet: then any that is called as wired ones are. */
	node_put(a, match, first ? "macaddress" : "name", node_text(a, first ? first->mac : "e*", place));
	node_put(a, link, "match", match);
	if (first)
		node_put(a, link, "set-name", node_text(a, first->name, place));
	node_put(a, link, "dhcp4", node_bool(a, true, place));
	node_put(a, links, first ? first->name : "wired", link);
	node_put(a, root, "ethernets", links);
	node_put(a, root, "version", node_int(a, 2, place));
	return root;
}

static int render(struct net *n, struct err *e)
{
	struct plan *p = n->b->plan;
	const struct config *c = n->b->config;
	const struct node *root = n->fallback ? first_by_dhcp(n) : c->network;
	enum netconf_kind kind = n->fallback ? NETCONF_V2 : c->network_kind;
	int r;

	if (!root)
		return 0;

	/* What there is to say of the others was said when they were parsed. */
	struct notes *notes = kind == NETCONF_OPENSTACK ? &p->notes : NULL;
	if ((r = netconf_read(&p->arena, kind, root, &n->guest.host, notes, &n->conf, e)) ||
	    (r = net_render(&p->arena, n->guest.renderer, n->conf, &n->guest.target, &p->notes, &n->files, e)))
		return r;
	/* The first interface keeps the name that it has. */
	return wants_links(n) && !n->fallback ? net_render_links(&p->arena, n->conf, &n->links, e) : 0;
}

static bool holds(const struct net_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->at[i].path, path) == 0 && files->at[i].size)
			return true;
	return false;
}

/* An ifcfg file may be anybody's. */
static int is_ours(const struct net *n, const struct net_old *old, const char *path, bool *ret, struct err *e)
{
	const char *text = NULL;
	int r = 0;

	*ret = strcmp(old->prefix, "ifcfg-") != 0;
	if (!*ret && !(r = facts_text(n->b->facts, path, &text, e)))
		*ret = text && text_starts(text, SYSCONFIG_HEADER);
	return r;
}

/* Files of an older configuration, or for another service. */
static int remove_old(struct net *n, const struct net_old *old, struct err *e)
{
	struct arena *a = &n->b->plan->arena;
	const char **names;
	size_t count;
	bool ours;
	int r = facts_names(n->b->facts, arena_printf(a, "/%s", old->folder), &names, &count, e);

	for (size_t i = 0; !r && i < count; i++) {
		const char *path = arena_printf(a, "/%s/%s", old->folder, names[i]);
		if (!text_starts(names[i], old->prefix) || holds(&n->files, path + 1) || holds(&n->links, path + 1))
			continue;
		if (!(r = is_ours(n, old, path, &ours, e)) && ours)
			r = want_absent(n->b, path, e);
	}
	return r;
}

static int remove_all_old(struct net *n, struct err *e)
{
	int r = 0;

	for (size_t i = 0; !r && i < net_renderer_count; i++)
		for (size_t k = 0; !r && k < ARRAY_SIZE(net_renderers[i].old) && net_renderers[i].old[k].folder; k++)
			r = remove_old(n, &net_renderers[i].old[k], e);
	return r;
}

static int is_absent(const struct net *n, const char *path, bool *absent, struct err *e)
{
	struct fact now;
	int r = facts_stat(n->b->facts, path, &now, e);

	*absent &= !r && now.kind == FACT_ABSENT;
	return r;
}

/* resolv_conf has its own way where the document says so. */
static bool is_managed(const struct net *n) { return node_truth(node_get(n->b->config->cloud, "manage_resolv_conf")); }

/* Without systemd-resolved or resolvconf nobody would tell the resolver what the service knows. */
static int want_resolver(struct net *n, struct err *e)
{
	static const char *const tellers[] = { "/usr/lib/systemd/systemd-resolved", "/usr/sbin/resolvconf", "/sbin/resolvconf" };
	struct net_dns dns = net_all_dns(&n->b->plan->arena, n->conf);
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX);
	bool absent = true;
	int r = 0;

	if (is_managed(n) || holds(&n->files, "etc/resolv.conf") || strcmp(n->guest.renderer->name, "network-manager") == 0 || !dns.servers.count)
		return 0;
	for (size_t i = 0; !r && i < ARRAY_SIZE(tellers); i++)
		r = is_absent(n, tellers[i], &absent, e);
	if (r || !absent)
		return r;
	for (size_t i = 0; i < dns.servers.count; i++)
		buf_printf(&out, "nameserver %s\n", dns.servers.at[i]);
	for (size_t i = 0; i < dns.search.count; i++)
		buf_printf(&out, "%s%s%s", i ? " " : "search ", dns.search.at[i], i + 1 == dns.search.count ? "\n" : "");
	if ((r = buf_check(&out, "resolv.conf", e)))
		return r;
	const char *text = arena_copy(&n->b->plan->arena, out.data, out.size);
	return want_file(n->b, &(struct want_file){ "/etc/resolv.conf", text, out.size, 0644, 0, 0, false, false }, e);
}

/* Before the service starts: netplan's files are made into those of others, and interfaces that udev has named already are named again. */
static void run_tools(struct net *n)
{
	static const char *const generate[] = { "/usr/sbin/netplan", "generate", NULL };
	/* It looks for new .link files every three seconds only: an interface that is met meanwhile would keep its name. */
	static const char *const reload[] = { "/usr/bin/udevadm", "control", "--reload", NULL };
	static const char *const trigger[] = { "/usr/bin/udevadm", "trigger", "--action=add", "--subsystem-match=net", NULL };
	/* Not trigger --settle: it waits for the old name of an interface that gets another. */
	static const char *const settle[] = { "/usr/bin/udevadm", "settle", "--timeout=20", NULL };
	bool netplan = strcmp(n->guest.renderer->name, "netplan") == 0;

	if (!n->b->facts->live || !n->changed)
		return;
	if (netplan)
		want_exec(n->b, generate, TOOL_TIMEOUT_MS, "its generators ran before the file was there");
	if (!netplan && !n->renamed)
		return;
	want_exec(n->b, reload, TOOL_TIMEOUT_MS, "udev has other names to give");
	want_exec(n->b, trigger, TOOL_TIMEOUT_MS, "an interface has another name");
	want_exec(n->b, settle, TOOL_TIMEOUT_MS, "an interface has another name");
}

static int plan_network(struct net *n, struct err *e)
{
	int r = networks_look(n->b->facts, &n->guest, e);

	if (r)
		return r;
	/* Before the network udev may not have named all of them yet. */
	n->guest.target.by_mac = true;
	if (!n->guest.renderer) {
		n->guest.renderer = net_renderer_find("networkd");
		note_add(&n->b->plan->notes, NOTE_WARNING, ERR_NOT_FOUND, NULL,
			"this guest has no network service that natal knows: its network is written down for systemd-networkd");
	}
	if ((r = render(n, e)) || !n->conf)
		return r;
	for (size_t i = 0; !r && i < n->files.count; i++)
		if (n->files.at[i].size && !(is_managed(n) && strcmp(n->files.at[i].path, "etc/resolv.conf") == 0))
			r = want_one(n, &n->files.at[i], e);
	for (size_t i = 0; !r && i < n->links.count; i++)
		r = want_one(n, &n->links.at[i], e);
	if (r || (r = want_resolver(n, e)) || (r = remove_all_old(n, e)))
		return r;
	run_tools(n);
	return 0;
}

int module_network(struct builder *b, struct err *e)
{
	const struct config *c = b->config;
	struct net n = { .b = b, .fallback = !c->has_network && c->verified->waived && b->facts->live };

	/* A signed medium says of the network what there is to say. */
	if ((!c->has_network && !n.fallback) || node_is(node_get(b->config->network, "config"), "disabled"))
		return 0;
	want_item(b, "");
	return plan_network(&n, e) ? want_failed(b, e) : 0;
}
