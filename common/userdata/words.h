/* words.h - single words of cloud-config, and what they must be like: names, paths, modes, encodings, hashes, certificates.
 *
 * Whoever applies a document (agent/config) and whoever judges it before there is a guest (common/lint) ask here, so that both say the same.
 * Pure; what has to be kept is in the arena.
 */
#pragma once
#include <stdbool.h>
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/data/node.h"

enum { WORDS_FILES_MAX = 4096, WORDS_ACCOUNTS_MAX = 256, WORDS_GROUPS_MAX = 4096 /* of all users together */, WORDS_SOURCES_MAX = 4096 /* of apt */, WORDS_FILE_SIZE_MAX = 16 << 20 };

/* A user's or group's name, as Debian's useradd takes it: letters, digits, '_', '.', '-', at most 32 (utmp holds no more), '$' at its end; neither
 * '.' nor '-' first, not digits alone, and no word that sudoers(5) reads as its own. */
bool word_account(const char *s);
#define WORD_ACCOUNT_HINT "letters, digits, '_', '-' and '.', at most 32; '-' and '.' not first, and not digits alone"
/* Labels with dots between them, RFC 1123 2.1, and '_', which hostnamed and cloud-init take; at most 253 bytes. */
bool word_host(const char *s);
#define WORD_HOST_HINT "letters, digits, '-' and '_', with dots between labels of at most 63"
/* A name below /usr/share/zoneinfo. */
bool word_zone(const char *s);
/* A field of passwd(5): no colon, no control character. */
bool word_field(const char *s);
/* An absolute path without '..'. */
bool word_folder(const char *s);
/* The same of a file: no control character in it, and neither '/' nor "/." at its end. */
bool word_file(const char *s);
/* What shadow(5) has in the place of a password; cloud-init passes over an empty one. */
bool word_hash(const char *s);
/* A name and a password (or a hash) that chpasswd(8) could be given in a line. */
bool word_password(const char *user, const char *password);
/* A certificate in its armour, whatever stands around it. */
bool word_certificate(const char *s);
/* The path of write_files: absolute, without '..'; '//', '/./' and a '/' at its end are taken out. NULL: it is none. */
const char *word_path(struct arena *a, const char *s);
/* "0644" as text, or a number that is written in octal; absent or null is 0644. */
bool word_mode(const struct node *v, unsigned *ret);
/* true, false, localhost, template, as a word or a truth value; NULL: it is none of them. */
const char *word_hosts(const struct node *v);
/* fail, degrade, continue. */
extern const char *const word_policies[];

/* What stands for base64, gzip and neither. */
struct encoding { const char *name; bool base64, gzip; };
/* NULL: there is none of that name; the names, NULL-terminated. */
const struct encoding *word_encoding(const char *name);
extern const char *const word_encodings[];
/* Appends what the text is, decoded. Errors: format ("is not base64", "is not gzip", "cannot be unpacked: …"), limit (out->max). */
int word_decode(const struct encoding *how, const char *text, size_t size, struct buf *out, struct err *e);
/* What stands in a line of some file: no control character but tabs. */
bool word_line(const char *s);
/* The same, between quotes that it does not end. */
bool word_quoted(const char *s);
/* One word: not empty (NULL is), without white space and control characters. */
bool word_single(const char *s);
