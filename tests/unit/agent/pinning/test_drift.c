/* What is drift and what is not: the disk is a folder, the services are canned. */
#include "tests/unit/unit.h"
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "agent/pinning/drift.h"
#include "tests/unit/agent/seed.h"

static struct err e, last;
static bool last_drift;
static size_t told;
static struct test_root root;
static struct pins pins;

static int setup(void **state)
{
	root_init(&root);
	root_put(&root, "/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 a2V5\n");
	told = 0;
	return pins_read(root.fd, &pins, &e);
}

static int teardown(void **state)
{
	root_fini(&root);
	return 0;
}

static void found(void *data, const char *item, bool drift, const struct err *err)
{
	told++;
	last = *err;
	last_drift = drift;
}

static size_t check(bool services, uint16_t port)
{
	const struct drift_check c = { .root = root.fd, .services = services, .found = found, .ssh_port = port, .tls_port = port };

	return drift_check(&c, &pins);
}

static void as_installed(void **state)
{
	assert_int_equal(check(false, 0), 0);
	assert_int_equal(told, 0);
}

static void changed(void **state)
{
	root_put(&root, "/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 b3RoZXI=\n");
	assert_int_equal(check(false, 0), 1);
	assert_non_null(strstr(last.msg, "the ssh-ed25519 host key on disk has digest "));
	assert_non_null(strstr(last.msg, ", installed was 2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"));
}

static void gone(void **state)
{
	char path[128];

	snprintf(path, sizeof path, "%s/etc/ssh/ssh_host_ed25519_key.pub", root.path);
	unlink(path);
	assert_int_equal(check(false, 0), 1);
	assert_string_equal(last.msg, "the ssh-ed25519 host key on disk is gone");
}

static void one_more(void **state)
{
	root_put(&root, "/etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa a2V5\n");
	assert_int_equal(check(false, 0), 1);
	assert_string_equal(last.msg, "the ssh-rsa host key on disk was not installed by natal");
}

/* natal-behind was cut off between the key and the journal: it is made anew. */
static void one_that_is_still_to_be_made(void **state)
{
	const struct drift_check c = { .root = root.fd, .rsa_is_made = true, .found = found };

	root_put(&root, "/etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa a2V5\n");
	assert_int_equal(drift_check(&c, &pins), 0);
	root_put(&root, "/etc/ssh/ssh_host_ecdsa_key.pub", "ecdsa-sha2-nistp256 a2V5\n");
	assert_int_equal(drift_check(&c, &pins), 1);
	assert_string_equal(last.msg, "the ecdsa-sha2-nistp256 host key on disk was not installed by natal");
}

static void certificate_gone(void **state)
{
	pins.has_tls = true;
	assert_int_equal(check(false, 0), 1);
	assert_string_equal(last.msg, "the TLS certificate's key on disk is gone");
}

/* openssl req -x509 -newkey ed25519: a certificate that nobody here installed. */
static const char cert[] = "-----BEGIN CERTIFICATE-----\n"
	"MIIBLDCB36ADAgECAhR2ELxjkwIOdNb1oM7a/tCADjG/ZjAFBgMrZXAwDDEKMAgG\n"
	"A1UEAwwBeDAeFw0yNjExMjEwMzExNDJaFw0zNjExMTgwMzExNDJaMAwxCjAIBgNV\n"
	"BAMMAXgwKjAFBgMrZXADIQDbQlyr1w62gHzi7OjydMUFMn7GWWYTA67ZocLQWmFe\n"
	"xqNTMFEwHQYDVR0OBBYEFBgAjmB7nEYQP4rvek2cQi1gWx2dMB8GA1UdIwQYMBaA\n"
	"FBgAjmB7nEYQP4rvek2cQi1gWx2dMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA\n"
	"rTzZUT0yDpguVd2dVk/W1JLM1L3GypF3CnbsSng/z1uKmvntYGKaO7BH8iETchdK\n"
	"aIofr/7tRYcxvYbDRw2wCg==\n"
	"-----END CERTIFICATE-----\n";

static void a_certificate_that_was_not(void **state)
{
	root_put(&root, "/etc/natal/tls/cert.pem", cert);
	assert_int_equal(check(false, 0), 1);
	assert_string_equal(last.msg, "the TLS certificate's key on disk was not installed by natal");
}

static void what_cannot_be_read_has_changed(void **state)
{
	root_put(&root, "/etc/ssh/ssh_host_rsa_key.pub", "no key at all\n");
	assert_int_equal(check(false, 0), 1);
	assert_true(last_drift);
	assert_non_null(strstr(last.msg, "/etc/ssh/ssh_host_rsa_key.pub"));
}

/* Certificates that are none: forms of length that DER has not, and another thing where the public key belongs. */
static void der(void **state)
{
	static const struct { const char *bytes; size_t size; const char *msg; } cases[] = {
		{ "\x30\x80\x00\x00", 4, "a DER length of form 80" },
		{ "\x30\x84\x00\x00\x00\x01\x00", 7, "a DER length of form 84" },
		{ "\x30\x0e\x30\x0c\x02\x00\x02\x00\x02\x00\x02\x00\x02\x00\x04\x00", 16, "no certificate: tag 04 where its public key belongs" },
		{ "\x30\x05\x30\x0c", 4, "test" },
	};
	uint8_t digest[SHA256_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_err(spki_digest(cases[i].bytes, cases[i].size, "test", digest, &e), ERR_FORMAT, e, cases[i].msg);
}

/* A listener that hangs up, or nobody. */
static uint16_t listener(pid_t *pid)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof a;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(s, 1), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&a, &len), 0);
	*pid = fork();
	while (*pid == 0)
		close(accept(s, NULL, NULL));
	close(s);
	return ntohs(a.sin_port);
}

static void a_service_that_cannot_be_asked_is_no_drift(void **state)
{
	pid_t pid;
	uint16_t port = listener(&pid);

	assert_int_equal(check(true, port), 0);
	assert_int_equal(told, 1);
	assert_false(last_drift);
	assert_non_null(strstr(last.msg, "what this service presents could not be looked at: sshd closed the connection"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	told = 0;
	assert_int_equal(check(true, port), 0);
	assert_int_equal(told, 0);              /* nobody listens now */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(as_installed), TEST(changed), TEST(gone), TEST(one_more), TEST(one_that_is_still_to_be_made), TEST(certificate_gone), TEST(a_certificate_that_was_not),
			TEST(what_cannot_be_read_has_changed), TEST(der),
			TEST(a_service_that_cannot_be_asked_is_no_drift),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
