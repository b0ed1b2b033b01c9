/* sysconfig_files.c - sysconfig's files as bytes: ifcfg, routes, rules, resolv.conf, and the few words that go around them. */
#include "common/network/sysconfig.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "# Created by cloud-init automatically, do not edit.\n#\n"
#define RESOLV_HEADER "; Created by cloud-init automatically, do not edit.\n;\n"
enum { SEARCH_MAX = 6, SEARCH_BYTES_MAX = 256 };        /* resolv.conf(5), of older resolvers */

bool sysconfig_default_route(const struct netconf *c)
{
	for (size_t i = 0; i < c->route_count; i++)
		if (net_is_default(&c->routes[i]))
			return true;
	for (size_t i = 0; i < c->link_count; i++)
		for (size_t k = 0; k < c->links[i].subnet_count; k++)
			for (size_t n = 0; n < c->links[i].subnets[k].route_count; n++)
				if (net_is_default(&c->links[i].subnets[k].routes[n]))
					return true;
	return false;
}

static int by_key(const void *a, const void *b) { return strcmp(((const struct ini_pair *)a)->key, ((const struct ini_pair *)b)->key); }

/* Shells read these files by running them, so that a word is quoted but where it is plain. */
static void put_value(struct buf *out, const char *key, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,+@%=-";

	buf_printf(out, "%s=", key);
	if (!value[strspn(value, plain)]) {
		buf_printf(out, "%s\n", value);
		return;
	}
	buf_str(out, "\"");
	for (; *value; value++)
		buf_printf(out, "%s%c", strchr("\"$`\\", *value) ? "\\" : "", *value);
	buf_str(out, "\"\n");
}

static int emit_ifcfg(struct sysconfig *c, struct ifcfg *f)
{
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX);
	struct ini_section *s = ini_section(&f->ini, "", NULL);

	buf_str(&out, HEADER);
	qsort(s->at, s->count, sizeof *s->at, by_key);
	for (size_t i = 0; i < s->count; i++)
		put_value(&out, s->at[i].key, s->at[i].value);
	return net_emit(c->r, arena_printf(c->r->arena, "etc/sysconfig/%s/ifcfg-%s", f->suse ? "network" : "network-scripts", f->link->name),
		0644, &out);
}

/* In the order of their numbers as text: 1, 10, 2. */
struct numbered { char digits[8]; const struct net_route *route; };
static int by_digits(const void *a, const void *b) { return strcmp(((const struct numbered *)a)->digits, ((const struct numbered *)b)->digits); }

static void four(const struct net_route *t, size_t i, struct buf *out)
{
	buf_printf(out, "ADDRESS%zu=%s\nGATEWAY%zu=%s\nNETMASK%zu=%s\n", i, t->network, i, t->gateway ? t->gateway : "", i, t->netmask);
	if (t->metric.has)
		buf_printf(out, "METRIC%zu=%" PRId64 "\n", i, t->metric.value);
}

static void six(const struct net_route *t, const char *dev, struct buf *out)
{
	buf_printf(out, "%s/%d", t->network, t->prefix);
	if (t->gateway)
		buf_printf(out, " via %s ", t->gateway);
	if (t->metric.has)
		buf_printf(out, "%smetric %" PRId64, t->gateway ? "" : " ", t->metric.value);
	buf_printf(out, " dev %s\n", dev);
}

static int emit_routes(struct sysconfig *c, const struct ifcfg *f)
{
	scoped_buf struct buf out4 = BUF_MAX(NET_FILE_MAX), out6 = BUF_MAX(NET_FILE_MAX);
	struct numbered *sorted = arena_array(c->r->arena, f->route_count + 1, sizeof *sorted);
	size_t index = 0;
	int fail;

	for (size_t i = 0; i < f->route_count; i++) {
		snprintf(sorted[i].digits, sizeof sorted[i].digits, "%u", (unsigned)(i + 1) % 1000000);
		sorted[i].route = f->routes[i];
	}
	qsort(sorted, f->route_count, sizeof *sorted, by_digits);
	buf_str(&out4, HEADER);
	buf_str(&out6, HEADER);
	for (size_t i = 0; i < f->route_count; i++)
		if (sorted[i].route->six)
			six(sorted[i].route, f->link->name, &out6);
		else
			four(sorted[i].route, index++, &out4);
	if ((fail = net_emit(c->r, arena_printf(c->r->arena, "etc/sysconfig/network-scripts/route-%s", f->link->name), 0644, &out4)))
		return fail;
	return net_emit(c->r, arena_printf(c->r->arena, "etc/sysconfig/network-scripts/route6-%s", f->link->name), 0644, &out6);
}

/* Policy rules, which cloud-init leaves out. */
static int emit_rules(struct sysconfig *c, const struct ifcfg *f)
{
	static const char *const names[][2] = { { "from", "from" }, { "to", "to" }, { "mark", "fwmark" }, { "type-of-service", "tos" },
		{ "table", "table" }, { "priority", "priority" } };
	scoped_buf struct buf out4 = BUF_MAX(NET_FILE_MAX), out6 = BUF_MAX(NET_FILE_MAX);
	struct arena *a = c->r->arena;
	const struct node *p;
	int fail = 0;

	for (size_t i = 0; (p = net_policy(f->link, i)); i++) {
		const char *from = node_str(node_get(p, "from")), *to = node_str(node_get(p, "to")), *sep = "";
		struct buf *out = (from && strchr(from, ':')) || (to && strchr(to, ':')) ? &out6 : &out4;
		if (f->suse)
			net_no_effect(c->r, p, "a routing policy");
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (node_get(p, names[k][0])) {
				buf_printf(out, "%s%s %s", sep, names[k][1], net_say(a, node_get(p, names[k][0])));
				sep = " ";
			}
		buf_str(out, "\n");
	}
	if (out4.size && !f->suse)
		fail = net_emit(c->r, arena_printf(a, "etc/sysconfig/network-scripts/rule-%s", f->link->name), 0644, &out4);
	if (!fail && out6.size && !f->suse)
		fail = net_emit(c->r, arena_printf(a, "etc/sysconfig/network-scripts/rule6-%s", f->link->name), 0644, &out6);
	return fail;
}

