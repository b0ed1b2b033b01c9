/* yum_repos.c - files of /etc/yum.repos.d; as cloud-init's yum_add_repo: one that is there already stays as it is. */
#include "agent/module/guest.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/services.h"

/* A repository's id as cloud-init makes it: what is no word becomes "-". */
static const char *id_of(struct arena *a, const char *name)
{
	char *id = arena_text(a, name);

	for (char *p = id; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.:", *p))
			*p = '-';
	return id;
}

static void put_option(struct buf *out, const struct node *key, const struct node *value)
{
	const char *s = value->text ? value->text : "";

	if (value->kind == NODE_BOOL)
		s = value->boolean ? "1" : "0";
	buf_printf(out, "%s = ", key->text);
	for (; *s; s++)
		if (*s == '\n') {
			while (s[1] == '\n')
				s++;
			buf_str(out, s[1] ? "\n\t" : "");
		} else {
			buf_add(out, s, 1);
		}
	buf_str(out, "\n");
}

static int one_repository(struct builder *b, const char *folder, const struct member *m, struct err *e)
{
	struct arena *a = &b->plan->arena;
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *id = id_of(a, m->key->text), *text;
	const char *path = arena_printf(a, "%s/%s.repo", folder, id);
	bool has_enabled = node_get(m->value, "enabled") != NULL;

	buf_printf(&out, "# Written by natal.\n[%s]\n", id);
	for (size_t i = 0; i < m->value->count; i++)
		put_option(&out, m->value->members[i].key, m->value->members[i].value);
	if (!has_enabled)
		buf_str(&out, "enabled = 1\n");
	int r = take_text(b, &out, &text, e);
	return r ? r : want_text(b, path, text, guest_mode(text), e);
}

int module_yum_repos(struct builder *b, struct err *e)
{
	const struct node *repos = cloud_key(b, "yum_repos");
	const char *folder = cloud_text(b->config->cloud, "yum_repo_dir", "/etc/yum.repos.d");

	if (!repos)
		return 0;
	want_item(b, "");
	int r = service_yum(b->config->cloud, e);
	for (size_t i = 0; !r && i < repos->count; i++)
		r = one_repository(b, folder, &repos->members[i], e);
	return r ? want_failed(b, e) : 0;
}
