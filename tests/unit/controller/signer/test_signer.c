/* test_signer.c - the signer signs committed rows and nothing else. A real signer process, on a store of its own. */
#include "tests/unit/controller/store/store_test.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/media/envelope.h"
#include "common/verify/pin.h"
#include "controller/crypto/ca.h"
#include "controller/crypto/guestkey.h"
#include "controller/signer/intent.h"
#include "controller/signer/signer.h"
#include "controller/store/ca_row.h"
#include "controller/store/media_key.h"

static struct secret *key;
static struct signer *signer;

static int setup(void **state)
{
	int r = place_setup(state);
	struct place *p = *state;
	struct err e;

	if (r || secret_new(32, &key, &e))
		return -1;
	/* As natald does: forked while no store is open, since SQLite's locks belong to a process. */
	store_close(p->s);
	p->s = NULL;
	r = signer_start(&(struct signer_config){ p->path, key }, &signer, &p->e);
	return r ? r : store_open(p->path, &p->s, &p->e);
}

static int teardown(void **state)
{
	signer_stop(signer);
	secret_free(key);
	return place_teardown(state);
}

static void add_keys(struct place *p)
{
	struct media_key k = { .sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX) };
	struct ca_row ca = CA_ROW;

	assert_ok(signer_make_media_key(signer, SIG_ED25519, &k.public, &k.sealed, &p->e), p->e);
	for (size_t i = 0; i < KEY_ID_SIZE; i++)
		snprintf(k.id + 2 * i, 3, "%02x", k.public.id[i]);
	snprintf(k.project, sizeof k.project, "default");
	snprintf(k.name, sizeof k.name, "m");
	assert_ok(media_key_insert(p->s, &k, &p->e), p->e);
	snprintf(ca.id, sizeof ca.id, "ca-1");
	snprintf(ca.project, sizeof ca.project, "default");
	snprintf(ca.subject, sizeof ca.subject, "test CA");
	assert_ok(signer_make_ca(signer, "test CA", &ca.sealed, &ca.chain, &p->e), p->e);
	assert_ok(ca_row_insert(p->s, &ca, &p->e), p->e);
	media_key_fini(&k);
	ca_row_fini(&ca);
}

static void add_bundle(struct place *p)
{
	struct cert_intent in = { .common_name = "web", .name_count = 1, .serial = { 0x41 }, .not_before = 1700000000,
		.not_after = 1800000000 };
	struct bundle_row b = BUNDLE_ROW;
	struct guestkey g;

	snprintf(in.names[0], sizeof in.names[0], "web");
	assert_ok(guestkey_make(GUESTKEY_TLS_P256, &g, &p->e), p->e);
	snprintf(b.vm_id, sizeof b.vm_id, "vm-1");
	snprintf(b.project, sizeof b.project, "default");
	b.sequence = 1;
	b.stage = BUNDLE_TAKEN;
	buf_add(&b.spki, g.public, g.public_size);
	buf_str(&b.keys, "{}");
	assert_ok(intent_write(&in, &b.intent, &p->e), p->e);
	assert_ok(bundle_row_insert(p->s, &b, &p->e), p->e);
	guestkey_fini(&g);
	bundle_row_fini(&b);
}

/* What the signer says to one birth. */
static struct signer_answer ask(struct place *p, enum bundle_stage stage)
{
	struct bundle_ref ref = { .vm_id = "vm-1", .sequence = 1, .stage = stage };
	struct signer_answer a = SIGNER_ANSWER;

	assert_ok(signer_post(signer, &ref, 1, &p->e), p->e);
	assert_ok(signer_wait(signer, &a, &p->e), p->e);
	return a;
}

static void refused(struct place *p, enum bundle_stage stage, const char *why)
{
	struct signer_answer a = ask(p, stage);

	assert_int_equal(a.failed.code, ERR_DENIED);
	assert_non_null(strstr(a.failed.msg, why));
	assert_int_equal(a.cert.size + a.signatures.size + a.pin_record.size, 0);
	signer_answer_fini(&a);
}