/* A line's words from the second on; *ret_rest: neither "nameserver" nor "search". */
static void old_line(struct arena *a, const char *line, size_t n, struct net_dns *d, bool *ret_rest)
{
	static const char blanks[] = " \t";
	char *copy = arena_copy(a, line, n), *word = copy + strspn(copy, blanks);
	size_t len = strcspn(word, blanks);
	struct net_words *w = len == 10 && strncmp(word, "nameserver", len) == 0 ? &d->servers :
		len == 6 && strncmp(word, "search", len) == 0 ? &d->search : NULL;

	*ret_rest = !w;
	for (word += len; w && *(word += strspn(word, blanks)) && !strchr("#;", *word); word += len) {
		len = strcspn(word, blanks);
		const char *text = arena_copy(a, word, len);
		net_words_merge(a, w, &(struct net_words){ 1, &text });
	}
}

/* What stood there stays, and comes first. */
static void old_resolv(struct net_render *r, struct net_dns *d, struct buf *rest)
{
	const char *p = r->target->resolv_conf;
	bool keep;

	for (size_t n; p && *p; p += n + (p[n] != 0)) {
		n = strcspn(p, "\n");
		old_line(r->arena, p, n, d, &keep);
		if (!keep)
			continue;
		buf_add(rest, p, n);
		buf_str(rest, "\n");
	}
}

static int emit_resolv(struct net_render *r)
{
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX), rest = BUF_MAX(NET_FILE_MAX);
	struct net_dns d = net_all_dns(r->arena, r->c), all = { 0 };
	size_t bytes = 0;

	if (!d.servers.count && !d.search.count)
		return 0;
	old_resolv(r, &all, &rest);
	net_words_merge(r->arena, &all.servers, &d.servers);
	net_words_merge(r->arena, &all.search, &d.search);
	if (!rest.size || strncmp(rest.data, RESOLV_HEADER, strlen(RESOLV_HEADER)) != 0)
		buf_str(&out, RESOLV_HEADER);
	buf_add(&out, rest.data, rest.size);
	for (size_t i = 0; i < all.servers.count; i++)
		buf_printf(&out, "nameserver %s\n", all.servers.at[i]);
	for (size_t i = 0; i < all.search.count; i++) {
		bytes += strlen(all.search.at[i]) + 1;
		if (i >= SEARCH_MAX || bytes > SEARCH_BYTES_MAX) {
			note_add(r->notes, NOTE_WARNING, ERR_LIMIT, NULL,
				"resolv.conf has room for %d search domains and %d bytes of them: '%s' is left out", SEARCH_MAX, SEARCH_BYTES_MAX, all.search.at[i]);
			break;
		}
		buf_printf(&out, "%s%s", i ? " " : "search ", all.search.at[i]);
	}
	if (all.search.count)
		buf_str(&out, "\n");
	int fail = net_emit(r, "etc/resolv.conf", 0644, &out);
	if (fail)
		return fail;
	/* NetworkManager, which may read the ifcfg files, leaves resolv.conf alone then. */
	scoped_buf struct buf nm = BUF_MAX(NET_FILE_MAX);
	buf_str(&nm, HEADER "[main]\ndns = none\n");
	return net_emit(r, "etc/NetworkManager/conf.d/99-cloud-init.conf", 0644, &nm);
}

static bool ours(const char *line, size_t n)
{
	static const char *const words[] = { "NETWORKING", "IPV6_AUTOCONF", "# Created by cloud-init automatically, do not edit." };

	for (size_t i = 0; i < 3; i++)
		if (memmem(line, n, words[i], strlen(words[i])))
			return true;
	return n == 1 && *line == '#';
}

static int emit_network(struct net_render *r)
{
	scoped_buf struct buf out = BUF_MAX(NET_FILE_MAX);

	buf_str(&out, HEADER "NETWORKING=yes\n");
	if (r->c->six)
		buf_str(&out, "NETWORKING_IPV6=yes\nIPV6_AUTOCONF=no\n");
	for (const char *p = r->target->sysconfig_network; p && *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] != 0)) {
		size_t n = strcspn(p, "\n");
		if (ours(p, n))
			continue;
		buf_add(&out, p, n);
		buf_str(&out, "\n");
	}
	return net_emit(r, "etc/sysconfig/network", 0644, &out);
}

int sysconfig_emit(struct sysconfig *c)
{
	scoped_buf struct buf rules = BUF_MAX(NET_FILE_MAX);
	bool suse = c->r->target->suse;
	int fail = 0;

	for (size_t i = 0; !fail && i < c->count; i++)
		if (!(fail = emit_ifcfg(c, &c->at[i])) && !(fail = emit_rules(c, &c->at[i])) && c->at[i].route_count)
			fail = emit_routes(c, &c->at[i]);
	for (size_t i = 0; i < c->r->c->route_count; i++)
		net_no_effect(c->r, c->r->c->routes[i].state, "a route of no interface");
	if (fail || (fail = emit_resolv(c->r)))
		return fail;
	net_udev_rules(c->r->c, &rules);
	if ((fail = net_emit(c->r, suse ? "etc/udev/rules.d/85-persistent-net-cloud-init.rules" : "etc/udev/rules.d/70-persistent-net.rules",
		0644, &rules)))
		return fail;
	return suse ? 0 : emit_network(c->r);
}
