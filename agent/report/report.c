/* report.c - see report.h */
#include "agent/report/report.h"

#include <stdio.h>
#include <string.h>
#include "agent/apply/tree.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"

enum { FRESH_MAX = 8 << 20, LIVE_MS = 20, LIVE_WAIT_MS = 50 };

void report_init(struct report *r, int root, const char *boot_id, const char *channel_path)
{
	*r = (struct report){ .root = root, .fresh = BUF_MAX(FRESH_MAX), .channel = CHANNEL(channel_path) };
	snprintf(r->boot_id, sizeof r->boot_id, "%s", boot_id);
	r->findings = json_object_new_array();
}

void report_fini(struct report *r)
{
	json_free(r->findings);
	r->findings = NULL;
	buf_fini(&r->fresh);
	channel_close(&r->channel);
	explicit_bzero(r->key, sizeof r->key);
}

void report_set_key(struct report *r, const uint8_t key[32])
{
	memcpy(r->key, key, sizeof r->key);
	r->has_key = true;
}

void report_about(struct report *r, uint64_t epoch, uint64_t gen, const uint8_t digest[SHA256_SIZE])
{
	r->epoch = epoch;
	r->gen = gen;
	memcpy(r->digest, digest, SHA256_SIZE);
}

void report_finding(struct report *r, const char *level, const char *item, const struct err *e)
{
	struct json_object *f = json_object_new_object();
	char message[sizeof e->msg + sizeof e->where + 3];

	if (json_object_array_length(r->findings) >= STATUS_FINDINGS_MAX) {
		json_free(f);
		return;
	}
	snprintf(message, sizeof message, "%s%s%s", e->where, *e->where ? ": " : "", e->msg);
	text_printable(message);        /* a program may print anything, and a text may have been cut */
	json_put(f, "level", level);
	json_put(f, "item", item);
	json_put(f, "reason", err_reason(e->code));
	json_put(f, "message", message);
	char hint[sizeof e->hint];
	snprintf(hint, sizeof hint, "%s", e->hint);
	text_printable(hint);
	json_put(f, "hint", hint);
	json_object_array_add(r->findings, f);
}

/* To the channel now and then, not for each step: a write there costs more than a step. */
static void send_fresh(struct report *r, bool now)
{
	struct err ignored;

	if (!now && clock_mono_ms() - r->flushed_ms < LIVE_MS)
		return;
	r->flushed_ms = clock_mono_ms();
	/* Early in the boot the port may still be on its way: it is asked for each time. */
	if (channel_open(&r->channel, 0, &ignored) == 0 && report_catch_up(r) && r->sent < r->fresh.size)
		r->sent += channel_write(&r->channel, r->fresh.data + r->sent, r->fresh.size - r->sent, LIVE_WAIT_MS);
}

static void add_frame(struct report *r, struct status *s)
{
	scoped_buf struct buf body = BUF_MAX(FRAME_GUEST_BODY_MAX);
	struct err e;

	s->epoch = r->epoch;
	s->gen = r->gen ? r->gen : 1;
	s->seq = ++r->seq;
	s->boot = r->boot;
	memcpy(s->boot_id, r->boot_id, sizeof s->boot_id);
	memcpy(s->digest, r->digest, SHA256_SIZE);
	s->at_ms = (uint64_t)(clock_ns(CLOCK_BOOTTIME) / 1000000);
	if (status_write(s, &body, &e) && s->items) {
		/* A result of thousands of items does not fit: its digest says it, the journal has it. */
		s->items = NULL;
		buf_fini(&body);
		body = BUF_MAX(FRAME_GUEST_BODY_MAX);
		if (status_write(s, &body, &e))
			return;
	}
	frame_write(FRAME_STATUS, s->seq, body.data, body.size, r->has_key ? r->key : NULL, &r->fresh, &e);
}

void report_phase(struct report *r, enum status_phase phase, const char *step)
{
	struct status s = { .phase = phase, .n = r->total };

	snprintf(s.step, sizeof s.step, "%s", step);
	text_printable(s.step);
	add_frame(r, &s);
	send_fresh(r, false);
}

void report_step(struct report *r, const struct item *item, uint64_t k, uint64_t n, uint64_t took_us)
{
	struct status s = { .phase = PHASE_APPLYING, .k = k, .n = n, .took_us = took_us };

	r->total = n;
	snprintf(s.step, sizeof s.step, "%s", item->key);
	add_frame(r, &s);
	send_fresh(r, false);
}

void report_end(struct report *r, enum status_phase phase, const struct result_line *lines, size_t n, struct json_object *keys)
{
	struct status s = { .phase = phase, .k = phase == PHASE_FAILED ? 0 : r->total, .n = r->total, .findings = r->findings,
		.keys = keys };
	scoped_json struct json_object *items = result_to_json(lines, n);
	struct err e;

	if (result_digest(r->digest, lines, n, s.result, &e))
		report_finding(r, "warning", "", &e);
	s.items = items;
	add_frame(r, &s);
	send_fresh(r, true);
}
