/* locale.c - LANG, and the locale generated where Debian's locale-gen(8) has to. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"
#include "common/userdata/items.h"

enum { GENERATE_TIMEOUT_MS = 300 * 1000 };

/* There without being generated. */
static bool built_in(const char *s)
{
	static const char *const names[] = { "C", "POSIX", "C.UTF-8", "C.utf8" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], s) == 0)
			return true;
	return false;
}

/* The file with LANG=locale in the place of its LANG; its other lines stay. */
static int want_lang(struct builder *b, const char *path, const char *locale, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *old, *text;
	bool said = false;
	int r = facts_text(b->facts, path, &old, e);

	if (r)
		return r;
	for (const char *line = old; line && *line;) {
		size_t n = strcspn(line, "\n");
		if (!text_starts(line, "LANG="))
			buf_printf(&out, "%.*s\n", (int)n, line);
		else if (!said)
			buf_printf(&out, "LANG=%s\n", locale);
		said |= text_starts(line, "LANG=");
		line += n + (line[n] ? 1 : 0);
	}
	if (!said)
		buf_printf(&out, "LANG=%s\n", locale);
	return (r = take_text(b, &out, &text, e)) ? r : want_text(b, path, text, 0644, e);
}

/* A line "en_US.UTF-8 UTF-8" of locale.gen, added where it is not there. */
static int want_generated(struct builder *b, const char *locale, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *dot = strchr(locale, '.'), *charset = dot ? dot + 1 : "ISO-8859-1", *old, *tool;
	const char *line = arena_printf(a, "%s %.*s", locale, (int)strcspn(charset, "@"), charset);
	const char **argv = arena_array(a, 2, sizeof *argv);
	bool there = false;
	int r = guest_program(b, "locale-gen", &tool, e);

	if (r || (r = facts_text(b->facts, "/etc/locale.gen", &old, e)))
		return r;
	if (!tool)
		return err_set(e, ERR_NOT_FOUND, "locale '%s' is to be generated, and this guest has no locale-gen: the package locales is not "
			"installed", locale);
	for (const char *p = old; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : "")
		there |= strncmp(p, line, strlen(line)) == 0 && strchr(" \n", p[strlen(line)]);
	old = old ? old : "";
	const char *text = there ? old : arena_printf(a, "%s%s%s\n", old, *old && old[strlen(old) - 1] != '\n' ? "\n" : "", line);
	if ((r = want_text(b, "/etc/locale.gen", text, 0644, e)))
		return r;
	argv[0] = tool;
	if (want_due(b))
		want_exec(b, argv, GENERATE_TIMEOUT_MS, "once an instance");
	return 0;
}

static int want_locale(struct builder *b, const char *locale, struct err *e)
{
	struct guest g;
	int r = guest_read(b, &g, e);

	if (r)
		return r;
	bool debian = guest_is(&g, "debian") || guest_is(&g, "ubuntu");
	const char *path = cloud_text(b->config->cloud, "locale_configfile", debian ? "/etc/default/locale" : "/etc/locale.conf");
	want_frequency(b, FREQ_INSTANCE);
	if (debian && !built_in(locale) && (r = want_generated(b, locale, e)))
		return r;
	return want_lang(b, path, locale, e);
}

int module_locale(struct builder *b, struct err *e)
{
	const char *locale;
	int r = item_locale(b->config->cloud, &locale, e);

	if (!r && !locale)
		return 0;
	want_item(b, "");
	return r || want_locale(b, locale, e) ? want_failed(b, e) : 0;
}
