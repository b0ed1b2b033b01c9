/* fleet.c - see fleet.h */
#include "controller/service/fleet.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/media/field.h"
#include "controller/service/grace.h"
#include "controller/service/keys.h"
#include "controller/service/pinfollow.h"
#include "controller/service/remote.h"
#include "controller/service/waiters.h"
#include "controller/store/instance_row.h"
#include "controller/store/lease.h"

enum { ALIVE_EVERY_MS = 5000, LIVING_S = 30, LEASE_MS = 20000, TRIM_EVERY_MS = 60000, RESYNC_BATCHES = 64 };

int fleet_begin(struct ctl *c, struct err *e)
{
	if (store_socket(c->store) < 0)
		return 0;
	c->fleet = calloc(1, sizeof *c->fleet);
	return c->fleet ? news_begin(c->store, c->instance, e) : err_nomem(e);
}

static void wake(void *arg, const char *noun, const char *noun_id)
{
	struct ctl *c = arg;
	struct err ignored;

	if (strcmp(noun, "vm") == 0 && c->waiters)
		waiters_wake(c->waiters, noun_id);
	if (strcmp(noun, "host") == 0)
		(void)remote_wake(c, noun_id, &ignored);        /* it looks by itself when its time is up */
	if (strcmp(noun, "gone") == 0 || strcmp(noun, "cert") == 0)
		c->access_generation++;         /* who is connected is asked again whether he counts */
	if (strcmp(noun, "pin") == 0)
		pinfollow_vm(c, noun_id);
	if (strcmp(noun, "gone") == 0 || strcmp(noun, "name") == 0)
		pinfollow_gone(c);
	if (strcmp(noun, "key") == 0)
		keys_changed(c);
}

void fleet_turn_begin(struct ctl *c)
{
	if (c->fleet)
		c->fleet->before = c->fleet->duty;
}

void fleet_turn_end(struct ctl *c, bool committed)
{
	if (!c->fleet || committed)
		return;
	c->fleet->duty = c->fleet->before;
	c->fleet->alive_ms = 0;
}

bool fleet_judges(const struct ctl *c) { return c->fleet && c->fleet->duty.judges && clock_mono_ms() < c->fleet->duty.until_ms; }

int fleet_fence(struct ctl *c, bool *ret_ours, struct err *e)
{
	int r = lease_fence(c->store, &c->fleet->duty.lease, e);

	*ret_ours = !r;
	if (r != -ERR_CONFLICT || store_must_retry(c->store))
		return r;
	c->fleet->duty.judges = false;
	return 0;
}

/* By whoever has the lease; the turn of who has lost it meanwhile comes to nothing. */
static int tidy(struct ctl *c, struct err *e)
{
	struct lease_wish w = { "tidy", c->instance, store_now_ms(c->store), LEASE_MS };
	struct fleet_duty *d = &c->fleet->duty;
	const int64_t now_ms = clock_mono_ms(), now_s = store_now_s(c->store);
	bool held, had = fleet_judges(c);
	int r = lease_take(c->store, &w, &d->lease, &held, e);

	/* Who judges what is overdue begins with a grace, and so after each time that he could not say that he is there: nobody may have been heard for a while. */
	if (!r && held && !had)
		grace_begin(c, 0);
	d->judges = !r && held;
	d->until_ms = now_ms + LEASE_MS;
	if (r || !held || now_ms < d->trim_ms)
		return r;
	d->trim_ms = now_ms + TRIM_EVERY_MS;
	return (r = lease_fence(c->store, &d->lease, e)) || (r = news_trim(c->store, now_s, e)) ? r : instance_forget(c->store, now_s, e);
}

