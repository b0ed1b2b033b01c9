/* advance.c - stages 2 and 3 of a bundle (birth.h): certificate, manifest, pin payload; signatures. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/verify/pin.h"
#include "controller/crypto/ca.h"
#include "controller/crypto/seal.h"
#include "controller/service/birth.h"
#include "controller/service/birth_parts.h"
#include "controller/service/keys.h"
#include "controller/service/newborn.h"
#include "controller/service/pinwriter.h"
#include "controller/service/proof.h"
#include "controller/store/ca_row.h"
#include "controller/store/news.h"

int birth_row(struct ctl *c, const struct vm *v, struct bundle_row *ret, struct err *e)
{
	bool absent;

	int r = bundle_row_get(c->store, v->id, v->sequence, ret, &absent, e);
	return r ? r : absent ? err_set(e, ERR_INTERNAL, "VM %s has no bundle %lld", v->name, (long long)v->sequence) : 0;
}

static int open_parts(struct ctl *c, const struct bundle_row *row, struct secret **ret, struct err *e)
{
	char where[STORE_ID_MAX + 24];

	if (!row->secrets.size) {
		err_set(e, ERR_CONFLICT, "the bundle was delivered, and its private keys are gone");
		err_hint(e, "natalctl vm reissue makes a new one with new keys");
		return -(int)e->code;
	}
	part_seal_name(row->vm_id, row->sequence, where, sizeof where);
	return seal_open(c->seal, where, row->secrets.data, row->secrets.size, ret, e);
}

/* The digest of the CA's SPKI, read out of its certificate once. */
static int ca_pin(struct ctl *c, const struct ca_row *ca, struct err *e)
{
	struct cert_facts facts;

	if (ca->rev == c->ca.rev && strcmp(ca->id, c->ca.id) == 0)
		return 0;
	int r = cert_facts(ca->chain.data, ca->chain.size, &facts, e);
	if (r)
		return r;
	memcpy(c->ca.spki_sha256, facts.spki_sha256, SHA256_SIZE);
	memcpy(c->ca.id, ca->id, sizeof c->ca.id);
	c->ca.rev = ca->rev;
	return 0;
}

/* c->ca of this turn: many births of a turn ask for it once. */
static int find_ca(struct ctl *c, const char *project, struct err *e)
{
	scoped(ca_row_fini) struct ca_row ca = CA_ROW;
	bool absent;

	if (c->ca.turn == store_turn(c->store) && strcmp(c->ca.project, project) == 0)
		return 0;
	int r = ca_row_get(c->store, project, &ca, &absent, e);
	if (r || absent)
		return r ? r : err_set(e, ERR_NOT_FOUND, "project %s has no certificate authority", project);
	if ((r = ca_pin(c, &ca, e)) || (r = text_copy(c->ca.project, sizeof c->ca.project, project, "the project", e)))
		return r;
	buf_fini(&c->ca.chain);
	c->ca.chain = ca.chain;
	ca.chain = BUF_MAX(CA_CHAIN_MAX);
	c->ca.turn = store_turn(c->store);
	return 0;
}

/* The controller's pin is its CA's SPKI: every certificate it will ever present to a guest has that key above it. */
static void fill_controller(const struct ctl *c, struct manifest *m)
{
	snprintf(m->controller.id, sizeof m->controller.id, "%s", c->id);
	snprintf(m->controller.names[0], sizeof m->controller.names[0], "natald");
	m->controller.name_count = c->address_count ? c->address_count : 1;
	for (size_t i = 0; i < c->address_count; i++)
		memcpy(m->controller.names[i], c->addresses[i], sizeof m->controller.names[i]);
	memcpy(m->controller.spki_pins[0], c->ca.spki_sha256, SHA256_SIZE);
	m->controller.pin_count = 1;
}

/* nonce: of who asked for it, or NULL. */
static int write_manifest(struct ctl *c, const struct vm *v, struct bundle_row *row, const uint8_t *nonce, struct err *e)
{
	scoped_secret struct secret *parts = NULL;
	struct blob blobs[PARTS_MAX];
	struct manifest m = { .format = BUNDLE_FORMAT, .epoch = (uint64_t)v->epoch, .sequence = (uint64_t)row->sequence, .blobs = blobs };
	int64_t now = clock_unix_s();
	int r;

	m.issued_at = (uint64_t)now;
	m.not_before = (uint64_t)(now - CLOCK_SLACK_S);
	m.not_after = (uint64_t)(now + BUNDLE_VALID_S);
	snprintf(m.bundle_id, sizeof m.bundle_id, "%s.%lld", v->id, (long long)row->sequence);
	snprintf(m.project, sizeof m.project, "%s", v->project);
	snprintf(m.vm.id, sizeof m.vm.id, "%s", v->id);
	snprintf(m.vm.name, sizeof m.vm.name, "%s", v->name);
	snprintf(m.vm.instance_id, sizeof m.vm.instance_id, "%s", v->instance_id);
	snprintf(m.vm.uuid, sizeof m.vm.uuid, "%s", v->uuid);
	if (*v->ek_sha256)
		hex_decode(v->ek_sha256, m.vm.ek_sha256, SHA256_SIZE);
	if (nonce)
		memcpy(m.nonce, nonce, sizeof m.nonce);
	fill_controller(c, &m);
	if ((r = open_parts(c, row, &parts, e)) ||
	    (r = part_list(parts->bytes, parts->size, row, blobs, &m.blob_count, e)) || (r = bundle_manifest(&m, &row->manifest, e)))
		return r;
	envelope_digest(ENVELOPE_BUNDLE, row->manifest.data, row->manifest.size, row->digest);
	return 0;
}

