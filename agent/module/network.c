/* network.c - network-config as systemd.network(5) and systemd.link(5) files. */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"

#define NET_DIR "/etc/systemd/network"
#define OURS "10-natal-"
enum { UDEV_TIMEOUT_MS = 10000 };

static void lines(struct buf *out, const char *key, const struct texts *t)
{
	for (size_t i = 0; i < t->count; i++)
		buf_printf(out, "%s=%s\n", key, t->at[i]);
}

static void render_match(struct buf *out, const struct config_nic *n)
{
	buf_str(out, "[Match]\n");
	if (n->mac)
		buf_printf(out, "MACAddress=%s\n", n->mac);
	if (n->name)
		buf_printf(out, "Name=%s\n", n->name);
	if (!n->mac && !n->name)
		buf_printf(out, "Name=%s\n", n->id);
}

static void render_route(struct buf *out, const char *to, const char *via, const struct config_route *more)
{
	buf_str(out, "\n[Route]\n");
	if (to && strcmp(to, "default") != 0)
		buf_printf(out, "Destination=%s\n", to);
	if (via)
		buf_printf(out, "Gateway=%s\n", via);
	if (more && more->metric.set)
		buf_printf(out, "Metric=%u\n", (unsigned)more->metric.value);
	if (more && more->on_link == TRI_YES && via)
		buf_str(out, "GatewayOnLink=yes\n");
}

static const char *render_network(struct arena *a, const struct config_nic *n)
{
	scoped_buf struct buf out = BUF_MAX(1 << 20);
	bool four = n->dhcp4 == TRI_YES, six = n->dhcp6 == TRI_YES;

	render_match(&out, n);
	if (n->mtu.set || n->optional == TRI_YES)
		buf_str(&out, "\n[Link]\n");
	if (n->mtu.set)
		buf_printf(&out, "MTUBytes=%u\n", (unsigned)n->mtu.value);
	if (n->optional == TRI_YES)
		buf_str(&out, "RequiredForOnline=no\n");
	buf_printf(&out, "\n[Network]\nDHCP=%s\n", four && six ? "yes" : four ? "ipv4" : six ? "ipv6" : "no");
	if (n->accept_ra != TRI_UNSET)
		buf_printf(&out, "IPv6AcceptRA=%s\n", n->accept_ra == TRI_YES ? "yes" : "no");
	lines(&out, "Address", &n->addresses);
	lines(&out, "DNS", &n->nameservers);
	lines(&out, "Domains", &n->search);
	if (n->gateway4)
		render_route(&out, NULL, n->gateway4, NULL);
	if (n->gateway6)
		render_route(&out, NULL, n->gateway6, NULL);
	for (size_t i = 0; i < n->route_count; i++)
		render_route(&out, n->routes[i].to, n->routes[i].via, &n->routes[i]);
	return arena_copy(a, out.data, out.size);
}

static int want_link_file(struct builder *b, const struct config_nic *n, struct err *e)
{
	static const char *const trigger[] = { "/usr/bin/udevadm", "trigger", "--action=add", "--subsystem-match=net", "--settle", NULL };
	struct arena *a = &b->plan->arena;
	const char *text = arena_printf(a, "[Match]\nMACAddress=%s\n\n[Link]\nName=%s\n", n->mac, n->set_name);
	size_t before = b->plan->action_count;

	int r = want_file(b, &(struct want_file){ arena_printf(a, NET_DIR "/" OURS "%s.link", n->id), text, strlen(text), 0644, 0, 0,
		false }, e);
	/* udev named the interface before the file was there; from the next boot on it reads it by itself. */
	if (!r && b->facts->live && b->plan->action_count != before)
		want_exec(b, trigger, UDEV_TIMEOUT_MS, "the interface has another name");
	return r;
}

static bool is_wanted(const struct config *c, const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < c->nic_count; i++) {
		size_t n = strlen(c->nics[i].id), stem = (size_t)(dot - name) - strlen(OURS);
		if (n == stem && strncmp(name + strlen(OURS), c->nics[i].id, n) == 0)
			return strcmp(dot, ".network") == 0 || (strcmp(dot, ".link") == 0 && c->nics[i].set_name);
	}
	return false;
}

/* Interfaces of an older bundle. */
static int remove_others(struct builder *b, struct err *e)
{
	const char **names;
	size_t count;
	int r = facts_names(b->facts, NET_DIR, &names, &count, e);

	for (size_t i = 0; !r && i < count; i++)
		if (text_starts(names[i], OURS) && strchr(names[i], '.') && !is_wanted(b->config, names[i]))
			r = want_absent(b, arena_printf(&b->plan->arena, NET_DIR "/%s", names[i]), e);
	return r;
}

/* Without systemd-resolved nobody would tell the resolver what networkd knows. */
static int want_resolver(struct builder *b, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(1 << 16);
	struct fact resolved;
	int r = facts_stat(b->facts, "/usr/lib/systemd/systemd-resolved", &resolved, e);

	if (r || resolved.kind != FACT_ABSENT)
		return r;
	for (size_t i = 0; i < b->config->nic_count; i++)
		lines(&out, "nameserver", &b->config->nics[i].nameservers);
	if (!out.size)
		return 0;
	for (char *p = out.data; (p = strchr(p, '=')); p++)
		*p = ' ';
	const char *text = arena_copy(&b->plan->arena, out.data, out.size);
	return want_file(b, &(struct want_file){ "/etc/resolv.conf", text, out.size, 0644, 0, 0, false }, e);
}

static int one_nic(struct builder *b, const struct config_nic *n, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *text = render_network(a, n);
	int r = want_file(b, &(struct want_file){ arena_printf(a, NET_DIR "/" OURS "%s.network", n->id), text, strlen(text), 0644, 0, 0,
		false }, e);

	return r || !n->set_name ? r : want_link_file(b, n, e);
}

int module_network(struct builder *b, struct err *e)
{
	int r;

	if (!b->config->has_network)
		return 0;
	for (size_t i = 0; i < b->config->nic_count; i++) {
		want_item(b, b->config->nics[i].id);
		if (one_nic(b, &b->config->nics[i], e) && (r = want_failed(b, e)))
			return r;
	}
	want_item(b, "");
	return remove_others(b, e) || want_resolver(b, e) ? want_failed(b, e) : 0;
}
