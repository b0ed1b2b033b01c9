/* sshd.c - what sshd is told besides its keys: whether passwords count, which certificates it shows. */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"

#define CONFIG "/etc/ssh/sshd_config"
/* cloud-init's name: people look there. */
#define DROP_IN "/etc/ssh/sshd_config.d/50-cloud-init.conf"

static bool includes_drop_ins(const char *text)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		while (*p == ' ' || *p == '\t')
			p++;
		if (strncasecmp(p, "Include", 7) == 0 && strstr(p, "sshd_config.d/") && strstr(p, "sshd_config.d/") < p + strcspn(p, "\n"))
			return true;
	}
	return false;
}

/* An sshd that reads no drop-ins: its own file, with our lines first, since the first word on a matter counts. */
static const char *with_lines(struct arena *a, const char *text, const char *lines)
{
	static const char begin[] = "# natal: begin\n", end[] = "# natal: end\n";
	const char *from = strstr(text, begin), *to = from ? strstr(from, end) : NULL;

	if (to)
		return arena_printf(a, "%.*s%s%s%s", (int)(from - text), text, begin, lines, to);
	return arena_printf(a, "%s%s%s%s", begin, lines, end, text);
}

/* sshd -t wants a host key, whatever it is asked. */
static int has_key(struct builder *b, bool *ret, struct err *e)
{
	const struct plan *p = b->plan;
	const char **names;
	size_t count;
	int r = facts_names(b->facts, "/etc/ssh", &names, &count, e);

	*ret = false;
	for (size_t i = 0; !r && i < count; i++)
		*ret |= text_starts(names[i], "ssh_host_");
	for (size_t k = 0; k < p->action_count; k++)
		*ret |= (p->actions[k].path && text_starts(p->actions[k].path, "/etc/ssh/ssh_host_")) ||
			(p->actions[k].kind == ACTION_EXEC && strstr(p->actions[k].argv[0], "ssh-keygen"));
	return r;
}

/* Lines that sshd refuses would keep everybody out. */
static int want_conf(struct builder *b, const struct want_file *f, struct err *e)
{
	static const char *const check[] = { "/usr/sbin/sshd", "-t", "-f", NULL };
	struct fact debian, sshd;
	bool key;
	int r = has_key(b, &key, e);

	if (r || !key)
		return r ? r : want_file(b, f, e);
	/* Debian's sshd looks for it, and its service, which makes it, has not run yet. */
	if ((r = facts_stat(b->facts, "/etc/debian_version", &debian, e)) || (r = facts_stat(b->facts, check[0], &sshd, e)) ||
	    (debian.kind != FACT_ABSENT && sshd.kind != FACT_ABSENT && b->facts->live && (r = want_dir(b, "/run/sshd", 0755, 0, 0, e))))
		return r;
	return want_checked(b, f, check, e);
}

static int tell_sshd(struct builder *b, const char *lines, struct err *e)
{
	const char *text;
	int r = facts_text(b->facts, CONFIG, &text, e);

	if (r || !text)
		return r;               /* no sshd */
	want_note(b, lines, strlen(lines));
	if (includes_drop_ins(text))
		return want_conf(b, &(struct want_file){ DROP_IN, lines, strlen(lines), 0600, 0, 0, false, true }, e);
	const char *all = with_lines(&b->plan->arena, text, lines);
	return want_conf(b, &(struct want_file){ CONFIG, all, strlen(all), 0644, 0, 0, false, true }, e);
}

int module_sshd(struct builder *b, struct err *e)
{
	const struct config_ssh *s = &b->config->ssh;
	const char *lines = arena_printf(&b->plan->arena, "%s%s", s->pwauth == TRI_YES ? "PasswordAuthentication yes\n" : s->pwauth == TRI_NO ?
		"PasswordAuthentication no\n" : "", s->certificates ? s->certificates : "");

	if (!*lines)
		return 0;
	want_item(b, "");
	return tell_sshd(b, lines, e) ? want_failed(b, e) : 0;
}
