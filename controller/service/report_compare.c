/* report_compare.c - see report.h: what a guest says that it installed, beside what was signed for it. */
#include <string.h>
#include "common/base/text.h"
#include "common/media/result.h"
#include "controller/service/report.h"

static int compare_keys(const struct bundle_row *row, struct json_object *reported, struct err *e)
{
	scoped_json struct json_object *signed_keys = NULL;
	struct json_object *want, *got = NULL;

	int r = json_parse(row->keys.data, row->keys.size, "the bundle's keys", &signed_keys, e);
	if (r)
		return r;
	const char *a = json_text(signed_keys, "tls_spki"), *b = reported ? json_text(reported, "tls_spki") : NULL;
	if (!a || !b || strcmp(a, b) != 0)
		return err_set(e, ERR_UNTRUSTED, "the guest installed TLS key %.12s…, the certificate was issued to %.12s…", b ? b :
			"none", a ? a : "none");
	json_object_object_get_ex(signed_keys, "ssh", &want);
	json_object_object_get_ex(reported, "ssh", &got);
	json_object_object_foreach(want, type, digest) {
		const char *g = got ? json_text(got, type) : NULL;
		if (!g || strcmp(g, json_object_get_string(digest)) != 0)
			return err_set(e, ERR_UNTRUSTED, "the guest installed %s host key %.12s…, %.12s… was signed", type, g ? g :
				"none", json_object_get_string(digest));
	}
	return 0;
}

int report_compare(const struct bundle_row *row, const struct status *s, struct err *e)
{
	uint8_t result[SHA256_SIZE];
	char got[2 * SHA256_SIZE + 1], want[2 * SHA256_SIZE + 1];

	if (!bytes_equal(s->digest, row->digest, SHA256_SIZE)) {
		hex_encode(s->digest, SHA256_SIZE, got);
		hex_encode(row->digest, SHA256_SIZE, want);
		return err_set(e, ERR_UNTRUSTED, "the guest applied bundle %.12s…, %.12s… was signed for it", got, want);
	}
	static const uint8_t none[SHA256_SIZE];
	if (bytes_equal(s->result, none, SHA256_SIZE))
		return err_set(e, ERR_UNTRUSTED, "the report has no result digest");
	/* Thousands of items do not fit into a frame: then the guest's word is their digest alone. */
	int r = s->items ? result_digest_json(row->digest, s->items, result, e) : 0;
	if (r)
		return r;
	if (s->items && !bytes_equal(result, s->result, SHA256_SIZE))
		return err_set(e, ERR_UNTRUSTED, "the report's result digest is not that of its items");
	return compare_keys(row, s->keys, e);
}
