/* apt.c - sources, keys, proxies, options and answers for Debian's apt(8); as cloud-init's apt, once an instance where programs are run. */
#include "agent/module/guest.h"

#include <string.h>
#include "agent/module/apt.h"
#include "common/base/text.h"
#include "common/userdata/services.h"

#define PROXY_PATH "/etc/apt/apt.conf.d/90cloud-init-aptproxy"
#define CONF_PATH "/etc/apt/apt.conf.d/94cloud-init-config"
#define ANSWERS_PATH STATE_DIR "/debconf-selections"
enum { DEBCONF_TIMEOUT_MS = 120 * 1000 };

static int want_proxies(struct builder *b, const struct node *apt, struct err *e)
{
	static const char *const rows[][2] = { { "proxy", "http" }, { "http_proxy", "http" }, { "ftp_proxy", "ftp" }, { "https_proxy", "https" } };
	scoped_buf struct buf text = BUF_MAX(SCRIPT_MAX);
	const char *all, *conf = cloud_text(apt, "conf", NULL);
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *proxy = cloud_text(apt, rows[i][0], NULL);
		if (proxy && *proxy)
			buf_printf(&text, "Acquire::%s::Proxy \"%s\";\n", rows[i][1], proxy);
	}
	if (text.size && ((r = take_text(b, &text, &all, e)) || (r = want_text(b, PROXY_PATH, all, guest_mode(all), e))))
		return r;
	return conf ? want_text(b, CONF_PATH, conf, guest_mode(conf), e) : 0;
}

/* The answers go to debconf in a file of their own: they may hold passwords. */
static int want_answers(struct builder *b, const struct node *selections, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(SCRIPT_MAX);
	const char *all, *tool, **argv = arena_array(&b->plan->arena, 3, sizeof *argv);
	int r;

	for (size_t i = 0; i < selections->count; i++) {
		const char *s = node_str(selections->members[i].value);
		buf_printf(&text, "%s%s", s ? s : "", s && *s && s[strlen(s) - 1] != '\n' ? "\n" : "");
	}
	if ((r = take_text(b, &text, &all, e)) || (r = guest_program(b, "debconf-set-selections", &tool, e)))
		return r;
	if (!tool)
		return err_set(e, ERR_NOT_FOUND, "apt.debconf_selections: this guest has no debconf-set-selections");
	if ((r = want_dir(b, STATE_DIR, 0700, 0, 0, e)) || (r = want_text(b, ANSWERS_PATH, all, 0600, e)))
		return r;
	argv[0] = tool;
	argv[1] = ANSWERS_PATH;
	if (want_due(b))
		want_exec(b, argv, DEBCONF_TIMEOUT_MS, "not yet answered");
	return 0;
}

static int all_of_apt(struct builder *b, const struct node *apt, struct err *e)
{
	const struct node *selections = node_get(apt, "debconf_selections");
	struct guest g;
	int r = service_apt(apt, e);

	if (r || (r = guest_read(b, &g, e)))
		return r;
	if (g.tool != PACKAGES_APT)
		return err_set(e, ERR_NOT_FOUND, "apt: this guest has no apt-get");
	if ((r = apt_sources_list(b, apt, &g, e)) || (r = apt_sources(b, apt, &g, e)) || (r = want_proxies(b, apt, e)))
		return r;
	return selections ? want_answers(b, selections, e) : 0;
}

/* Which of them resolves is known in the guest alone, and not before its network: the plan is made without asking anybody. */
static void note_searches(struct builder *b, const struct node *apt)
{
	static const char *const keys[] = { "primary", "security" };

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		const struct node *list = node_get(apt, keys[k]);
		for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
			const struct node *search = node_get(list->items[i], "search");
			if (search && search->count > 1 && !cloud_text(list->items[i], "uri", NULL))
				err_hint(note_add(&b->plan->notes, NOTE_WARNING, ERR_UNSUPPORTED, search,
					"apt.%s: of search the first is taken, whether or not it resolves", keys[k]), "write the mirror as uri");
		}
	}
}

int module_apt_configure(struct builder *b, struct err *e)
{
	const struct node *apt = apt_wanted(b);

	if (!apt)
		return 0;
	note_searches(b, apt);
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	return all_of_apt(b, apt, e) ? want_failed(b, e) : 0;
}
