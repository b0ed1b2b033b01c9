/* tls.c - see tls.h */
#include "common/verify/tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/clock.h"
#include "common/base/scope.h"
#include "common/base/text.h"
#include "common/crypto/mbedtls_compat.h"
#include "common/http/dial.h"

int tls_target_parse(const char *text, struct tls_target *ret, struct err *e)
{
	const char *host = text, *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0, digits = colon ? strspn(colon + 1, "0123456789") : 0;

	if (!colon || !digits || digits > 5 || colon[1 + digits])
		return err_set(e, ERR_USAGE, "'%s' is not HOST:PORT", text);
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	} else if (memchr(host, ':', n)) {
		err_set(e, ERR_USAGE, "'%s' is not HOST:PORT", text);
		err_hint(e, "write an IPv6 address as [ADDRESS]:PORT");
		return -(int)e->code;
	}
	if (n == 0 || n >= sizeof ret->host)
		return err_set(e, ERR_USAGE, "'%s' is not HOST:PORT", text);
	memcpy(ret->host, host, n);
	ret->host[n] = 0;
	memcpy(ret->port, colon + 1, digits + 1);
	return 0;
}

/* mbedtls' seams: a non-blocking socket, and libsodium's random bytes. */
static int bio_send(void *ctx, const unsigned char *bytes, size_t n)
{
	ssize_t w = send(*(int *)ctx, bytes, n, MSG_NOSIGNAL);

	if (w < 0)
		return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_SEND_FAILED;
	return (int)w;
}

static int bio_recv(void *ctx, unsigned char *bytes, size_t n)
{
	ssize_t r = recv(*(int *)ctx, bytes, n, 0);

	if (r < 0)
		return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_RECV_FAILED;
	return (int)r;
}

static int rng(void *unused, unsigned char *out, size_t n)
{
	(void)unused;
	random_bytes(out, n);
	return 0;
}

static bool is_address(const char *host)
{
	uint8_t bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static int setup(mbedtls_ssl_context *ssl, mbedtls_ssl_config *conf, const struct tls_target *t, struct err *e)
{
	const char *name = t->server_name ? t->server_name : is_address(t->host) ? NULL : t->host;

	if (compat_start() != 0 ||
	    mbedtls_ssl_config_defaults(conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
		return err_set(e, ERR_INTERNAL, "mbedtls does not start");
	compat_only_tls12(conf);
	mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE); /* who signed it does not matter: the key is compared with the pin */
	mbedtls_ssl_conf_rng(conf, rng, NULL);
	if (mbedtls_ssl_setup(ssl, conf) != 0 || (name && mbedtls_ssl_set_hostname(ssl, name) != 0))
		return err_nomem(e);
	return 0;
}

static int handshake(mbedtls_ssl_context *ssl, int fd, const struct tls_target *t, int64_t deadline_ms, struct err *e)
{
	for (;;) {
		int r = mbedtls_ssl_handshake(ssl);
		if (r == 0)
			return 0;
		if (r != MBEDTLS_ERR_SSL_WANT_READ && r != MBEDTLS_ERR_SSL_WANT_WRITE) {
			char why[160];
			mbedtls_strerror(r, why, sizeof why);
			return err_set(e,
				r == MBEDTLS_ERR_SSL_CONN_EOF || r == MBEDTLS_ERR_NET_RECV_FAILED ? ERR_UNAVAILABLE : ERR_UNTRUSTED,
				"TLS handshake with %s port %s: %s", t->host, t->port, why);
		}
		struct pollfd p = { fd, r == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT, 0 };
		if (poll(&p, 1, clock_left_ms(deadline_ms)) == 0)
			return err_set(e, ERR_UNAVAILABLE, "TLS handshake with %s port %s: not finished within %d ms", t->host, t->port,
				t->timeout_ms);
	}
}

int tls_peer_spki(const struct tls_target *t, uint8_t ret[SHA256_SIZE], struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + t->timeout_ms;
	scoped(mbedtls_ssl_config_free) mbedtls_ssl_config conf;
	scoped(mbedtls_ssl_free) mbedtls_ssl_context ssl;
	scoped_fd int fd = -1;
	int r;

	mbedtls_ssl_config_init(&conf);
	mbedtls_ssl_init(&ssl);
	if ((r = setup(&ssl, &conf, t, e)) || (r = dial(t->host, t->port, deadline_ms, &fd, e)))
		return r;
	mbedtls_ssl_set_bio(&ssl, &fd, bio_send, bio_recv, NULL);
	if ((r = handshake(&ssl, fd, t, deadline_ms, e)))
		return r;
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&ssl);
	if (!crt || !crt->pk_raw.len)
		return err_set(e, ERR_UNTRUSTED, "%s port %s presents no certificate", t->host, t->port);
	sha256(crt->pk_raw.p, crt->pk_raw.len, ret);
	mbedtls_ssl_close_notify(&ssl);
	return 0;
}
