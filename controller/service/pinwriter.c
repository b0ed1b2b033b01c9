/* pinwriter.c - see pinwriter.h */
#include "controller/service/pinwriter.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "common/base/text.h"
#include "controller/service/pinfile.h"

struct job {
	struct job *next;
	struct bundle_ref whose;
	char path[PINFILE_PATH_MAX];
	struct buf bytes;
	bool dropped;                   /* forgotten: done without being written */
};

struct queue { struct job *first, **last; };

struct pinwriter {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;         /* something was queued, written, or it is to end */
	struct queue todo, done;
	struct job *writing;
	size_t count;                   /* the loop's */
	bool ending;
	int event;
};

static void push(struct queue *q, struct job *j)
{
	j->next = NULL;
	*q->last = j;
	q->last = &j->next;
}

static struct job *pop(struct queue *q)
{
	struct job *j = q->first;

	if (j && !(q->first = j->next))
		q->last = &q->first;
	return j;
}

static void write_one(const struct job *j)
{
	struct err e;

	if (!j->dropped && pinfile_lay(j->path, &j->bytes, &e))
		fprintf(stderr, "natald: %s\n", e.msg);
}

static void *work(void *arg)
{
	struct pinwriter *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!(w->writing = pop(&w->todo)) && !w->ending)
			pthread_cond_wait(&w->changed, &w->lock);
		if (!w->writing)
			break;
		pthread_mutex_unlock(&w->lock);
		write_one(w->writing);
		pthread_mutex_lock(&w->lock);
		bool first = !w->done.first;
		push(&w->done, w->writing);
		w->writing = NULL;
		pthread_cond_broadcast(&w->changed);
		if (first)
			(void)eventfd_write(w->event, 1);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int pinwriter_start(struct pinwriter **ret, struct err *e)
{
	struct pinwriter *w = calloc(1, sizeof *w);

	if (!w)
		return err_nomem(e);
	w->todo.last = &w->todo.first;
	w->done.last = &w->done.first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	errno = w->event < 0 ? errno : pthread_create(&w->thread, NULL, work, w);
	if (w->event < 0 || errno) {
		err_sys(e, "start the writer of pin records");
		if (w->event >= 0)
			close(w->event);
		free(w);
		return -(int)e->code;
	}
	*ret = w;
	return 0;
}

static void job_free(struct job *j)
{
	buf_fini(&j->bytes);
	free(j);
}

void pinwriter_stop(struct pinwriter *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	for (struct job *j; (j = pop(&w->done));)
		job_free(j);
	close(w->event);
	free(w);
}

int pinwriter_fd(const struct pinwriter *w) { return w->event; }

size_t pinwriter_count(const struct pinwriter *w) { return w->count; }

int pinwriter_add(struct pinwriter *w, const struct bundle_ref *whose, const char *path, struct buf *bytes, struct err *e)
{
	struct job *j = calloc(1, sizeof *j);
	int r;

	if (!j)
		return err_nomem(e);
	if ((r = text_copy(j->path, sizeof j->path, path, "the path of a pin record", e))) {
		free(j);
		return r;
	}
	j->whose = *whose;
	j->bytes = *bytes;
	*bytes = BUF_MAX(bytes->max);
	w->count++;
	pthread_mutex_lock(&w->lock);
	push(&w->todo, j);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static bool among(const struct job *j, const char *vm_id)
{
	for (; j; j = j->next)
		if (strcmp(j->whose.vm_id, vm_id) == 0)
			return true;
	return false;
}

bool pinwriter_holds(struct pinwriter *w, const char *vm_id)
{
	if (!w->count)
		return false;
	pthread_mutex_lock(&w->lock);
	bool ret = among(w->todo.first, vm_id) || among(w->done.first, vm_id) || (w->writing && strcmp(w->writing->whose.vm_id, vm_id) == 0);
	pthread_mutex_unlock(&w->lock);
	return ret;
}

bool pinwriter_next(struct pinwriter *w, struct bundle_ref *ret)
{
	eventfd_t ignored;

	pthread_mutex_lock(&w->lock);
	struct job *j = pop(&w->done);
	if (!j)
		(void)eventfd_read(w->event, &ignored);
	pthread_mutex_unlock(&w->lock);
	if (!j)
		return false;
	*ret = j->whose;
	job_free(j);
	w->count--;
	return true;
}

void pinwriter_forget(struct pinwriter *w, const char *path)
{
	pthread_mutex_lock(&w->lock);
	for (struct job *j = w->todo.first; j; j = j->next)
		j->dropped |= strcmp(j->path, path) == 0;
	while (w->writing && strcmp(w->writing->path, path) == 0)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
}
