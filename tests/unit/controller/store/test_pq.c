/* test_pq.c - what only a server does: others in the way, connections that are lost, a commit whose answer never came. On PostgreSQL alone. */
#include "tests/unit/controller/store/store_test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <stdio.h>
#include "controller/store/db.h"
#include "controller/store/event.h"
#include "controller/store/pool_key.h"
#include "controller/store/vm.h"

/* A server's socket in the test's folder, between the store and the real one. Armed, it cuts the line at the nth message: before the server has
 * it, or when the server has answered it. */
static struct { char real[128]; int listener; _Atomic int nth; bool answered; } wire;

static int unix_socket(const char *path, bool listens)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	assert_int_equal(listens ? bind(fd, (void *)&a, sizeof a) : connect(fd, (void *)&a, sizeof a), 0);
	if (listens)
		assert_int_equal(listen(fd, 16), 0);
	return fd;
}

/* true: go on. */
static bool pass(int from, int to, bool to_server)
{
	static _Thread_local char bytes[1 << 16];
	ssize_t n = read(from, bytes, sizeof bytes);
	bool cut = n > 0 && to_server && wire.nth > 0 && --wire.nth == 0;

	if (n <= 0 || (cut && !wire.answered))
		return false;
	for (ssize_t at = 0; at < n;)
		at += write(to, bytes + at, (size_t)(n - at));
	return !cut || read(to, bytes, sizeof bytes) < 0;       /* what was answered is heard by nobody */
}

static void *one_line(void *arg)
{
	int client = (int)(intptr_t)arg, server = unix_socket(wire.real, false);
	bool on = true;

	while (on) {
		struct pollfd p[] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
		if (poll(p, 2, -1) < 0)
			break;
		if (p[0].revents)
			on = pass(client, server, true);
		if (on && p[1].revents)
			on = pass(server, client, false);
	}
	close(client);
	close(server);
	return NULL;
}

