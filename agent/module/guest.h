/* guest.h - what modules ask of the guest and of the document: its distribution and programs, keys of cloud-config.
 *
 * The document has been judged by the schema before a module sees it, so that a value that is there is of its key's shape.
 */
#pragma once
#include "agent/module/module.h"
#include "common/data/node.h"

enum package_tool { PACKAGES_NONE, PACKAGES_APT, PACKAGES_DNF, PACKAGES_YUM, PACKAGES_ZYPPER, PACKAGES_APK };
struct guest {
	const char *id, *like, *codename;       /* of os-release(5); "" where it does not say */
	enum package_tool tool;
	const char *tool_path;
};
int guest_read(struct builder *b, struct guest *ret, struct err *e);
bool guest_is(const struct guest *g, const char *id);
/* Its path in the guest, or NULL: /usr/sbin, /usr/bin, /sbin and /bin are looked in. */
int guest_program(struct builder *b, const char *name, const char **ret, struct err *e);
/* Commands that install; names is NULL-terminated and borrowed. unsupported where the guest has no such program. */
int guest_install(struct builder *b, const struct guest *g, const char *const *names, const char *why, struct err *e);
/* The lists of packages fetched anew, or what is installed upgraded. */
int guest_update(struct builder *b, const struct guest *g, bool upgrade, const char *why, struct err *e);
/* Are the lists to be fetched before anything is installed? */
bool guest_updates_first(const struct guest *g);
/* A command's words in the arena, NULL-terminated: `head`, then `tail`. Either may be NULL. */
const char *const *words_join(struct arena *a, const char *const *head, const char *const *tail);
/* The texts of a list, NULL-terminated; of NULL: none. */
const char *const *words_of(struct arena *a, const struct node *list);

/* A top-level key; NULL. */
const struct node *cloud_key(const struct builder *b, const char *key);
bool cloud_bool(const struct node *map, const char *key, bool otherwise);
const char *cloud_text(const struct node *map, const char *key, const char *otherwise);

/* Whether user-data has natal-agent call home at the boot's end with this word of `post`: "pub_key_rsa" … */
bool phone_home_posts(struct builder *b, const char *what);

/* `s` with $NAME and ${NAME} replaced; pairs is name, value, … NULL. Other names stay as they are. */
const char *fill_in(struct arena *a, const char *s, const char *const *pairs);
/* A template of the document's (jinja, or $NAME), with `vars`, a map, for its names. */
int guest_template(struct builder *b, const char *text, const struct node *vars, const char **ret, struct err *e);
/* Of a file that anybody may read: 0644, or 0600 where a password is in it: in an address ("http://user:password@proxy"), or as a line of its own. */
unsigned guest_mode(const char *text);
/* A root-owned file with this text. */
int want_text(struct builder *b, const char *path, const char *text, unsigned mode, struct err *e);
/* Where the running guest has SELinux: what a program made there gets a label of this type. */
int guest_label(struct builder *b, const char *path, const char *type, struct err *e);
/* A user's command as a script: a text as it is, a list as one quoted command. */
void shell_command(struct buf *out, const struct node *command);
enum { SCRIPT_MAX = 1 << 20 };
/* What `out` holds, in the arena, and out is emptied. limit where it grew too large. */
int take_text(struct builder *b, struct buf *out, const char **ret, struct err *e);
