#include "tests/unit/unit.h"
#include "tests/unit/common/media/sample.h"

#include <stdio.h>
#include <stdlib.h>

static struct test_key key;

static int setup(void **s)
{
	(void)s;
	key = test_key(SIG_ED25519, "a");
	return 0;
}

static int verify(const struct buf *b, struct pin *ret, struct err *e)
{
	struct trust t = sample_trust(&key, 1);

	return pin_verify(b->data, b->size, &t, SAMPLE_NOW, "web-1.pin", ret, e);
}

/* The record whose payload is `json`, signed. */
static int verify_json(const char *json, struct pin *ret, struct err *e)
{
	scoped_buf struct buf payload = BUF_MAX(1 << 20), b = BUF_MAX(1 << 20);

	buf_str(&payload, json);
	sample_envelope(ENVELOPE_PIN, &payload, &key, 1, &b);
	return verify(&b, ret, e);
}

static void signed_pin(const struct pin *p, struct buf *out)
{
	scoped_buf struct buf payload = BUF_MAX(1 << 20);
	struct err e;

	assert_ok(pin_payload(p, &payload, &e), e);
	sample_envelope(ENVELOPE_PIN, &payload, &key, 1, out);
}

static void round_trip(void **s)
{
	struct pin p, back;
	struct err e;

	(void)s;
	sample_pin(&p);
	p.has_tls_next = p.has_previous = p.verdict.has = true;
	memset(p.tls_spki_next, 0x33, SHA256_SIZE);
	memset(p.previous, 0x44, SHA256_SIZE);
	snprintf(p.verdict.id, sizeof p.verdict.id, "v-1");
	p.verdict.at = 7;
	p.verdict.not_after = 9;
	p.ssh_next_count = 1;
	memcpy(p.ssh_keys_next[0], p.ssh_keys[0], PIN_SSH_LINE_MAX);
	scoped_buf struct buf b = BUF_MAX(1 << 20), again = BUF_MAX(1 << 20);
	signed_pin(&p, &b);
	assert_ok(verify(&b, &back, &e), e);
	assert_string_equal(back.names[1], "[127.0.0.1]:2201");
	assert_string_equal(back.verdict.id, "v-1");
	signed_pin(&back, &again);
	assert_int_equal(b.size, again.size);
	assert_memory_equal(b.data, again.data, b.size);
}

static void flipped_and_cut(void **s)
{
	struct pin p, back;
	struct err e;
	scoped_buf struct buf b = BUF_MAX(1 << 20);

	(void)s;
	sample_pin(&p);
	signed_pin(&p, &b);
	size_t whole = b.size;
	for (size_t bit = 0; bit < 8 * whole; bit += sample_stride()) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		int r = verify(&b, &back, &e);
		if (r != -ERR_UNTRUSTED && r != -ERR_FORMAT && r != -ERR_LIMIT && r != -ERR_UNSUPPORTED)
			fail_msg("bit %zu: got %d", bit, r);
		assert_non_null(strstr(e.msg, "web-1.pin: "));
		b.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (b.size = 0; b.size < whole; b.size++)
		assert_err(verify(&b, &back, &e), ERR_FORMAT, e, b.size < 32 ? "bytes short" : "says it has");
	struct test_key stranger = test_key(SIG_ED25519, "stranger");
	struct trust t = sample_trust(&stranger, 1);
	b.size = whole;
	assert_err(
		pin_verify(b.data, b.size, &t, SAMPLE_NOW, "web-1.pin", &back, &e), ERR_UNTRUSTED, e, "web-1.pin: signed by unknown key");
}

#define HEAD                                                                                                                               \
	"{\"format\":1,\"project\":\"default\",\"vm_id\":\"vm-9\",\"name\":\"web-1\",\"uuid\":\"" SAMPLE_UUID                              \
	"\",\"sequence\":5,\"issued_at\":1,"
#define HEX "1111111111111111111111111111111111111111111111111111111111111111"
#define TLS "\"tls_spki\":{\"current\":\"" HEX "\",\"next\":\"\"},"
#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGf8mAixs4eSlNLC1fx5zR0j0MF9x5kZWlHqKhnfoMvv"
#define SSH "\"ssh_host_keys\":{\"current\":[\"" KEY "\"],\"next\":[]},"
#define TAIL "\"ek_sha256\":\"\",\"previous\":\"\",\"verdict\":{}}"

