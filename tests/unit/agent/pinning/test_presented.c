/* What the services present against what was installed: present_ssh() and present_tls() are this test's own here. */
#include "tests/unit/unit.h"
#include "agent/pinning/drift.h"
#include "agent/pinning/present.h"
#include "tests/unit/agent/seed.h"

static struct err e, last;
static bool last_drift;
static size_t told;
static struct test_root root;
static struct pins pins;
static struct { int ssh, tls; uint8_t ssh_digest[SHA256_SIZE], tls_digest[SHA256_SIZE]; bool listening; } now;

int present_ssh(uint16_t port, const char *type, uint8_t ret[SHA256_SIZE], bool *ret_listening, struct err *err)
{
	(void)port;
	*ret_listening = now.listening;
	if (now.ssh)
		return err_set(err, (enum err_code)now.ssh, "sshd presents no %s key", type);
	memcpy(ret, now.ssh_digest, SHA256_SIZE);
	return 0;
}

int present_tls(uint16_t port, uint8_t ret[SHA256_SIZE], bool *ret_listening, struct err *err)
{
	(void)port;
	*ret_listening = now.listening;
	if (now.tls)
		return err_set(err, (enum err_code)now.tls, "no answer");
	memcpy(ret, now.tls_digest, SHA256_SIZE);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	root_put(&root, "/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 a2V5\n");
	told = 0;
	if (pins_read(root.fd, &pins, &e))
		return -1;
	now.ssh = now.tls = 0;
	now.listening = true;
	memcpy(now.ssh_digest, pins.ssh[0].digest, SHA256_SIZE);
	memset(now.tls_digest, 7, SHA256_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
	return 0;
}

static void found(void *data, const char *item, bool drift, const struct err *err)
{
	(void)data;
	(void)item;
	told++;
	last = *err;
	last_drift = drift;
}

static size_t check(void)
{
	const struct drift_check c = { .root = root.fd, .services = true, .found = found, .ssh_port = 1, .tls_port = 1 };

	return drift_check(&c, &pins);
}

static void as_installed(void **state)
{
	(void)state;
	assert_int_equal(check(), 0);
	assert_int_equal(told, 0);
}

static void another_host_key(void **state)
{
	(void)state;
	now.ssh_digest[0] ^= 1;
	assert_int_equal(check(), 1);
	assert_non_null(strstr(last.msg, "the ssh-ed25519 host key that sshd presents has digest "));
	assert_non_null(strstr(last.hint, "reissue"));
	now.listening = false;
	assert_int_equal(check(), 0);           /* nobody presents anything */
}

/* A service without the key differs; one that cannot be asked does not. */
static void no_such_key(void **state)
{
	(void)state;
	now.ssh = ERR_NOT_FOUND;
	assert_int_equal(check(), 1);
	assert_true(last_drift);
	assert_string_equal(last.msg, "sshd presents no ssh-ed25519 key");
	now.ssh = ERR_UNAVAILABLE;
	assert_int_equal(check(), 0);
	assert_false(last_drift);
}

/* The certificate on disk is drift of its own here: none is there. */
static void another_certificate(void **state)
{
	(void)state;
	pins.has_tls = true;
	memset(pins.tls_spki, 7, SHA256_SIZE);
	assert_int_equal(check(), 1);
	assert_string_equal(last.msg, "the TLS certificate's key on disk is gone");
	now.tls_digest[31] ^= 1;
	assert_int_equal(check(), 2);
	assert_non_null(strstr(last.msg, "the certificate's key that the TLS service presents has digest 07"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = { TEST(as_installed), TEST(another_host_key), TEST(no_such_key), TEST(another_certificate) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
