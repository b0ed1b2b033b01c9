/* hostname.c - hostname(5), the kernel's node name, and the guest's own line in hosts(5). */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"

#define OWN_ADDRESS "127.0.1.1"         /* Debian's for the machine's own name */

static const char *own_line(struct arena *a, const struct config *c)
{
	return c->fqdn && strcmp(c->fqdn, c->hostname) != 0 ? arena_printf(a, OWN_ADDRESS " %s %s\n", c->fqdn, c->hostname) :
		arena_printf(a, OWN_ADDRESS " %s\n", c->hostname);
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
	const char *text, *line = own_line(a, b->config);
	int r;

	if (b->config->hosts == HOSTS_KEEP)
		return 0;
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

int module_hostname(struct builder *b, struct err *e)
{
	const char *name = b->config->node_name;
	struct fact file;

	if (!name)
		return 0;
	want_item(b, "");
	const char *text = arena_printf(&b->plan->arena, "%s\n", name);
	int r = facts_stat(b->facts, "/etc/hostname", &file, e);
	if (!r && (file.kind != FACT_ABSENT || !b->config->no_hostname_file))
		r = want_file(b, &(struct want_file){ "/etc/hostname", text, strlen(text), 0644, 0, 0, false }, e);
	if (r || (r = want_hosts(b, e)))
		return want_failed(b, e);
	want_hostname(b, name);
	return 0;
}
