/* stream_tls.c - TLS by mbedtls as a stream: the server is known by its key and its SPIFFE ID. See stream.h.
 *
 * mbedtls builds the chain that the server sends and checks its signatures; what it thinks of each certificate is collected on the way, and
 * judged by the pin: the chain counts from the certificate with the pinned key down.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/http/dial.h"
#include "common/http/stream.h"
#include "common/http/tls_late.h"

enum { DEPTHS = 8, CONTROLLER_MAX = 64, SAN_URI = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 6 };

/* What was seen of the server's chain in the handshake that is going on. */
struct seen { bool any; uint32_t flags[DEPTHS]; uint8_t top[SHA256_SIZE]; int pinned; char uri[256]; unsigned uris; mbedtls_x509_time valid_to; };

struct tls_client {
	struct tls_peer peer;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt cert;
	mbedtls_pk_context key;
	mbedtls_ssl_session session;
	bool has_session, resumed;
	struct seen seen;
	mbedtls_x509_time valid_to;             /* of the server's certificate, which a resumed session does not show again */
	char controller[CONTROLLER_MAX];
};
struct tls_stream { struct stream base; struct tls_client *c; mbedtls_ssl_context ssl; };

static int failed(enum err_code code, int rc, const char *what, struct err *e)
{
	char why[160] = "";

	crypto.mbedtls_strerror(rc, why, sizeof why);
	return err_set(e, code, "%s: %s", what, why);
}

static int load_own(struct tls_client *c, struct err *e)
{
	const struct tls_peer *p = &c->peer;
	scoped_secret struct secret *text = NULL;
	int r;

	if (!p->cert_pem)
		return 0;
	if ((r = secret_new(p->key_pem->size + 1, &text, e)))
		return r;
	memcpy(text->bytes, p->key_pem->bytes, p->key_pem->size);
	int rc = x509.mbedtls_x509_crt_parse(&c->cert, (const unsigned char *)p->cert_pem, strlen(p->cert_pem) + 1);
	if (rc)
		return failed(ERR_FORMAT, rc, "the client's certificate", e);
	if ((rc = tls_parse_key(&c->key, text->bytes, text->size)))
		return failed(ERR_FORMAT, rc, "the client's key", e);
	rc = tls.mbedtls_ssl_conf_own_cert(&c->conf, &c->cert, &c->key);
	return rc ? failed(ERR_INTERNAL, rc, "the client's certificate", e) : 0;
}

static void take_uri(struct seen *s, const mbedtls_x509_crt *crt)
{
	for (const mbedtls_x509_sequence *n = &crt->subject_alt_names; n; n = n->next) {
		if (n->buf.tag != SAN_URI)
			continue;
		s->uris++;
		if (n->buf.len < sizeof s->uri && !memchr(n->buf.p, 0, n->buf.len)) {
			memcpy(s->uri, n->buf.p, n->buf.len);
			s->uri[n->buf.len] = 0;
		}
	}
}

/* Called for each certificate of the chain that mbedtls built, from its top down to the server's own. */
static int look_at(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct tls_client *c = arg;
	uint8_t digest[SHA256_SIZE];

	if (depth < 0 || depth >= DEPTHS)
		return MBEDTLS_ERR_X509_FATAL_ERROR;
	c->seen.flags[depth] = *flags;
	*flags = 0;
	sha256(crt->pk_raw.p, crt->pk_raw.len, digest);
	if (!c->seen.any)               /* the first that it is called for */
		memcpy(c->seen.top, digest, sizeof digest);
	c->seen.any = true;
	if (bytes_equal(digest, c->peer.pin, sizeof digest))
		c->seen.pinned = depth;
	if (depth == 0) {
		take_uri(&c->seen, crt);
		c->seen.valid_to = crt->valid_to;
	}
	return 0;
}

