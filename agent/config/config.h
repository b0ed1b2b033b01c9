/* config.h - what a verified bundle wants of this guest: user-data and network-config, wholly checked.
 *
 * config_parse() makes it from a struct verified, config_parse_with() with a few words about the machine; config_free() frees it.  It
 * borrows from the struct verified, which must outlive it.  Nothing in it has been looked up on the machine: names stay names.
 *
 * User-data is cloud-init's: see cloud-config(5).
 * Caps: 1 MiB a document, 256 users and groups, 4,096 files of 64 MiB in all; of networks see common/network/netconf.h.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agent/config/doc.h"
#include "agent/config/fetch.h"
#include "agent/config/machine.h"
#include "common/base/textindex.h"
#include "common/userdata/userdata.h"
#include "common/media/bundle.h"
#include "common/media/goal.h"
#include "common/network/netconf.h"

enum { CONFIG_DOC_MAX = 1 << 20, CONFIG_ACCOUNTS_MAX = 256, CONFIG_FILES_MAX = 4096, CONFIG_FILE_MAX = 16 << 20, CONFIG_FILES_SIZE_MAX = 64 << 20 };

enum policy_kind { POLICY_FAIL, POLICY_DEGRADE, POLICY_CONTINUE, POLICIES };
/* "fail", "degrade", "continue" */
const char *policy_kind_name(enum policy_kind p);

enum hosts_mode { HOSTS_KEEP, HOSTS_LOCALHOST, HOSTS_WHOLE };

struct config_user {
	const char *name, *gecos, *primary_group, *shell, *homedir;
	const char *passwd, *hashed_passwd, *plain_text_passwd; /* for a new user; for any; for any */
	const char *expiredate, *inactive;                      /* days since 1970 as shadow(5) has them; days */
	const char *selinux_user;
	struct texts groups, ssh_authorized_keys, sudo, doas;
	struct opt_uint uid;
	enum tri system, lock_passwd, no_create_home, no_user_group, create_groups, is_default, redirect;
	const struct node *fields;                              /* as a map, for places; those of the image's own user have none */
};
/* chpasswd, password: of a user, whether or not `users` names it. */
struct config_password { const char *user, *hash, *plain; bool expire; const struct node *at; };        /* neither hash nor plain: made up in the guest */
struct config_group { const char *name; struct texts members; const struct node *at; /* a list of them */ };
struct config_file {
	const char *path;
	const void *bytes;
	size_t size;
	unsigned mode;
	const char *user, *group;       /* names */
	size_t room;                    /* of bytes, once something was put behind them */
	bool append;                    /* behind what the guest has */
	bool defer;                     /* late, when packages have made their users */
	const struct err *problem;      /* why its source could not be fetched; NULL */
};
struct config_ssh {
	struct texts generate;          /* types of host keys to make where none are given */
	bool keep_image_keys;
	const char *certificates;       /* sshd_config's lines, or NULL */
	enum tri pwauth;                /* UNSET: as the image has it */
	const char *root_options;       /* before root's keys, with $USER and $DISABLE_USER in it; NULL: root logs in */
	const char *redirect_options;   /* the same before the keys of one whom ssh_redirect_user sends on: whatever holds for root */
	struct texts keys;              /* of the top: the default user's, and root's */
};
struct config_policy { const char *key; enum policy_kind policy; };

/* What a document is read with. */
struct config_with {
	const struct config_fetch *fetch;               /* who has the texts that it names; NULL: nobody */
	const struct machine *machine;                  /* NULL: nothing is known of it */
};

struct config {
	struct arena arena;
	const struct verified *verified;
	bool delegated;                                 /* user-data is cloud-init's, and was not read: config_delegate() */
	struct config_with with;
	uint64_t command_wait_s;                        /* the image's policy; 0: COMMAND_WAIT_S */
	bool partial;                                   /* some are not here: user-data and vendor-data were left out */
	size_t want_count;                              /* … which */
	struct config_want *wants;
	struct notes notes;                             /* what is said of documents that are taken all the same */
	struct userdata userdata;                       /* the scripts are here */
	const char *machine_id;                         /* that the source has for this machine, 32 hex digits; NULL: its UUID's */
	const struct node *meta, *meta_keys;            /* the source's own meta-data, a map, and the public keys in it, a list; NULL */
	const struct node *instance_data;               /* what templates see, secrets and all */
	struct node *cloud;                             /* the documents; what the texts below are borrowed from */
	const struct node *network;
	const char *hostname, *fqdn, *timezone;
	const char *node_name;                          /* what the guest is to be called: the host name, or the full one where that is preferred; NULL: as it is */
	bool no_hostname_file, ca_remove_defaults;
	enum hosts_mode hosts;
	size_t files_size;                              /* of all their bytes */
	size_t group_count, user_count, password_count, file_count, host_key_count, ca_count, policy_count;
	struct config_group *groups;
	struct config_user *users;
	struct config_password *passwords;
	struct config_file *files, *host_keys;
	struct text_index file_at[2];                   /* by path, the place in files[] + 1; [1]: of those that are deferred */
	struct config_ssh ssh;
	const char **ca;                                /* PEM texts */
	bool has_network;                               /* … and what language it is in */
	enum netconf_kind network_kind;
	const char *runcmd, *bootcmd;                   /* the scripts, or NULL */
	struct config_policy *policies;
	bool has_goal;
	struct goal_doc goal;                           /* owned */
};

/* Errors: format and unsupported (e->where is the place), limit. */
int config_parse(const struct verified *v, struct config **ret, struct err *e);
/* The same where cloud-init does what the documents want: they are within their caps, and that is all that is known of them. */
int config_delegate(const struct verified *v, const struct machine *m, struct config **ret, struct err *e);
/* The same with more than the documents; what `with` points to outlives the config. */
int config_parse_with(const struct verified *v, const struct config_with *with, struct config **ret, struct err *e);
void config_free(struct config *c);
scope_fn(struct config, config_free)

/* What a source's meta-data adds to user-data (agent/waive.c writes it). */
int config_meta(struct config *c, struct userdata_in *in, struct err *e);
/* instance_data.c: of the source's meta-data and the words about the machine; and what of it may be shown. */
#define CONFIG_REDACTED "redacted: natal keeps no copy of it"
const struct node *config_instance_data(struct config *c);
struct node *config_instance_shown(struct arena *a, const struct node *instance_data);
/* The parts, each given its tree; called by config_parse(). */
int config_cloud(struct config *c, struct err *e);
int config_network(struct config *c, struct err *e);
struct node *config_default_user(struct arena *a, const struct machine *m);
int config_accounts(struct config *c, const struct doc *d, const struct texts *default_keys, struct err *e);
int config_ssh(struct config *c, const struct doc *d, struct err *e);
/* What holds where no document says anything of it. */
void config_ssh_defaults(struct config *c);
int config_passwords(struct config *c, const struct doc *d, struct err *e);
int config_files(struct config *c, const struct doc *d, const struct node *files, struct err *e);
int config_script(struct config *c, const struct doc *d, const char *key, const char **ret, struct err *e);
/* fetch.c: may anything be fetched; one text (*ret without bytes: later); the hook of struct userdata_include; the source of a file. */
bool config_fetches(const struct config *c);
int config_fetch(struct config *c, const char *address, struct config_want *w, struct userdata_text *ret, struct err *e);
int config_include(void *data, struct arena *a, const struct userdata_url *url, struct userdata_text *ret, struct err *e);
int config_source(struct config *c, const struct doc *d, const char *path, const struct node *source, struct userdata_text *ret, struct err *e);
