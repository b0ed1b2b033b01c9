/* report.h - the pure parts of judging a guest's report. */
#pragma once
#include "common/wire/status.h"
#include "controller/store/bundle_row.h"
#include "controller/store/vm.h"

/* Is it what was signed: bundle, result, keys? untrusted says which is not. */
int report_compare(const struct bundle_row *row, const struct status *s, struct err *e);
/* What a report without a MAC, since the last start, gives as its error; "" where there is none. Cut to size. */
void report_unproven(const struct vm *v, char *ret, size_t size);
