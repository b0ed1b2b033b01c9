/* default_user.c - whom `default` means: the user that cloud-init's configuration has for each distribution (22.4, config/cloud.cfg.tmpl). */
#include "agent/config/config.h"

#include <string.h>

#define BASH "/bin/bash"
#define WHEEL "adm,systemd-journal,wheel"
static const struct default_user { const char *id, *name, *gecos, *groups, *shell; } rows[] = {
	/* The first is also that of a distribution that nothing is known of. */
	{ "debian",              "debian",       "Debian",                  "adm,audio,cdrom,dialout,dip,floppy,netdev,plugdev,sudo,video", BASH },
	{ "ubuntu",              "ubuntu",       "Ubuntu",                  "adm,audio,cdrom,dialout,dip,floppy,lxd,netdev,plugdev,sudo,video", BASH },
	{ "fedora",              "fedora",       "fedora Cloud User",       WHEEL, BASH },
	{ "rhel",                "cloud-user",   "Cloud User",              "adm,systemd-journal", BASH },
	{ "centos",              "cloud-user",   "Cloud User",              "adm,systemd-journal", BASH },
	{ "almalinux",           "almalinux",    "almalinux Cloud User",    WHEEL, BASH },
	{ "rocky",               "rocky",        "rocky Cloud User",        WHEEL, BASH },
	{ "cloudlinux",          "cloudlinux",   "cloudlinux Cloud User",   WHEEL, BASH },
	{ "eurolinux",           "eurolinux",    "eurolinux Cloud User",    WHEEL, BASH },
	{ "miraclelinux",        "miraclelinux", "miraclelinux Cloud User", WHEEL, BASH },
	{ "virtuozzo",           "virtuozzo",    "virtuozzo Cloud User",    WHEEL, BASH },
	{ "openEuler",           "openeuler",    "openeuler Cloud User",    WHEEL, BASH },
	{ "amzn",                "ec2-user",     "EC2 Default User",        WHEEL, BASH },
	{ "opensuse",            "suse",         "suse Cloud User",         "cdrom,users", BASH },
	{ "opensuse-leap",       "suse",         "suse Cloud User",         "cdrom,users", BASH },
	{ "opensuse-tumbleweed", "suse",         "suse Cloud User",         "cdrom,users", BASH },
	{ "sles",                "suse",         "suse Cloud User",         "cdrom,users", BASH },
	{ "sle_hpc",             "suse",         "suse Cloud User",         "cdrom,users", BASH },
	{ "suse",                "suse",         "suse Cloud User",         "cdrom,users", BASH },
	{ "alpine",              "alpine",       "alpine Cloud User",       "adm,sudo", "/bin/ash" },
	{ "arch",                "arch",         "arch Cloud User",         "users,wheel", BASH },
	{ "openmandriva",        "omv",          "OpenMandriva admin",      "systemd-journal,users,wheel", BASH },
	{ "mariner",             "mariner",      "MarinerOS",               "wheel", BASH },
	{ "photon",              "photon",       "PhotonOS",                "wheel", BASH },
};

static const struct default_user *find(const char *word, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strlen(rows[i].id) == n && strncasecmp(rows[i].id, word, n) == 0)
			return &rows[i];
	return NULL;
}

/* The distribution itself, or the nearest of those that it says it is like. */
static const struct default_user *choose(const struct machine *m)
{
	const struct default_user *found = m ? find(m->id, strlen(m->id)) : NULL;

	for (const char *p = m ? m->like : ""; *p && !found; p += strcspn(p, " "), p += strspn(p, " "))
		found = find(p, strcspn(p, " "));
	return found ? found : &rows[0];
}

struct node *config_default_user(struct arena *a, const struct machine *m)
{
	const struct default_user *d = choose(m);
	const char *const fields[][2] = { { "name", d->name }, { "gecos", d->gecos }, { "shell", d->shell }, { "groups", d->groups },
		{ "sudo", "ALL=(ALL) NOPASSWD:ALL" } };
	struct node *u = node_new(a, NODE_MAP, (struct place){ 0 });

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		node_put(a, u, fields[i][0], node_text(a, fields[i][1], u->place));
	return u;
}
