/* report.h - the pure parts of judging a guest's report. */
#pragma once
#include "common/wire/status.h"
#include "controller/store/bundle_row.h"

/* Is it what was signed: bundle, result, keys? untrusted says which is not. */
int report_compare(const struct bundle_row *row, const struct status *s, struct err *e);
