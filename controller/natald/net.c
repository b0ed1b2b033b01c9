/* net.c - see net.h */
#include "controller/natald/net.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/crypto/guestkey.h"
#include "controller/crypto/seal.h"
#include "controller/crypto/spki.h"
#include "controller/service/grant.h"
#include "controller/store/shared_key.h"

enum { NAMES_MAX = CERT_NAMES_MAX, LOOK_MS = 1000, RENEW_LOOK_MS = 10000, TICKETS_RENEW_S = 12 * 3600, SELF_LEAST_S = 10 * 86400,
	SELF_MOST_S = 32 * 86400 };             /* more than one is made for: the clock was far ahead, and clients do not take it yet */
static const char tickets_row[] = "ticket_keys";

struct net {
	struct ctl *c;
	struct tls_door *door;
	size_t count, name_count, given;        /* given: names by --name, the first ones */
	int fds[LISTENERS_MAX];
	char names[NAMES_MAX][128];
	struct secret *key;                     /* PEM */
	size_t spki_size;
	uint8_t spki[GUESTKEY_PUBLIC_MAX];
	uint8_t chain_sha256[SHA256_SIZE];      /* of the CA's chain that is shown */
	int64_t not_after, look_ms, renew_ms, generation;
};

static int add_name(struct net *n, const char *name, struct err *e)
{
	for (size_t i = 0; i < n->name_count; i++)
		if (strcmp(n->names[i], name) == 0)
			return 0;
	if (n->name_count == NAMES_MAX)
		return err_set(e, ERR_LIMIT, "more than %d names for the listeners' certificate", NAMES_MAX);
	return text_copy(n->names[n->name_count++], sizeof n->names[0], name, "--name", e);
}

/* "127.0.0.1:8443", "[::1]:8443" → the address, where it is a certain one. */
static int add_address(struct net *n, int fd, struct err *e)
{
	char text[LISTENER_TEXT_MAX], *at = text;

	listener_text(fd, text);
	char *colon = strrchr(text, ':');
	if (!colon)
		return 0;
	*colon = 0;
	if (*at == '[') {
		at[strlen(at) - 1] = 0;
		at++;
	}
	bool any = strcmp(at, "::") == 0 || strcmp(at, "0.0.0.0") == 0;
	return any || n->name_count == NAMES_MAX ? 0 : add_name(n, at, e);
}

static int collect_names(struct net *n, const struct net_options *o, struct err *e)
{
	char host[65] = "";
	int r = 0;

	for (size_t i = 0; !r && i < o->name_count; i++)
		r = add_name(n, o->names[i], e);
	n->given = n->name_count;
	if (!r && gethostname(host, sizeof host - 1) == 0 && *host && n->name_count < NAMES_MAX)
		r = add_name(n, host, e);
	for (size_t i = 0; !r && i < n->count; i++)
		r = add_address(n, n->fds[i], e);
	return r;
}

int net_open(const struct net_options *o, struct net **ret, struct err *e)
{
	struct net *n = calloc(1, sizeof *n);
	int r = n ? listener_inherited(n->fds, &n->count, e) : err_nomem(e);

	for (size_t i = 0; !r && i < o->listen_count; i++)
		if (n->count == LISTENERS_MAX)
			r = err_set(e, ERR_LIMIT, "more than %d listeners", LISTENERS_MAX);
		else if (!(r = listener_open(o->listen[i], &n->fds[n->count], e)))
			n->count++;
	if (!r && n->count)
		r = collect_names(n, o, e);
	if (!r && !n->count && o->name_count)
		r = err_set(e, ERR_USAGE, "--name without --listen");
	if (r || !n->count) {
		net_close(n);
		n = NULL;
	}
	if (!r)
		*ret = n;
	return r;
}

void net_close(struct net *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->count; i++)
		if (n->fds[i] >= 0)
			close(n->fds[i]);
	tls_door_free(n->door);
	secret_free(n->key);
	free(n);
}

