/* keyboard.c - keyboard(5) on Debian, localectl elsewhere. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/userdata/services.h"

enum { KEYMAP_TIMEOUT_MS = 60 * 1000 };

static int want_keyboard(struct builder *b, const struct node *k, struct err *e)
{
	static const char *const console[] = { "/usr/bin/systemctl", "restart", "console-setup", NULL };
	const char *layout = cloud_text(k, "layout", ""), *model = cloud_text(k, "model", "pc105"), *variant = cloud_text(k, "variant", ""),
		*options = cloud_text(k, "options", "");
	const char *localectl[] = { "/usr/bin/localectl", "set-x11-keymap", layout, model, variant, options, NULL };
	struct arena *a = &b->plan->arena;
	struct guest g;
	int r = service_keyboard(k, e);

	if (r || (r = guest_read(b, &g, e)))
		return r;
	want_frequency(b, FREQ_INSTANCE);
	if (!guest_is(&g, "debian") && !guest_is(&g, "ubuntu")) {
		for (size_t i = 2; localectl[i]; i++)
			want_note(b, localectl[i], strlen(localectl[i]));
		if (want_due(b))
			want_exec(b, words_join(a, localectl, NULL), KEYMAP_TIMEOUT_MS, "once an instance");
		return 0;
	}
	const char *const lines[][2] = { { "XKBMODEL", model }, { "XKBLAYOUT", layout }, { "XKBVARIANT", variant }, { "XKBOPTIONS", options },
		{ "BACKSPACE", "guess" } };
	const char *text = "# Written by natal.\n\n";
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (*lines[i][1])
			text = arena_printf(a, "%s%s=\"%s\"\n", text, lines[i][0], lines[i][1]);
	if ((r = want_text(b, "/etc/default/keyboard", text, 0644, e)))
		return r;
	struct fact unit;
	if ((r = facts_stat(b->facts, "/usr/lib/systemd/system/console-setup.service", &unit, e)))
		return r;
	if (unit.kind == FACT_ABSENT && (r = facts_stat(b->facts, "/lib/systemd/system/console-setup.service", &unit, e)))
		return r;
	if (unit.kind != FACT_ABSENT && want_due(b))
		want_exec(b, console, KEYMAP_TIMEOUT_MS, "its configuration is new");
	return 0;
}

int module_keyboard(struct builder *b, struct err *e)
{
	const struct node *k = cloud_key(b, "keyboard");

	if (!k)
		return 0;
	want_item(b, "");
	return want_keyboard(b, k, e) ? want_failed(b, e) : 0;
}
