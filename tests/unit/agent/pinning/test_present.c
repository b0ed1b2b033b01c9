/* What is read out of a server's greeting: servers here say canned bytes, whole and cut at every byte. */
#include "tests/unit/unit.h"
#include <arpa/inet.h>
#include <sys/socket.h>
#include <signal.h>
#include <sys/wait.h>
#include "agent/pinning/pins.h"
#include "agent/pinning/present.h"
#include "common/base/buf.h"
#include "common/base/text.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static uint8_t got[SHA256_SIZE], wanted[SHA256_SIZE];
static pid_t server;

/* A process that says `bytes` to the first who connects, then closes. */
static uint16_t serve(const void *bytes, size_t n)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof a;
	char sink[4096];
	int s = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(s, 1), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&a, &len), 0);
	server = fork();
	if (server == 0) {
		int c = accept(s, NULL, NULL);
		ssize_t sent = n ? send(c, bytes, n, MSG_NOSIGNAL) : 0;
		shutdown(c, SHUT_WR);
		while (sent >= 0 && recv(c, sink, sizeof sink, 0) > 0)
			;
		_exit(0);
	}
	close(s);
	return ntohs(a.sin_port);
}

static void gone(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

static void text(struct buf *b, const void *s, size_t n)
{
	buf_u32be(b, (uint32_t)n);
	buf_add(b, s, n);
}

static void packet(struct buf *out, const struct buf *payload)
{
	size_t pad = 8 - (5 + payload->size) % 8 + 8;

	buf_u32be(out, (uint32_t)(1 + payload->size + pad));
	buf_u8(out, (uint8_t)pad);
	buf_add(out, payload->data, payload->size);
	buf_add(out, "0123456789abcdef", pad);
}

/* A greeting of sshd: lines before the version, KEXINIT, an ignored message, the reply with the key. */
static void ssh_greeting(struct buf *out, const char *offers, const char *type)
{
	scoped_buf struct buf init = BUF_MAX(4096), ignore = BUF_MAX(64), reply = BUF_MAX(4096), key = BUF_MAX(256);

	text(&key, type, strlen(type));
	text(&key, "the key itself", 14);
	sha256(key.data, key.size, wanted);
	buf_str(out, "hello\r\nSSH-2.0-test\r\n");
	buf_u8(&init, 20);
	buf_add(&init, "0123456789abcdef", 16);
	text(&init, "curve25519-sha256", 17);
	text(&init, offers, strlen(offers));
	packet(out, &init);
	buf_u8(&ignore, 2);
	packet(out, &ignore);
	buf_u8(&reply, 31);
	text(&reply, key.data, key.size);
	text(&reply, "q_s", 3);
	packet(out, &reply);
}

static void an_ssh_key_is_read(void **state)
{
	scoped_buf struct buf out = BUF_MAX(8192);
	bool listening;

	ssh_greeting(&out, "rsa-sha2-512,ssh-ed25519", "ssh-ed25519");
	uint16_t port = serve(out.data, out.size);
	assert_ok(present_ssh(port, "ssh-ed25519", got, &listening, &e), e);
	gone();
	assert_true(listening);
	assert_memory_equal(got, wanted, SHA256_SIZE);
}

static void a_type_that_sshd_has_not(void **state)
{
	scoped_buf struct buf out = BUF_MAX(8192);
	bool listening;

	ssh_greeting(&out, "rsa-sha2-512,ssh-ed25519x", "ssh-ed25519");
	uint16_t port = serve(out.data, out.size);
	assert_err(present_ssh(port, "ssh-ed25519", got, &listening, &e), ERR_NOT_FOUND, e, "sshd has no key of type ssh-ed25519");
	gone();
}

static void a_key_of_another_type(void **state)
{
	scoped_buf struct buf out = BUF_MAX(8192);
	bool listening;

	ssh_greeting(&out, "ssh-ed25519", "ssh-rsa");
	uint16_t port = serve(out.data, out.size);
	assert_err(present_ssh(port, "ssh-ed25519", got, &listening, &e), ERR_FORMAT, e, "its key is no ssh-ed25519");
	gone();
}

static void an_ssh_greeting_cut_anywhere(void **state)
{
	scoped_buf struct buf out = BUF_MAX(8192);
	bool listening;

	ssh_greeting(&out, "ssh-ed25519", "ssh-ed25519");
	for (size_t n = 0; n < out.size; n += 3) {
		uint16_t port = serve(out.data, n);
		assert_err(present_ssh(port, "ssh-ed25519", got, &listening, &e), ERR_UNAVAILABLE, e, "sshd closed the connection");
		gone();
	}
}

static void nobody_listens(void **state)
{
	bool listening = true;
	uint16_t port = serve("", 0);

	gone();
	assert_ok(present_ssh(port, "ssh-ed25519", got, &listening, &e), e);
	assert_false(listening);
	listening = true;
	assert_ok(present_tls(port, got, &listening, &e), e);
	assert_false(listening);
}

static void not_ssh_at_all(void **state)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	bool listening;
	uint16_t port = serve(http, sizeof http - 1);

	assert_err(present_ssh(port, "ssh-ed25519", got, &listening, &e), ERR_UNAVAILABLE, e, "closed the connection");
	gone();
	port = serve(http, sizeof http - 1);
	assert_err(present_tls(port, got, &listening, &e), ERR_FORMAT, e, "the TLS service does not speak TLS");
	gone();
}

