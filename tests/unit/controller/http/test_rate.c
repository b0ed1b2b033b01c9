/* How often one may ask, and an address come in: buckets that empty and fill, and whom an address counts as. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include "controller/http/rate.h"

static struct rates rates;
static struct err e;

static int setup(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : rates_init(&rates, &e);
}

static int teardown(void **state)
{
	(void)state;
	rates_fini(&rates);
	return 0;
}

static struct peer from(const char *address)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct peer p = { .id.role = ROLE_ANYONE };

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1) {
		rate_net((struct sockaddr *)&four, p.net);
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
		rate_net((struct sockaddr *)&six, p.net);
	}
	return p;
}

static int requests(const char *address, int64_t now_ms)
{
	struct peer p = from(address);
	int n = 0;

	while (n < 5000 && !rates_take(&rates, &p, now_ms))
		n++;
	return n;
}

static int handshakes(const char *address, int64_t now_ms)
{
	struct peer p = from(address);
	int n = 0;

	for (; n < 5000 && rates_may_shake(&rates, p.net, now_ms); n++)
		rates_shook(&rates, p.net, now_ms);
	return n;
}

static void an_address_has_its_share(void **state)
{
	(void)state;
	assert_int_equal(requests("192.0.2.1", 1000), 60);
	assert_int_equal(requests("192.0.2.1", 1000), 0);
	assert_int_equal(requests("192.0.2.2", 1000), 60);
	assert_int_equal(requests("192.0.2.1", 2000), 20);
	assert_int_equal(handshakes("192.0.2.1", 2000), 200);           /* another bucket */
	assert_int_equal(handshakes("192.0.2.1", 2000), 0);
	assert_int_equal(handshakes("192.0.2.2", 2000), 200);
	assert_int_equal(handshakes("192.0.2.1", 3000), 40);
	struct peer p = from("192.0.2.1");
	for (int i = 0; i < 1000; i++)
		rates_shook(&rates, p.net, 3000);                       /* what was let in before: no debt */
	assert_int_equal(handshakes("192.0.2.1", 4000), 40);
}

/* Who has a /64 has 2^64 addresses, and one share. */
static void a_site_counts_as_one(void **state)
{
	(void)state;
	assert_int_equal(requests("2001:db8:1:2::1", 1000), 60);
	assert_int_equal(requests("2001:db8:1:2:ffff::7", 1000), 0);
	assert_int_equal(requests("2001:db8:1:3::1", 1000), 60);
	assert_int_equal(handshakes("2001:db8:1:2::1", 1000), 200);
	assert_int_equal(handshakes("2001:db8:1:2:3:4:5:6", 1000), 0);
	assert_int_equal(requests("::ffff:192.0.2.1", 1000), 60);       /* in IPv6 the same address, and not its neighbours */
	assert_int_equal(requests("192.0.2.1", 1000), 0);
	assert_int_equal(requests("::ffff:192.0.2.2", 1000), 60);
}

static void others_are_told_by_who_they_are(void **state)
{
	struct peer a = { .id = { .role = ROLE_READER, .name = "rita" } }, b = { .id = { .role = ROLE_READER, .name = "rob" } }, local = { .local = true };
	int n = 0;

	(void)state;
	while (!rates_take(&rates, &a, 1000))
		n++;
	assert_int_equal(n, 1000);
	a.net[0] = 7;                                                   /* from elsewhere: the same */
	assert_int_equal(rates_take(&rates, &a, 1000), 1);
	assert_int_equal(rates_take(&rates, &b, 1000), 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(rates_take(&rates, &local, 1000), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(an_address_has_its_share), T(a_site_counts_as_one), T(others_are_told_by_who_they_are) };

	return cmocka_run_group_tests_name("rate", t, NULL, NULL);
}
