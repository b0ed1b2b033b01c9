/* How often one may ask, and an address come in: buckets that empty and fill, and whom an address counts as. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
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
		rate_host((struct sockaddr *)&four, p.host);
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
		rate_host((struct sockaddr *)&six, p.host);
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

/* How many come in that show nothing. */
static int handshakes(const char *address, int64_t now_ms)
{
	struct peer p = from(address);
	int n = 0;

	while (n < 9000 && rates_come(&rates, p.host, now_ms))
		n++;
	return n;
}

static void shows_a_certificate(const char *address, int64_t now_ms)
{
	struct peer p = from(address);

	rates_showed(&rates, p.host, now_ms);
}

static void an_address_has_its_share(void **state)
{
	(void)state;
	assert_int_equal(requests("192.0.2.1", 1000), 60);
	assert_int_equal(requests("192.0.2.1", 1000), 0);
	assert_int_equal(requests("192.0.2.2", 1000), 60);
	assert_int_equal(requests("192.0.2.1", 2000), 20);
	assert_int_equal(handshakes("192.0.2.1", 2000), 1000);          /* another bucket */
	assert_int_equal(handshakes("192.0.2.1", 2000), 0);
	assert_int_equal(handshakes("192.0.2.2", 2000), 1000);
	assert_int_equal(handshakes("192.0.2.1", 3000), 40);
}

/* All who wait are let in before the first has shown anything: no more than a bucket's. Who shows something is paid back. */
static void who_shows_a_certificate_does_not_pay(void **state)
{
	struct peer p = from("192.0.2.1");

	(void)state;
	for (int i = 0; i < 50000; i++) {
		assert_true(rates_come(&rates, p.host, 1000));
		rates_showed(&rates, p.host, 1000);
	}
	assert_int_equal(handshakes("192.0.2.1", 1000), 4000);          /* it has a larger one since */
	assert_int_equal(handshakes("192.0.2.1", 2000), 400);
	for (int i = 0; i < 9; i++)
		rates_showed(&rates, p.host, 2000);                     /* of those that are in still */
	assert_int_equal(handshakes("192.0.2.1", 2000), 9);
	assert_int_equal(handshakes("192.0.2.2", 2000), 1000);
}

/* In a /64 that others have emptied, and that holds only what it holds. */
static void a_neighbour_that_is_known_comes_in(void **state)
{
	char address[64];
	int n = 0;

	(void)state;
	shows_a_certificate("2001:db8:1:2::1", 1000);
	assert_int_equal(handshakes("2001:db8:1:2::2", 1000), 1000);
	assert_int_equal(handshakes("2001:db8:1:2::2", 1000), 0);
	for (int i = 3; i < 5000; i++) {
		snprintf(address, sizeof address, "2001:db8:1:2::%x", i);
		n += handshakes(address, 1000);
	}
	assert_in_range(n, 2990, 3001);
	assert_int_equal(handshakes("2001:db8:1:2::1", 1000), 4000);
	assert_int_equal(handshakes("2001:db8:1:3::1", 1000), 1000);
	assert_int_equal(handshakes("2001:db8:1:2::9999", 2000), 160);
}

/* As many as there are places: who came longest ago is forgotten first. */
static void those_remembered_are_of_fixed_number(void **state)
{
	char address[64];
	int known = 0;

	(void)state;
	for (int i = 0; i < 3 * RATE_FRIENDS; i++) {
		snprintf(address, sizeof address, "10.%d.%d.7", i >> 8, i & 255);
		shows_a_certificate(address, 1000 + i);
		shows_a_certificate("192.0.2.1", 1000 + i);
	}
	assert_int_equal(handshakes("192.0.2.1", 900000), 4000);
	for (int i = 0; i < 3 * RATE_FRIENDS; i++) {
		snprintf(address, sizeof address, "10.%d.%d.7", i >> 8, i & 255);
		struct peer p = from(address);
		int came = 0;
		while (came < 1001 && rates_come(&rates, p.host, 900000))
			came++;
		known += came > 1000;
	}
	assert_in_range(known, RATE_FRIENDS / 2, RATE_FRIENDS);
}

/* Who has a /64 has 2^64 addresses, and one share. */
static void a_site_counts_as_one(void **state)
{
	(void)state;
	assert_int_equal(requests("2001:db8:1:2::1", 1000), 60);
	assert_int_equal(requests("2001:db8:1:2:ffff::7", 1000), 0);
	assert_int_equal(requests("2001:db8:1:3::1", 1000), 60);
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
	a.host[0] = 7;                                                   /* from elsewhere: the same */
	assert_int_equal(rates_take(&rates, &a, 1000), 1);
	assert_int_equal(rates_take(&rates, &b, 1000), 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(rates_take(&rates, &local, 1000), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(an_address_has_its_share), T(a_site_counts_as_one), T(others_are_told_by_who_they_are),
		T(who_shows_a_certificate_does_not_pay), T(a_neighbour_that_is_known_comes_in), T(those_remembered_are_of_fixed_number) };

	return cmocka_run_group_tests_name("rate", t, NULL, NULL);
}
