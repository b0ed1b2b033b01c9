/* ca_certificates.c - more authorities for the guest's own clients, through Debian's update-ca-certificates(8). */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"

#define TOOL "/usr/sbin/update-ca-certificates"
#define TRUSTED "/etc/ssl/certs/ca-certificates.crt"
enum { TOOL_TIMEOUT_MS = 120000 };

static int all_certificates(struct builder *b, struct err *e)
{
	static const char *const argv[] = { TOOL, NULL };
	struct arena *a = &b->plan->arena;
	const char *trusted;
	struct fact tool;
	bool missing = false;
	int r;

	if ((r = facts_text(b->facts, TRUSTED, &trusted, e)) || (r = facts_stat(b->facts, TOOL, &tool, e)))
		return r;
	if (tool.kind == FACT_ABSENT)
		return err_set(e, ERR_NOT_FOUND, "%s is not there: the package ca-certificates is not installed", TOOL);
	for (size_t i = 0; i < b->config->ca_count; i++) {
		uint8_t digest[SHA256_SIZE];
		char hex[13];
		size_t n = strlen(b->config->ca[i]);
		while (n && strchr(" \r\n\t", b->config->ca[i][n - 1]))
			n--;
		const char *pem = arena_printf(a, "%.*s\n", (int)n, b->config->ca[i]);
		sha256(pem, n + 1, digest);
		hex_encode(digest, 6, hex);
		const char *path = arena_printf(a, "/usr/local/share/ca-certificates/natal-%s.crt", hex);
		if ((r = want_file(b, &(struct want_file){ path, pem, n + 1, 0644, 0, 0, false }, e)))
			return r;
		missing |= !trusted || !strstr(trusted, pem);
	}
	/* Asked of the result rather than of the files: a crash in between is made good. */
	if (missing)
		want_exec(b, argv, TOOL_TIMEOUT_MS, "a certificate is not in " TRUSTED);
	return 0;
}

int module_ca_certificates(struct builder *b, struct err *e)
{
	if (!b->config->ca_count)
		return 0;
	want_item(b, "");
	return all_certificates(b, e) ? want_failed(b, e) : 0;
}