/* A certificate as far as its public key: RFC 5280 4.1. */
static size_t certificate(uint8_t *out)
{
	static const uint8_t spki[] = { 0x30, 0x04, 0x03, 0x02, 0x00, 0x07 };
	static const uint8_t tbs[] = { 0xa0, 3, 2, 1, 2, 0x02, 1, 5, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0 };
	uint8_t *p = out;

	sha256(spki, sizeof spki, wanted);
	*p++ = 0x30;
	*p++ = 0x82;
	*p++ = 0;
	*p++ = (uint8_t)(2 + sizeof tbs + sizeof spki);
	*p++ = 0x30;
	*p++ = (uint8_t)(sizeof tbs + sizeof spki);
	memcpy(p, tbs, sizeof tbs);
	memcpy(p + sizeof tbs, spki, sizeof spki);
	return (size_t)(p - out) + sizeof tbs + sizeof spki;
}

static void record(struct buf *out, uint8_t type, const void *bytes, size_t n)
{
	buf_u8(out, type);
	buf_add(out, "\3\3\0", 3);
	buf_u8(out, (uint8_t)n);
	buf_add(out, bytes, n);
}

/* ServerHello and Certificate, in records that split the second message. */
static void tls_flight(struct buf *out)
{
	uint8_t cert[64], hello[] = { 2, 0, 0, 3, 'a', 'b', 'c' };
	size_t n = certificate(cert);
	scoped_buf struct buf message = BUF_MAX(256);

	buf_add(&message, hello, sizeof hello);
	buf_u8(&message, 11);
	buf_add(&message, "\0\0", 2);
	buf_u8(&message, (uint8_t)(n + 6));
	buf_add(&message, "\0\0", 2);
	buf_u8(&message, (uint8_t)(n + 3));
	buf_add(&message, "\0\0", 2);
	buf_u8(&message, (uint8_t)n);
	buf_add(&message, cert, n);
	record(out, 22, message.data, 12);
	record(out, 22, message.data + 12, message.size - 12);
}

static void a_certificate_is_read(void **state)
{
	scoped_buf struct buf out = BUF_MAX(4096);
	bool listening;

	tls_flight(&out);
	uint16_t port = serve(out.data, out.size);
	assert_ok(present_tls(port, got, &listening, &e), e);
	gone();
	assert_memory_equal(got, wanted, SHA256_SIZE);
}

static void a_tls_flight_cut_anywhere(void **state)
{
	scoped_buf struct buf out = BUF_MAX(4096);
	bool listening;

	tls_flight(&out);
	for (size_t n = 0; n < out.size; n++) {
		uint16_t port = serve(out.data, n);
		assert_err(present_tls(port, got, &listening, &e), ERR_UNAVAILABLE, e, "the TLS service closed the connection");
		gone();
	}
}

static void an_alert_is_named(void **state)
{
	static const uint8_t alert[] = { 21, 3, 3, 0, 2, 2, 70 };
	bool listening;
	uint16_t port = serve(alert, sizeof alert);

	assert_err(present_tls(port, got, &listening, &e), ERR_UNSUPPORTED, e, "refuses TLS 1.2 (alert 70)");
	gone();
}

static void a_certificate_cut_anywhere(void **state)
{
	uint8_t cert[64];
	size_t n = certificate(cert);

	assert_ok(spki_digest(cert, n, "cert", got, &e), e);
	for (size_t i = 0; i < n; i++)
		assert_err(spki_digest(cert, i, "cert", got, &e), ERR_FORMAT, e, "cert");
}

static void pins_of_a_disk(void **state)
{
	struct test_root root;
	struct pins p, again;

	root_init(&root);
	assert_ok(pins_read(root.fd, &p, &e), e);
	assert_int_equal(p.ssh_count, 0);
	assert_false(p.has_tls);
	root_put(&root, "/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 a2V5 comment\n");
	assert_ok(pins_read(root.fd, &p, &e), e);
	sha256("key", 3, wanted);
	assert_memory_equal(pins_ssh(&p, "ssh-ed25519"), wanted, SHA256_SIZE);
	struct json_object *o = pins_to_json(&p);
	assert_ok(pins_from_json(o, &again, &e), e);
	json_object_put(o);
	assert_memory_equal(pins_ssh(&again, "ssh-ed25519"), wanted, SHA256_SIZE);
	assert_null(pins_ssh(&again, "ssh-rsa"));
	root_put(&root, "/etc/ssh/ssh_host_rsa_key.pub", "nonsense\n");
	assert_err(pins_read(root.fd, &p, &e), ERR_FORMAT, e, "/etc/ssh/ssh_host_rsa_key.pub is no SSH public key");
	root_put(&root, "/etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa !!!\n");
	assert_err(pins_read(root.fd, &p, &e), ERR_FORMAT, e, "is not base64");
	root_put(&root, "/etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa a2V5\n");
	root_put(&root, "/etc/natal/tls/cert.pem", "nothing");
	assert_err(pins_read(root.fd, &p, &e), ERR_FORMAT, e, "/etc/natal/tls/cert.pem holds no PEM certificate");
	root_fini(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ssh_key_is_read), cmocka_unit_test(a_type_that_sshd_has_not), cmocka_unit_test(a_key_of_another_type),
		cmocka_unit_test(an_ssh_greeting_cut_anywhere), cmocka_unit_test(nobody_listens), cmocka_unit_test(not_ssh_at_all),
		cmocka_unit_test(a_certificate_is_read), cmocka_unit_test(a_tls_flight_cut_anywhere), cmocka_unit_test(an_alert_is_named),
		cmocka_unit_test(a_certificate_cut_anywhere), cmocka_unit_test(pins_of_a_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
