/* pool.c - see pool.h */
#include "controller/service/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include "common/base/clock.h"
#include "common/data/json.h"
#include "controller/crypto/seal.h"
#include "controller/store/image.h"
#include "controller/store/pool_mark.h"

enum { READY_MAX = 64, COLLECT_MAX = 64 };

const struct pool_marks pool_marks_default[GUESTKEY_KINDS] = {
	[GUESTKEY_SSH_ED25519] = { 64, 256 }, [GUESTKEY_SSH_ECDSA] = { 64, 256 }, [GUESTKEY_TLS_P256] = { 64, 256 },
		[GUESTKEY_SSH_RSA_3072] = { 0, 0 },
};

static const struct pool_marks rsa_marks = { 4, 16 };    /* a second or so each, on the idle thread */

struct pool {
	struct pool_marks marks[GUESTKEY_KINDS];
	bool set[GUESTKEY_KINDS];               /* by an operator */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int fd;
	bool stop, started;
	int64_t ordered[GUESTKEY_KINDS];        /* not made yet */
	size_t ready_count;
	struct guestkey ready[READY_MAX];
};

static int next_kind(const struct pool *p)
{
	for (int k = 0; k < GUESTKEY_KINDS; k++)
		if (p->ordered[k] > 0)
			return k;
	return -1;
}

