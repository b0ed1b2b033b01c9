/* natald's end of TLS against a real GnuTLS client, in one process: the certificate that is shown, who the client is, and which tickets count. */
#include "tests/unit/unit.h"
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "controller/crypto/ca.h"
#include "controller/crypto/guestkey.h"
#include "controller/http/tls.h"

static const char id[] = "ctl-test";
static struct err e;
static struct secret *ca_key;
static struct buf ca_pem = { .max = CA_PEM_MAX };
static struct ca *ca;
static struct tls_door *door;
static struct secret keys[3];

/* A key of its own and a certificate by that CA: what a peer has. */
struct card { struct guestkey key; struct buf pem; };
static struct card issue(struct ca *by, const char *uri, enum cert_purpose purpose, int64_t from, int64_t until)
{
	struct card c = { .pem = BUF_MAX(CA_PEM_MAX) };
	struct cert_intent in = { .common_name = "x", .purpose = purpose, .serial = { 0x41, 2, 3 }, .not_before = (uint64_t)from, .not_after = (uint64_t)until };

	snprintf(in.uri, sizeof in.uri, "%s", uri);
	assert_ok(guestkey_make(GUESTKEY_TLS_P256, &c.key, &e), e);
	memcpy(in.spki, c.key.public, c.key.public_size);
	in.spki_size = c.key.public_size;
	assert_ok(ca_issue(by, &in, &c.pem, &e), e);
	return c;
}
static void card_fini(struct card *c)
{
	guestkey_fini(&c->key);
	buf_fini(&c->pem);
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		keys[i] = (struct secret){ TICKET_KEY_SIZE, calloc(1, TICKET_KEY_SIZE) };
		memset(keys[i].bytes, (int)i + 1, TICKET_KEY_SIZE);
	}
	assert_ok(ca_make("test CA", (uint64_t)clock_unix_s(), &ca_key, &ca_pem, &e), e);
	assert_ok(ca_load(ca_key, ca_pem.data, ca_pem.size, &ca, &e), e);
	struct card c = issue(ca, "spiffe://ctl-test/controller/n-1", CERT_SERVER, clock_unix_s() - 60, clock_unix_s() + 600);
	assert_ok(tls_door_new(&door, &e), e);
	assert_ok(tls_door_show(door, c.pem.data, c.pem.size, c.key.private, &e), e);
	assert_ok(tls_door_trust(door, ca_pem.data, ca_pem.size, &e), e);
	card_fini(&c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tls_door_free(door);
	ca_free(ca);
	secret_free(ca_key);
	buf_fini(&ca_pem);
	for (size_t i = 0; i < 3; i++)
		free(keys[i].bytes);
	return 0;
}

struct meeting { bool resumed, shaken; struct peer peer; int r; gnutls_datum_t session; };

/* One handshake, one byte from the server so that a client of TLS 1.3 has its ticket. session: offered where it is there, and replaced. */
static void meet(struct meeting *m, const char *priorities, const struct card *card)
{
	gnutls_certificate_credentials_t mine, theirs;
	gnutls_session_t server, client;
	int pair[2], a = GNUTLS_E_AGAIN, b = GNUTLS_E_AGAIN;
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	gnutls_certificate_allocate_credentials(&mine);
	gnutls_certificate_set_retrieve_function2(mine, tls_door_certificate);
	gnutls_certificate_allocate_credentials(&theirs);
	if (card)
		assert_int_equal(gnutls_certificate_set_x509_key_mem(theirs, &(gnutls_datum_t){ (unsigned char *)card->pem.data, (unsigned)card->pem.size },
			&(gnutls_datum_t){ card->key.private->bytes, (unsigned)card->key.private->size }, GNUTLS_X509_FMT_PEM), 0);
	gnutls_init(&server, GNUTLS_SERVER | GNUTLS_NONBLOCK);
	gnutls_init(&client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
	gnutls_priority_set_direct(server, priorities, NULL);
	gnutls_priority_set_direct(client, priorities, NULL);
	gnutls_credentials_set(server, GNUTLS_CRD_CERTIFICATE, mine);
	gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, theirs);
	gnutls_transport_set_int(server, pair[0]);
	gnutls_transport_set_int(client, pair[1]);
	m->shaken = false;
	tls_door_begin(door, server, &m->shaken);
	if (m->session.data)
		gnutls_session_set_data(client, m->session.data, m->session.size);
	for (int i = 0; i < 40 && (a || b); i++) {
		a = a ? gnutls_handshake(client) : 0;
		b = b ? gnutls_handshake(server) : 0;
	}
	assert_int_equal(a, 0);
	assert_int_equal(b, 0);
	assert_int_equal(gnutls_record_send(server, "x", 1), 1);
	while (gnutls_record_recv(client, &byte, 1) == GNUTLS_E_AGAIN)
		;
	m->resumed = gnutls_session_is_resumed(server);
	m->peer = (struct peer){ .local = false };
	e = ERR_NONE;
	m->r = tls_door_peer(door, server, id, &m->peer, &e);
	gnutls_free(m->session.data);
	gnutls_session_get_data2(client, &m->session);
	gnutls_deinit(server);
	gnutls_deinit(client);
	gnutls_certificate_free_credentials(mine);
	gnutls_certificate_free_credentials(theirs);
	close(pair[0]);
	close(pair[1]);
}