static int load_key(struct net *n, struct err *e)
{
	scoped_buf struct buf pem = BUF_MAX(4096);
	scoped(guestkey_fini) struct guestkey k = { 0 };
	char path[1100];
	bool absent;

	snprintf(path, sizeof path, "%s/listener.key", n->c->state_dir);
	int r = file_read(AT_FDCWD, path, &pem, &absent, e);
	if (r)
		return r;
	if (absent) {
		if ((r = guestkey_make(GUESTKEY_TLS_P256, &k, e)) ||
		    (r = file_write(AT_FDCWD, path, k.private->bytes, k.private->size, 0600, (uid_t)-1, (gid_t)-1, e)))
			return r;
		buf_add(&pem, k.private->bytes, k.private->size);
	}
	if ((r = secret_copy(pem.data ? pem.data : "", pem.size ? pem.size : 1, &n->key, e)))
		return r;
	r = spki_of_key(n->key, n->spki, sizeof n->spki, &n->spki_size, e);
	return r ? err_wrap(e, "%s", path) : 0;
}

static int in_turn(struct net *n, int (*work)(struct net *n, void *arg, struct err *e), void *arg, struct err *e)
{
	struct store *s = n->c->store;
	int r = store_turn_begin(s, e);

	if (r)
		return r;
	if ((r = work(n, arg, e))) {
		store_turn_abort(s);
		return r;
	}
	return store_turn_commit(s, e);
}

static int write_self(struct net *n, void *arg, struct err *e)
{
	struct grant_self self = { n->c->instance, n->name_count, n->names, n->spki, n->spki_size };

	return grant_self(n->c, &self, arg, e);
}

/* A certificate from a row that was committed, shown from the next handshake on. */
static int renew(struct net *n, struct err *e)
{
	scoped_access struct access a = ACCESS;
	scoped_buf struct buf pem = BUF_MAX(CA_PEM_MAX), chain = BUF_MAX(CA_PEM_MAX);
	uint8_t pin[SHA256_SIZE];
	int r;

	if ((r = in_turn(n, write_self, &a, e)) || (r = grant_certificate(n->c, &a, &pem, e)) || (r = grant_pin(n->c, pin, &chain, e)) ||
	    (r = buf_check(&chain, "the CA's chain", e)) || (r = tls_door_show(n->door, pem.data, pem.size, n->key, e)) ||
	    (r = tls_door_trust(n->door, chain.data, chain.size, e)))
		return r;
	sha256(chain.data, chain.size, n->chain_sha256);
	n->not_after = a.not_after;
	return 0;
}

/* When it was made (unix s, little endian), the newest key, the one before (zeros: none). */
struct tickets { uint8_t made_at[8], newest[TICKET_KEY_SIZE], older[TICKET_KEY_SIZE]; };

static int64_t made_at(const struct tickets *t)
{
	int64_t at = 0;

	for (int i = 7; i >= 0; i--)
		at = at << 8 | t->made_at[i];
	return at;
}

static int show_tickets(struct net *n, const struct tickets *t, struct err *e)
{
	static const uint8_t none[TICKET_KEY_SIZE];
	struct secret newest = { sizeof t->newest, (uint8_t *)t->newest }, older = { sizeof t->older, (uint8_t *)t->older };

	return tls_door_tickets(n->door, &newest, bytes_equal(t->older, none, sizeof none) ? NULL : &older, e);
}

/* Reads the row; renews it where it is old. Another natald may be quicker: then its keys count. */
static int look_at_tickets(struct net *n, void *arg, struct err *e)
{
	scoped_buf struct buf row = BUF_MAX(1024), next = BUF_MAX(1024);
	scoped_secret struct secret *opened = NULL, *made = NULL;
	bool absent, won = false;
	int64_t now = clock_unix_s();
	int r;

	if ((r = store_get(n->c->store, tickets_row, &row, &absent, e)) ||
	    (!absent && (r = seal_open(n->c->seal, tickets_row, row.data, row.size, &opened, e))))
		return r;
	if (opened && opened->size != sizeof(struct tickets))
		return err_set(e, ERR_FORMAT, "the store's ticket keys have %zu bytes", opened->size);
	if (opened && now - made_at((struct tickets *)opened->bytes) < TICKETS_RENEW_S)
		return show_tickets(n, (struct tickets *)opened->bytes, e);
	if ((r = secret_new(sizeof(struct tickets), &made, e)))
		return r;
	struct tickets *t = (struct tickets *)made->bytes;
	for (int i = 0; i < 8; i++)
		t->made_at[i] = (uint8_t)((uint64_t)now >> 8 * i);
	random_bytes(t->newest, sizeof t->newest);
	if (opened)
		memcpy(t->older, ((struct tickets *)opened->bytes)->newest, sizeof t->older);
	if ((r = seal(n->c->seal, tickets_row, made->bytes, made->size, &next, e)) ||
	    (r = shared_key_swap(n->c->store, tickets_row, &row, &next, &won, e)))
		return r;
	return won ? show_tickets(n, t, e) : err_set(e, ERR_UNAVAILABLE, "the ticket keys are being renewed");
}

