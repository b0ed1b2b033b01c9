/* report.h - what becomes of a guest's report. */
#pragma once
#include "common/wire/status.h"
#include "controller/store/bundle_row.h"
#include "controller/store/vm.h"
#include "controller/service/guest.h"

/* A proven status: compared with what was signed, committed, acknowledged. */
int report_take(struct ctl *c, const struct guest_talk *t, const struct frame *f, struct err *e);
/* One without a MAC: it is shown, and decides nothing. */
int report_unproven_take(struct ctl *c, struct vm *v, const struct frame *f, struct err *e);

/* What a report says, as documents show it; without its items. */
struct json_object *report_shown(const struct status *s, bool authentic);
/* Has its guest said that it could not do the newest goal? Of the last report, which names the goal that it failed. */
bool report_refused(const struct vm *v);
/* To who sent it: everything of this boot up to it is committed. */
int report_acknowledge(struct ctl *c, const struct guest_talk *t, const struct status *s, struct err *e);

/* Is it what was signed: bundle, result, keys? untrusted says which is not. */
int report_compare(const struct bundle_row *row, const struct status *s, struct err *e);
/* What a report without a MAC, since the last start, gives as its error; "" where there is none. Cut to size. */
void report_unproven(const struct vm *v, char *ret, size_t size);