static const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3" };
static const char alice[] = "spiffe://ctl-test/project/blue/operator/alice";

/* Sealed with the newest: good; while that is the one before: good; and no longer. The client's certificate comes with the session each time. */
static void tickets_of_two_keys_count(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct card c = issue(ca, alice, CERT_CLIENT, clock_unix_s() - 60, clock_unix_s() + 600);
		struct meeting m = { 0 };
		assert_ok(tls_door_tickets(door, &keys[0], NULL, &e), e);
		meet(&m, versions[v], &c);
		assert_false(m.resumed);
		assert_true(m.shaken);
		meet(&m, versions[v], &c);
		assert_true(m.resumed);
		assert_true(m.shaken);
		assert_ok(m.r, e);
		assert_string_equal(m.peer.id.name, "alice");
		assert_ok(tls_door_tickets(door, &keys[1], &keys[0], &e), e);
		meet(&m, versions[v], &c);
		assert_true(m.resumed);
		assert_string_equal(m.peer.id.project, "blue");
		assert_int_equal(m.peer.serial_size, CERT_SERIAL_SIZE);
		assert_ok(tls_door_tickets(door, &keys[2], &keys[1], &e), e);
		meet(&m, versions[v], &c);
		assert_false(m.resumed);
		meet(&m, versions[v], &c);
		assert_true(m.resumed);
		gnutls_free(m.session.data);
		card_fini(&c);
	}
}

static void refused(struct card c, enum err_code code, const char *says, const char *hint)
{
	struct meeting m = { 0 };

	meet(&m, versions[1], &c);
	assert_err(m.r, code, e, says);
	if (hint && !strstr(e.hint, hint))
		fail_msg("no '%s' in '%s'", hint, e.hint);
	gnutls_free(m.session.data);
	card_fini(&c);
}

static void certificates_that_do_not_count(void **state)
{
	int64_t now = clock_unix_s();
	struct secret *key;
	struct buf pem = BUF_MAX(CA_PEM_MAX);
	struct ca *other;

	(void)state;
	assert_ok(ca_make("test CA", (uint64_t)now, &key, &pem, &e), e);        /* the same name, and another key */
	assert_ok(ca_load(key, pem.data, pem.size, &other, &e), e);
	refused(issue(other, alice, CERT_CLIENT, now - 60, now + 600), ERR_UNTRUSTED, "the certificate was not issued by this controller", "natalctl login");
	refused(issue(ca, alice, CERT_CLIENT, now - 600, now - 60), ERR_UNTRUSTED, "the certificate has expired at 20", "natalctl login");
	refused(issue(ca, alice, CERT_CLIENT, now + 3600, now + 7200), ERR_UNTRUSTED, "natald's clock says 20", "timedatectl");
	refused(issue(ca, alice, CERT_SERVER, now - 60, now + 600), ERR_UNTRUSTED, "is not made for clients", NULL);
	refused(issue(ca, "", CERT_CLIENT, now - 60, now + 600), ERR_UNTRUSTED, "names no URI", "natalctl vm reissue");
	refused(issue(ca, "spiffe://ctl-other/operator/alice", CERT_CLIENT, now - 60, now + 600), ERR_UNTRUSTED, "is of another controller than ctl-test", NULL);
	refused(issue(ca, "spiffe://ctl-test/king/alice", CERT_CLIENT, now - 60, now + 600), ERR_FORMAT, "names nobody that this controller knows", NULL);
	refused(issue(ca, "spiffe://ctl-test/guest/vm-1", CERT_CLIENT, now - 60, now + 600), ERR_FORMAT, "names nobody", NULL);
	refused(issue(ca, "https://ctl-test/operator/alice", CERT_CLIENT, now - 60, now + 600), ERR_FORMAT, "is no SPIFFE ID", NULL);
	ca_free(other);
	secret_free(key);
	buf_fini(&pem);
}

