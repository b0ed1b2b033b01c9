/* grant.c - see grant.h */
#include "controller/service/grant.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/crypto/peercert.h"
#include "controller/crypto/spki.h"
#include "controller/service/remote.h"
#include "controller/service/token.h"
#include "controller/signer/intent.h"
#include "controller/store/ca_row.h"
#include "controller/store/news.h"

enum { CLIENT_VALID_S = 90 * 86400, SELF_VALID_S = 30 * 86400 };

int grant_pin(struct ctl *c, uint8_t pin[SHA256_SIZE], struct buf *chain, struct err *e)
{
	scoped(ca_row_fini) struct ca_row row = CA_ROW;
	struct cert_facts f;
	bool absent;

	int r = ca_row_get(c->store, PROJECT_DEFAULT, &row, &absent, e);
	if (r || absent)
		return r ? r : err_set(e, ERR_INTERNAL, "the store has no certificate authority");
	if ((r = cert_facts(row.chain.data, row.chain.size, &f, e)))
		return r;
	memcpy(pin, f.spki_sha256, SHA256_SIZE);
	if (chain)
		buf_add(chain, row.chain.data, row.chain.size);
	return 0;
}

static int check_identity(const struct identity *id, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	if (!(id->role & (ROLE_OPERATOR | ROLE_READER | ROLE_VERIFIER | ROLE_HOST))) {
		err_set(e, ERR_USAGE, "nobody is granted the role '%s'", role_name(id->role));
		err_hint(e, "operator, reader, verifier or host; guests are let in by their media");
		return -(int)e->code;
	}
	if (id->role == ROLE_HOST && (strcmp(id->name, "local") == 0 || strcmp(id->name, "none") == 0))
		return err_set(e, ERR_USAGE, "a host cannot be called '%s': that word has a meaning of its own", id->name);
	if (*id->project && !role_may_have_project(id->role))
		return err_set(e, ERR_USAGE, "a %s has no project", role_name(id->role));
	if (!*id->name || strspn(id->name, letters) != strlen(id->name) || *id->name == '.')
		return err_set(e, ERR_USAGE, "the name '%s' holds more than letters, digits, '-', '_' and '.'", id->name);
	return 0;
}

static int may_grant_again(const struct access *a, struct err *e)
{
	if (a->revoked_at || !a->enrolled || a->not_after < clock_unix_s())
		return 0;
	err_set(e, ERR_CONFLICT, "there is a '%s' already, who is in: %s", a->name, a->role);
	err_hint(e, "choose another name, or end that access first: natalctl access revoke %.60s", a->name);
	return -(int)e->code;
}

int grant_make(struct ctl *c, const struct identity *id, int64_t token_s, struct access *ret, char token[TOKEN_TEXT_MAX], struct err *e)
{
	bool absent;
	int r;

	if ((r = check_identity(id, e)) ||
	    (r = access_get(c->store, id->project, id->name, ret, &absent, e)) || (!absent && (r = may_grant_again(ret, e))) ||
	    (r = token_make(c, token, ret->token, e)))
		return r;
	snprintf(ret->role, sizeof ret->role, "%s", role_name(id->role));
	ret->token_until = store_now_s(c->store) + token_s;
	ret->enrolled = false;
	ret->revoked_at = ret->not_after = 0;
	if (!absent) {
		c->access_generation++;         /* what it had counts no longer */
		return access_save(c->store, ret, e);
	}
	store_new_id("acc-", ret->id);
	ret->created_at = clock_unix_s();
	snprintf(ret->project, sizeof ret->project, "%s", id->project);
	snprintf(ret->name, sizeof ret->name, "%s", id->name);
	return access_insert(c->store, ret, e);
}

static enum cert_purpose purpose_of(enum role role)
{
	return role == ROLE_CONTROLLER ? CERT_SERVER : role == ROLE_HOST ? CERT_BOTH : CERT_CLIENT;
}

/* The key that a new intent is for. had: the serial of the certificate that asked, which is the one before from then on: answers may have been lost, and it has no newer
 * one; NULL: what the row says. */
struct next_key { const void *spki; size_t size; const struct grant_self *self; const uint8_t *had; };