/* Its names, and where its ssh is forwarded to: "[127.0.0.1]:2201", as known_hosts writes a port. */
static int fill_names(const struct vm *v, struct pin *p, struct err *e)
{
	scoped_json struct json_object *o = NULL, *f = NULL;
	struct vm_spec spec;
	int r;

	if ((r = json_parse(v->spec, strlen(v->spec), "the VM's spec", &o, e)) || (r = spec_read(o, &spec, e)) ||
	    (r = spec_names(&spec, p->names, PIN_NAMES_MAX, &p->name_count, e)) ||
	    (r = json_parse(v->forwards, strlen(v->forwards), "the VM's forwards", &f, e)))
		return r;
	for (size_t i = 0; i < json_object_array_length(f) && p->name_count < PIN_NAMES_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(f, i);
		if (json_uint(one, "guest", 0) == 22 && json_uint(one, "host", 0))
			snprintf(p->names[p->name_count++], sizeof p->names[0], "[127.0.0.1]:%u", (unsigned)json_uint(one, "host", 0));
	}
	return 0;
}

/* The record before this one: this bundle's own earlier one, else the last sequence's. */
static int fill_previous(struct ctl *c, const struct bundle_row *row, struct pin *p, struct err *e)
{
	scoped_bundle_row struct bundle_row before = BUNDLE_ROW;
	bool absent = true;

	p->has_previous = row->pin_record.size > 0;
	if (p->has_previous)
		memcpy(p->previous, row->pin_digest, SHA256_SIZE);
	if (p->has_previous || row->sequence == 1)
		return 0;
	int r = bundle_row_get(c->store, row->vm_id, row->sequence - 1, &before, &absent, e);
	if (!r && !absent && before.pin.size) {
		p->has_previous = true;
		memcpy(p->previous, before.pin_digest, SHA256_SIZE);
	}
	return r;
}

static int write_pin(struct ctl *c, const struct vm *v, struct bundle_row *row, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct pin p = { .format = PIN_FORMAT, .sequence = (uint64_t)row->sequence, .issued_at = (uint64_t)clock_unix_s() };
	struct bundle_keys k = { 0 };
	int r;

	if ((r = bundle_keys_read(row, &o, &k, e)) || (r = fill_names(v, &p, e)) || (r = fill_previous(c, row, &p, e)))
		return r;
	snprintf(p.project, sizeof p.project, "%s", v->project);
	snprintf(p.vm_id, sizeof p.vm_id, "%s", v->id);
	snprintf(p.name, sizeof p.name, "%s", v->name);
	snprintf(p.uuid, sizeof p.uuid, "%s", v->uuid);
	memcpy(p.tls_spki, k.tls_spki, SHA256_SIZE);
	for (size_t i = 0; i < json_object_array_length(k.ssh_lines) && i < PIN_SSH_KEYS_MAX; i++)
		snprintf(p.ssh_keys[p.ssh_count++], PIN_SSH_LINE_MAX, "%s",
			json_object_get_string(json_object_array_get_idx(k.ssh_lines, i)));
	p.has_ek = *v->ek_sha256 && hex_decode(v->ek_sha256, p.ek_sha256, SHA256_SIZE);
	buf_clear(&row->pin);
	if ((r = pin_payload(&p, &row->pin, e)))
		return r;
	envelope_digest(ENVELOPE_PIN, row->pin.data, row->pin.size, row->pin_digest);
	return 0;
}

int birth_written(struct ctl *c, const struct vm *v, struct bundle_row *row, struct err *e)
{
	int r = find_ca(c, v->project, e);

	if (r)
		return r;
	buf_add(&row->chain, c->ca.chain.data, c->ca.chain.size);
	if ((r = write_manifest(c, v, row, NULL, e)) || (r = write_pin(c, v, row, e)))
		return r;
	row->stage = BUNDLE_WRITTEN;
	return bundle_row_save(c->store, row, e);
}

