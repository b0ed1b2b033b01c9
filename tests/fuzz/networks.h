/* networks.h - what both targets of network configuration promise. */
#pragma once
#include <string.h>
#include "common/data/yaml.h"
#include "common/network/render.h"
#include "tests/fuzz/fuzz.h"

/* Files stay where they belong, are texts, and netplan's can be read again. */
static void check_files(struct arena *a, const struct net_renderer *with, const struct net_files *files)
{
	struct node *again;
	struct err e;

	for (size_t i = 0; i < files->count; i++) {
		const struct net_file *f = &files->at[i];
		PROMISE(strncmp(f->path, "etc/", 4) == 0 && !strstr(f->path, "/../") && !strstr(f->path, "//") && !strchr(f->path, '\n'));
		PROMISE(strlen(f->path) < 256 && !memchr(f->bytes, 0, f->size));
		if (with && strcmp(with->name, "netplan") == 0)
			PROMISE(yaml_read(a, "again", f->bytes, f->size, NULL, &again, &e) == 0 || e.code == ERR_LIMIT);
	}
}

static void check_networks(const uint8_t *bytes, size_t size, bool openstack)
{
	static const struct netconf_nic nics[] = { { "fa:16:3e:ed:9a:59", "eth0" }, { "52:54:00:12:34:56", "ens3" } };
	static const struct netconf_host host = { 2, nics };
	static const struct net_target targets[] = { { 0 }, { .suse = true, .net_tools = true, .resolv_conf = "nameserver 192.0.2.1\n" } };
	struct arena a = { 0 };
	struct notes notes = { .arena = &a };
	struct node *root = NULL;
	const struct node *inner = NULL;
	struct netconf *c = NULL;
	struct err e = ERR_NONE;
	enum netconf_kind kind = NETCONF_OPENSTACK;

	int r = yaml_read(&a, "network-config", bytes, size, &notes, &root, &e);
	if (!r)
		r = openstack ? 0 : netconf_kind(root, &kind, &inner, &e);
	if (!r)
		r = netconf_read(&a, kind, openstack ? root : inner, &host, &notes, &c, &e);
	PROMISE(!r || (*e.msg && !c));
	for (size_t t = 0; !r && t < 2; t++)
		for (size_t i = 0; i < net_renderer_count; i++) {
			struct net_files files = { 0 };
			if (net_render(&a, &net_renderers[i], c, &targets[t], &notes, &files, &e))
				PROMISE(*e.msg && !files.count);
			else
				check_files(&a, &net_renderers[i], &files);
		}
	if (!r) {
		struct net_files files = { 0 };
		scoped_buf struct buf json = BUF_MAX(64 << 20);
		PROMISE(net_render_links(&a, c, &files, &e) == 0);
		check_files(&a, NULL, &files);
		node_json(netconf_state(&a, c), 0, &json);
		PROMISE(json.size);
	}
	arena_fini(&a);
}
