/* other_repos.c - zypper's and apk's repositories: files as their tools read them. Their plans are tested, no guest with them is. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/userdata/services.h"

#define ZYPP_CONF "/etc/zypp/zypp.conf"

static const char *value_text(const struct node *n) { return n->kind == NODE_BOOL ? (n->boolean ? "1" : "0") : n->text ? n->text : ""; }

static int one_repository(struct builder *b, const char *folder, const struct node *repo, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	char *id = arena_text(&b->plan->arena, cloud_text(repo, "id", ""));
	const char *text;

	for (char *p = id; *p; p++)
		if (*p == ' ')
			*p = '-';
	buf_printf(&out, "# Written by natal.\n[%s]\n", id);
	for (size_t i = 0; i < repo->count; i++) {
		const char *key = repo->members[i].key->text, *value = value_text(repo->members[i].value);
		if (strcmp(key, "id") != 0)
			buf_printf(&out, "%s = %s\n", key, value);
	}
	int r = take_text(b, &out, &text, e);
	return r ? r : want_text(b, arena_printf(&b->plan->arena, "%s/%s.repo", folder, id), text, guest_mode(text), e);
}

/* Settings that the file does not have yet go to its end. */
static int want_settings(struct builder *b, const struct node *config, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *old, *text;
	int r = facts_text(b->facts, ZYPP_CONF, &old, e);

	if (r)
		return r;
	old = old ? old : "";
	buf_str(&out, old);
	if (*old && old[strlen(old) - 1] != '\n')
		buf_str(&out, "\n");
	for (size_t i = 0; i < config->count; i++) {
		const char *key = config->members[i].key->text, *value = value_text(config->members[i].value);
		const char *line = arena_printf(&b->plan->arena, "%s=%s\n", key, value);
		if (strcmp(key, "configdir") != 0 && *value && !strstr(old, line))
			buf_str(&out, line);
	}
	return (r = take_text(b, &out, &text, e)) ? r : want_text(b, ZYPP_CONF, text, 0644, e);
}

int module_zypper(struct builder *b, struct err *e)
{
	const struct node *zypper = cloud_key(b, "zypper"), *repos = node_get(zypper, "repos"), *config = node_get(zypper, "config");
	const char *folder = cloud_text(config, "reposdir", "/etc/zypp/repos.d");

	if (!repos)
		return 0;
	want_item(b, "");
	int r = service_zypper(zypper, e);
	for (size_t i = 0; !r && i < repos->count; i++)
		r = one_repository(b, folder, repos->items[i], e);
	if (!r && config && config->count)
		r = want_settings(b, config, e);
	return r ? want_failed(b, e) : 0;
}

int module_apk(struct builder *b, struct err *e)
{
	const struct node *apk = cloud_key(b, "apk_repos"), *alpine = node_get(apk, "alpine_repo");
	const char *version = cloud_text(alpine, "version", NULL), *base = cloud_text(alpine, "base_url", "https://dl-cdn.alpinelinux.org/alpine");
	const char *local = cloud_text(apk, "local_repo_base_url", NULL), *text;
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);

	if (!version || cloud_bool(apk, "preserve_repositories", false))
		return 0;
	want_item(b, "");
	int r = service_apk(apk, e);
	buf_printf(&out, "# Written by natal.\n%s/%s/main\n", base, version);
	if (cloud_bool(alpine, "community_enabled", false))
		buf_printf(&out, "%s/%s/community\n", base, version);
	if (cloud_bool(alpine, "testing_enabled", false))
		buf_printf(&out, "%s/edge/testing\n", base);
	if (local && *local)
		buf_printf(&out, "%s/%s\n", local, version);
	if (r || (r = take_text(b, &out, &text, e)) || (r = want_text(b, "/etc/apk/repositories", text, guest_mode(text), e)))
		return want_failed(b, e);
	return 0;
}