static int admit(void *arg, const struct peer *peer, struct err *e)
{
	struct net *n = arg;

	return grant_check(n->c, &(struct grant_shown){ &peer->id, peer->serial, peer->serial_size, peer->not_before }, e);
}

static bool knows(void *arg, const struct identity *id, const void *der, size_t size)
{
	const struct net *n = arg;

	return grant_knows(n->c, id, der, size);
}

/* What guests are told: the names that were given, else the addresses; each with the port of the first listener. */
static void tell_addresses(struct net *n)
{
	char where[LISTENER_TEXT_MAX], *port;
	struct ctl *c = n->c;

	listener_text(n->fds[0], where);
	if (!(port = strrchr(where, ':')))
		return;
	for (size_t i = 0; i < n->name_count && c->address_count < BUNDLE_NAMES_MAX; i++) {
		const char *name = n->names[i];
		bool six = strchr(name, ':');
		if (n->given && i >= n->given)
			break;
		int size = snprintf(c->addresses[c->address_count], sizeof c->addresses[0], "%s%.100s%s%s", six ? "[" : "", name, six ? "]" : "", port);
		c->address_count += size > 0 && (size_t)size < sizeof c->addresses[0];
	}
}

int net_start(struct net *n, struct ctl *c, struct server *server, struct err *e)
{
	char where[LISTENER_TEXT_MAX];
	int r;

	n->c = c;
	if ((r = load_key(n, e)) || (r = tls_door_new(&n->door, e)) || (r = renew(n, e)) ||
	    (r = in_turn(n, look_at_tickets, NULL, e)))
		return r;
	tls_door_known(n->door, knows, n);
	tell_addresses(n);
	c->access_generation++;
	struct server_net net = { n->door, c->id, admit, n, &c->access_generation };
	if ((r = server_net(server, &net, e)))
		return r;
	for (size_t i = 0; i < n->count; i++) {
		listener_text(n->fds[i], where);
		fprintf(stderr, "natald: listen=%s instance=%s\n", where, n->c->instance);
		if ((r = server_listen(server, give_fd(&n->fds[i]), e)))
			return r;
	}
	return 0;
}

static bool is_due(struct net *n, struct err *e)
{
	scoped_buf struct buf chain = BUF_MAX(CA_PEM_MAX);
	uint8_t pin[SHA256_SIZE], digest[SHA256_SIZE];
	int64_t left_s = n->not_after - clock_unix_s();

	if (left_s < SELF_LEAST_S || left_s > SELF_MOST_S)
		return true;
	if (grant_pin(n->c, pin, &chain, e) || buf_check(&chain, "the CA's chain", e))
		return false;
	sha256(chain.data, chain.size, digest);
	return !bytes_equal(digest, n->chain_sha256, sizeof digest);
}

void net_tick(struct net *n)
{
	int64_t now = n ? clock_mono_ms() : 0, generation;
	struct err e = ERR_NONE;

	if (!n || now < n->look_ms)
		return;
	n->look_ms = now + LOOK_MS;
	/* What another natald of this store has revoked. */
	if (access_generation(n->c->store, &generation, &e) == 0 && generation != n->generation) {
		n->generation = generation;
		n->c->access_generation++;
	}
	if (now < n->renew_ms)
		return;
	n->renew_ms = now + RENEW_LOOK_MS;
	e = ERR_NONE;
	if ((is_due(n, &e) && renew(n, &e)) || in_turn(n, look_at_tickets, NULL, &e))
		fprintf(stderr, "natald: listeners: %s\n", e.msg);
}
