/* ntp.c - who tells the time: chrony, systemd-timesyncd or ntp, by what the guest has; as cloud-init's ntp. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/services.h"

enum { SERVICE_TIMEOUT_MS = 90 * 1000 };

struct client {
	const char *name, *check, *conf, *service, *package;    /* package NULL: a part of the system */
	const char *redhat_conf, *redhat_service;               /* where that family has others; NULL */
	int (*write)(const struct node *ntp, bool redhat, struct buf *out);
	bool redhat;                                            /* this guest is of that family */
};

static void put_each(struct buf *out, const char *word, const struct node *list, const char *after)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (node_str(list->items[i]))
			buf_printf(out, "%s %s%s\n", word, node_str(list->items[i]), after);
}

static void put_sources(const struct node *ntp, struct buf *out)
{
	put_each(out, "pool", node_get(ntp, "pools"), " iburst");
	put_each(out, "server", node_get(ntp, "servers"), " iburst");
	put_each(out, "peer", node_get(ntp, "peers"), "");
}

static int write_chrony(const struct node *ntp, bool redhat, struct buf *out)
{
	put_sources(ntp, out);
	put_each(out, "allow", node_get(ntp, "allow"), "");
	buf_str(out, redhat ? "keyfile /etc/chrony.keys\ndriftfile /var/lib/chrony/drift\nlogdir /var/log/chrony\nrtcsync\nmakestep 1.0 3\n" :
		"keyfile /etc/chrony/chrony.keys\ndriftfile /var/lib/chrony/chrony.drift\nlogdir /var/log/chrony\nmaxupdateskew 100.0\n"
		"rtcsync\nmakestep 1 3\n");
	return 0;
}

static int write_ntp(const struct node *ntp, bool redhat, struct buf *out)
{
	(void)redhat;
	buf_str(out, "driftfile /var/lib/ntp/ntp.drift\n");
	put_sources(ntp, out);
	buf_str(out, "restrict -4 default kod notrap nomodify nopeer noquery limited\n"
		"restrict -6 default kod notrap nomodify nopeer noquery limited\nrestrict 127.0.0.1\nrestrict ::1\n");
	put_each(out, "restrict", node_get(ntp, "allow"), "");
	buf_str(out, "restrict source notrap nomodify noquery\n");
	return 0;
}

static int write_timesyncd(const struct node *ntp, bool redhat, struct buf *out)
{
	(void)redhat;
	const struct node *lists[] = { node_get(ntp, "servers"), node_get(ntp, "pools") };

	buf_str(out, "[Time]\nNTP=");
	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		for (size_t i = 0; lists[k] && i < lists[k]->count; i++)
			buf_printf(out, "%s ", node_str(lists[k]->items[i]));
	buf_str(out, "\n");
	return 0;
}

/* In the order of preference where the document names none; the first is installed where there is none of them. */
static const struct client clients[] = {
	{ "chrony", "chronyd", "/etc/chrony/chrony.conf", "chrony", "chrony", "/etc/chrony.conf", "chronyd", write_chrony },
	{ "systemd-timesyncd", "/usr/lib/systemd/systemd-timesyncd", "/etc/systemd/timesyncd.conf.d/cloud-init.conf", "systemd-timesyncd", NULL,
		NULL, NULL, write_timesyncd },
	{ "ntp", "ntpd", "/etc/ntp.conf", "ntp", "ntpsec", "/etc/ntp.conf", "ntpd", write_ntp },
	{ "ntpdate", "ntpdate", "/etc/ntp.conf", "ntpdate", "ntpdate", NULL, NULL, write_ntp },
};

/* The client that is named, else the first that is there, else the first. */
static int pick(struct builder *b, const struct node *ntp, struct client *ret, struct err *e)
{
	const char *wanted = cloud_text(ntp, "ntp_client", "auto"), *path;
	bool automatic = strcmp(wanted, "auto") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		int r = automatic ? guest_program(b, clients[i].check, &path, e) : 0;
		if (r)
			return r;
		if (automatic ? path != NULL : strcmp(clients[i].name, wanted) == 0) {
			*ret = clients[i];
			return 0;
		}
	}
	*ret = clients[0];
	if (automatic)
		return 0;
	*ret = (struct client){ .name = wanted, .write = write_ntp };
	return 0;               /* its own client: config says all of it */
}

/* What ntp.config says otherwise. */
static void own_words(const struct node *config, struct client *c)
{
	c->conf = cloud_text(config, "confpath", c->conf);
	c->check = cloud_text(config, "check_exe", c->check);
	c->service = cloud_text(config, "service_name", c->service);
}

static int conf_text(struct builder *b, const struct node *ntp, const struct client *c, const char **ret, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *template = cloud_text(node_get(ntp, "config"), "template", NULL);

	if (template)
		return guest_template(b, template, ntp, ret, e);
	c->write(ntp, c->redhat, &out);
	return take_text(b, &out, ret, e);
}

/* A pool of the distribution's where no server is named: a client without one tells no time. */
static const struct node *with_pools(struct builder *b, const struct node *ntp, const struct guest *g)
{
	const struct node *pools = node_get(ntp, "pools"), *servers = node_get(ntp, "servers");
	struct arena *a = &b->plan->arena;

	if ((pools && pools->count) || (servers && servers->count))
		return ntp;
	struct node *all = ntp->kind == NODE_MAP ? node_copy(a, ntp) : node_new(a, NODE_MAP, ntp->place);
	struct node *list = node_new(a, NODE_LIST, ntp->place);
	for (unsigned i = 0; i < 4; i++)
		node_add(a, list, node_text(a, arena_printf(a, "%u.%s%spool.ntp.org", i, g->id, *g->id ? "." : ""), ntp->place));
	node_put(a, all, "pools", list);
	return all;
}

static int want_client(struct builder *b, const struct node *ntp, struct err *e)
{
	const struct node *config = node_get(ntp, "config");
	const char *text, *path, **restart = arena_array(&b->plan->arena, 5, sizeof *restart);
	struct client c;
	struct guest g;
	int r = service_ntp(ntp, e);

	if (r || (r = guest_read(b, &g, e)) || (r = pick(b, ntp, &c, e)))
		return r;
	if (g.tool == PACKAGES_DNF || g.tool == PACKAGES_YUM) {
		c.redhat = true;
		c.conf = c.redhat_conf ? c.redhat_conf : c.conf;
		c.service = c.redhat_service ? c.redhat_service : c.service;
	}
	own_words(config, &c);
	if ((r = conf_text(b, with_pools(b, ntp, &g), &c, &text, e)) ||
	    (r = guest_program(b, c.check, &path, e)) || (r = want_text(b, c.conf, text, 0644, e)))
		return r;
	const char *const own[] = { c.package, NULL };
	const char *const *packages = node_get(config, "packages") ? words_of(&b->plan->arena, node_get(config, "packages")) : own;
	want_note(b, c.service, strlen(c.service));
	if (!want_due(b))
		return 0;
	if (!path && packages[0] && (r = guest_install(b, &g, packages, "no client is there", e)))
		return r;
	restart[0] = "/usr/bin/systemctl";
	restart[1] = "reload-or-restart";
	restart[2] = c.service;
	want_exec(b, restart, SERVICE_TIMEOUT_MS, "its configuration is new");
	return 0;
}

int module_ntp(struct builder *b, struct err *e)
{
	const struct node *ntp = node_get(b->config->cloud, "ntp");

	if (!ntp || !cloud_bool(ntp, "enabled", true))
		return 0;
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	return want_client(b, ntp, e) ? want_failed(b, e) : 0;
}