static void *lines(void *arg)
{
	for (int fd; (fd = accept4(wire.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
		pthread_t t;
		pthread_create(&t, NULL, one_line, (void *)(intptr_t)fd);
		pthread_detach(t);
	}
	return NULL;
}

/* The place's store again, through the wire. */
static struct store *through_the_wire(struct place *p)
{
	char path[160], where[400];
	struct store *s;
	pthread_t t;

	const char *host = strstr(p->path, "host=") + 5;
	snprintf(wire.real, sizeof wire.real, "%.*s/.s.PGSQL.5432", (int)strcspn(host, "&"), host);
	snprintf(path, sizeof path, "%s/.s.PGSQL.5432", p->dir);
	wire.listener = unix_socket(path, true);
	pthread_create(&t, NULL, lines, NULL);
	pthread_detach(t);
	snprintf(where, sizeof where, "postgresql://natal@/natal?host=%s%s", p->dir, strchr(host, '&'));
	assert_ok(store_open(where, &s, &p->e), p->e);
	return s;
}

static void end_wire(struct store *s)
{
	store_close(s);
	shutdown(wire.listener, SHUT_RDWR);
	close(wire.listener);
}

static void put(struct store *s, const char *key)
{
	struct err e;

	assert_ok(store_put(s, key, "1", 1, &e), e);
}

static bool has(struct store *s, const char *key)
{
	scoped_buf struct buf b = BUF_MAX(64);
	struct err e;
	bool absent;

	assert_ok(store_get(s, key, &b, &absent, &e), e);
	return !absent;
}

static void cut_in(struct store *s, int nth, bool answered)
{
	wire.answered = answered;
	wire.nth = nth;
}

/* A turn that writes two things, one of them posted. */
static int write_in_a_turn(struct store *s, struct err *e)
{
	int r = store_turn_begin(s, e);

	if (r)
		return r;
	if ((r = store_put(s, "k", "1", 1, e)) || (r = event_add(s, "default", &(struct event){ .noun = "vm", .noun_id = "x", .kind = "state", .body = "{}" }, e))) {
		store_turn_abort(s);
		return r;
	}
	return store_turn_commit(s, e);
}

static int64_t events(struct place *p) { return place_sql(p, "SELECT count(*) FROM event WHERE noun_id = 'x'"); }

static void a_line_cut_in_a_turn(void **state)
{
	struct place *p = *state;
	struct store *s = through_the_wire(p);

	/* 1: the write and its BEGIN; 2: the posts; 3: COMMIT. */
	for (int nth = 1; nth <= 2; nth++) {
		cut_in(s, nth, false);
		assert_err(write_in_a_turn(s, &p->e), ERR_UNAVAILABLE, p->e, "the connection to the store postgresql://");
		assert_true(store_must_retry(s));
		assert_int_equal(events(p), nth - 1);
		assert_ok(write_in_a_turn(s, &p->e), p->e);     /* connected again */
		assert_int_equal(events(p), nth);
	}
	end_wire(s);
}

static void a_commit_that_never_arrived(void **state)
{
	struct place *p = *state;
	struct store *s = through_the_wire(p);

	cut_in(s, 3, false);
	assert_err(write_in_a_turn(s, &p->e), ERR_UNAVAILABLE, p->e, "the connection to the store");
	assert_true(store_must_retry(s));
	assert_int_equal(events(p), 0);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM turn WHERE made = 0"), 1);
	assert_ok(write_in_a_turn(s, &p->e), p->e);
	assert_int_equal(events(p), 1);
	end_wire(s);
}

static void a_commit_whose_answer_never_came(void **state)
{
	struct place *p = *state;
	struct store *s = through_the_wire(p);

	cut_in(s, 3, true);
	assert_ok(write_in_a_turn(s, &p->e), p->e);             /* found out, and not made twice */
	assert_int_equal(wire.nth, 0);
	assert_int_equal(events(p), 1);
	assert_int_equal(place_sql(p, "SELECT count(*) FROM turn WHERE made = 0"), 0);
	end_wire(s);
}

static void a_question_is_asked_again(void **state)
{
	struct place *p = *state;
	struct store *s = through_the_wire(p);

	put(s, "k");
	cut_in(s, 1, false);
	assert_true(has(s, "k"));
	end_wire(s);
}

static void a_reader_stays_without(void **state)
{
	struct place *p = *state;
	scoped_buf struct buf b = BUF_MAX(64);
	struct store *reader;
	bool absent;

	assert_ok(store_open_reader(p->path, &reader, &p->e), p->e);
	assert_true(store_socket(reader) >= 0);
	place_sql(p, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()");
	assert_err(store_get(reader, "k", &b, &absent, &p->e), ERR_UNAVAILABLE, p->e, "the connection to the store");
	assert_true(store_socket(reader) < 0);
	assert_err(store_get(reader, "k", &b, &absent, &p->e), ERR_UNAVAILABLE, p->e, "the connection to the store");
	store_close(reader);
	assert_false(has(p->s, "k"));                           /* a writer connects again */
}

static void two_change_one_row(void **state)
{
	struct place *p = *state;
	struct vm v = { .state = VM_DEFINED, .sequence = 1, .spec = (char *)"{}", .forwards = (char *)"[]" }, mine, other;
	struct store *b;
	bool absent;

	snprintf(v.id, sizeof v.id, "vm-1");
	snprintf(v.project, sizeof v.project, "default");
	snprintf(v.name, sizeof v.name, "web");
	snprintf(v.uuid, sizeof v.uuid, "u");
	assert_ok(store_open(p->path, &b, &p->e), p->e);
	assert_ok(vm_insert(p->s, &v, &p->e), p->e);
	/* Both read it, the other is faster. The post says nothing; the commit does. Each time anew: the third turn is told at once. */
	for (int tries = 0; tries < 3; tries++) {
		assert_ok(store_turn_begin(p->s, &p->e), p->e);
		assert_ok(vm_get_by_id(p->s, "vm-1", &mine, &absent, &p->e), p->e);
		assert_ok(vm_get_by_id(b, "vm-1", &other, &absent, &p->e), p->e);
		other.report_seq++;
		assert_ok(vm_save(b, &other, &p->e), p->e);
		put(p->s, "not to stay");
		mine.report_seq = 100;
		int r = vm_save(p->s, &mine, &p->e);
		if (tries < 2) {
			assert_int_equal(r, 0);
			assert_err(store_turn_commit(p->s, &p->e), ERR_UNAVAILABLE, p->e, "another natald changed the same rows");
			assert_true(store_must_retry(p->s));
			assert_false(has(b, "not to stay"));
		} else {
			assert_err(r, ERR_CONFLICT, p->e, "VM web was changed meanwhile");
			store_turn_abort(p->s);
		}
		vm_fini(&mine);
		vm_fini(&other);
	}
	store_close(b);
}

static void *lock_second(void *arg)
{
	struct store *b = arg;
	struct err e;

	if (!store_put(b, "one", "b", 1, &e) && !store_turn_commit(b, &e))
		return NULL;
	bool again = store_must_retry(b);
	store_turn_abort(b);
	return again ? (void *)1 : (void *)2;
}

/* Each waits for the other: the server ends one of the two, which is to be run again. */
static void a_deadlock(void **state)
{
	struct place *p = *state;
	struct store *b;
	pthread_t t;
	void *said;

	put(p->s, "one"), put(p->s, "two");
	assert_ok(store_open(p->path, &b, &p->e), p->e);
	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	assert_ok(store_turn_begin(b, &p->e), p->e);
	put(p->s, "one"), put(b, "two");
	pthread_create(&t, NULL, lock_second, b);
	int r = store_put(p->s, "two", "a", 1, &p->e);
	if (!r)
		r = store_turn_commit(p->s, &p->e);
	bool again = r && store_must_retry(p->s);
	if (r)
		store_turn_abort(p->s);
	pthread_join(t, &said);
	assert_true(again != (said == (void *)1));              /* one of them, and not both */
	assert_true(said != (void *)2);
	store_close(b);
}

/* 40001, as a server says it that keeps a snapshot for each turn: the turn is run again, and finds what is there then. */
static void a_snapshot_that_is_old(void **state)
{
	struct place *p = *state;
	char strict[600];
	struct store *b;

	snprintf(strict, sizeof strict, "%s%%20-cdefault_transaction_isolation%%3Drepeatable%%5C%%20read", p->path);
	put(p->s, "one");
	assert_ok(store_open(strict, &b, &p->e), p->e);
	assert_ok(store_turn_begin(b, &p->e), p->e);
	assert_true(has(b, "one"));
	assert_ok(store_put(p->s, "one", "2", 1, &p->e), p->e);
	int r = store_put(b, "one", "3", 1, &p->e);
	if (!r)
		r = store_turn_commit(b, &p->e);
	assert_err(r, ERR_UNAVAILABLE, p->e, "another natald was in the way");
	assert_true(store_must_retry(b));
	store_turn_abort(b);
	assert_ok(store_turn_begin(b, &p->e), p->e);
	put(b, "one");
	assert_ok(store_turn_commit(b, &p->e), p->e);
	store_close(b);
}

enum { TAKERS = 4, KEYS = 200, A_TURN = 5 };

static int take_some(struct store *s, int kind, char ids[A_TURN][STORE_ID_MAX], int *ret, struct err *e)
{
	bool absent = false;
	int r = store_turn_begin(s, e);

	for (*ret = 0; !r && *ret < A_TURN && !absent;) {
		scoped(pool_key_fini) struct pool_key k = POOL_KEY;
		if ((r = pool_key_take(s, "default", kind, "vm", &k, &absent, e)) || absent)
			break;
		memcpy(ids[(*ret)++], k.id, STORE_ID_MAX);
	}
	if (r) {
		store_turn_abort(s);
		return r;
	}
	return store_turn_commit(s, e);
}

static int taker(const char *where, int out)
{
	char ids[A_TURN][STORE_ID_MAX];
	struct store *s;
	struct err e;
	int n = 1;

	if (store_open(where, &s, &e))
		return 1;
	while (n) {
		int r = take_some(s, 1, ids, &n, &e);
		if (r && !store_must_retry(s)) {
			err_print(&e);
			return 2;
		}
		if (r)
			n = 1;
		else if (n && write(out, ids, (size_t)n * STORE_ID_MAX) < 0)
			return 3;
	}
	store_close(s);
	return 0;
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static void many_take_and_no_key_is_taken_twice(void **state)
{
	static char all[KEYS + 1][STORE_ID_MAX];
	struct place *p = *state;
	struct pool_count n;
	size_t got = 0;
	int pipes[2], status;

	assert_ok(store_turn_begin(p->s, &p->e), p->e);
	for (int i = 0; i < KEYS; i++) {
		scoped(pool_key_fini) struct pool_key k = POOL_KEY;
		store_new_id("key-", k.id);
		k.kind = 1;
		k.public_size = 3;
		buf_str(&k.sealed, "sealed");
		assert_ok(pool_key_insert(p->s, "default", &k, &p->e), p->e);
	}
	assert_ok(store_turn_commit(p->s, &p->e), p->e);
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < TAKERS; i++)
		if (fork() == 0)
			_exit(taker(p->path, pipes[1]));
	close(pipes[1]);
	for (ssize_t more; got < sizeof all && (more = read(pipes[0], (char *)all + got, sizeof all - got)) > 0; got += (size_t)more)
		;
	for (int i = 0; i < TAKERS; i++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	close(pipes[0]);
	assert_int_equal(got, (size_t)KEYS * STORE_ID_MAX);
	qsort(all, KEYS, STORE_ID_MAX, by_text);
	for (int i = 1; i < KEYS; i++)
		assert_string_not_equal(all[i - 1], all[i]);
	assert_ok(pool_key_count(p->s, "default", 1, &n, &p->e), p->e);
	assert_int_equal(n.taken, KEYS);
}

/* natald that start at once. */
static void many_migrate_once(void **state)
{
	struct place *p = *state;
	int status;

	store_close(p->s);
	p->s = NULL;
	place_schema(p);
	for (int i = 0; i < 6; i++)
		if (fork() == 0) {
			struct store *s;
			struct err e;
			int r = store_open(p->path, &s, &e);
			if (r)
				err_print(&e);
			_exit(r != 0);
		}
	for (int i = 0; i < 6; i++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_ok(store_open(p->path, &p->s, &p->e), p->e);
	assert_int_equal(place_sql(p, "SELECT count(*) - count(DISTINCT version) FROM migration"), 0);
}

static void a_text_that_is_none(void **state)
{
	struct place *p = *state;

	assert_err(store_put(p->s, "\xff", "1", 1, &p->e), ERR_FORMAT, p->e, "is not UTF-8");
	put(p->s, "\xc3\xbc");
	assert_true(has(p->s, "\xc3\xbc"));
}

/* The server refuses what one request posted for its content: the turn is run again, and ends without that request alone. */
static void a_post_that_is_refused(void **state)
{
	struct place *p = *state;
	int r, tries = 0;

	do {
		assert_ok(store_turn_begin(p->s, &p->e), p->e);
		assert_ok(store_mark(p->s, &p->e), p->e);
		put(p->s, "good");
		assert_ok(store_keep(p->s, &p->e), p->e);
		assert_ok(store_mark(p->s, &p->e), p->e);
		r = db_post(p->s, 1, &p->e, "INSERT INTO lease (name, holder, token, until_ms) VALUES (?,?,?,?)", "ttii", "bad", (char *)NULL, INT64_C(1), INT64_C(1));
		if (r && !store_must_retry(p->s)) {
			assert_err(r, ERR_INTERNAL, p->e, "holder");
			r = store_undo(p->s, &p->e);
		} else if (!r) {
			r = store_keep(p->s, &p->e);
		}
		if (r)
			store_turn_abort(p->s);
		else if ((r = store_turn_commit(p->s, &p->e)))
			assert_true(store_must_retry(p->s));
	} while (r && ++tries < 5);
	assert_int_equal(r, 0);
	assert_int_equal(tries, 2);
	assert_true(has(p->s, "good"));
}

static void no_server(void **state)
{
	struct store *s;
	struct err e;

	assert_err(store_open_reader("postgresql://natal:secret@127.0.0.1:1/natal", &s, &e), ERR_UNAVAILABLE, e, "the store postgresql://127.0.0.1:1/natal: ");
	assert_null(strstr(e.msg, "secret"));
	assert_err(store_open_reader("postgresql://h/natal?nonsense=1", &s, &e), ERR_USAGE, e, "nonsense");
}

/* A page after the last name, a prefix: the order of bytes is what they are made of. */
static void another_order(void **state)
{
	struct place *p = *state;
	char where[400];
	struct store *s;

	place_sql_at(place_server(), "DROP DATABASE IF EXISTS sorted");
	place_sql_at(place_server(), "CREATE DATABASE sorted TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'");
	snprintf(where, sizeof where, "postgresql://natal@/sorted%s", strchr(place_server(), '?'));
	assert_err(store_open(where, &s, &p->e), ERR_UNSUPPORTED, p->e, "sorts texts by a language");
	assert_non_null(strstr(p->e.hint, "LOCALE 'C'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(a_line_cut_in_a_turn), place_test(a_commit_that_never_arrived), place_test(a_commit_whose_answer_never_came),
		place_test(a_question_is_asked_again), place_test(a_reader_stays_without), place_test(two_change_one_row), place_test(a_deadlock),
		place_test(many_take_and_no_key_is_taken_twice), place_test(many_migrate_once), place_test(a_snapshot_that_is_old), place_test(a_text_that_is_none),
		place_test(a_post_that_is_refused),
		place_test(another_order), cmocka_unit_test(no_server),
	};
	if (!place_server()) {
		printf("no server was named: tests/controller/pq.sh starts one, and runs this\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
