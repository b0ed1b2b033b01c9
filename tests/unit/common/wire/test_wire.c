#include "tests/unit/unit.h"
#include "common/data/json.h"
#include "common/wire/frame.h"
#include "common/wire/status.h"

static const uint8_t key[32] = { 1, 2, 3 }, other[32] = { 9 };

static void frame_round_trip(void **s)
{
	struct err e;
	struct frame f;
	bool have;

	(void)s;
	scoped_buf struct buf b = BUF_MAX(4096);
	assert_ok(frame_write(FRAME_STATUS, 7, "hello", 5, key, &b, &e), e);
	assert_int_equal(b.size, FRAME_HEADER_SIZE + 5);
	struct frame_reader r = FRAME_READER;
	assert_ok(frame_feed(&r, b.data, b.size, &e), e);
	frame_next(&r, &f, &have);
	assert_true(have);
	assert_int_equal(f.type, FRAME_STATUS);
	assert_int_equal(f.seq, 7);
	assert_memory_equal(f.body, "hello", 5);
	assert_true(frame_authentic(&f, key));
	assert_false(frame_authentic(&f, other));
	f.type = FRAME_ACK;
	assert_false(frame_authentic(&f, key));
	frame_next(&r, &f, &have);
	assert_false(have);
	frame_reader_fini(&r);
}

/* A half frame from before a reboot, noise, an oversize length: all skipped, and the next frame is read, whatever the pieces. */
static void resynchronises(void **s)
{
	static const char noise[] = "NTL1\xff\xff\xff\xffNTNTL";
	struct err e;
	struct frame f;
	bool have;

	(void)s;
	scoped_buf struct buf half = BUF_MAX(4096), b = BUF_MAX(4096);
	assert_ok(frame_write(FRAME_STATUS, 1, "lost", 4, key, &half, &e), e);
	buf_add(&b, noise, sizeof noise - 1);
	assert_ok(frame_write(FRAME_STATUS, 2, "found", 5, key, &b, &e), e);
	for (size_t step = 1; step < b.size; step++) {
		struct frame_reader r = FRAME_READER;
		int seen = 0;
		for (size_t at = 0; at < b.size; at += step) {
			assert_ok(frame_feed(&r, b.data + at, at + step > b.size ? b.size - at : step, &e), e);
			for (frame_next(&r, &f, &have); have; frame_next(&r, &f, &have)) {
				seen++;
				assert_memory_equal(f.body, "found", 5);
				assert_true(frame_authentic(&f, key));
			}
		}
		assert_int_equal(seen, 1);
		assert_int_equal(r.skipped, sizeof noise - 1);
		frame_reader_fini(&r);
	}
}

static void every_bit_counts(void **s)
{
	struct err e;
	struct frame f;
	bool have;

	(void)s;
	scoped_buf struct buf b = BUF_MAX(4096);
	assert_ok(frame_write(FRAME_STATUS, 3, "body", 4, key, &b, &e), e);
	for (size_t bit = 0; bit < 8 * b.size; bit++) {
		struct frame_reader r = FRAME_READER;
		b.data[bit / 8] = (char)(b.data[bit / 8] ^ 1 << bit % 8);
		assert_ok(frame_feed(&r, b.data, b.size, &e), e);
		frame_next(&r, &f, &have);
		if (have)
			assert_false(frame_authentic(&f, key));
		b.data[bit / 8] = (char)(b.data[bit / 8] ^ 1 << bit % 8);
		frame_reader_fini(&r);
	}
}