/* Some of those who wait: who has another goal than the store says is told at once. Hosts look what there is for them. */
static int resync_some(struct ctl *c, struct err *e)
{
	char behind[VM_BEHIND_MAX][STORE_ID_MAX];
	const char *keys[VM_BEHIND_MAX];
	struct fleet *f = c->fleet;
	size_t n, count;

	for (int i = 0; f->resync && i < RESYNC_BATCHES; i++) {
		n = waiters_some(c->waiters, &f->resync_at, keys, VM_BEHIND_MAX);
		f->resync = n > 0;
		for (size_t k = n; k < VM_BEHIND_MAX; k++)
			keys[k] = "";
		for (size_t k = 0; k < n; k++)
			if (text_starts(keys[k], "h:"))
				(void)remote_wake(c, keys[k] + 2, e);
		int r = n ? vm_behind(c->store, keys, behind, &count, e) : 0;
		if (r)
			return r;
		for (size_t k = 0; n && k < count; k++)
			waiters_wake(c->waiters, behind[k]);
	}
	return 0;
}

/* The first address of each natald, ours first, then the second of each, as far as a bundle has room: whoever is left, is named. */
static void gather(struct ctl *c, char *texts[], size_t count)
{
	c->address_count = 0;
	for (bool any = true; any && c->address_count < BUNDLE_NAMES_MAX;) {
		any = false;
		for (size_t i = 0; i < count && c->address_count < BUNDLE_NAMES_MAX; i++) {
			const char *word = texts[i] ? strsep(&texts[i], " ") : NULL;
			struct err ignored;
			any |= word != NULL;
			if (!word || !strchr(word, ':') || field_host(word, "instance", "addresses", &ignored))
				continue;       /* a bundle with such a name would be none */
			c->address_count += text_copy(c->addresses[c->address_count], sizeof c->addresses[0], word, "an address", &ignored) == 0;
		}
	}
}

/* We live and are found there; and so do the others. */
static int look_around(struct ctl *c, struct err *e)
{
	struct fleet *f = c->fleet;
	struct instance_row others[BUNDLE_NAMES_MAX - 1];
	char ours[INSTANCE_ADDRESSES_MAX] = "", *texts[BUNDLE_NAMES_MAX] = { ours };
	const int64_t now_s = store_now_s(c->store);
	size_t n, at = 0;
	int r;

	if (!f->looked) {
		f->looked = true;
		f->own_count = c->address_count;
		memcpy(f->own, c->addresses, sizeof f->own);
	}
	for (size_t i = 0; i < f->own_count; i++)
		at += (size_t)snprintf(ours + at, sizeof ours - at, "%s%s", i ? " " : "", f->own[i]);
	if ((r = instance_alive(c->store, now_s, ours, e)) || (r = instance_others(c->store, now_s - LIVING_S, others, ARRAY_SIZE(others), &n, e)))
		return r;
	for (size_t i = 0; i < n; i++)
		texts[i + 1] = others[i].addresses;
	gather(c, texts, n + 1);
	return 0;
}

int fleet_tick(struct ctl *c, struct err *e)
{
	int64_t now_ms = clock_mono_ms();
	struct news_found found;
	int r;

	if (!c->fleet)
		return 0;
	do {
		if ((r = news_read(c->store, &c->fleet->news, &(struct news_ear){ wake, c }, &found, e)))
			return r;
		if (found.gap) {
			fprintf(stderr, "natald: fleet: news were missed\n");
			c->access_generation++;
			keys_changed(c);
			pinfollow_all(c);
			c->fleet->resync = true;
			c->fleet->resync_at = 0;
		}
	} while (found.more);
	if (c->fleet->resync && (r = resync_some(c, e)))
		return r;
	if (now_ms < c->fleet->alive_ms)
		return 0;
	c->fleet->alive_ms = now_ms + ALIVE_EVERY_MS;
	return (r = look_around(c, e)) ? r : tidy(c, e);
}

void fleet_end(struct ctl *c)
{
	struct err e;

	if (c->fleet && c->store && instance_end(c->store, store_now_s(c->store), &e))
		fprintf(stderr, "natald: fleet: %s\n", e.msg);
	free(give(c->fleet));
}
