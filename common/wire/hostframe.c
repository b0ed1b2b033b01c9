/* hostframe.c - see hostframe.h */
#include "common/wire/hostframe.h"

#include <string.h>
#include "common/data/json.h"

static const uint64_t req_max = (uint64_t)1 << 62;
struct fields { struct json_object *reqs; };
static const struct json_field rows[] = { JSON_FIELD(struct fields, reqs, JSON_ARRAY, true) };

int host_have_write(const struct host_have *h, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < h->count; i++)
		json_object_array_add(list, json_object_new_int64((int64_t)h->req[i]));
	json_object_object_add(o, "reqs", list);
	buf_str(out, json_line(o));
	return buf_check(out, "a host's HAVE", e);
}

int host_have_read(const void *json, size_t size, struct host_have *ret, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct fields f = { NULL };
	int r;

	if ((r = json_parse(json, size, "have", &o, e)) || (r = json_decode(o, rows, ARRAY_SIZE(rows), "have", &f, e)))
		return r;
	size_t n = json_object_array_length(f.reqs);
	if (n > HOST_HAVE_MAX)
		return err_set(e, ERR_LIMIT, "a host's HAVE of %zu numbers: %d at most", n, HOST_HAVE_MAX);
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(f.reqs, i);
		int64_t req = json_object_is_type(one, json_type_int) ? json_object_get_int64(one) : 0;
		if (req <= 0 || (uint64_t)req > req_max)
			return err_set(e, ERR_FORMAT, "a host's HAVE: entry %zu is no request's number", i + 1);
		ret->req[i] = (uint64_t)req;
	}
	ret->count = n;
	return 0;
}
