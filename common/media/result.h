/* result.h - the result document of FORMAT.md: what became of each item of a bundle, and its digest.
 *
 * The agent makes the lines and says them with their digest; the controller makes the digest again from the lines it was told.  Texts are borrowed.
 */
#pragma once
#include <json-c/json.h>
#include "common/base/err.h"
#include "common/crypto/hash.h"

struct result_line { const char *key, *outcome; const uint8_t *digest; };

/* The lines may stand in any order. limit: a document of more than 8 MiB. */
int result_digest(const uint8_t bundle[SHA256_SIZE], const struct result_line *lines, size_t n, uint8_t ret[SHA256_SIZE], struct err *e);
/* As an array of [key, outcome, HEX], for a status frame; the caller's. */
struct json_object *result_to_json(const struct result_line *lines, size_t n);
/* The digest of lines as result_to_json() made them; items NULL: none. */
int result_digest_json(const uint8_t bundle[SHA256_SIZE], struct json_object *items, uint8_t ret[SHA256_SIZE], struct err *e);
