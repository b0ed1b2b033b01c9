/* secret.c - see secret.h.
 *
 * A guarded allocation of libsodium costs ten system calls. Most secrets are small and live for microseconds, so they share one locked
 * region: SLOTS slots, an unreadable page before and after, a canary behind each secret. What is larger, or comes when all slots
 * are taken, gets libsodium's allocation of its own.
 */
#include "common/base/secret.h"

#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SECRET_MAX = 64 << 20, CANARY_SIZE = 16, SLOT_SIZE = 16 << 10, SLOTS = 16 };

static struct {
	pthread_mutex_t lock;
	uint8_t *slots;                 /* NULL until first needed, or where no memory could be mapped */
	bool tried, taken[SLOTS];
	uint8_t canary[CANARY_SIZE];
} region = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A child has the bytes but not the lock: mlock(2) is not inherited. */
static void before_fork(void) { pthread_mutex_lock(&region.lock); }
static void in_parent(void) { pthread_mutex_unlock(&region.lock); }
static void in_child(void)
{
	(void)mlock2(region.slots, (size_t)SLOT_SIZE * SLOTS, MLOCK_ONFAULT);
	pthread_mutex_unlock(&region.lock);
}

/* Locked as it is touched: a program that has one secret pays for one slot. */
static void region_map(void)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE), size = (size_t)SLOT_SIZE * SLOTS;

	region.tried = true;
	uint8_t *p = mmap(NULL, size + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return;
	if (mprotect(p + guard, size, PROT_READ | PROT_WRITE) < 0 || madvise(p + guard, size, MADV_DONTDUMP) < 0) {
		munmap(p, size + 2 * guard);
		return;
	}
	(void)mlock2(p + guard, size, MLOCK_ONFAULT);
	randombytes_buf(region.canary, sizeof region.canary);
	region.slots = p + guard;
	pthread_atfork(before_fork, in_parent, in_child);
}

static uint8_t *slot_take(size_t size)
{
	uint8_t *ret = NULL;

	pthread_mutex_lock(&region.lock);
	if (!region.tried)
		region_map();
	for (size_t i = 0; region.slots && !ret && i < SLOTS; i++)
		if (!region.taken[i]) {
			region.taken[i] = true;
			ret = region.slots + i * SLOT_SIZE;
		}
	pthread_mutex_unlock(&region.lock);
	if (ret)
		memcpy(ret + size, region.canary, CANARY_SIZE);
	return ret;
}

/* Did p come from slot_take()? Then it is given back, wiped. */
static bool slot_give(uint8_t *p, size_t size)
{
	pthread_mutex_lock(&region.lock);
	bool mine = region.slots && p >= region.slots && p < region.slots + (size_t)SLOT_SIZE * SLOTS;
	pthread_mutex_unlock(&region.lock);
	if (!mine)
		return false;
	if (sodium_memcmp(p + size, region.canary, CANARY_SIZE) != 0)
		abort();                        /* somebody wrote past a secret's end */
	sodium_memzero(p, size + CANARY_SIZE);
	pthread_mutex_lock(&region.lock);
	region.taken[(size_t)(p - region.slots) / SLOT_SIZE] = false;
	pthread_mutex_unlock(&region.lock);
	return true;
}

int secret_new(size_t size, struct secret **ret, struct err *e)
{
	if (size == 0 || size > SECRET_MAX)
		return err_set(e, ERR_LIMIT, "a secret of %zu bytes: 1 to %d are allowed", size, SECRET_MAX);
	if (sodium_init() < 0)
		return err_set(e, ERR_INTERNAL, "libsodium does not start");
	struct secret *s = calloc(1, sizeof *s);
	if (!s)
		return err_nomem(e);
	s->size = size;
	s->bytes = size <= SLOT_SIZE - CANARY_SIZE ? slot_take(size) : NULL;
	if (!s->bytes) {
		s->bytes = sodium_malloc(size);
		if (!s->bytes) {
			free(s);
			return err_nomem(e);
		}
		memset(s->bytes, 0, size);
	}
	*ret = s;
	return 0;
}

int secret_copy(const void *bytes, size_t size, struct secret **ret, struct err *e)
{
	int r = secret_new(size, ret, e);

	if (!r)
		memcpy((*ret)->bytes, bytes, size);
	return r;
}

void secret_free(struct secret *s)
{
	if (!s)
		return;
	if (!slot_give(s->bytes, s->size))
		sodium_free(s->bytes);
	free(s);
}