static void refuses_what_is_not_there(void **state)
{
	struct place *p = *state;

	add_keys(p);
	refused(p, BUNDLE_TAKEN, "signs what was committed only: the store has no bundle 1 of vm-1");
	refused(p, BUNDLE_WRITTEN, "signs what was committed only");
}

static void refuses_until_the_commit(void **state)
{
	struct place *p = *state;
	struct cert_facts facts;

	add_keys(p);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	add_bundle(p);
	refused(p, BUNDLE_TAKEN, "signs what was committed only");
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	struct signer_answer a = ask(p, BUNDLE_TAKEN);
	assert_ok(cert_facts(a.cert.data, a.cert.size, &facts, &p->e), p->e);
	assert_string_equal(facts.subject, "CN=web");
	assert_string_equal(facts.issuer, "CN=test CA");
	signer_answer_fini(&a);
}

static void write_payloads(struct place *p, bool honest)
{
	struct bundle_row b = BUNDLE_ROW;
	bool absent;

	assert_ok(bundle_row_get(p->s, "vm-1", 1, &b, &absent, &p->e), p->e);
	b.stage = BUNDLE_WRITTEN;
	buf_str(&b.manifest, "{\"manifest\":1}");
	buf_str(&b.pin, "{\"pin\":1}");
	envelope_digest(ENVELOPE_BUNDLE, b.manifest.data, b.manifest.size, b.digest);
	envelope_digest(ENVELOPE_PIN, b.pin.data, b.pin.size, b.pin_digest);
	if (!honest)
		b.digest[0] ^= 1;
	assert_ok(bundle_row_save(p->s, &b, &p->e), p->e);
	bundle_row_fini(&b);
}

static void refuses_another_payload(void **state)
{
	struct place *p = *state;

	add_keys(p);
	add_bundle(p);
	refused(p, BUNDLE_WRITTEN, "at that stage");
	write_payloads(p, false);
	refused(p, BUNDLE_WRITTEN, "has another digest than its row");
}

static void signs_with_every_key(void **state)
{
	struct place *p = *state;
	struct media_key *keys;
	struct envelope env;
	size_t n;

	add_keys(p);
	add_bundle(p);
	write_payloads(p, true);
	struct signer_answer a = ask(p, BUNDLE_WRITTEN);
	assert_int_equal(a.signatures.size, 4 + KEY_ID_SIZE + 64);
	assert_ok(envelope_read(a.pin_record.data, a.pin_record.size, ENVELOPE_PIN, "pin", &env, &p->e), p->e);
	assert_ok(media_key_list(p->s, "default", &keys, &n, &p->e), p->e);
	struct buf pae = BUF_MAX(4096);
	envelope_pae(ENVELOPE_PIN, env.payload, env.payload_size, &pae);
	assert_ok(pubkey_verify(&keys[0].public, pae.data, pae.size, env.signatures[0].value, env.signatures[0].size, &p->e), p->e);
	media_key_list_free(keys, n);
	buf_fini(&pae);
	signer_answer_fini(&a);
}

/* Many at once: each has its own answer, in the order of asking, and a question in between is not answered with one of them. */
static void answers_in_order(void **state)
{
	struct bundle_ref refs[SIGNER_BATCH] = { 0 };
	struct place *p = *state;
	struct buf csr = BUF_MAX(4096);
	bool none;

	add_keys(p);
	add_bundle(p);
	for (size_t i = 0; i < SIGNER_BATCH; i++) {
		refs[i] = (struct bundle_ref){ .sequence = i % 2 ? 1 : 100 + (int64_t)i, .stage = BUNDLE_TAKEN };
		snprintf(refs[i].vm_id, sizeof refs[i].vm_id, "vm-1");
	}
	assert_ok(signer_post(signer, refs, SIGNER_BATCH, &p->e), p->e);
	assert_ok(signer_post(signer, refs + 1, 1, &p->e), p->e);
	assert_ok(signer_csr(signer, "default", "x", &csr, &p->e), p->e);
	assert_non_null(strstr(csr.data, "CERTIFICATE REQUEST"));
	for (size_t i = 0; i <= SIGNER_BATCH; i++) {
		struct signer_answer a = SIGNER_ANSWER;
		char want[40];
		snprintf(want, sizeof want, "no bundle %d of vm-1", 100 + (int)i);
		assert_ok(signer_next(signer, &a, &none, &p->e), p->e);
		assert_false(none);
		if (i % 2 || i == SIGNER_BATCH)
			assert_true(!a.failed.code && a.cert.size);
		else
			assert_non_null(strstr(a.failed.msg, want));
		signer_answer_fini(&a);
	}
	struct signer_answer a = SIGNER_ANSWER;
	assert_ok(signer_next(signer, &a, &none, &p->e), p->e);
	assert_true(none);
	buf_fini(&csr);
}