int tls_client_new(const struct tls_peer *peer, struct tls_client **ret, struct err *e)
{
	int r = tls_load(e);
	scoped(tls_client_free_p) struct tls_client *c = r ? NULL : calloc(1, sizeof *c);

	if (!c)
		return r ? r : err_nomem(e);
	c->peer = *peer;
	tls.mbedtls_ssl_config_init(&c->conf);
	tls.mbedtls_ssl_session_init(&c->session);
	x509.mbedtls_x509_crt_init(&c->cert);
	crypto.mbedtls_pk_init(&c->key);
	if (tls.mbedtls_ssl_config_defaults(&c->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
		return err_set(e, ERR_INTERNAL, "mbedtls does not start");
	tls_least_12(&c->conf);
	tls.mbedtls_ssl_conf_authmode(&c->conf, MBEDTLS_SSL_VERIFY_OPTIONAL);   /* judge() decides */
	tls.mbedtls_ssl_conf_verify(&c->conf, look_at, c);
	tls.mbedtls_ssl_conf_rng(&c->conf, tls_random, NULL);
	tls.mbedtls_ssl_conf_session_tickets(&c->conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
	if ((r = load_own(c, e)))
		return r;
	*ret = give(c);
	return 0;
}

void tls_client_free(struct tls_client *c)
{
	if (!c)
		return;
	tls.mbedtls_ssl_session_free(&c->session);
	tls.mbedtls_ssl_config_free(&c->conf);
	x509.mbedtls_x509_crt_free(&c->cert);
	crypto.mbedtls_pk_free(&c->key);
	free(c);
}

bool stream_tls_resumed(const struct tls_client *c) { return c->resumed; }
const char *stream_tls_controller(const struct tls_client *c) { return c->controller; }

/* spiffe://CONTROLLER/controller/INSTANCE */
static int check_uri(struct tls_client *c, struct err *e)
{
	static const char scheme[] = "spiffe://", role[] = "/controller/";
	const char *uri = c->seen.uri, *domain = text_starts(uri, scheme) ? uri + strlen(scheme) : "";
	size_t n = strcspn(domain, "/");

	if (c->seen.uris != 1 || n == 0 || n >= CONTROLLER_MAX || !text_starts(domain + n, role) || !domain[n + strlen(role)])
		return err_set(e, ERR_UNTRUSTED, "%s port %s is no natald: its certificate names '%.100s'", c->peer.host, c->peer.port, uri);
	if (c->peer.controller && (strlen(c->peer.controller) != n || strncmp(domain, c->peer.controller, n) != 0))
		return err_set(e, ERR_UNTRUSTED, "%s port %s is controller %.*s, not %s", c->peer.host, c->peer.port, (int)n, domain,
			c->peer.controller);
	snprintf(c->controller, sizeof c->controller, "%.*s", (int)n, domain);
	return 0;
}

static int check_flags(struct tls_client *c, uint32_t more, struct err *e)
{
	/* Its SPIFFE ID says who it is; names and addresses are how it was found. */
	uint32_t all = more & ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;

	for (int i = 0; i <= c->seen.pinned; i++)
		all |= c->seen.flags[i] & ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH &
			~(i == c->seen.pinned ? (uint32_t)MBEDTLS_X509_BADCERT_NOT_TRUSTED : 0);
	if (all & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) {
		err_set(e, ERR_UNTRUSTED, "the certificate of %s port %s %s, by the clock here", c->peer.host, c->peer.port,
			all & MBEDTLS_X509_BADCERT_EXPIRED ? "has expired" : "is not valid yet");
		err_hint(e, "look at the clocks: timedatectl, on both machines");
		return -(int)e->code;
	}
	return all ? err_set(e, ERR_UNTRUSTED, "the certificate of %s port %s does not count (mbedtls: 0x%x)", c->peer.host, c->peer.port, all) : 0;
}

static int judge(struct tls_stream *s, struct err *e)
{
	struct tls_client *c = s->c;
	int r;

	c->resumed = !c->seen.any && c->has_session;
	if (c->resumed && x509.mbedtls_x509_time_is_past(&c->valid_to)) {
		c->has_session = false;
		return err_set(e, ERR_UNAVAILABLE, "the certificate of %s port %s has expired: again, without the old session", c->peer.host,
			c->peer.port);
	}
	if (c->resumed)
		return 0;
	if (c->seen.pinned < 0) {
		char pinned[17], top[17];
		hex_encode(c->peer.pin, 8, pinned);
		hex_encode(c->seen.top, 8, top);
		err_set(e, ERR_UNTRUSTED, "%s port %s is not the controller that it should be: no certificate there has the pinned key (%s… is pinned, its "
			"chain ends in %s…)", c->peer.host, c->peer.port, pinned, top);
		err_hint(e, "is the address right? If the controller is a new one, log in to it: natalctl login URL --token TOKEN");
		return -(int)e->code;
	}
	if ((r = check_flags(c, tls.mbedtls_ssl_get_verify_result(&s->ssl), e)) || (r = check_uri(c, e)))
		return r;
	c->valid_to = c->seen.valid_to;
	return 0;
}

static void keep_session(struct tls_stream *s)
{
	tls.mbedtls_ssl_session_free(&s->c->session);
	tls.mbedtls_ssl_session_init(&s->c->session);
	s->c->has_session = tls.mbedtls_ssl_get_session(&s->ssl, &s->c->session) == 0;
}

/* mbedtls' seams. */
static int bio_send(void *ctx, const unsigned char *bytes, size_t n)
{
	ssize_t w = send(*(int *)ctx, bytes, n, MSG_NOSIGNAL);

	return w >= 0 ? (int)w : errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : -1;
}

static int bio_recv(void *ctx, unsigned char *bytes, size_t n)
{
	ssize_t r = recv(*(int *)ctx, bytes, n, 0);

	return r >= 0 ? (int)r : errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : -1;
}

static int handshake(struct tls_stream *s, int64_t deadline_ms, struct err *e)
{
	const struct tls_peer *t = &s->c->peer;
	char what[320];
	int rc;

	snprintf(what, sizeof what, "TLS handshake with %.250s port %s", t->host, t->port);
	while ((rc = tls.mbedtls_ssl_handshake(&s->ssl))) {
		if (rc != MBEDTLS_ERR_SSL_WANT_READ && rc != MBEDTLS_ERR_SSL_WANT_WRITE)
			return failed(rc == -1 || rc == MBEDTLS_ERR_SSL_CONN_EOF ? ERR_UNAVAILABLE : ERR_UNTRUSTED, rc, what, e);
		struct pollfd p = { s->base.fd, rc == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT, 0 };
		if (poll(&p, 1, clock_left_ms(deadline_ms)) == 0)
			return err_set(e, ERR_UNAVAILABLE, "%s: not finished in time", what);
	}
	return judge(s, e);
}

/* rc of a read or a write: what is wanted, or why not. */
static int outcome(struct tls_stream *s, int rc, size_t *ret, short *wants, struct err *e)
{
	*ret = rc > 0 ? (size_t)rc : 0;
	*wants = 0;
	if (rc >= 0 || rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	if (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE) {
		*wants = rc == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT;
		return 0;
	}
	return failed(ERR_UNAVAILABLE, rc, "the connection", e);
}

static int tls_read(struct stream *base, void *bytes, size_t n, size_t *ret, short *wants, struct err *e)
{
	struct tls_stream *s = (struct tls_stream *)base;
	int rc = tls.mbedtls_ssl_read(&s->ssl, bytes, n);

#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
	while (rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {     /* TLS 1.3 */
		keep_session(s);
		rc = tls.mbedtls_ssl_read(&s->ssl, bytes, n);
	}
#endif
	return outcome(s, rc, ret, wants, e);
}

static int tls_write(struct stream *base, const void *bytes, size_t n, size_t *ret, short *wants, struct err *e)
{
	struct tls_stream *s = (struct tls_stream *)base;

	return outcome(s, tls.mbedtls_ssl_write(&s->ssl, bytes, n), ret, wants, e);
}

static void tls_close(struct stream *base)
{
	struct tls_stream *s = (struct tls_stream *)base;

	if (s->base.fd >= 0) {
		tls.mbedtls_ssl_close_notify(&s->ssl);
		close(s->base.fd);
	}
	tls.mbedtls_ssl_free(&s->ssl);
	free(s);
}

static const struct stream_type tls_type = { tls_read, tls_write, tls_close };
static void tls_close_p(struct tls_stream **s)
{
	if (*s)
		tls_close(&(*s)->base);
}

static bool is_address(const char *host)
{
	uint8_t bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

int stream_tls(struct tls_client *c, int64_t deadline_ms, struct stream **ret, struct err *e)
{
	scoped(tls_close_p) struct tls_stream *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return err_nomem(e);
	*s = (struct tls_stream){ .base = { &tls_type, -1 }, .c = c };
	tls.mbedtls_ssl_init(&s->ssl);
	c->seen = (struct seen){ .pinned = -1 };
	if (tls.mbedtls_ssl_setup(&s->ssl, &c->conf) != 0 || tls.mbedtls_ssl_set_hostname(&s->ssl, is_address(c->peer.host) ? NULL : c->peer.host) != 0)
		return err_nomem(e);
	if (c->has_session && tls.mbedtls_ssl_set_session(&s->ssl, &c->session) != 0)
		c->has_session = false;
	if ((r = dial(c->peer.host, c->peer.port, deadline_ms, &s->base.fd, e)))
		return r;
	tls.mbedtls_ssl_set_bio(&s->ssl, &s->base.fd, bio_send, bio_recv, NULL);
	if ((r = handshake(s, deadline_ms, e)))
		return r;
	keep_session(s);
	*ret = &give(s)->base;
	return 0;
}
