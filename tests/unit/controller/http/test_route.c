/* test_route.c - the route table: found, refused, decoded; and every row says all it has to. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include "controller/http/request.h"

static struct request rq;
static struct err e;

static int find(const char *method, const char *path)
{
	static char at[REQUEST_PATH_MAX];

	rq = (struct request){ .body = BUF_MAX(4096), .path = at };
	snprintf(rq.method, sizeof rq.method, "%s", method);
	snprintf(at, sizeof at, "%s", path);
	return route_find(&rq, &e);
}

static void finds(void **state)
{
	assert_ok(find("GET", "/v1/vms"), e);
	assert_string_equal(rq.route->path, "/v1/vms");
	assert_ok(find("GET", "/v1/vms/web-1/events"), e);
	assert_string_equal(rq.name, "web-1");
	assert_ok(find("DELETE", "/v1/vms/web-1"), e);
	assert_string_equal(rq.route->method, "DELETE");
}

static void refuses(void **state)
{
	assert_err(find("GET", "/v1/nothing"), ERR_NOT_FOUND, e, "there is nothing at /v1/nothing");
	assert_err(find("PATCH", "/v1/vms"), ERR_USAGE, e, "/v1/vms takes no PATCH");
	assert_err(find("GET", "/v1/vms/"), ERR_NOT_FOUND, e, "there is nothing at");
	assert_err(find("GET", "/v1/vms/a/b/events"), ERR_NOT_FOUND, e, "there is nothing at");
	assert_err(find("GET", "/v1/vms/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), ERR_NOT_FOUND, e,
		"there is nothing at");
}

static int decode(const char *method, const char *path, const char *body)
{
	assert_ok(find(method, path), e);
	buf_str(&rq.body, body);
	int r = route_decode(&rq, &e);
	json_free(rq.json);
	buf_fini(&rq.body);
	return r;
}

static void decodes(void **state)
{
	assert_ok(decode("POST", "/v1/keys", "{\"alg\":\"ed25519\"}"), e);
	assert_ok(decode("POST", "/v1/keys", ""), e);
	assert_err(decode("POST", "/v1/keys", "{\"alk\":\"x\"}"), ERR_FORMAT, e, "key has no 'alk'");
	assert_string_equal(e.hint, "did you mean 'alg'?");
	assert_err(decode("POST", "/v1/keys", "[1]"), ERR_FORMAT, e, "is not a JSON object");
	assert_err(decode("POST", "/v1/keys", "{"), ERR_FORMAT, e, "");
	assert_err(decode("POST", "/v1/vms", "{\"host\":\"none\"}"), ERR_FORMAT, e, "vm: name is missing");
	assert_err(decode("GET", "/v1/vms", "{}"), ERR_FORMAT, e, "GET /v1/vms takes no body");
}

static void idempotency_key_only_where_it_means_something(void **state)
{
	assert_ok(find("POST", "/v1/pool/marks"), e);
	snprintf(rq.idempotency_key, sizeof rq.idempotency_key, "k");
	assert_err(route_decode(&rq, &e), ERR_USAGE, e, "POST /v1/pool/marks takes no Idempotency-Key");
}

static void table_is_whole(void **state)
{
	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &routes[i];
		assert_non_null(r->method);
		assert_int_not_equal(r->roles, 0);
		assert_non_null(r->summary);
		assert_non_null(r->handle);
		assert_true(strncmp(r->path, "/v1/", 4) == 0 || (strcmp(r->method, "GET") == 0 && !strchr(r->path + 1, '/')));
		if (!r->raw && !r->response)
			fail_msg("%s %s says no response schema", r->method, r->path);
		for (size_t k = 0; k < i; k++)
			if (strcmp(routes[k].method, r->method) == 0 && strcmp(routes[k].path, r->path) == 0)
				fail_msg("%s %s stands twice", r->method, r->path);
	}
}

static int admit(const struct route *r, struct identity id, const char *project)
{
	return route_admit(r, &(struct peer){ .id = id }, project, &e);
}

static void admits_by_role(void **state)
{
	struct route r = { .path = "/v1/x", .roles = ROLE_OPERATOR };
	struct identity alice = { .role = ROLE_OPERATOR, .name = "alice" }, reader = { .role = ROLE_READER, .name = "bob" };

	assert_ok(admit(&r, alice, "default"), e);
	assert_err(admit(&r, reader, "default"), ERR_DENIED, e, "/v1/x is for the role operator, and you are reader bob");
	assert_err(admit(&r, (struct identity){ .role = ROLE_ANYONE }, "default"), ERR_DENIED, e, "you have no certificate");
	assert_non_null(strstr(e.hint, "natalctl login"));
	r.roles |= ROLE_READER;
	assert_ok(admit(&r, reader, "default"), e);
	r.roles = ROLE_ANYONE;
	assert_ok(admit(&r, (struct identity){ .role = ROLE_ANYONE }, "default"), e);
	assert_ok(admit(&r, reader, "default"), e);
	r.roles = 0;
	assert_err(admit(&r, alice, "default"), ERR_DENIED, e, "/v1/x is for nobody");
	for (size_t i = 0; i < route_count; i++)
		if (!(routes[i].roles & (ROLE_GUEST | ROLE_HOST)))
			assert_ok(admit(&routes[i], alice, "default"), e);
}

static void admits_by_project(void **state)
{
	struct route r = { .path = "/v1/x", .roles = ROLE_OPERATOR };
	struct identity blue = { .role = ROLE_OPERATOR, .project = "blue", .name = "alice" };

	assert_ok(admit(&r, blue, "blue"), e);
	assert_err(admit(&r, blue, "default"), ERR_DENIED, e, "project default is not yours: you are operator alice of project blue");
	assert_non_null(strstr(e.hint, "--project blue"));
	r.whole = true;
	assert_err(admit(&r, blue, "blue"), ERR_DENIED, e, "/v1/x is of all projects, and you are operator alice of project blue");
}

/* What changes nothing and tells no secret is a reader's too; a medium holds private keys. */
static void readers_read(void **state)
{
	for (size_t i = 0; i < route_count; i++) {
		bool secret = strstr(routes[i].path, "/medium"), own = strcmp(routes[i].path, "/v1/access/renew") == 0, may = routes[i].roles & ROLE_READER;
		if (may && !own && (strcmp(routes[i].method, "GET") != 0 || secret))
			fail_msg("a reader may %s %s", routes[i].method, routes[i].path);
	}
}

static void numbers(void **state)
{
	assert_int_equal(request_number("42", 7), 42);
	assert_int_equal(request_number("", 7), 7);
	assert_int_equal(request_number("4x", 7), 7);
	assert_int_equal(request_number("9999999999999999999", 7), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds), cmocka_unit_test(refuses), cmocka_unit_test(decodes),
			cmocka_unit_test(idempotency_key_only_where_it_means_something),
		cmocka_unit_test(table_is_whole), cmocka_unit_test(numbers), cmocka_unit_test(admits_by_role), cmocka_unit_test(admits_by_project),
		cmocka_unit_test(readers_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