int birth_sign_for(struct ctl *c, const struct vm *v, struct bundle_row *row, const uint8_t nonce[BUNDLE_NONCE_SIZE], struct err *e)
{
	int r;

	if (row->stage != BUNDLE_SIGNED && row->stage != BUNDLE_WRITTEN)
		return err_set(e, ERR_UNAVAILABLE, "the bundle of VM %s is not made yet: %s", v->name, v->reason);
	if ((r = find_ca(c, v->project, e)))
		return r;
	buf_clear(&row->manifest);
	if ((r = write_manifest(c, v, row, nonce, e)))
		return r;
	row->stage = BUNDLE_WRITTEN;
	/* The guest waits here, wherever the machine was made. */
	return (r = bundle_row_claim(c->store, row, e)) ? r : bundle_row_save(c->store, row, e);
}

static int to_signed(struct ctl *c, const struct bundle_ref *ref, struct vm *v, const struct signer_answer *a, bool *ret_ended, struct err *e)
{
	/* Not changed: it was renewed meanwhile, and is asked for again. */
	int r = bundle_row_sign(c->store, ref, &a->signatures, &a->pin_record, ret_ended, e);
	if (r || !*ret_ended || (r = news_add(c->store, "vm", v->id, e)) || (r = news_add(c->store, "pin", v->id, e)) ||
	    v->state != VM_DEFINED || v->sequence != ref->sequence)
		return r;               /* the news: who waits at another natald for what was signed, and its file there */
	bool newborn;
	if ((r = newborn_is(c, v, &newborn, e)))
		return r;
	v->deadline_at = 0;
	vm_set_state(v, VM_READY, "%s", !vm_by_others(v) ? "can be started" : newborn ? "waits for its guest to ask" : "its medium waits to be fetched");
	return ctl_save(c, v, e);
}

int birth_next(struct ctl *c, const struct bundle_ref *ref, struct vm *v, const struct signer_answer *a, bool *ret_ended, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	bool absent = true;

	*ret_ended = false;
	if (ref->stage == BUNDLE_WRITTEN)
		return to_signed(c, ref, v, a, ret_ended, e);
	int r = bundle_row_get(c->store, ref->vm_id, ref->sequence, &row, &absent, e);
	if (r || absent || row.stage != ref->stage)
		return r;
	buf_add(&row.cert, a->cert.data, a->cert.size);
	return birth_written(c, v, &row, e);
}

int birth_give_up(struct ctl *c, const struct bundle_ref *ref, const struct err *why, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_vm struct vm v = { 0 };
	bool absent = true;
	int r;

	if ((r = bundle_row_get(c->store, ref->vm_id, ref->sequence, &row, &absent, e)) || absent)
		return r;
	/* A new pin record that could not be signed: the bundle and the record before are as good as they were. */
	row.stage = row.pin_record.size ? BUNDLE_SIGNED : BUNDLE_BROKEN;
	if ((r = bundle_row_save(c->store, &row, e)) || (r = vm_get_by_id(c->store, ref->vm_id, &v, &absent, e)) || absent ||
	    v.sequence != ref->sequence)            /* a reissue came: the old one is nobody's business any more */
		return r;
	if (row.stage == BUNDLE_SIGNED) {
		fprintf(stderr, "natald: vm=%s keeps its old pin record: %s\n", v.name, why->msg);
		return 0;
	}
	v.deadline_at = 0;
	vm_set_state(&v, VM_FAILED, "its bundle could not be made: %s", why->msg);
	return ctl_save(c, &v, e);
}

int birth_unsigned(struct ctl *c, const struct vm *v, bool *ret, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	bool absent;

	int r = bundle_row_get_public(c->store, v->id, v->sequence, &row, &absent, e);
	*ret = !r && !absent && (row.stage < BUNDLE_SIGNED || pinwriter_holds(c->pins, v->id));
	return r;
}

int birth_renew_pin(struct ctl *c, const struct vm *v, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;

	int r = birth_row(c, v, &row, e);
	if (r || (row.stage != BUNDLE_SIGNED && row.stage != BUNDLE_WRITTEN) || (r = write_pin(c, v, &row, e)))
		return r;
	row.stage = BUNDLE_WRITTEN;
	return bundle_row_save(c->store, &row, e);
}

int birth_bundle(struct ctl *c, const struct bundle_row *row, struct buf *out, struct err *e)
{
	scoped_secret struct secret *parts = NULL;
	struct blob blobs[PARTS_MAX];
	struct manifest m = { .blobs = blobs };
	struct signature sigs[ENVELOPE_SIGNATURES_MAX];
	size_t n = 0;
	int r;

	if (!row->signatures.size)
		return err_set(e, ERR_UNAVAILABLE, "the bundle is not signed yet");
	if ((r = proof_digests(row, e)) || (r = proof_signatures(row, sigs, &n, e)))
		return r;
	if ((r = open_parts(c, row, &parts, e)) || (r = part_list(parts->bytes, parts->size, row, blobs, &m.blob_count, e)))
		return r;
	r = bundle_assemble(&m, row->manifest.data, row->manifest.size, sigs, n, out, e);
	return r ? r : keys_behind(c, row->project, out, e);
}