static void *work(void *arg)
{
	struct pool *p = arg;
	struct sched_param idle = { 0 };

	pthread_setschedparam(pthread_self(), SCHED_IDLE, &idle);
	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		int kind = p->ready_count < READY_MAX ? next_kind(p) : -1;
		if (kind < 0) {
			pthread_cond_wait(&p->wake, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		struct guestkey k = { 0 };
		struct err e = ERR_NONE;
		int r = guestkey_make((enum guestkey_kind)kind, &k, &e);
		pthread_mutex_lock(&p->lock);
		p->ordered[kind]--;
		if (r) {
			fprintf(stderr, "natald: pool: %s\n", e.msg);
			continue;
		}
		p->ready[p->ready_count++] = k;
		uint64_t one = 1;
		if (write(p->fd, &one, sizeof one) < 0)
			fprintf(stderr, "natald: pool: wake the loop: %s\n", strerror(errno));
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int pool_start(const struct pool_marks marks[GUESTKEY_KINDS], struct pool **ret, struct err *e)
{
	struct pool *p = calloc(1, sizeof *p);

	if (!p)
		return err_nomem(e);
	memcpy(p->marks, marks, sizeof p->marks);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = p->fd < 0 ? errno : pthread_create(&p->thread, NULL, work, p);
	if (rc) {
		errno = rc;
		err_sys(e, "start the key pool");
		pool_stop(p);
		return -(int)e->code;
	}
	p->started = true;
	*ret = p;
	return 0;
}

void pool_stop(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	if (p->started)
		pthread_join(p->thread, NULL);
	for (size_t i = 0; i < p->ready_count; i++)
		guestkey_fini(&p->ready[i]);
	scope_close(&p->fd);
	free(p);
}

struct pool_marks pool_marks(const struct pool *p, enum guestkey_kind kind) { return p->marks[kind]; }

/* The marks belong to the loop's thread; the pool's own only sees orders. */
void pool_want_rsa(struct pool *p)
{
	if (!p->set[GUESTKEY_SSH_RSA_3072])
		p->marks[GUESTKEY_SSH_RSA_3072] = rsa_marks;
}

int pool_set_marks(struct ctl *c, enum guestkey_kind kind, struct pool_marks marks, struct err *e)
{
	if (marks.high > POOL_KEYS_MAX)
		return err_set(e, ERR_LIMIT, "a high mark of %lld keys: %d at most", (long long)marks.high, POOL_KEYS_MAX);
	if (marks.low < 0 || (marks.low >= marks.high && (marks.low || marks.high))) {
		err_set(e, ERR_USAGE, "%s: the low mark %lld is not below the high mark %lld", guestkey_kind_name(kind), (long long)marks.low,
			(long long)marks.high);
		err_hint(e, "below the low mark keys are made up to the high one; 0 and 0 make none ahead");
		return -(int)e->code;
	}
	return pool_mark_put(c->store, PROJECT_DEFAULT, &(struct pool_mark){ (int)kind, marks.low, marks.high }, e);
}

int pool_load_marks(struct ctl *c, struct err *e)
{
	struct pool_mark rows[POOL_MARKS_MAX];
	size_t n;

	int r = pool_mark_list(c->store, PROJECT_DEFAULT, rows, &n, e);
	for (size_t i = 0; !r && i < n; i++) {
		if (rows[i].kind < 0 || rows[i].kind >= GUESTKEY_KINDS)
			continue;
		c->pool->marks[rows[i].kind] = (struct pool_marks){ rows[i].low, rows[i].high };
		c->pool->set[rows[i].kind] = true;
	}
	return r;
}

bool pool_image_rsa(const char *doc)
{
	scoped_json struct json_object *o = NULL;
	struct json_object *rsa;
	struct err ignored;

	return json_parse(doc, strlen(doc), "image", &o, &ignored) == 0 && json_object_object_get_ex(o, "rsa", &rsa) &&
		json_object_get_boolean(rsa);
}

static void look_at(void *arg, const struct image *i)
{
	if (pool_image_rsa(i->doc))
		pool_want_rsa(arg);
}

int pool_look_for_rsa(struct ctl *c, struct err *e) { return image_each(c->store, PROJECT_DEFAULT, look_at, c->pool, e); }

int pool_fd(const struct pool *p) { return p->fd; }

bool pool_ready(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	bool ready = p->ready_count > 0;
	pthread_mutex_unlock(&p->lock);
	return ready;
}

static int store_key(struct ctl *c, const char *project, const struct guestkey *k, struct err *e)
{
	scoped(pool_key_fini) struct pool_key row = POOL_KEY;

	store_new_id("key-", row.id);
	row.kind = (int)k->kind;
	row.public_size = k->public_size;
	memcpy(row.public, k->public, k->public_size);
	int r = seal(c->seal, row.id, k->private->bytes, k->private->size, &row.sealed, e);
	return r ? r : pool_key_insert(c->store, project, &row, e);
}

int pool_collect(struct ctl *c, struct err *e)
{
	struct guestkey got[READY_MAX];
	uint64_t count;
	int r = 0;

	pthread_mutex_lock(&c->pool->lock);
	if (read(c->pool->fd, &count, sizeof count) < 0)
		count = 0;
	size_t n = c->pool->ready_count;
	memcpy(got, c->pool->ready, n * sizeof *got);
	c->pool->ready_count = 0;
	pthread_cond_signal(&c->pool->wake);
	pthread_mutex_unlock(&c->pool->lock);
	for (size_t i = 0; i < n; i++) {
		if (!r)
			r = store_key(c, PROJECT_DEFAULT, &got[i], e);
		guestkey_fini(&got[i]);
	}
	return r;
}

int64_t pool_pending(const struct pool *p, enum guestkey_kind kind)
{
	struct pool *q = (struct pool *)p;
	int64_t n;

	pthread_mutex_lock(&q->lock);
	n = q->ordered[kind];
	for (size_t i = 0; i < q->ready_count; i++)
		n += q->ready[i].kind == kind;
	pthread_mutex_unlock(&q->lock);
	return n;
}

int pool_top_up(struct ctl *c, int64_t atleast, struct err *e)
{
	int64_t free_now[GUESTKEY_KINDS];
	struct pool *p = c->pool;
	int r = pool_key_free_counts(c->store, PROJECT_DEFAULT, free_now, GUESTKEY_KINDS, e);

	if (r)
		return r;
	for (int k = 0; k < GUESTKEY_KINDS; k++) {
		int64_t have, want = p->marks[k].high && atleast > p->marks[k].high ? atleast : p->marks[k].high;
		have = free_now[k] + pool_pending(p, (enum guestkey_kind)k);
		if (have >= (atleast ? want : p->marks[k].low) || have >= want)
			continue;
		pthread_mutex_lock(&p->lock);
		p->ordered[k] += want - have;
		pthread_cond_signal(&p->wake);
		pthread_mutex_unlock(&p->lock);
	}
	return 0;
}

/* Between the pool's thread taking a key in hand and handing it over, ordered[] still counts it. */
int pool_take(struct ctl *c, const char *project, enum guestkey_kind kind, const char *vm_id, struct guestkey *ret, struct err *e)
{
	scoped(pool_key_fini) struct pool_key row = POOL_KEY;
	struct guestkey k = { .kind = kind };
	bool absent;

	c->keys_taken = true;
	int r = pool_key_take(c->store, project, kind, vm_id, &row, &absent, e);
	if (!r && absent) {
		scoped(guestkey_fini) struct guestkey fresh = { 0 };
		if ((r = guestkey_make(kind, &fresh, e)) || (r = store_key(c, project, &fresh, e)))
			return r;
		pool_key_fini(&row);
		row = POOL_KEY;
		r = pool_key_take(c->store, project, kind, vm_id, &row, &absent, e);
	}
	if (r)
		return r;
	if (absent || row.public_size >= sizeof k.public)
		return err_set(e, ERR_INTERNAL, "the pool lost a key of kind %s", guestkey_kind_name(kind));
	memcpy(k.public, row.public, row.public_size);
	k.public_size = row.public_size;
	if ((r = seal_open(c->seal, row.id, row.sealed.data, row.sealed.size, &k.private, e)))
		return err_wrap(e, "pool key");
	*ret = k;
	return 0;
}
