/* hostname.c - hostname(5), the kernel's node name, and the guest's own line in hosts(5). */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/words.h"

#define OWN_ADDRESS "127.0.1.1"         /* Debian's for the machine's own name */

static const char *own_line(struct arena *a, const char *host, const char *full)
{
	return full && strcmp(full, host) != 0 ? arena_printf(a, OWN_ADDRESS " %s %s\n", full, host) : arena_printf(a, OWN_ADDRESS " %s\n", host);
}

/* The names of user-data, whether or not the guest is to be called so; where it has none, those of hostname(5). NULL: there is none. */
static int own_names(struct builder *b, const char **host, const char **full, struct err *e)
{
	const struct config *c = b->config;
	const char *text = NULL;
	int r = c->hostname ? 0 : facts_text(b->facts, "/etc/hostname", &text, e);

	*host = c->hostname;
	*full = c->fqdn;
	if (r || !text)
		return r;
	const char *name = arena_copy(&b->plan->arena, text, strcspn(text, " \t\r\n"));
	if (!word_host(name))
		return 0;
	*host = arena_copy(&b->plan->arena, name, strcspn(name, "."));
	*full = strchr(name, '.') ? name : NULL;
	return 0;
}

/* The text with its line of 127.0.1.1 replaced, or the line behind the first one. */
static const char *with_own_line(struct arena *a, const char *text, const char *line)
{
	scoped_buf struct buf out = BUF_MAX(16 << 20);
	bool put = false;
	size_t lines = 0;

	for (const char *p = text; *p; lines++) {
		size_t n = strcspn(p, "\n");
		bool own = text_starts(p, OWN_ADDRESS) && (p[strlen(OWN_ADDRESS)] == ' ' || p[strlen(OWN_ADDRESS)] == '\t');
		if (!own) {
			buf_add(&out, p, n);
			buf_str(&out, "\n");
		}
		p += n + (p[n] == '\n');
		if ((own || (lines == 0 && !strstr(p, OWN_ADDRESS))) && !put) {
			buf_str(&out, line);
			put = true;
		}
	}
	if (!put)
		buf_str(&out, line);
	return arena_copy(a, out.data, out.size);
}

static int want_hosts(struct builder *b, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *text, *host, *full;
	int r;

	if (b->config->hosts == HOSTS_KEEP)
		return 0;
	if ((r = own_names(b, &host, &full, e)))
		return r;
	if (!host)
		return err_set(e, ERR_NOT_FOUND, "manage_etc_hosts: this guest has no name, and user-data gives it none");
	const char *line = own_line(a, host, full);
	want_note(b, line, strlen(line));
	if ((r = facts_text(b->facts, "/etc/hosts", &text, e)))
		return r;
	if (b->config->hosts == HOSTS_WHOLE || !text)
		text = arena_printf(a,
			"%s127.0.0.1 localhost\n\n::1 localhost ip6-localhost ip6-loopback\n"
			"ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n", line);
	else
		text = with_own_line(a, text, line);
	return want_file(b, &(struct want_file){ "/etc/hosts", text, strlen(text), 0644, 0, 0, false, true }, e);
}

static int want_name(struct builder *b, const char *name, struct err *e)
{
	const char *text = arena_printf(&b->plan->arena, "%s\n", name);
	struct fact file;
	int r = facts_stat(b->facts, "/etc/hostname", &file, e);

	return r || (file.kind == FACT_ABSENT && b->config->no_hostname_file) ? r :
		want_file(b, &(struct want_file){ "/etc/hostname", text, strlen(text), 0644, 0, 0, false }, e);
}

int module_hostname(struct builder *b, struct err *e)
{
	const char *name = b->config->node_name;
	int r;

	if (!name && b->config->hosts == HOSTS_KEEP)
		return 0;
	want_item(b, "");
	if ((name && (r = want_name(b, name, e))) || (r = want_hosts(b, e)))
		return want_failed(b, e);
	if (name)
		want_hostname(b, name);
	return 0;
}
