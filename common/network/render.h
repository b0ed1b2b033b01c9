/* render.h - a netconf as the files of the network service that a guest has.
 *
 * Paths are below the root, without a leading slash, and those that cloud-init uses: people and their tools know them.
 * The files are in the caller's arena.  Nothing is written here.
 */
#pragma once
#include "common/network/netconf.h"

enum { NET_FILE_MAX = 4 << 20, NET_FILES_MAX = 2048 };

struct net_file { const char *path; const char *bytes; size_t size; unsigned mode; };
struct net_files { size_t count; struct net_file *at; };

/* What the guest is, as far as its files depend on it. */
struct net_target {
	bool suse;                      /* sysconfig in SUSE's form */
	bool by_mac;                    /* networkd: an interface with a MAC address is found by it alone, whatever it is called by then */
	bool net_tools;                 /* eni: has route(8) and no ip(8) */
	const char *interfaces_path;    /* eni; NULL: etc/network/interfaces */
	const char *resolv_conf;        /* sysconfig: what stands in etc/resolv.conf; NULL: nothing */
	const char *sysconfig_network;  /* and in etc/sysconfig/network */
};

struct net_render;
struct net_renderer {
	const char *name, *what;
	int (*render)(struct net_render *);
	/* How a guest shows that it has it, and that it is what runs: each of the words must be there; '|' is between alternatives. */
	const char *installed[4], *enabled[2];
	/* Files that an older rendering may have left: folder and the beginning of names. */
	struct net_old { const char *folder, *prefix; } old[3];
};
extern const struct net_renderer net_renderers[];
extern const size_t net_renderer_count;
const struct net_renderer *net_renderer_find(const char *name);

/* The one that runs in this guest, else the first that is installed; NULL: none. */
const struct net_renderer *net_renderer_choose(bool (*has)(const void *ctx, const char *path), const void *ctx);

/* Errors: limit. A disabled netconf gives no files. target NULL: nothing is known. */
int net_render(struct arena *a, const struct net_renderer *with, const struct netconf *c, const struct net_target *target,
	struct notes *notes, struct net_files *ret, struct err *e);
/* The systemd.link(5) files that give interfaces their set-name, for those services that leave it to udev. */
int net_render_links(struct arena *a, const struct netconf *c, struct net_files *ret, struct err *e);
/* The name servers and domains of all links, each once: for a resolver that nobody else tells. */
struct net_dns net_all_dns(struct arena *a, const struct netconf *c);