static void refuses(void **s)
{
	static const struct { const char *json; enum err_code code; const char *msg;
	} cases[] = {
		{ HEAD "\"names\":[]," TLS SSH TAIL, 0, "" },
		{ "[1]", ERR_FORMAT, "pin format 0: this program reads 1" },
		{ "{\"format\":2,\"new\":1}", ERR_UNSUPPORTED, "pin format 2: this program reads 1" },
		{ HEAD "\"names\":[]," TLS SSH "\"extra\":1," TAIL, ERR_FORMAT, "unknown key 'extra'" },
		{ HEAD TLS SSH TAIL, ERR_FORMAT, "names is missing" },
		{ HEAD "\"names\":[1]," TLS SSH TAIL, ERR_FORMAT, "names[0] is not a string" },
		{ HEAD "\"names\":[\"*\"]," TLS SSH TAIL, ERR_FORMAT, "names is not a host name or address" },
		{ HEAD "\"names\":[\"a b\"]," TLS SSH TAIL, ERR_FORMAT, "names is not a host name or address" },
		{ HEAD "\"names\":[\"\"]," TLS SSH TAIL, ERR_FORMAT, "names is not a host name or address" },
		{ HEAD "\"names\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]," TLS SSH TAIL, ERR_LIMIT,
			"names has 9 entries: 8 at most" },
		{ HEAD "\"names\":[],\"tls_spki\":{\"current\":\"\",\"next\":\"\"}," SSH TAIL, ERR_FORMAT, "tls_spki.current is empty" },
		{ HEAD "\"names\":[],\"tls_spki\":{\"current\":\"11\",\"next\":\"\"}," SSH TAIL, ERR_FORMAT,
			"tls_spki.current is neither empty" },
		{ HEAD "\"names\":[]," TLS "\"ssh_host_keys\":{\"current\":[\"" KEY "\\nevil ssh-ed25519 AAAA\"],\"next\":[]}," TAIL,
			ERR_FORMAT, "is not base64" },
		{ HEAD "\"names\":[]," TLS "\"ssh_host_keys\":{\"current\":[\"ssh-dss AAAA\"],\"next\":[]}," TAIL, ERR_FORMAT,
			"SSH host key that is not" },
		{ HEAD "\"names\":[]," TLS "\"ssh_host_keys\":{\"current\":[\"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGf8\"],\"next\":[]}," TAIL,
			ERR_FORMAT, "whose blob is no ssh-rsa key" },
		{ HEAD "\"names\":[]," TLS "\"ssh_host_keys\":{\"current\":[],\"next\":[\"ssh-rsa \"]}," TAIL, ERR_FORMAT,
			"whose blob is no ssh-rsa key" },
		{ HEAD "\"names\":[]," TLS SSH "\"ek_sha256\":\"\",\"previous\":\"x\",\"verdict\":{}}", ERR_FORMAT,
			"previous is neither empty" },
		{ HEAD "\"names\":[]," TLS SSH "\"ek_sha256\":\"\",\"previous\":\"\",\"verdict\":{\"id\":\"v\"}}", ERR_FORMAT,
			".at is missing" },
		{ "{\"format\":1,\"project\":\"\",\"vm_id\":\"vm-9\",\"name\":\"w\",\"uuid\":\"" SAMPLE_UUID
		  "\",\"sequence\":5,\"issued_at\":1,\"names\":[]," TLS SSH TAIL,
			ERR_FORMAT, "project is empty" },
		{ "{\"format\":1,\"project\":\"p\",\"vm_id\":\"\",\"name\":\"w\",\"uuid\":\"" SAMPLE_UUID
		  "\",\"sequence\":5,\"issued_at\":1,\"names\":[]," TLS SSH TAIL,
			ERR_FORMAT, "vm_id is empty" },
		{ "{\"format\":1,\"project\":\"p\",\"vm_id\":\"v\",\"name\":\"a,b\",\"uuid\":\"" SAMPLE_UUID
		  "\",\"sequence\":5,\"issued_at\":1,\"names\":[]," TLS SSH TAIL,
			ERR_FORMAT, "name is not a host name" },
		{ "{\"format\":1,\"project\":\"p\",\"vm_id\":\"v\",\"name\":\"w\",\"uuid\":\"6F1C\",\"sequence\":5,\"issued_at\":1,"
		  "\"names\":[]," TLS SSH TAIL,
			ERR_FORMAT, "uuid is not a UUID" },
		{ "{\"format\":1,\"project\":\"p\",\"vm_id\":\"v\",\"name\":\"w\",\"uuid\":\"" SAMPLE_UUID
		  "\",\"sequence\":0,\"issued_at\":1,\"names\":[]," TLS SSH TAIL,
			ERR_FORMAT, "sequence is 0" },
	};
	struct pin back;
	struct err e;

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!cases[i].code)
			assert_ok(verify_json(cases[i].json, &back, &e), e);
		else
			assert_err(verify_json(cases[i].json, &back, &e), cases[i].code, e, cases[i].msg);
	}
}

