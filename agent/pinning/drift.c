/* drift.c - see drift.h */
#include "agent/pinning/drift.h"

#include <string.h>
#include "agent/pinning/present.h"
#include "common/base/text.h"

enum { SSH_PORT = 22, TLS_PORT = 443 };
#define TLS_ITEM "tls_identity"
#define SSH_ITEM "ssh_host_keys"

struct run { const struct drift_check *check; size_t count; };

static void tell(struct run *r, const char *item, const struct err *e)
{
	r->count++;
	r->check->found(r->check->data, item, true, e);
}

/* A key that is not presented is a difference; a service that cannot be asked is none. */
static void not_seen(struct run *r, const char *item, struct err *e)
{
	if (e->code == ERR_NOT_FOUND) {
		tell(r, item, e);
		return;
	}
	err_wrap(e, "what this service presents could not be looked at");
	r->check->found(r->check->data, item, false, e);
}

static void compare(struct run *r, const char *item, const char *what, const uint8_t *pinned, const uint8_t *now)
{
	char was[2 * SHA256_SIZE + 1], is[2 * SHA256_SIZE + 1];
	struct err e;

	if (pinned && now && bytes_equal(pinned, now, SHA256_SIZE))
		return;
	if (!pinned) {
		err_set(&e, ERR_UNTRUSTED, "%s was not installed by natal", what);
	} else if (!now) {
		err_set(&e, ERR_UNTRUSTED, "%s is gone", what);
	} else {
		hex_encode(pinned, SHA256_SIZE, was);
		hex_encode(now, SHA256_SIZE, is);
		err_set(&e, ERR_UNTRUSTED, "%s has digest %s, installed was %s", what, is, was);
	}
	err_hint(&e, "somebody has changed it since: reissue the VM's identity, or put it back");
	tell(r, item, &e);
}

static void on_disk(struct run *r, const struct pins *pins)
{
	struct pins now;
	struct err e;
	char what[128];

	if (pins_read(r->check->root, &now, &e)) {
		tell(r, SSH_ITEM, &e);
		return;
	}
	for (size_t i = 0; i < pins->ssh_count; i++) {
		snprintf(what, sizeof what, "the %s host key on disk", pins->ssh[i].type);
		compare(r, SSH_ITEM, what, pins->ssh[i].digest, pins_ssh(&now, pins->ssh[i].type));
	}
	for (size_t i = 0; i < now.ssh_count; i++)
		if (!pins_ssh(pins, now.ssh[i].type) && !(r->check->rsa_is_made && strcmp(now.ssh[i].type, "ssh-rsa") == 0)) {
			snprintf(what, sizeof what, "the %s host key on disk", now.ssh[i].type);
			compare(r, SSH_ITEM, what, NULL, now.ssh[i].digest);
		}
	if (pins->has_tls || now.has_tls)
		compare(r, TLS_ITEM, "the TLS certificate's key on disk", pins->has_tls ? pins->tls_spki : NULL, now.has_tls ?
			now.tls_spki : NULL);
}

/* A service that is not running presents nothing wrong. */
static void presented(struct run *r, const struct pins *pins)
{
	uint8_t digest[SHA256_SIZE];
	char what[128];
	bool listening = true;
	struct err e;

	for (size_t i = 0; i < pins->ssh_count && listening; i++) {
		int failed = present_ssh(r->check->ssh_port ? r->check->ssh_port : SSH_PORT, pins->ssh[i].type, digest, &listening, &e);
		snprintf(what, sizeof what, "the %s host key that sshd presents", pins->ssh[i].type);
		if (failed)
			not_seen(r, SSH_ITEM, &e);
		else if (listening)
			compare(r, SSH_ITEM, what, pins->ssh[i].digest, digest);
	}
	if (!pins->has_tls)
		return;
	int failed = present_tls(r->check->tls_port ? r->check->tls_port : TLS_PORT, digest, &listening, &e);
	if (failed)
		not_seen(r, TLS_ITEM, &e);
	else if (listening)
		compare(r, TLS_ITEM, "the certificate's key that the TLS service presents", pins->tls_spki, digest);
}

size_t drift_check(const struct drift_check *c, const struct pins *pins)
{
	struct run r = { c, 0 };

	on_disk(&r, pins);
	if (c->services)
		presented(&r, pins);
	return r.count;
}
