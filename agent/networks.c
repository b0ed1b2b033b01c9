/* networks.c - see networks.h */
#include "agent/networks.h"

#include <string.h>
#include <time.h>
#include "common/base/clock.h"
#include "common/base/text.h"

enum { NICS_MAX = 4096, AWAIT_STEP_MS = 20 };

struct look { const struct facts *facts; int r; struct err *e; };

static bool is_there(const void *ctx, const char *path)
{
	struct look *l = (struct look *)ctx;
	struct fact now = { 0 };

	if (!l->r)
		l->r = facts_stat(l->facts, arena_printf(l->facts->arena, "/%s", path), &now, l->e);
	return !l->r && now.kind != FACT_ABSENT;
}

static int look_at_nics(const struct facts *f, struct netconf_host *h, struct err *e)
{
	const char **names, *mac;
	size_t count;
	int r = facts_names(f, "/sys/class/net", &names, &count, e);

	if (r)
		return r;
	struct netconf_nic *nics = arena_array(f->arena, (count < NICS_MAX ? count : NICS_MAX) + 1, sizeof *nics);
	for (size_t i = 0; i < count && h->count < NICS_MAX; i++) {
		struct err ignored;
		/* Some have none, and may not be read. */
		if (strcmp(names[i], "lo") == 0 || facts_text(f, arena_printf(f->arena, "/sys/class/net/%s/address", names[i]), &mac, &ignored) || !mac)
			continue;
		nics[h->count++] = (struct netconf_nic){ arena_copy(f->arena, mac, strcspn(mac, "\n")), names[i] };
	}
	h->nics = nics;
	return 0;
}

/* Debian's interfaces(5) takes in a folder. */
static int look_at_interfaces(const struct facts *f, struct net_target *t, struct err *e)
{
	const char *text = NULL;
	int r = facts_text(f, "/etc/network/interfaces", &text, e);

	for (const char *p = text; !r && p && *p; p += strcspn(p, "\n"), p += *p != 0) {
		const char *folder = strstr(p, "interfaces.d");
		if (text_starts(p, "source") && folder && folder < p + strcspn(p, "\n"))
			t->interfaces_path = "etc/network/interfaces.d/50-cloud-init";
	}
	return r;
}

static int look_at_suse(const struct facts *f, struct net_target *t, struct err *e)
{
	const char *release = NULL;
	struct fact folder;
	int r;

	if ((r = facts_text(f, "/etc/os-release", &release, e)) || (r = facts_stat(f, "/etc/sysconfig/network", &folder, e)))
		return r;
	t->suse = folder.kind == FACT_DIR || (release && strstr(release, "suse"));
	return t->suse ? 0 : facts_text(f, "/etc/sysconfig/network", &t->sysconfig_network, e);
}

int networks_look(const struct facts *f, struct networks *ret, struct err *e)
{
	struct look l = { f, 0, e };
	struct networks n = { 0 };
	int r;

	if ((r = look_at_nics(f, &n.host, e)) || (r = look_at_interfaces(f, &n.target, e)) || (r = look_at_suse(f, &n.target, e)) ||
	    (r = facts_text(f, "/etc/resolv.conf", &n.target.resolv_conf, e)))
		return r;
	n.target.net_tools = (is_there(&l, "sbin/route") || is_there(&l, "usr/sbin/route")) &&
		!is_there(&l, "sbin/ip") && !is_there(&l, "usr/sbin/ip") && !is_there(&l, "bin/ip") && !is_there(&l, "usr/bin/ip");
	n.renderer = net_renderer_choose(is_there, &l);
	if (l.r)
		return l.r;
	*ret = n;
	return 0;
}

/* Is an interface here for each link that is found by its MAC address? What is none is refused later, with its place. */
static int all_here(const struct facts *f, const struct node *links, bool *ret, struct err *e)
{
	struct netconf_host h = { 0 };
	int r = look_at_nics(f, &h, e);

	*ret = true;
	for (size_t i = 0; !r && links && links->kind == NODE_LIST && i < links->count; i++) {
		const char *mac = node_str(node_get(links->items[i], "ethernet_mac_address")), *type = node_str(node_get(links->items[i], "type"));
		bool made = type && (strcmp(type, "bond") == 0 || strcmp(type, "vlan") == 0);
		*ret &= made || !mac || netconf_host_name(&h, mac);
	}
	return r;
}

int networks_await(const struct facts *f, const struct node *network_data, int wait_ms, struct err *e)
{
	const struct timespec step = { 0, AWAIT_STEP_MS * 1000000L };
	int64_t deadline_ms = clock_mono_ms() + wait_ms;
	bool here;
	int r;

	while ((r = all_here(f, node_get(network_data, "links"), &here, e)) == 0 && !here && clock_left_ms(deadline_ms) > 0)
		nanosleep(&step, NULL);
	return r;
}
