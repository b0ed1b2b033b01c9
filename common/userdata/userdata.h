/* userdata.h - user-data and vendor-data as people write them for cloud-init, down to one cloud-config and a list of scripts.
 *
 * userdata_read() takes the texts apart (MIME, gzip, zstd, archives, templates: parts.h), merges what is cloud-config by cloud-init's rules
 * (merge.h), vendor-data below user-data, and leaves the scripts in the order in which they run.  Pure: bytes in, a tree out.  Everything
 * lives in the arena; places in the tree name the part that a value came from ("user-data", "user-data/part-2").
 * Source: cloud-init's documentation, "User data formats" and "Merging user data sections"; behaviour recorded in tests/vectors/cloud-init.
 */
#pragma once
#include "common/data/node.h"
#include "common/data/notes.h"

enum {
	USERDATA_SIZE_MAX = 16 << 20,   /* bytes given */
	USERDATA_TEXT_MAX = 32 << 20,   /* bytes after unpacking, all parts together */
	USERDATA_PARTS_MAX = 256,
	USERDATA_NESTING_MAX = 8,       /* multipart, archive and compression inside one another */
};

enum script_kind { SCRIPT_USER, SCRIPT_PER_BOOT, SCRIPT_PER_INSTANCE, SCRIPT_PER_ONCE, SCRIPT_BOOTHOOK, SCRIPT_VENDOR, SCRIPT_KINDS };
const char *script_kind_name(enum script_kind k);

struct script {
	enum script_kind kind;
	const char *name;       /* of the part's filename, made safe ("part-001" where it has none): no '/', no leading '.' */
	const void *bytes;
	size_t size;
	struct place place;
};

/* A text that `#include` names: allowed only where the image's policy says so, and fetched by the caller. */
struct userdata_url { const char *text; bool once; };     /* as it stands there; of #include-once */
struct userdata_text { const void *bytes; size_t size; }; /* in the arena */
struct userdata_include {
	/* denied: the policy does not let it. NULL function: every include is refused. A text without bytes stands for nothing. */
	int (*fetch)(void *data, struct arena *a, const struct userdata_url *url, struct userdata_text *ret, struct err *e);
	void *data;
};

struct userdata_in {
	struct arena *arena;
	const void *user, *vendor;      /* NULL: none */
	size_t user_size, vendor_size;
	struct node *below;             /* a config that lies below both (a source's meta-data); NULL: none */
	const struct node *keys;        /* a list of public keys that join `ssh_authorized_keys`, whoever names some; NULL: none */
	const struct node *vars;        /* what templates see: instance-data as cloud-init names it ("v1", "ds", …); NULL: nothing */
	int launch_index;               /* -1: unknown, parts that name one are taken */
	const struct userdata_include *include;
	struct notes *notes;            /* userdata_read() sets it to its argument */
};

struct userdata {
	struct node *config;    /* a map, maybe empty */
	size_t script_count;
	struct script *scripts;
};

/* Errors: format and unsupported with a place, limit, denied (an include). */
int userdata_read(const struct userdata_in *in, struct userdata *ret, struct notes *notes, struct err *e);