/* A row that says another public half than its sealed private one has: whoever writes the store does not choose what is signed with. */
static void refuses_another_public_half(void **state)
{
	struct place *p = *state;
	struct media_key k = { .sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX) }, other = { .sealed = BUF_MAX(MEDIA_KEY_SEALED_MAX) };

	add_keys(p);
	add_bundle(p);
	assert_ok(signer_make_media_key(signer, SIG_ED25519, &k.public, &k.sealed, &p->e), p->e);
	assert_ok(signer_make_media_key(signer, SIG_ED25519, &other.public, &other.sealed, &p->e), p->e);
	for (size_t i = 0; i < KEY_ID_SIZE; i++)
		snprintf(k.id + 2 * i, 3, "%02x", k.public.id[i]);
	snprintf(k.project, sizeof k.project, "default");
	snprintf(k.name, sizeof k.name, "swapped");
	k.public = other.public;
	assert_ok(media_key_insert(p->s, &k, &p->e), p->e);
	write_payloads(p, true);
	struct signer_answer a = ask(p, BUNDLE_WRITTEN);
	assert_int_equal(a.failed.code, ERR_UNTRUSTED);
	assert_non_null(strstr(a.failed.msg, "media key 'swapped' has another public half than the store says"));
	assert_int_equal(a.signatures.size + a.pin_record.size, 0);
	signer_answer_fini(&a);
	media_key_fini(&k);
	media_key_fini(&other);
}

/* A network is not there for it: its own filter says so. */
static void has_no_network(void **state)
{
	char path[64], line[256] = "";
	FILE *f;
	int filtered = 0, undumpable = 0;

	(void)state;
	snprintf(path, sizeof path, "/proc/%d/status", (int)signer_pid(signer));
	assert_true(signer_alive(signer));
	struct buf csr = BUF_MAX(4096);
	struct err e;
	assert_err(signer_csr(signer, "nowhere", "x", &csr, &e), ERR_DENIED, e, "no certificate authority for project nowhere");
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		filtered |= strcmp(line, "Seccomp:\t2\n") == 0;
		undumpable |= strcmp(line, "NoNewPrivs:\t1\n") == 0;
	}
	fclose(f);
	assert_true(filtered);
	assert_true(undumpable);
	/* Where this user may make network namespaces, it has one of its own with nothing in it. */
	char mine[64] = "", its[64] = "";
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) == 0 ? 0 : 1);
	waitpid(pid, &status, 0);
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)signer_pid(signer));
	if (status == 0 && readlink("/proc/self/ns/net", mine, sizeof mine - 1) > 0 && readlink(path, its, sizeof its - 1) > 0)
		assert_string_not_equal(mine, its);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refuses_what_is_not_there, setup, teardown),
			cmocka_unit_test_setup_teardown(refuses_until_the_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_another_payload, setup, teardown),
			cmocka_unit_test_setup_teardown(signs_with_every_key, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_in_order, setup, teardown),
			cmocka_unit_test_setup_teardown(refuses_another_public_half, setup, teardown),
		cmocka_unit_test_setup_teardown(has_no_network, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
