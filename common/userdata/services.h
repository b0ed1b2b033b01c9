/* services.h - what cloud-config says of services and repositories: paths, words of their files, names.
 *
 * As items.h: the agent's modules ask before they plan anything, meaning.c before there is a guest. Each takes its key's value.
 */
#pragma once
#include "common/base/arena.h"
#include "common/data/node.h"

int service_keyboard(const struct node *keyboard, struct err *e);
int service_resolver(const struct node *resolv_conf, struct err *e);
/* Names of files are below config_dir, or whole paths. */
int service_rsyslog(struct arena *a, const struct node *rsyslog, struct err *e);
/* An element of rsyslog.remotes, "FILTER @HOST:PORT # NAME"; host NULL: it is empty, and none. filter NULL: none is said. */
struct service_remote { const char *filter, *host; bool tcp; };
int service_remote(struct arena *a, const struct member *m, struct service_remote *ret, struct err *e);
/* A client that is named is one of these (NULL-terminated), or ntp.config says all of it. */
int service_ntp(const struct node *ntp, struct err *e);
extern const char *const service_ntp_clients[];

/* The whole document: yum_repos and yum_repo_dir. */
int service_yum(const struct node *cloud, struct err *e);
int service_zypper(const struct node *zypper, struct err *e);
int service_apk(const struct node *apk, struct err *e);
/* The keys of mirrors and sources are in their armour, and sources have names that files can have. */
int service_apt(const struct node *apt, struct err *e);
