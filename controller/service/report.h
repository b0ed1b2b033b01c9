/* report.h - the pure parts of judging a guest's report. */
#pragma once
#include "common/wire/status.h"
#include "controller/store/bundle_row.h"

/* FORMAT.md "Result digest"; items: [[key, outcome, digest], …]. */
int report_result_digest(const uint8_t bundle[SHA256_SIZE], struct json_object *items, uint8_t ret[SHA256_SIZE], struct err *e);
/* Is it what was signed: bundle, result, keys? untrusted says which is not. */
int report_compare(const struct bundle_row *row, const struct status *s, struct err *e);
