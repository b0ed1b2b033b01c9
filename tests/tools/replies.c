/* replies - sends requests to a real natald and compares each reply, refusals too, with the route table's own response schema.
 *
 *   replies SOCKET  < lines "STATUS METHOD PATH [BODY]"
 *
 * A line fails where the status is another, the content type or a key is not the table's, a key is missing or of another kind, or an array's entry
 * or an object's inside is not what its part says.  At the end each row of the table must have answered once well and refused once.
 * "STATUS" may be 2xx.  Lines that begin with '#' say what routes are excused: "# excused METHOD PATTERN WHY".
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/http/request.h"

enum { REPLY_MAX = 80 << 20, LINE_BYTES = 64 << 10, ROUTES_MAX = 64 };

static bool well[ROUTES_MAX], refused[ROUTES_MAX], bad;
static unsigned checked;

static void fails(const char *line, const char *why)
{
	printf("FAIL: %s: %s\n", line, why);
	bad = true;
}

static bool of_kind(struct json_object *v, enum json_kind kind)
{
	switch (kind) {
	case JSON_TEXT: case JSON_HEX: return json_object_is_type(v, json_type_string);
	case JSON_UINT: return json_object_is_type(v, json_type_int) && json_object_get_int64(v) >= 0;
	case JSON_BOOL: return json_object_is_type(v, json_type_boolean);
	case JSON_OBJECT: return json_object_is_type(v, json_type_object);
	case JSON_ARRAY: return json_object_is_type(v, json_type_array);
	case JSON_ANY: return true;
	}
	return false;
}

static const struct json_field *field_of(const struct schema *s, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->fields[i].name, key) == 0)
			return &s->fields[i];
	return NULL;
}

static int check(const struct schema *s, struct json_object *o, struct err *e)
{
	if (!json_object_is_type(o, json_type_object))
		return err_set(e, ERR_FORMAT, "%s is no object", s->name);
	json_object_object_foreach(o, key, value) {
		const struct json_field *f = field_of(s, key);
		if (!f && !s->open)
			return err_set(e, ERR_FORMAT, "%s: the schema knows no '%s'", s->name, key);
		if (f && !of_kind(value, f->kind))
			return err_set(e, ERR_FORMAT, "%s: %s is of another kind: %.100s", s->name, key, json_object_to_json_string(value));
	}
	for (size_t i = 0; i < s->count; i++)
		if (s->fields[i].required && !json_object_object_get_ex(o, s->fields[i].name, NULL))
			return err_set(e, ERR_FORMAT, "%s: %s is missing", s->name, s->fields[i].name);
	for (const struct schema_part *p = s->parts; p && p->field; p++) {
		struct json_object *v = NULL;
		int r = 0;
		if (!field_of(s, p->field))
			return err_set(e, ERR_FORMAT, "%s: a part '%s' without a field", s->name, p->field);
		if (!json_object_object_get_ex(o, p->field, &v))
			continue;
		if (!json_object_is_type(v, json_type_array))
			r = check(p->schema, v, e);
		else
			for (size_t i = 0; !r && i < json_object_array_length(v); i++)
				r = check(p->schema, json_object_array_get_idx(v, i), e);
		if (r)
			return err_wrap(e, "%s.%s", s->name, p->field);
	}
	return 0;
}

static bool exchange(const char *path, const char *request, struct buf *in)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0 || fd_write_all(fd, request, strlen(request)) < 0)
		return false;
	for (;;) {
		char *room = buf_room(in, 65536);
		ssize_t n = room ? read(fd, room, 65536) : -1;
		if (n <= 0)
			return n == 0;
		buf_grew(in, (size_t)n);
	}
}

/* For tests/controller/openapi.py: a line of JSON each, into $REPLIES_RECORD. */
static void record(const struct request *rq, const char *target, unsigned status, const char *type, const struct buf *body)
{
	scoped_json struct json_object *o = json_object_new_object();
	const char *path = getenv("REPLIES_RECORD");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	json_put(o, "method", rq->method);
	json_put(o, "target", target);
	json_put(o, "body", rq->body.data ? rq->body.data : "");
	json_put_uint(o, "status", status);
	json_put(o, "type", type);
	json_put(o, "reply", strstr(type, "json") && body->data ? body->data : "");
	fprintf(f, "%s\n", json_line(o));
	fclose(f);
}

