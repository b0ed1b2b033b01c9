/* `ca install`: a chain that may stand above natald's certificates, and the others. */
#include "tests/unit/controller/store/store_test.h"
#include "common/base/clock.h"
#include "controller/api/api.h"
#include "controller/crypto/ca.h"
#include "controller/service/ctl.h"
#include "controller/store/ca_row.h"

static struct err e;
static struct ctl c;

static int install(const char *chain)
{
	struct request rq = { .project = "default", .json = json_object_new_object() };

	json_put(rq.json, "chain", chain);
	int r = api_ca_install(&c, &rq, &e);
	json_free(rq.json);
	json_free(rq.reply);
	return r;
}

static void add_ca(struct place *p, const char *chain)
{
	struct ca_row row = CA_ROW;

	snprintf(row.id, sizeof row.id, "ca-1");
	snprintf(row.project, sizeof row.project, "default");
	snprintf(row.subject, sizeof row.subject, "one");
	buf_str(&row.sealed, "s");
	buf_str(&row.chain, chain);
	assert_ok(ca_row_insert(p->s, &row, &e), e);
	ca_row_fini(&row);
}

static void chains(void **state)
{
	struct place *p = *state;
	struct buf mine = BUF_MAX(65536), other = BUF_MAX(65536), both = BUF_MAX(65536);
	struct ca_row row = CA_ROW;
	struct secret *key, *key2;
	bool absent;

	c = (struct ctl){ .store = p->s };
	assert_err(install(""), ERR_NOT_FOUND, e, "");
	assert_ok(ca_make("one", (uint64_t)clock_unix_s(), &key, &mine, &e), e);
	assert_ok(ca_make("two", (uint64_t)clock_unix_s(), &key2, &other, &e), e);
	add_ca(p, mine.data);
	assert_err(install("junk"), ERR_FORMAT, e, "certificate chain");
	assert_err(install(other.data), ERR_UNTRUSTED, e, "is not of natald's CA key");
	buf_add(&both, mine.data, mine.size);
	buf_add(&both, other.data, other.size);
	assert_err(install(both.data), ERR_UNTRUSTED, e, "certificate 1 of the chain is not signed by certificate 2");
	assert_ok(ca_row_get(p->s, "default", &row, &absent, &e), e);
	assert_string_equal(row.chain.data, mine.data);
	assert_int_equal(row.rev, 1);
	assert_ok(install(mine.data), e);
	ca_row_fini(&row);
	secret_free(key);
	secret_free(key2);
	buf_fini(&mine), buf_fini(&other), buf_fini(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = { place_test(chains) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
