/* result.c - see result.h */
#include "common/media/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/buf.h"
#include "common/base/text.h"
#include "common/data/json.h"

enum { DOCUMENT_MAX = 8 << 20 };

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Whole lines are sorted, not keys: a key may hold a blank. Frees the lines. */
static int digest_of(const uint8_t bundle[SHA256_SIZE], char **lines, size_t n, uint8_t ret[SHA256_SIZE], struct err *e)
{
	scoped_buf struct buf doc = BUF_MAX(DOCUMENT_MAX);
	char hex[2 * SHA256_SIZE + 1];

	if (n)
		qsort(lines, n, sizeof *lines, by_text);
	hex_encode(bundle, SHA256_SIZE, hex);
	buf_printf(&doc, "natal-result-v1\nbundle %s\n", hex);
	for (size_t i = 0; i < n; i++) {
		buf_str(&doc, lines[i]);
		free(lines[i]);
	}
	int r = buf_check(&doc, "the result document", e);
	if (!r)
		sha256(doc.data, doc.size, ret);
	return r;
}

static int failed(char **lines, size_t made, int r)
{
	while (made)
		free(lines[--made]);
	return r;
}

int result_digest(const uint8_t bundle[SHA256_SIZE], const struct result_line *lines, size_t n, uint8_t ret[SHA256_SIZE], struct err *e)
{
	scoped_free char **texts = calloc(n + 1, sizeof *texts);
	char hex[2 * SHA256_SIZE + 1];

	if (!texts)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		hex_encode(lines[i].digest, SHA256_SIZE, hex);
		if (asprintf(&texts[i], "%s %s %s\n", lines[i].key, lines[i].outcome, hex) < 0)
			return failed(texts, i, err_nomem(e));
	}
	return digest_of(bundle, texts, n, ret, e);
}

struct json_object *result_to_json(const struct result_line *lines, size_t n)
{
	struct json_object *items = json_object_new_array();
	char hex[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < n; i++) {
		struct json_object *line = json_object_new_array();
		hex_encode(lines[i].digest, SHA256_SIZE, hex);
		json_object_array_add(line, json_object_new_string(lines[i].key));
		json_object_array_add(line, json_object_new_string(lines[i].outcome));
		json_object_array_add(line, json_object_new_string(hex));
		json_object_array_add(items, line);
	}
	return items;
}

int result_digest_json(const uint8_t bundle[SHA256_SIZE], struct json_object *items, uint8_t ret[SHA256_SIZE], struct err *e)
{
	size_t n = items ? json_object_array_length(items) : 0;
	scoped_free char **texts = calloc(n + 1, sizeof *texts);

	if (!texts)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		const char *part[3] = { NULL };
		for (size_t k = 0; k < 3 && json_object_is_type(item, json_type_array) && json_object_array_length(item) == 3; k++)
			part[k] = json_object_get_string(json_object_array_get_idx(item, k));
		if (!part[0] || !part[1] || !part[2])
			return failed(texts, i, err_set(e, ERR_FORMAT, "item %zu of the report is not [key, outcome, digest]", i));
		if (asprintf(&texts[i], "%s %s %s\n", part[0], part[1], part[2]) < 0)
			return failed(texts, i, err_nomem(e));
	}
	return digest_of(bundle, texts, n, ret, e);
}
