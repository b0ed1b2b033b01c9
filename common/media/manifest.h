/* manifest.h - struct manifest (bundle.h) to and from its JSON: FORMAT.md "Bundle".
 *
 * manifest_parse() is for bundle_verify() alone, which has checked the signatures first. */
#pragma once
#include "common/media/bundle.h"

/* ret's blobs have no bytes yet. unsupported: a newer format; denied: one below min_format. */
int manifest_parse(const void *json, size_t size, uint64_t min_format, struct manifest *ret, struct err *e);
