/* tls.c - see tls.h */
#include "controller/http/tls.h"

#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include "common/base/clock.h"
#include "controller/http/ticket.h"

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:-GROUP-ALL:+GROUP-X25519"
	":+GROUP-SECP256R1:+GROUP-SECP384R1:%SERVER_PRECEDENCE";

enum { CHAIN_MAX = 8 };

/* What is shown is used by handshakes until they end: the one before is let go of with the next. */
struct shown { gnutls_pcert_st chain[CHAIN_MAX]; unsigned count; gnutls_privkey_t key; };
struct tls_door {
	struct shown *now, *before;
	struct issuer *issuer;
	struct secret *newest, *older;
	tls_known_fn *known;
	void *known_arg;
};
static struct tls_door *the_door;

static void shown_free(struct shown *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->count; i++)
		gnutls_pcert_deinit(&s->chain[i]);
	if (s->key)
		gnutls_privkey_deinit(s->key);
	free(s);
}
scope_fn(struct shown, shown_free)

int tls_door_new(struct tls_door **ret, struct err *e)
{
	struct tls_door *d = calloc(1, sizeof *d);

	if (!d)
		return err_nomem(e);
	*ret = the_door = d;
	return 0;
}

void tls_door_free(struct tls_door *d)
{
	if (!d)
		return;
	shown_free(d->now);
	shown_free(d->before);
	issuer_free(d->issuer);
	secret_free(d->newest);
	secret_free(d->older);
	free(d);
	the_door = NULL;
}

int tls_door_show(struct tls_door *d, const char *chain_pem, size_t size, const struct secret *key_pem, struct err *e)
{
	scoped(shown_free_p) struct shown *s = calloc(1, sizeof *s);
	gnutls_datum_t chain = { (unsigned char *)chain_pem, (unsigned)size }, key = { key_pem->bytes, (unsigned)key_pem->size };
	unsigned n = CHAIN_MAX;

	if (!s)
		return err_nomem(e);
	int rc = gnutls_pcert_list_import_x509_raw(s->chain, &n, &chain, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "natald's own certificate: %s", gnutls_strerror(rc));
	s->count = n;
	if ((rc = gnutls_privkey_init(&s->key)) < 0 ||
	    (rc = gnutls_privkey_import_x509_raw(s->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0)) < 0)
		return err_set(e, ERR_INTERNAL, "natald's own key: %s", gnutls_strerror(rc));
	shown_free(d->before);
	d->before = d->now;
	d->now = give(s);
	return 0;
}

int tls_door_trust(struct tls_door *d, const char *chain_pem, size_t size, struct err *e)
{
	struct issuer *i;
	int r = issuer_new(chain_pem, size, &i, e);

	if (r)
		return r;
	issuer_free(d->issuer);
	d->issuer = i;
	return 0;
}

void tls_door_known(struct tls_door *d, tls_known_fn *known, void *arg)
{
	d->known = known;
	d->known_arg = arg;
}

int tls_door_tickets(struct tls_door *d, const struct secret *newest, const struct secret *older, struct err *e)
{
	scoped_secret struct secret *a = NULL, *b = NULL;
	int r;

	if (newest->size != TICKET_KEY_SIZE || (older && older->size != TICKET_KEY_SIZE))
		return err_set(e, ERR_INTERNAL, "a ticket key of %zu bytes", newest->size);
	if ((r = secret_copy(newest->bytes, newest->size, &a, e)) || (older && (r = secret_copy(older->bytes, older->size, &b, e))))
		return r;
	secret_free(d->newest);
	secret_free(d->older);
	d->newest = give(a);
	d->older = give(b);
	return 0;
}

int tls_door_certificate(gnutls_session_t session, const gnutls_datum_t *names, int name_count, const gnutls_pk_algorithm_t *algorithms,
	int algorithm_count, gnutls_pcert_st **ret_chain, unsigned *ret_count, gnutls_privkey_t *ret_key)
{
	if (!the_door || !the_door->now)
		return -1;
	*ret_chain = the_door->now->chain;
	*ret_count = the_door->now->count;
	*ret_key = the_door->now->key;
	return 0;
}

/* Before the client's hello is read its ticket says which key it was sealed with; its Finished is the last that is wanted of it. */
static int on_message(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t *message)
{
	bool *shaken = gnutls_session_get_ptr(session);
	const struct tls_door *d = the_door;

	if (incoming && type == GNUTLS_HANDSHAKE_FINISHED && when == GNUTLS_HOOK_POST)
		*shaken = true;
	if (incoming && type == GNUTLS_HANDSHAKE_CLIENT_HELLO && when == GNUTLS_HOOK_PRE && d && d->newest) {
		const struct secret *with = d->older && ticket_is_of(message->data, message->size, d->older->bytes, clock_unix_s()) ? d->older : d->newest;
		gnutls_datum_t key = { with->bytes, (unsigned)with->size };
		gnutls_session_ticket_enable_server(session, &key);
	}
	return 0;
}

void tls_door_begin(struct tls_door *d, gnutls_session_t session, bool *shaken)
{
	(void)d;
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	gnutls_session_set_ptr(session, shaken);        /* libmicrohttpd's use of it is for pre-shared keys */
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH, on_message);
}

static void take_facts(const struct peercert *cert, struct peer *peer)
{
	memcpy(peer->serial, cert->serial, cert->serial_size);
	peer->serial_size = cert->serial_size;
	peer->not_before = cert->not_before;
	peer->not_after = cert->not_after;
}

static bool is_known(const struct tls_door *d, const gnutls_datum_t *shown, const char *controller, struct peer *peer)
{
	struct peercert cert;
	struct identity id;
	struct err ignored;

	if (!d->known || peercert_read(shown->data, shown->size, clock_unix_s(), &cert, &ignored) || identity_from_uri(cert.uri, controller, &id, &ignored) ||
	    id.role != ROLE_GUEST || !d->known(d->known_arg, &id, shown->data, shown->size))
		return false;
	peer->id = id;
	peer->known = true;
	take_facts(&cert, peer);
	return true;
}

int tls_door_peer(const struct tls_door *d, gnutls_session_t session, const char *controller, struct peer *peer, struct err *e)
{
	struct peercert cert;
	unsigned n = 0;

	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	if (!chain || n == 0) {
		peer->id = (struct identity){ .role = ROLE_ANYONE };
		return 0;
	}
	if (is_known(d, &chain[0], controller, peer))
		return 0;
	int r = peercert_check(d->issuer, chain[0].data, chain[0].size, clock_unix_s(), &cert, e);
	if (r || (r = identity_from_uri(cert.uri, controller, &peer->id, e)))
		return r;
	take_facts(&cert, peer);
	return 0;
}
