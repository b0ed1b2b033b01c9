/* ca_certificates.c - more authorities for the guest's own clients, through the distribution's own tool. */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"

/* Debian's way, and Red Hat's. */
static const struct way { const char *tool, *dir, *bundle, *argv[3]; } ways[] = {
	{ "/usr/sbin/update-ca-certificates", "/usr/local/share/ca-certificates", "/etc/ssl/certs/ca-certificates.crt",
		{ "/usr/sbin/update-ca-certificates" } },
	{ "/usr/bin/update-ca-trust", "/etc/pki/ca-trust/source/anchors", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		{ "/usr/bin/update-ca-trust", "extract" } },
};
#define DEBIAN_LIST "/etc/ca-certificates.conf"
enum { TOOL_TIMEOUT_MS = 120000 };

static int find_way(struct builder *b, const struct way **ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct fact tool;
		int r = facts_stat(b->facts, ways[i].tool, &tool, e);
		if (r)
			return r;
		if (tool.kind == FACT_ABSENT)
			continue;
		*ret = &ways[i];
		return 0;
	}
	return err_set(e, ERR_NOT_FOUND, "%s is not there: the package ca-certificates is not installed", ways[0].tool);
}

/* The distribution's own authorities: each line of the list is switched off with a '!'. */
static int remove_defaults(struct builder *b, const struct way *way, bool *changed, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(1 << 20);
	const char *text;

	if (way != &ways[0])
		return err_set(e, ERR_UNSUPPORTED, "ca_certs: remove_defaults is done on Debian's kind of guests only");
	int r = facts_text(b->facts, DEBIAN_LIST, &text, e);
	if (r || !text)
		return r;
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		if (n && *p != '#' && *p != '!') {
			buf_str(&out, "!");
			*changed = true;
		}
		buf_add(&out, p, n);
		buf_str(&out, "\n");
		p += n + (p[n] == '\n');
	}
	const char *all = arena_copy(&b->plan->arena, out.data ? out.data : "", out.size);
	return want_file(b, &(struct want_file){ DEBIAN_LIST, all, out.size, 0644, 0, 0, false, true }, e);
}

static int all_certificates(struct builder *b, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const struct way *way;
	const char *trusted;
	bool missing = false;
	int r;

	if ((r = find_way(b, &way, e)) || (r = facts_text(b->facts, way->bundle, &trusted, e)) ||
	    (b->config->ca_remove_defaults && (r = remove_defaults(b, way, &missing, e))))
		return r;
	for (size_t i = 0; i < b->config->ca_count; i++) {
		uint8_t digest[SHA256_SIZE];
		char hex[13];
		size_t n = strlen(b->config->ca[i]);
		while (n && strchr(" \r\n\t", b->config->ca[i][n - 1]))
			n--;
		const char *pem = arena_printf(a, "%.*s\n", (int)n, b->config->ca[i]);
		sha256(pem, n + 1, digest);
		hex_encode(digest, 6, hex);
		const char *path = arena_printf(a, "%s/natal-%s.crt", way->dir, hex);
		if ((r = want_file(b, &(struct want_file){ path, pem, n + 1, 0644, 0, 0, false }, e)))
			return r;
		missing |= !trusted || !strstr(trusted, pem);
	}
	/* Asked of the result rather than of the files: a crash in between is made good. */
	if (missing)
		want_exec(b, way->argv, TOOL_TIMEOUT_MS, "the guest's list of authorities is another");
	return 0;
}

int module_ca_certificates(struct builder *b, struct err *e)
{
	if (!b->config->ca_count && !b->config->ca_remove_defaults)
		return 0;
	want_item(b, "");
	return all_certificates(b, e) ? want_failed(b, e) : 0;
}
