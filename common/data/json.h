/* json.h - JSON read strictly, and decoded through tables.
 *
 * json_parse() accepts RFC 8259 text and nothing more: valid UTF-8, no comments, no trailing bytes, no key twice
 * in one object (however it is escaped), depth <= JSON_DEPTH_MAX, no NUL in a key,
 * and no more than JSON_VALUES_MAX values: each is an allocation of many times its text, made before anybody has looked at it.  Objects are json-c's and reference counted by it.
 * A struct is read from an object by a table of fields: unknown keys are refused with a suggestion,
 * missing and mistyped ones named; the struct is written as it goes, so use it only after success.
 */
#pragma once
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include "common/base/buf.h"

enum { JSON_DEPTH_MAX = 32, JSON_KEYS_MAX = 1024, JSON_VALUES_MAX = 1 << 18 };

/* doc names the document in messages ("manifest:1:17: …"). *ret is the caller's: json_free(). */
int json_parse(const void *text, size_t size, const char *doc, struct json_object **ret, struct err *e);
void json_free(struct json_object *o);
scope_fn(struct json_object, json_free)
#define scoped_json scoped(json_free_p)

enum json_kind {
	JSON_TEXT,              /* char[size], copied with its NUL; embedded NULs are refused */
	JSON_UINT,              /* uint64_t, 0..INT64_MAX */
	JSON_BOOL,              /* bool */
	JSON_HEX,               /* uint8_t[size] from 2*size lower-case hex digits */
	JSON_OBJECT,            /* struct json_object *, borrowed */
	JSON_ARRAY,             /* struct json_object *, borrowed */
	JSON_ANY,               /* struct json_object *, borrowed */
};

struct json_field {
	const char *name;
	enum json_kind kind;
	bool required;
	size_t offset, size;
};
#define JSON_FIELD(type, member, kind, required) \
	{ #member, kind, required, offsetof(type, member), sizeof(((type *)0)->member) }

/* doc prefixes messages ("manifest: vm.uuid is missing" is doc "manifest: vm"). */
int json_decode(struct json_object *o, const struct json_field *fields, size_t n, const char *doc, void *ret, struct err *e);

/* For building: the same as json_object_object_add with a string, number, hex or bool. */
void json_put(struct json_object *o, const char *key, const char *text);
void json_put_uint(struct json_object *o, const char *key, uint64_t v);
void json_put_bool(struct json_object *o, const char *key, bool v);
void json_put_hex(struct json_object *o, const char *key, const void *bytes, size_t n);
/* Borrowed string member, or NULL where absent or no string. */
const char *json_text(struct json_object *o, const char *key);
/* Borrowed array member, or NULL where absent or no array. */
struct json_object *json_array(struct json_object *o, const char *key);
uint64_t json_uint(struct json_object *o, const char *key, uint64_t otherwise);
/* Serialised without spaces, slashes unescaped, keys in insertion order; valid until o is freed or changed. */
const char *json_line(struct json_object *o);
