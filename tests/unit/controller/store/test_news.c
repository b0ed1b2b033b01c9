/* test_news.c - what one natald changed reaches the others: in order, each once, nothing of what was undone, and a gap is noticed. */
#include "tests/unit/controller/store/store_test.h"

#include "common/base/clock.h"
#include "controller/store/event.h"
#include "controller/store/instance_row.h"
#include "controller/store/news.h"

static char heard[512];
static void hear(void *arg, const char *noun, const char *noun_id)
{
	size_t n = strlen(heard);

	snprintf(heard + n, sizeof heard - n, "%s:%s ", noun, noun_id);
}

static struct news_found look(struct store *s, struct news_reader *r, const char *wanted)
{
	struct news_found found;
	struct err e;

	*heard = 0;
	assert_ok(news_read(s, r, &(struct news_ear){ hear, NULL }, &found, &e), e);
	assert_string_equal(heard, wanted);
	return found;
}

static void change(struct store *s, const char *id)
{
	struct err e;

	assert_ok(event_add(s, "default", &(struct event){ .noun = "vm", .noun_id = id, .kind = "state", .body = "{}" }, &e), e);
}

static void in_a_turn(struct store *s, const char *id)
{
	struct err e;

	assert_ok(store_turn_begin(s, &e), e);
	change(s, id);
	assert_ok(store_turn_commit(s, &e), e);
}

static void others_hear_what_was_committed(void **state)
{
	struct place *p = *state;
	struct store *a = p->s, *b;
	struct news_reader ra = { 0 }, rb = { 0 };

	assert_ok(store_open(p->path, &b, &p->e), p->e);
	assert_ok(news_begin(a, "a", &p->e), p->e);
	in_a_turn(a, "before");
	assert_ok(news_begin(b, "b", &p->e), p->e);
	look(b, &rb, "");                               /* it is all in the store */
	look(a, &ra, "");
	assert_ok(store_turn_begin(a, &p->e), p->e);
	change(a, "one");
	change(a, "one");
	assert_ok(store_mark(a, &p->e), p->e);
	change(a, "undone");
	assert_ok(store_undo(a, &p->e), p->e);
	change(a, "two");
	if (place_server())                             /* of SQLite's, the reader is not disturbed either */
		look(b, &rb, "");
	assert_ok(store_turn_commit(a, &p->e), p->e);
	assert_false(look(b, &rb, "vm:one vm:two ").gap);
	look(b, &rb, "");
	assert_ok(store_turn_begin(a, &p->e), p->e);
	change(a, "aborted");
	store_turn_abort(a);
	in_a_turn(a, "three");
	in_a_turn(b, "mine");
	assert_false(look(b, &rb, "vm:three ").gap);
	look(a, &ra, "vm:mine ");
	store_close(b);
}

static void numbers_go_on_after_a_restart(void **state)
{
	struct place *p = *state;
	struct store *a, *b = p->s;
	struct news_reader rb = { 0 };

	assert_ok(news_begin(b, "b", &p->e), p->e);
	look(b, &rb, "");
	for (int i = 0; i < 2; i++) {
		assert_ok(store_open(p->path, &a, &p->e), p->e);
		assert_ok(news_begin(a, "a", &p->e), p->e);
		in_a_turn(a, i ? "later" : "sooner");
		store_close(a);
		assert_false(look(b, &rb, i ? "vm:later " : "vm:sooner ").gap);
	}
}

static void a_gap_is_noticed(void **state)
{
	struct place *p = *state;
	struct store *a = p->s, *b;
	struct news_reader rb = { 0 };

	assert_ok(store_open(p->path, &b, &p->e), p->e);
	assert_ok(news_begin(a, "a", &p->e), p->e);
	assert_ok(news_begin(b, "b", &p->e), p->e);
	look(b, &rb, "");
	in_a_turn(a, "one");
	in_a_turn(a, "two");
	place_sql(p, "UPDATE news SET at_s = 1000 WHERE n = 1");
	assert_ok(news_trim(a, 1000 + NEWS_KEPT_S + 1, &p->e), p->e);
	assert_true(look(b, &rb, "vm:two ").gap);
	in_a_turn(a, "three");
	place_sql(p, "DELETE FROM news");
	assert_true(look(b, &rb, "").gap);              /* nothing is left to see it by, but the instance's own count */
	in_a_turn(a, "four");
	assert_false(look(b, &rb, "vm:four ").gap);
	store_close(b);
}