static int write_intent(struct ctl *c, struct access *a, const struct next_key *k, struct err *e)
{
	const struct grant_self *self = k->self;
	const uint8_t *had = k->had;
	struct identity id = { .role = role_from_name(a->role) };
	int64_t now = clock_unix_s();
	struct cert_intent in = { .purpose = purpose_of(id.role), .not_before = (uint64_t)(now - CLOCK_SLACK_S),
		.not_after = (uint64_t)(now + (self ? SELF_VALID_S : CLIENT_VALID_S)) };

	snprintf(id.project, sizeof id.project, "%s", a->project);
	snprintf(id.name, sizeof id.name, "%s", a->name);
	identity_uri(&id, c->id, in.uri);
	snprintf(in.common_name, sizeof in.common_name, "%s", a->name);
	for (size_t i = 0; self && i < self->name_count && i < CERT_NAMES_MAX; i++)
		snprintf(in.names[in.name_count++], sizeof in.names[0], "%s", self->names[i]);
	random_bytes(in.serial, sizeof in.serial);
	in.serial[0] = (in.serial[0] & 0x7f) | 0x40;            /* positive, and no leading zero: RFC 5280 4.1.2.2 */
	memcpy(a->serial_before, had ? had : a->enrolled ? a->serial : in.serial, sizeof a->serial_before);
	memcpy(a->serial, in.serial, sizeof a->serial);
	a->not_after = (int64_t)in.not_after;
	a->enrolled = true;
	buf_clear(&a->intent);
	buf_clear(&a->spki);
	buf_add(&a->spki, k->spki, k->size);
	return intent_write(&in, &a->intent, e);
}

static int check_token(const struct access *a, int64_t now_s, struct err *e)
{
	if (a->revoked_at)
		err_set(e, ERR_DENIED, "the access of %s %s was revoked", a->role, a->name);
	else if (!a->enrolled && a->token_until < now_s)
		err_set(e, ERR_DENIED, "the token of %s %s has expired", a->role, a->name);
	else
		return 0;
	err_hint(e, "an operator makes another: natalctl access grant %s %.60s", a->role, a->name);
	return -(int)e->code;
}

int grant_enrol(struct ctl *c, const char *token, const char *csr, struct access *ret, struct err *e)
{
	uint8_t digest[SHA256_SIZE], spki[ACCESS_SPKI_MAX];
	size_t size = 0;
	bool absent;
	int r;

	if ((r = token_read(c, token, "natalctl access grant", digest, e)) || (r = access_get_by_token(c->store, digest, ret, &absent, e)))
		return r;
	if (absent) {
		err_set(e, ERR_DENIED, "there is no such token, or there is none any more");
		err_hint(e, "an operator makes one: natalctl access grant");
		return -(int)e->code;
	}
	if ((r = check_token(ret, store_now_s(c->store), e)) || (r = spki_of_csr(csr, strlen(csr), spki, sizeof spki, &size, e)))
		return r;
	if (ret->enrolled && (ret->spki.size != size || !bytes_equal(ret->spki.data, spki, size))) {
		err_set(e, ERR_CONFLICT, "the token of %s %s was used already, with another key", ret->role, ret->name);
		err_hint(e, "if that was not you: natalctl access revoke %.60s, and a new grant", ret->name);
		return -(int)e->code;
	}
	if (ret->enrolled)
		return 0;
	return (r = write_intent(c, ret, &(struct next_key){ spki, size, NULL, NULL }, e)) ? r : access_save(c->store, ret, e);
}

int grant_renew(struct ctl *c, const struct grant_renewal *g, struct access *ret, struct err *e)
{
	uint8_t spki[ACCESS_SPKI_MAX];
	size_t size = 0;
	bool absent;
	int r;

	if ((r = access_get(c->store, g->who->project, g->who->name, ret, &absent, e)))
		return r;
	if (absent || !ret->enrolled || ret->revoked_at)
		return err_set(e, ERR_DENIED, "%s %s has no access that could be renewed", role_name(g->who->role), g->who->name);
	if ((r = spki_of_csr(g->csr, strlen(g->csr), spki, sizeof spki, &size, e)) || (r = write_intent(c, ret, &(struct next_key){ spki, size, NULL, g->serial }, e)))
		return r;
	memset(ret->token, 0, sizeof ret->token);               /* its token has done its work, and gives the older certificate no more */
	return access_save(c->store, ret, e);
}

int grant_certificate(struct ctl *c, const struct access *a, struct buf *pem, struct err *e)
{
	uint8_t pin[SHA256_SIZE];
	int r = signer_issue(c->signer, a->id, pem, e);

	return r ? r : (r = grant_pin(c, pin, pem, e)) ? r : buf_check(pem, "a certificate chain", e);
}

int grant_revoke(struct ctl *c, const char *project, const char *name, struct access *ret, struct err *e)
{
	bool absent;

	int r = access_get(c->store, project, name, ret, &absent, e);
	if (r)
		return r;
	if (absent || strcmp(ret->role, "controller") == 0) {
		err_set(e, ERR_NOT_FOUND, "nobody called '%s' was let in%s%s", name, *project ? " to project " : "", project);
		err_hint(e, "natalctl access list shows who was");
		return -(int)e->code;
	}
	if (ret->revoked_at)
		return 0;
	ret->revoked_at = clock_unix_s();
	memset(ret->token, 0, sizeof ret->token);
	c->access_generation++;
	/* One that waits is to ask again, and be refused. */
	if (strcmp(ret->role, "host") == 0 && ((r = remote_wake(c, ret->name, e)) || (r = news_add(c->store, "host", ret->name, e))))
		return r;
	return access_save(c->store, ret, e);
}