static void writer_refuses_what_a_reader_would(void **s)
{
	struct pin p;
	struct err e;
	scoped_buf struct buf out = BUF_MAX(1 << 20);

	(void)s;
	sample_pin(&p);
	p.name_count = 9;
	assert_err(pin_payload(&p, &out, &e), ERR_LIMIT, e, "9 names");
	sample_pin(&p);
	snprintf(p.ssh_keys[0], PIN_SSH_LINE_MAX, "ssh-ed25519 AAAA comment");
	assert_err(pin_payload(&p, &out, &e), ERR_FORMAT, e, "is not base64");
}

static void a_bundle_is_no_pin(void **s)
{
	struct sample a;
	struct pin back;
	struct err e;
	scoped_buf struct buf b = BUF_MAX(1 << 20);

	(void)s;
	sample_init(&a);
	sample_bundle(&a, &key, 1, &b);
	assert_err(verify(&b, &back, &e), ERR_FORMAT, e, "is of kind 1, not a pin record (2)");
	b.data[10] = 2;                                         /* relabelled: the signed type differs, and pins have no body */
	assert_err(verify(&b, &back, &e), ERR_FORMAT, e, "a pin record with a body of");
	a.m.blob_count = 0;
	scoped_buf struct buf bare = BUF_MAX(1 << 20);
	sample_bundle(&a, &key, 1, &bare);
	bare.data[10] = 2;
	assert_err(verify(&bare, &back, &e), ERR_UNTRUSTED, e, "does not verify");
}

static void answers_for_clients(void **s)
{
	struct pin p;
	struct err e;
	uint8_t seen[SHA256_SIZE];
	scoped_buf struct buf lines = BUF_MAX(4096), curl = BUF_MAX(4096), print = BUF_MAX(4096);

	(void)s;
	sample_pin(&p);
	memset(seen, 0x33, sizeof seen);
	assert_err(pin_check_tls(&p, seen, &e), ERR_UNTRUSTED, e, "3333333333333333, the pin record of web-1 has 1111");
	memset(p.tls_spki_next, 0x33, SHA256_SIZE);
	assert_err(pin_check_tls(&p, seen, &e), ERR_UNTRUSTED, e, "3333333333333333, the pin record of web-1 has 1111");
	p.has_tls_next = true;
	assert_ok(pin_check_tls(&p, seen, &e), e);
	memset(seen, 0x11, sizeof seen);
	assert_ok(pin_check_tls(&p, seen, &e), e);
	seen[31] = 0;
	assert_err(pin_check_tls(&p, seen, &e), ERR_UNTRUSTED, e, " and next 3333");
	assert_true(pin_names_host(&p, "WEB-1"));
	assert_true(pin_names_host(&p, "[127.0.0.1]:2201"));
	assert_false(pin_names_host(&p, "127.0.0.1"));
	assert_false(pin_names_host(&p, "[127.0.0.1]:2202"));
	assert_true(pin_names_host(&p, "[web-1]:2222"));
	assert_false(pin_names_host(&p, "[web-10]:2222"));
	assert_true(pin_names_port_of(&p, "127.0.0.1"));
	assert_false(pin_names_port_of(&p, "10.0.2.15"));
	p.ssh_next_count = 1;
	memcpy(p.ssh_keys_next[0], p.ssh_keys[0], PIN_SSH_LINE_MAX);
	pin_known_hosts(&p, "[h]:22", &lines);
	assert_string_equal(lines.data, "[h]:22 " KEY "\n[h]:22 " KEY "\n");
	pin_curl(&p, &curl);
	assert_string_equal(
		curl.data, "sha256//ERERERERERERERERERERERERERERERERERERERERERE=;sha256//MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM=");
	assert_ok(pin_ssh_fingerprint(KEY, &print, &e), e);
	assert_string_equal(print.data, "ssh-ed25519 SHA256:Df8gwJPWMIcgmQMuDs/Et2d3YW7l9HvheHcxFzYfTKg");
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(round_trip), cmocka_unit_test(flipped_and_cut), cmocka_unit_test(refuses),
		cmocka_unit_test(writer_refuses_what_a_reader_would), cmocka_unit_test(a_bundle_is_no_pin),
		cmocka_unit_test(answers_for_clients) };

	return cmocka_run_group_tests(t, setup, NULL);
}