static void status_round_trip(void **s)
{
	struct err e;
	struct status a = { .gen = 1, .seq = 4, .phase = PHASE_PROVISIONED, .k = 3, .n = 3, .took_us = 12, .result = { 5 },
		.boot_id = "01234567-89ab-cdef-0123-456789abcdef", .boot = 7, .step = "users/alice" }, b;

	(void)s;
	a.keys = json_object_new_object();
	json_put(a.keys, "tls_spki", "00");
	scoped_buf struct buf out = BUF_MAX(4096);
	assert_ok(status_write(&a, &out, &e), e);
	assert_ok(status_read(out.data, out.size, &b, &e), e);
	assert_int_equal(b.phase, PHASE_PROVISIONED);
	assert_int_equal(b.result[0], 5);
	assert_int_equal(b.boot, 7);
	assert_string_equal(b.step, "users/alice");
	assert_string_equal(json_text(b.keys, "tls_spki"), "00");
	status_fini(&b);
	a.boot = 0;                     /* an unknown counter is not written at all */
	buf_clear(&out);
	assert_ok(status_write(&a, &out, &e), e);
	assert_null(memmem(out.data, out.size, "\"boot\":", 7));
	assert_ok(status_read(out.data, out.size, &b, &e), e);
	assert_int_equal(b.boot, 0);
	status_fini(&a);
	status_fini(&b);
}

static void status_refuses(void **s)
{
#define HEAD "{\"epoch\":0,\"gen\":1,\"seq\":1,\"digest\":\"0000000000000000000000000000000000000000000000000000000000000000\"," \
	"\"boot_id\":\"01234567-89ab-cdef-0123-456789abcdef\",\"step\":\"\",\"at_ms\":1,\"took_us\":1,"
	static const struct { const char *text, *msg; } cases[] = {
		{ HEAD "\"phase\":\"verified\",\"k\":0,\"n\":0}", "unknown phase 'verified'" },
		{ HEAD "\"phase\":\"found\",\"k\":2,\"n\":1}", "step 2 of 1" },
		{ HEAD "\"phase\":\"found\",\"k\":2}", "status.n is missing" },
		{ HEAD "\"phase\":\"found\",\"k\":0,\"n\":0,\"x\":1}", "unknown key 'x'" },
	};
	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct status st;
		struct err e;
		assert_err(status_read(cases[i].text, strlen(cases[i].text), &st, &e), ERR_FORMAT, e, cases[i].msg);
	}
}

/* A guest's words end up on a terminal and in a log of lines. */
static void words_are_printable(void **state)
{
	static const char body[] = "{\"epoch\":0,\"gen\":1,\"seq\":1,\"digest\":\"0000000000000000000000000000000000000000000000000000000000000000\","
		"\"boot_id\":\"aaaaaaaa-0000-4000-8000-000000000\\u001b[1\",\"phase\":\"%s\",\"k\":0,\"n\":0,\"step\":\"a\\u001b]0;b\\u0007\",\"at_ms\":1,"
		"\"took_us\":1,\"findings\":[{\"message\":\"x\\nnatald: vm=web state=provisioned\",\"deep\":{\"er\":[\"\\u009b31m\"]}}],"
		"\"items\":[[\"a\\rb\",\"done\",\"00\"]]}";
	char text[1024];
	struct status s;
	struct err e;

	(void)state;
	snprintf(text, sizeof text, body, "found");
	assert_ok(status_read(text, strlen(text), &s, &e), e);
	assert_string_equal(s.step, "a?]0;b?");
	assert_string_equal(s.boot_id, "aaaaaaaa-0000-4000-8000-000000000?[1");
	assert_string_equal(json_object_to_json_string_ext(s.findings, JSON_C_TO_STRING_PLAIN),
		"[{\"message\":\"x?natald: vm=web state=provisioned\",\"deep\":{\"er\":[\"??31m\"]}}]");
	assert_string_equal(json_object_to_json_string_ext(s.items, JSON_C_TO_STRING_PLAIN), "[[\"a?b\",\"done\",\"00\"]]");
	status_fini(&s);
	snprintf(text, sizeof text, body, "fo\\nund");
	assert_err(status_read(text, strlen(text), &s, &e), ERR_FORMAT, e, "status: unknown phase 'fo?und'");
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(words_are_printable), cmocka_unit_test(frame_round_trip), cmocka_unit_test(resynchronises), cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(status_round_trip), cmocka_unit_test(status_refuses),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