static bool is_serial(const void *serial, size_t size, const uint8_t of[ACCESS_SERIAL_SIZE])
{
	return size == ACCESS_SERIAL_SIZE && bytes_equal(serial, of, size);
}

/* What is issued stands in a row: a certificate of ours that was issued after the older one of those that count, and that is none of them, is of rows that
 * this store has lost. */
static bool is_of_lost_rows(const struct access_guest *g, int64_t not_before)
{
	struct cert_facts older;
	struct err ignored;

	return g->count && cert_facts(g->certs[g->count - 1].data, g->certs[g->count - 1].size, &older, &ignored) == 0 && not_before > (int64_t)older.not_before;
}

static int check_guest(struct ctl *c, const struct grant_shown *shown, struct err *e)
{
	const struct identity *id = shown->id;
	struct peercert_serial is;
	struct access_guest g;
	bool known = false;

	int r = access_guest(c->store, id->name, &g, e);
	if (r)
		return r;
	for (size_t i = 0; i < g.count && !known; i++)
		known = peercert_serial(g.certs[i].data, g.certs[i].size, &is, e) == 0 && is.size == ACCESS_SERIAL_SIZE &&
			is_serial(shown->serial, shown->size, is.bytes);
	known |= !known && is_of_lost_rows(&g, shown->not_before);
	access_guest_fini(&g);
	if (g.count == 0 || strcmp(g.project, id->project) != 0)
		return err_set(e, ERR_DENIED, "VM %s of project %s is not there any more", id->name, id->project);
	if (known)
		return 0;
	err_set(e, ERR_DENIED, "the certificate is not VM %s's any more: it was given others since", id->name);
	err_hint(e, "the guest has to be given its newest medium");
	return -(int)e->code;
}

bool grant_knows(struct ctl *c, const struct identity *id, const void *der, size_t size)
{
	struct access_guest g;
	struct err ignored;
	bool known = false;

	if (id->role != ROLE_GUEST || access_guest(c->store, id->name, &g, &ignored))
		return false;
	for (size_t i = 0; i < g.count && !known; i++) {
		scoped_buf struct buf one = BUF_MAX(PEERCERT_DER_MAX);
		known = peercert_der(g.certs[i].data, g.certs[i].size, &one, &ignored) == 0 && one.size == size && memcmp(one.data, der, size) == 0;
	}
	known &= strcmp(g.project, id->project) == 0;
	access_guest_fini(&g);
	return known;
}

int grant_check(struct ctl *c, const struct grant_shown *shown, struct err *e)
{
	const struct identity *id = shown->id;
	scoped_access struct access a = ACCESS;
	bool absent;

	if (id->role == ROLE_GUEST)
		return check_guest(c, shown, e);
	int r = access_get(c->store, id->project, id->name, &a, &absent, e);
	if (r)
		return r;
	if (absent || strcmp(a.role, role_name(id->role)) != 0)
		err_set(e, ERR_DENIED, "this controller's store does not know %s %s", role_name(id->role), id->name);
	else if (a.revoked_at)
		err_set(e, ERR_DENIED, "the access of %s %s was revoked", a.role, a.name);
	else if (!a.enrolled || (!is_serial(shown->serial, shown->size, a.serial) && !is_serial(shown->serial, shown->size, a.serial_before)))
		err_set(e, ERR_DENIED, "the certificate of %s %s was replaced by a newer one", a.role, a.name);
	else
		return 0;
	err_hint(e, "an operator lets you in again: natalctl access grant, then natalctl login");
	return -(int)e->code;
}

int grant_self(struct ctl *c, const struct grant_self *self, struct access *ret, struct err *e)
{
	bool absent;

	int r = access_get(c->store, "", self->instance, ret, &absent, e);
	if (r)
		return r;
	snprintf(ret->role, sizeof ret->role, "%s", role_name(ROLE_CONTROLLER));
	snprintf(ret->name, sizeof ret->name, "%s", self->instance);
	if (absent)
		store_new_id("acc-", ret->id);
	if ((r = write_intent(c, ret, &(struct next_key){ self->spki, self->spki_size, self, NULL }, e)))
		return r;
	return absent ? access_insert(c->store, ret, e) : access_save(c->store, ret, e);
}
