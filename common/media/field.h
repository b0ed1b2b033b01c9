/* field.h - the value rules that our signed JSON documents share, on top of common/data/json.h: FORMAT.md "Values". */
#pragma once
#include "common/crypto/hash.h"
#include "common/data/json.h"

/* Identifier: 1 or more bytes of printable ASCII without space. format names doc and what. */
int field_id(const char *text, const char *doc, const char *what, struct err *e);
/* A name or address to connect to: [A-Za-z0-9._:%[]-]; no known_hosts pattern can hide in it. */
int field_host(const char *text, const char *doc, const char *what, struct err *e);
/* Lower-case 8-4-4-4-12 hex, not nil. */
int field_uuid(const char *text, const char *doc, const char *what, struct err *e);
/* HEX of SHA256_SIZE bytes, or "": then *ret_has is false and out all zero. */
int field_digest(const char *hex, const char *doc, const char *what, bool *ret_has, uint8_t out[SHA256_SIZE], struct err *e);
/* The largest "" or HEX text of a digest, with its NUL. */
enum { FIELD_DIGEST_SIZE = 2 * SHA256_SIZE + 1 };

/* An array of at most `max` texts into rows of `width` bytes; limit where there are more or one is longer. */
struct field_rows { char *at; size_t width, max; };
int field_texts(
	struct json_object *array, const char *doc, const char *what, const struct field_rows *rows, size_t *ret_count, struct err *e);
/* An array of at most max digests in hex. */
struct field_digest_rows { uint8_t (*at)[SHA256_SIZE]; size_t max; };
int field_digests(struct json_object *array, const char *doc, const char *what, const struct field_digest_rows *rows, size_t *ret_count,
	struct err *e);