static void judge(const char *line, const struct route *r, unsigned status, const char *type, const struct buf *body)
{
	bool problem = status >= 400, raw = r->raw && !problem;
	const char *wanted = problem ? "application/problem+json" : raw ? (r->type ? r->type : "application/octet-stream") : "application/json";
	scoped_json struct json_object *o = NULL;
	struct err e = ERR_NONE;

	if (strcmp(type, wanted) != 0)
		fails(line, type);
	else if (!raw && (json_parse(body->data, body->size, "reply", &o, &e) || check(problem ? &schema_problem : r->response, o, &e)))
		fails(line, e.msg);
	else if (problem && (unsigned)err_http_status(err_from_reason(json_text(o, "reason"))) != status)
		fails(line, "the reason is not the status's");
	else
		printf("ok: %s %s\n", line, problem ? json_text(o, "detail") : "");
	*(problem ? &refused[r - routes] : &well[r - routes]) = true;
	checked++;
}

static void one(const char *socket_path, char *line)
{
	static char request[LINE_BYTES + 512], copy[LINE_BYTES], at[REQUEST_PATH_MAX];
	char *rest = copy, type[64] = "", digits[4] = "";
	scoped_buf struct buf in = BUF_MAX(REPLY_MAX), body = BUF_MAX(REPLY_MAX);
	struct request rq = { .path = at };
	struct err e;
	uint64_t status = 0;

	snprintf(copy, sizeof copy, "%s", line);
	line[strcspn(line, "{") < 90 ? strcspn(line, "{") : 90] = 0;
	const char *want = strsep(&rest, " "), *method = strsep(&rest, " "), *path = strsep(&rest, " ");
	const char *given = rest ? rest : "";
	if (!method || !path)
		return fails(line, "no request");
	snprintf(rq.method, sizeof rq.method, "%s", method);
	snprintf(at, sizeof at, "%.*s", (int)strcspn(path, "?"), path);
	snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: n\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", method, path,
		strlen(given), given);
	const char *end = exchange(socket_path, request, &in) ? memmem(in.data, in.size, "\r\n\r\n", 4) : NULL;
	if (!end)
		return fails(line, "no answer");
	memcpy(digits, in.data + strlen("HTTP/1.1 "), 3);
	const char *header = strstr(in.data, "\r\nContent-Type: ");
	if (header && header < end)
		snprintf(type, sizeof type, "%.*s", (int)strcspn(header + 16, "\r"), header + 16);
	buf_add(&body, end + 4, in.size - (size_t)(end + 4 - in.data));
	if (!text_number(digits, &status) || (strcmp(want, digits) != 0 && !(strcmp(want, "2xx") == 0 && *digits == '2'))) {
		printf("%.*s\n", (int)(body.size < 400 ? body.size : 400), body.data);
		return fails(line, digits);
	}
	if (route_find(&rq, &e))
		return fails(line, e.msg);
	rq.body = BUF_MAX(LINE_BYTES);
	buf_str(&rq.body, given);
	record(&rq, path, (unsigned)status, type, &body);
	buf_fini(&rq.body);
	judge(line, rq.route, (unsigned)status, type, &body);
}

static void excuse(const char *line)
{
	for (size_t i = 0; i < route_count; i++) {
		char start[300];
		snprintf(start, sizeof start, "# excused %s %s ", routes[i].method, routes[i].path);
		if (text_starts(line, start)) {
			printf("%s\n", line + 2);
			well[i] = true;
		}
	}
}

int main(int argc, char **argv)
{
	static char line[LINE_BYTES];

	if (argc != 2 || route_count > ROUTES_MAX)
		return 2;
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (*line == '#')
			excuse(line);
		else if (*line)
			one(argv[1], line);
	}
	for (size_t i = 0; i < route_count; i++)
		/* Frames have tests of their own: their peers have certificates. */
		if (getenv("REPLIES_ALL") && !routes[i].raw_body && (!well[i] || !refused[i])) {
			snprintf(line, sizeof line, "%s %s", routes[i].method, routes[i].path);
			fails(line, well[i] ? "was not seen to refuse" : "was not seen to answer");
		}
	printf("%u replies\n", checked);
	return bad || !checked;
}
