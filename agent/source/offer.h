/* offer.h - what a source says that signs nothing: user-data and what goes with it, as texts.
 *
 * offer_find() looks where the platform says that a source is (DMI, the kernel's command line, a seed folder): the rows of sources.c, in
 * their order, each one cheap question; nothing is crawled.  A row is read only where the image's policy waives its source.  seed_waive() makes a
 * struct verified of an offer, and nothing else does.  Everything lives in the offer's arena.
 */
#pragma once
#include "agent/source/source.h"
#include "common/data/node.h"
#include "common/data/notes.h"

enum { OFFER_TEXT_MAX = 16 << 20, OFFER_SMALL_MAX = 1 << 20, PLATFORM_TEXT = 256, PLATFORM_LINE = 4096 };

struct offer_text { const void *bytes; size_t size; };

struct offer {
	struct arena arena;
	struct notes notes;
	enum waived source;
	char origin[128];               /* "/dev/sr0", "/var/lib/cloud/seed/nocloud", for messages */
	struct offer_text user, vendor, network, network_data;  /* network: cloud-init's config v1 or v2; network_data: OpenStack's JSON */
	/* Meta-data, taken apart. */
	const char *instance_id, *hostname;     /* NULL: not said */
	struct node *keys;                      /* a list of texts: public keys for the default user; NULL: none */
	struct node *meta;                      /* all of it, a map; NULL: none */
	struct node *config;                    /* a cloud-config by itself (credentials); NULL: none */
	const char *machine_id;                 /* 32 hex digits, lower case (credentials); NULL: none */
	long launch_index;                      /* -1: not said */
};
void offer_free(struct offer *o);
scope_fn(struct offer, offer_free)

/* What the firmware and the kernel say. root: below which /sys, /proc and seed folders are looked for. */
struct platform {
	int root;
	bool live;                      /* block devices are this machine's */
	int wait_ms;                    /* for a device that the platform promises */
	char vendor[PLATFORM_TEXT], product[PLATFORM_TEXT], serial[PLATFORM_TEXT], asset[PLATFORM_TEXT];
	char cmdline[PLATFORM_LINE];
};
void platform_read(int root, bool live, int wait_ms, struct platform *ret);

/* *ret NULL: no source is here, or (*ret_why) one is that the policy does not waive, named. */
int offer_find(const struct platform *p, const struct waiver *w, struct offer **ret, char ret_why[256], struct err *e);
/* A volume given by name: an ISO 9660 or FAT volume labelled cidata or config-2. *ret NULL: it is labelled otherwise. */
int offer_read(const char *path, struct offer **ret, struct err *e);

/* nocloud.c, configdrive.c, credentials.c: the readers. */
struct volume;
int nocloud_folder(int root, const char *folder, struct offer *o, struct err *e);
int nocloud_volume(const struct volume *v, struct offer *o, struct err *e);
/* Meta-data by its text; what it says of keys and names goes into o. */
int nocloud_meta(struct offer *o, const void *text, size_t size, struct err *e);
/* "ds=nocloud;s=/seed/;i=iid;h=host": *ret_folder "" where a volume is meant. unsupported: a seed from the network. */
int nocloud_hint(struct offer *o, const char *hint, const char **ret_folder, struct err *e);
int configdrive_volume(const struct volume *v, struct offer *o, struct err *e);
int credentials_smbios(int root, struct offer *o, struct err *e);
int credentials_fw_cfg(int root, struct offer *o, struct err *e);
/* The credentials among the strings of one SMBIOS structure of type 11; *count grows by them. */
void credentials_strings(struct offer *o, const void *raw, size_t size, size_t *count);
/* One system credential into o's config; those of no use here are noted. */
void credential_take(struct offer *o, const char *name, const void *bytes, size_t size);

/* volume.c: a labelled volume, ISO 9660 or FAT, read without a mount. */
struct volume { int fd; uint64_t size; bool fat; char label[33], path[64]; };
/* false: it cannot be read, or its label is none of labels (NULL-terminated, case does not count). */
bool volume_open(const char *path, const char *const *labels, struct volume *ret);
void volume_close(struct volume *v);
int volume_read(const struct volume *v, const char *path, struct offer *o, struct offer_text *ret, struct err *e);
/* The first disk or partition with one of these labels; waits for it. */
int volume_find(const char *const *labels, int wait_ms, struct volume *ret, bool *ret_found, struct err *e);