static void who_is_there(void **state)
{
	struct place *p = *state;
	char ids[4][STORE_ID_MAX];
	size_t n;

	assert_ok(news_begin(p->s, "a", &p->e), p->e);
	assert_ok(instance_alive(p->s, 5000, "", &p->e), p->e);
	assert_ok(instance_ids(p->s, 5000, ids, 4, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_string_equal(ids[0], "a");
	assert_ok(instance_ids(p->s, 5001, ids, 4, &n, &p->e), p->e);
	assert_int_equal(n, 0);
}

static void others_are_found_until_they_end(void **state)
{
	struct place *p = *state;
	struct instance_row rows[3];
	size_t n;

	assert_ok(news_begin(p->s, "m", &p->e), p->e);
	assert_ok(instance_alive(p->s, 5000, "m:1", &p->e), p->e);
	place_sql(p, "INSERT INTO instance (id, seen_at, last_n, addresses) VALUES ('a', 5000, 0, 'a:1 a:2'), ('z', 5000, 0, 'z:1'), ('q', 5000, 0, '')");
	place_sql(p, "INSERT INTO instance (id, seen_at, last_n, addresses) VALUES ('dead', 4000, 0, 'd:1'), ('ended', -5000, 0, 'e:1')");
	assert_ok(instance_others(p->s, 5000, rows, 3, &n, &p->e), p->e);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].id, "z");           /* from ours on: not everybody names the same ones */
	assert_string_equal(rows[0].addresses, "z:1");
	assert_string_equal(rows[1].addresses, "a:1 a:2");
	assert_ok(instance_others(p->s, 5000, rows, 1, &n, &p->e), p->e);
	assert_int_equal(n, 1);
	assert_ok(instance_end(p->s, 5000, &p->e), p->e);
	assert_ok(instance_ids(p->s, 1, (char[1][STORE_ID_MAX]){ "" }, 1, &n, &p->e), p->e);
	place_sql(p, "DELETE FROM instance WHERE id <> 'm'");
	assert_ok(instance_ids(p->s, 1, (char[1][STORE_ID_MAX]){ "" }, 1, &n, &p->e), p->e);
	assert_int_equal(n, 0);
}

/* Who died takes nobody's room, and is forgotten after a day. */
static void hundreds_have_died(void **state)
{
	struct place *p = *state;
	struct store *a = p->s, *b;
	struct news_reader rb = { 0 };
	char text[200];
	int64_t now = clock_unix_s();

	assert_ok(store_open(p->path, &b, &p->e), p->e);
	assert_ok(news_begin(b, "b", &p->e), p->e);
	for (int i = 0; i < 3 * NEWS_INSTANCES_MAX; i++) {
		snprintf(text, sizeof text, "INSERT INTO instance (id, seen_at, last_n) VALUES ('%c%d', %lld, 5)", i % 2 ? 'A' : 'z', i,
			(long long)(i % 3 ? now - 90000 : 90000 - now));
		place_sql(p, text);
	}
	look(b, &rb, "");
	assert_ok(news_begin(a, "m", &p->e), p->e);
	in_a_turn(a, "one");
	assert_false(look(b, &rb, "vm:one ").gap);
	place_sql(p, "INSERT INTO news (instance, n, noun, noun_id, at_s) VALUES ('A1', 5, 'vm', 'old', 0)");
	assert_ok(instance_forget(a, now, &p->e), p->e);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM instance"), 2);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM news"), 1);
	look(b, &rb, "");
	assert_int_equal(rb.count, 1);
	store_close(b);
}

/* A natald that was paused for a day, or begins again after it: it is heard from where it is. */
static void who_was_forgotten_is_heard_again(void **state)
{
	struct place *p = *state;
	struct store *a = p->s, *b;
	struct news_reader rb = { 0 };

	assert_ok(store_open(p->path, &b, &p->e), p->e);
	assert_ok(news_begin(a, "a", &p->e), p->e);
	assert_ok(news_begin(b, "b", &p->e), p->e);
	look(b, &rb, "");
	in_a_turn(a, "one");
	look(b, &rb, "vm:one ");
	place_sql(p, "DELETE FROM instance WHERE id = 'a'");
	look(b, &rb, "");
	in_a_turn(a, "two");                            /* its numbers go on */
	assert_false(look(b, &rb, "vm:one vm:two ").gap);       /* what is still there is told again, which harms nobody */
	place_sql(p, "DELETE FROM instance WHERE id = 'a'");
	place_sql(p, "DELETE FROM news");
	assert_ok(news_begin(a, "a", &p->e), p->e);     /* and begin anew, between two looks */
	in_a_turn(a, "three");
	assert_true(look(b, &rb, "vm:three ").gap);
	rb.read_ms -= 1000LL * NEWS_KEPT_S + 1;
	assert_true(look(b, &rb, "").gap);              /* who did not look for so long knows nothing */
	assert_false(look(b, &rb, "").gap);
	store_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(others_hear_what_was_committed), place_test(numbers_go_on_after_a_restart), place_test(a_gap_is_noticed), place_test(who_is_there),
		place_test(others_are_found_until_they_end), place_test(hundreds_have_died), place_test(who_was_forgotten_is_heard_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