static int asked;
static bool knows_vm_1(void *arg, const struct identity *who, const void *der, size_t size)
{
	asked++;
	return size > 0 && strcmp(who->name, "vm-1") == 0 && strcmp(arg, "store") == 0;
}

static struct meeting met(struct ca *by, const char *uri, int64_t until)
{
	struct card c = issue(by, uri, CERT_CLIENT, until - 600, until);
	struct meeting m = { 0 };

	meet(&m, versions[1], &c);
	gnutls_free(m.session.data);
	card_fini(&c);
	return m;
}

/* The store's word in the place of a signature: for guests alone, whom it knows; all else is looked at as ever. */
static void a_guest_that_the_store_knows(void **state)
{
	static const char one[] = "spiffe://ctl-test/project/blue/guest/vm-1", two[] = "spiffe://ctl-test/project/blue/guest/vm-2";
	struct buf pem = BUF_MAX(CA_PEM_MAX);
	int64_t later = clock_unix_s() + 300;
	struct secret *key;
	struct ca *other;

	(void)state;
	assert_ok(ca_make("test CA", (uint64_t)later, &key, &pem, &e), e);
	assert_ok(ca_load(key, pem.data, pem.size, &other, &e), e);
	char store[] = "store";
	tls_door_known(door, knows_vm_1, store);
	struct meeting m = met(other, one, later);
	assert_ok(m.r, e);
	assert_true(m.peer.known);
	assert_string_equal(m.peer.id.name, "vm-1");
	assert_int_equal(m.peer.serial_size, CERT_SERIAL_SIZE);
	assert_int_equal(m.peer.not_after, later);
	m = met(other, two, later);
	assert_err(m.r, ERR_UNTRUSTED, e, "the certificate was not issued by this controller");
	m = met(ca, two, later);
	assert_ok(m.r, e);
	assert_false(m.peer.known);
	m = met(ca, one, clock_unix_s() - 10);
	assert_err(m.r, ERR_UNTRUSTED, e, "the certificate has expired at 20");
	assert_int_equal(asked, 3);
	m = met(other, alice, later);
	assert_err(m.r, ERR_UNTRUSTED, e, "the certificate was not issued by this controller");
	assert_int_equal(asked, 3);
	tls_door_known(door, NULL, NULL);
	ca_free(other);
	secret_free(key);
	buf_fini(&pem);
}

/* The CA's certificate may be replaced by one of another name: what its key signed before counts. */
static void the_key_counts_not_the_name(void **state)
{
	struct card c = issue(ca, alice, CERT_CLIENT, clock_unix_s() - 60, clock_unix_s() + 600);
	struct meeting m = { 0 };
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	gnutls_datum_t out, in = { ca_key->bytes, (unsigned)ca_key->size };

	(void)state;
	gnutls_x509_privkey_init(&key);
	gnutls_x509_crt_init(&crt);
	assert_int_equal(gnutls_x509_privkey_import(key, &in, GNUTLS_X509_FMT_PEM), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "1", 1);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "another name", 12);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 600);
	gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &out), 0);
	assert_ok(tls_door_trust(door, (char *)out.data, out.size, &e), e);
	meet(&m, versions[1], &c);
	assert_ok(m.r, e);
	gnutls_free(out.data);
	gnutls_free(m.session.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	card_fini(&c);
}

static void without_one(void **state)
{
	struct meeting m = { 0 };

	(void)state;
	meet(&m, versions[0], NULL);
	assert_ok(m.r, e);
	assert_int_equal(m.peer.id.role, ROLE_ANYONE);
	gnutls_free(m.session.data);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(tickets_of_two_keys_count), T(certificates_that_do_not_count), T(a_guest_that_the_store_knows), T(the_key_counts_not_the_name), T(without_one) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
