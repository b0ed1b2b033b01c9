/* lines.c - see lines.h */
#include "common/userdata/lines.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/words.h"

static const struct kind { bool (*right)(const char *); const char *what, *hint; } line[] = { { word_line, "holds a new line or another control character",
	"it is written into one line of a file" } }, quoted[] = { { word_quoted, "holds a quote, a new line or another control character",
	"it is written between quotes into one line of a file" } };

/* One row a value: "[]" is each element of a list. What is an item's own to judge (rsyslog, zypper, apk) is in services.c. */
static const struct { const char *path; const struct kind *is; } rows[] = {
	{ "ntp.servers.[]", line }, { "ntp.pools.[]", line }, { "ntp.peers.[]", line }, { "ntp.allow.[]", line },
	{ "apt.proxy", quoted }, { "apt.http_proxy", quoted }, { "apt.https_proxy", quoted }, { "apt.ftp_proxy", quoted },
	{ "apt_proxy", quoted }, { "apt_http_proxy", quoted }, { "apt_https_proxy", quoted }, { "apt_ftp_proxy", quoted },
	{ "apt.primary.[].uri", line }, { "apt.primary.[].search.[]", line }, { "apt.security.[].uri", line }, { "apt.security.[].search.[]", line },
	{ "apt_mirror", line }, { "apt_mirror_search.[]", line },
	{ "disable_root_opts", line },
};

struct look { struct arena *a; const struct kind *is; void (*found)(void *arg, const struct line_fault *f); void *arg; };

static void judge(const struct look *l, const char *path, const struct node *n)
{
	if (n->kind == NODE_TEXT && !(node_str(n) && l->is->right(n->text)))
		l->found(l->arg, &(struct line_fault){ path, l->is->what, l->is->hint, n });
}

/* "ntp.servers", "0" */
static const char *below(const struct look *l, const char *path, const char *name)
{
	return arena_printf(l->a, "%s%s%s", path, *path ? "." : "", name);
}

static void walk(const struct look *l, const char *pattern, const char *path, const struct node *n)
{
	const size_t len = strcspn(pattern, ".");
	const char *rest = pattern + len + (pattern[len] == '.');

	if (!n)
		return;
	if (!*pattern) {
		judge(l, path, n);
	} else if (strncmp(pattern, "[]", len) == 0) {
		for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++)
			walk(l, rest, below(l, path, arena_printf(l->a, "%zu", i)), n->items[i]);
	} else {
		const char *name = arena_copy(l->a, pattern, len);
		walk(l, rest, below(l, path, name), node_get(n, name));
	}
}

void lines_each(struct arena *a, const struct node *config, void (*found)(void *arg, const struct line_fault *f), void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		walk(&(struct look){ a, rows[i].is, found, arg }, rows[i].path, "", config);
}
