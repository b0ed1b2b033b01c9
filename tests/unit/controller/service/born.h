/* born.h - a natald of one VM whose bundle was signed, for tests of what is said to it: a store of its own, and a link whose queue nobody
 * empties: what natald would send is looked at there. */
#pragma once
#include "tests/unit/controller/store/store_test.h"
#include "common/data/json.h"
#include "controller/crypto/guestkey.h"
#include "controller/crypto/seal.h"
#include "controller/service/link_priv.h"
#include "controller/store/bundle_row.h"
#include "controller/store/pool_key.h"
#include "controller/store/vm.h"

#define TLS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SSH "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEYS "{\"tls_spki\":\"" TLS "\",\"ssh\":{\"ssh-ed25519\":\"" SSH "\"}}"
#define BOOT_A "aaaaaaaa-0000-4000-8000-000000000000"
#define BOOT_B "bbbbbbbb-0000-4000-8000-000000000000"
#define BOOT_C "cccccccc-0000-4000-8000-000000000000"

static struct place *p;
static struct ctl c;
static struct link l;
static struct secret *seal_with;
static const uint8_t key[32] = { 1, 2, 3 }, other_key[32] = { 9 };
static char id[STORE_ID_MAX];
static struct err e;

static void add_rows(void)
{
	struct vm v = { .state = VM_BOOTING, .sequence = 1, .run_token = 1, .unproven_left = VM_UNPROVEN_MAX };
	struct bundle_row row = BUNDLE_ROW;
	struct pool_key k = { .kind = GUESTKEY_SSH_ED25519, .sealed = BUF_MAX(4096) };
	struct buf sealed = BUF_MAX(VM_REPORT_KEY_SEALED_MAX);
	bool absent;

	store_new_id("vm-", v.id);
	memcpy(id, v.id, sizeof id);
	snprintf(v.project, sizeof v.project, "default");
	snprintf(v.name, sizeof v.name, "web");
	snprintf(v.uuid, sizeof v.uuid, "u1");
	snprintf(v.host, sizeof v.host, "local");
	snprintf(v.image, sizeof v.image, "debian-12");
	v.spec = strdup("{}");
	v.forwards = strdup("[]");
	assert_ok(seal(seal_with, v.id, key, sizeof key, &sealed, &e), e);
	memcpy(v.report_key, sealed.data, sealed.size);
	v.report_key_size = sealed.size;
	assert_ok(vm_insert(p->s, &v, &e), e);
	snprintf(row.vm_id, sizeof row.vm_id, "%s", v.id);
	snprintf(row.project, sizeof row.project, "default");
	row.sequence = 1;
	row.stage = BUNDLE_SIGNED;
	memset(row.digest, 1, sizeof row.digest);
	buf_str(&row.keys, KEYS);
	buf_str(&row.intent, "{}");
	buf_str(&row.spki, "spki");
	buf_str(&row.secrets, "sealed parts");
	assert_ok(bundle_row_insert(p->s, &row, &e), e);
	row.rev = 1;
	assert_ok(bundle_row_save(p->s, &row, &e), e);          /* the digest is of a later stage */
	snprintf(k.id, sizeof k.id, "k-1");
	k.public_size = 1;
	buf_str(&k.sealed, "sealed key");
	assert_ok(pool_key_insert(p->s, "default", &k, &e), e);
	pool_key_fini(&k);
	k = (struct pool_key){ .sealed = BUF_MAX(4096) };
	assert_ok(pool_key_take(p->s, "default", GUESTKEY_SSH_ED25519, v.id, &k, &absent, &e), e);
	pool_key_fini(&k);
	buf_fini(&sealed);
	bundle_row_fini(&row);
	vm_fini(&v);
}

static inline int setup(void **state)
{
	int r = place_setup(state);

	p = *state;
	if (r || secret_new(SEAL_KEY_SIZE, &seal_with, &e))
		return -1;
	l = (struct link){ .fd = -1, .in = FRAME_READER };
	c = (struct ctl){ .state_dir = p->dir, .store = p->s, .seal = seal_with, .link = &l, .id = "ctl-1" };
	add_rows();
	return 0;
}

static inline void forget_queue(void)
{
	for (struct message *m; (m = l.first);) {
		l.first = m->next;
		message_free(m);
	}
	struct pending **lists[] = { &l.pending, &l.answered };
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (struct pending *q; (q = *lists[i]);) {
			*lists[i] = q->next;
			free(q);
		}
}

static inline int teardown(void **state)
{
	forget_queue();
	frame_reader_fini(&l.in);
	secret_free(seal_with);
	return place_teardown(state);
}

static inline void vm_is(enum vm_state state, const char *reason)
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &e), e);
	assert_string_equal(vm_state_name(v.state), vm_state_name(state));
	if (!strstr(v.reason, reason))
		fail_msg("reason '%s' does not hold '%s'", v.reason, reason);
}

static inline bool queued(enum frame_type type)
{
	enum { TYPE_AT = 8 };                   /* docs/WIRE.md */

	for (const struct message *m = l.first; m; m = m->next)
		if ((uint8_t)m->bytes.data[TYPE_AT] == (uint8_t)type)
			return true;
	return false;
}

static inline int64_t delivered_at(bool *secrets)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	bool absent;

	assert_ok(bundle_row_get(p->s, id, 1, &row, &absent, &e), e);
	if (secrets)
		*secrets = row.secrets.size > 0;
	return row.delivered_at;
}

static inline int64_t wiped(void)
{
	struct pool_count n;

	assert_ok(pool_key_count(p->s, "default", GUESTKEY_SSH_ED25519, &n, &e), e);
	return n.wiped;
}

static inline void eject(void)
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	assert_ok(vm_get_by_id(p->s, id, &v, &absent, &e), e);
	assert_ok(report_ejected(&c, &v, &e), e);
}
