/* late.c - see late.h */
#include "controller/service/late.h"

#include <stdio.h>
#include <string.h>
#include "controller/service/report.h"
#include "controller/store/event.h"

static void put_rest(struct json_object *o, const struct status *s)
{
	scoped_json struct json_object *shown = report_shown(s, true);

	json_object_object_foreach(shown, key, value)
		json_object_object_add(o, key, json_object_get(value));
	if (s->items)
		json_object_object_add(o, "items", json_object_get(s->items));
}

/* What it is of comes first: by that it is found. */
static struct json_object *name_of(const struct status *s)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "boot_id", s->boot_id);
	json_put_uint(o, "epoch", s->epoch);
	json_put_uint(o, "gen", s->gen);
	return o;
}

int late_keep(struct ctl *c, const struct vm *v, const struct status *s, struct err *e)
{
	scoped_json struct json_object *o = name_of(s);
	char start[128];
	bool had;
	int r;

	snprintf(start, sizeof start, "%s", json_line(o));
	start[strlen(start) - 1] = ',';         /* and not its end */
	if ((r = event_has(c->store, &(struct event_start){ v->id, "late", start }, &had, e)) || had)
		return r;
	put_rest(o, s);
	if (strlen(json_line(o)) > LATE_SIZE_MAX) {
		json_object_object_del(o, "items");
		json_object_object_del(o, "findings");
		json_put_bool(o, "cut", true);
	}
	r = event_add(c->store, v->project, &(struct event){ .noun = "vm", .noun_id = v->id, .kind = "late", .body = json_line(o) }, e);
	return r ? r : event_keep(c->store, v->id, "late", LATE_MAX, e);
}
