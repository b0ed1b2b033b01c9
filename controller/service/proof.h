/* proof.h - is what stands in a bundle's row what was made and signed?  A byte that a disk has flipped is said here, before a guest is told of it. */
#pragma once
#include "common/media/trust.h"
#include "controller/store/bundle_row.h"

/* The row's signatures; they point into it. */
int proof_signatures(const struct bundle_row *row, struct signature ret[ENVELOPE_SIGNATURES_MAX], size_t *ret_count, struct err *e);
/* Cheap: the payloads against their digests. format: they are not the row's, with what to do about it. */
int proof_digests(const struct bundle_row *row, struct err *e);
/* And the signatures, where the row has them, by the project's keys. */
int proof_whole(const struct bundle_row *row, const struct trust *keys, struct err *e);
/* Adds the hint of what is damaged. Returns format. */
int proof_damaged(struct err *e);
