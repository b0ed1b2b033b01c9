/* timezone.c - localtime(5), and Debian's /etc/timezone. */
#include "agent/module/module.h"

#include <string.h>

#define ZONES "/usr/share/zoneinfo"

static int set_zone(struct builder *b, const char *zone, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char *target = arena_printf(a, ZONES "/%s", zone), *text = arena_printf(a, "%s\n", zone);
	struct fact there;
	int r = facts_stat(b->facts, target, &there, e);

	if (r)
		return r;
	if (there.kind != FACT_FILE && there.kind != FACT_LINK)
		return err_set(e, ERR_NOT_FOUND, "timezone '%s': this guest has no %s", zone, target);
	if ((r = want_link(b, "/etc/localtime", target, e)))
		return r;
	return want_file(b, &(struct want_file){ "/etc/timezone", text, strlen(text), 0644, 0, 0, false }, e);
}

int module_timezone(struct builder *b, struct err *e)
{
	if (!b->config->timezone)
		return 0;
	want_item(b, "");
	return set_zone(b, b->config->timezone, e) ? want_failed(b, e) : 0;
}
