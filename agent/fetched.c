/* fetched.c - see fetched.h */
#include "agent/fetched.h"

#include <stdio.h>
#include <string.h>
#include "agent/apply/tree.h"
#include "agent/facts.h"
#include "agent/seed.h"
#include "agent/transfer.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"

int fetched_init(struct fetched *f, int root, const struct verified *v, struct err *e)
{
	*f = (struct fetched){ .root = root };
	snprintf(f->instance_id, sizeof f->instance_id, "%s", v->manifest.vm.instance_id);
	return seed_policy(root, &f->policy, e);
}

void fetched_fini(struct fetched *f)
{
	arena_fini(&f->arena);
	f->rows = NULL;
	f->count = 0;
}

static void add(struct sha256 *h, const char *text) { sha256_add(h, text ? text : "", strlen(text ? text : "") + 1); }

/* Of all that decides what a server answers. */
static void name_of_request(const struct fetched *f, const struct config_want *w, const char *kind, char out[FETCHED_NAME_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 h;

	sha256_init(&h);
	add(&h, f->instance_id);
	add(&h, w->url.ask);
	add(&h, w->url.user);
	add(&h, w->url.password);
	for (size_t i = 0; w->headers && w->headers[i]; i++)
		add(&h, w->headers[i]);
	sha256_done(&h, digest);
	memcpy(out, kind, strlen(kind) + 1);
	hex_encode(digest, SHA256_SIZE, out + strlen(kind));
}

/* Of the bytes where they are known: another address may have them, too. */
static void name_of(const struct fetched *f, const struct config_want *w, char out[FETCHED_NAME_SIZE])
{
	static const char by_digest[] = "sha256-";

	if (!w->url.has_digest) {
		name_of_request(f, w, w->once ? "once-" : "now-", out);
		return;
	}
	memcpy(out, by_digest, sizeof by_digest);
	hex_encode(w->url.digest, SHA256_SIZE, out + strlen(by_digest));
}

static bool is_kept(const struct config_want *w) { return w->url.has_digest || w->once; }

static struct fetched_row *find(const struct fetched *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->rows[i].name, name) == 0)
			return &f->rows[i];
	return NULL;
}

static struct fetched_row *put(struct fetched *f, const char *name, const void *bytes, size_t size)
{
	struct fetched_row *row = find(f, name);

	if (!row) {
		f->rows = arena_grow(&f->arena, f->rows, f->count, sizeof *f->rows);
		row = &f->rows[f->count++];
		*row = (struct fetched_row){ 0 };
		memcpy(row->name, name, strlen(name) + 1);
	}
	row->bytes = bytes;
	row->size = size;
	return row;
}

static bool is_right(const struct config_want *w, const void *bytes, size_t size)
{
	uint8_t digest[SHA256_SIZE];

	sha256(bytes, size, digest);
	return !w->url.has_digest || bytes_equal(digest, w->url.digest, SHA256_SIZE);
}

/* What an earlier boot has kept; one that is not what it was is none. */
static struct fetched_row *load(struct fetched *f, const struct config_want *w, const char *name)
{
	scoped_buf struct buf bytes = BUF_MAX(FETCHED_MAX);
	char path[sizeof FETCHED_DIR + FETCHED_NAME_SIZE + 1];
	struct err ignored;
	bool absent;

	snprintf(path, sizeof path, FETCHED_DIR "/%s", name);
	if (!is_kept(w) || file_read(f->root, path, &bytes, &absent, &ignored) || absent || !is_right(w, bytes.data ? bytes.data : "", bytes.size))
		return NULL;
	return put(f, name, arena_copy(&f->arena, bytes.data ? bytes.data : "", bytes.size), bytes.size);
}

/* That a server did not have it is of its address alone. */
static struct fetched_row *failed(const struct fetched *f, const struct config_want *w)
{
	char name[FETCHED_NAME_SIZE];

	name_of_request(f, w, "failed-", name);
	return find(f, name);
}

static void remember_failed(struct fetched *f, const struct config_want *w, const struct err *e)
{
	struct err *kept = arena_alloc(&f->arena, sizeof *kept);
	char name[FETCHED_NAME_SIZE];

	*kept = *e;
	name_of_request(f, w, "failed-", name);
	put(f, name, NULL, 0)->failed = kept;
}

int fetched_get(void *fetched, struct arena *a, const struct config_want *w, struct userdata_text *ret, struct err *e)
{
	struct fetched *f = fetched;
	char name[FETCHED_NAME_SIZE];

	(void)a;
	name_of(f, w, name);
	struct fetched_row *row = find(f, name);
	if (!row)
		row = load(f, w, name);
	if (!row)
		row = failed(f, w);
	if (row && row->failed) {
		*e = *row->failed;
		return -(int)e->code;
	}
	*ret = (struct userdata_text){ row ? row->bytes : NULL, row ? row->size : 0 };
	return 0;
}

static int keep(struct fetched *f, const struct fetched_row *row, struct err *e)
{
	char path[sizeof FETCHED_DIR + FETCHED_NAME_SIZE + 1];

	snprintf(path, sizeof path, FETCHED_DIR "/%s", row->name);
	return tree_replace(f->root, path, &(struct sys_file){ row->bytes, row->size, 0600, (uid_t)-1, (gid_t)-1 }, TREE_DURABLE, e);
}

static int wrong_digest(const struct config_want *w, const struct buf *bytes, struct err *e)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	sha256(bytes->data ? bytes->data : "", bytes->size, digest);
	hex_encode(digest, sizeof digest, hex);
	err_set(e, ERR_UNTRUSTED, "%s: its SHA-256 is %.16s…, another was named", w->url.shown, hex);
	err_hint(e, "the text was changed, or the digest is of another: sha256sum says it");
	return -(int)e->code;
}

static int bring_one(struct fetched *f, const struct config_want *w, const char *name, int64_t deadline_ms, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(FETCHED_MAX);
	const struct transfer t = { .url = &w->url, .spki = w->pin ? w->pin->spki : NULL, .headers = w->headers, .max = FETCHED_MAX,
		.deadline_ms = deadline_ms };
	int r = transfer_get(&t, &bytes, e);

	if (r)
		return r;
	if (!is_right(w, bytes.data ? bytes.data : "", bytes.size))
		return wrong_digest(w, &bytes, e);
	struct fetched_row *row = put(f, name, arena_copy(&f->arena, bytes.data ? bytes.data : "", bytes.size), bytes.size);
	fprintf(stderr, "fetch=done address=%s bytes=%zu\n", w->url.shown, row->size);
	return is_kept(w) ? keep(f, row, e) : 0;
}

/* How many addresses that were not yet seen to fail the text is wanted of. */
static size_t left_to_ask(const struct fetched *f, const struct config_want *wants, size_t n, const char *name)
{
	char other[FETCHED_NAME_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		name_of(f, &wants[i], other);
		count += strcmp(name, other) == 0 && !failed(f, &wants[i]);
	}
	return count;
}

int fetched_bring(struct fetched *f, const struct config_want *wants, size_t n, int64_t deadline_ms, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		char name[FETCHED_NAME_SIZE];
		name_of(f, &wants[i], name);
		if (find(f, name) || failed(f, &wants[i]))
			continue;
		/* A server that does not answer leaves time for the next. */
		const int64_t now_ms = clock_mono_ms(), share = (int64_t)left_to_ask(f, wants, n, name);
		int r = bring_one(f, &wants[i], name, deadline_ms > now_ms ? now_ms + (deadline_ms - now_ms) / share : deadline_ms, e);
		if (!r)
			continue;
		remember_failed(f, &wants[i], e);
		if (!wants[i].file && !left_to_ask(f, wants, n, name))
			return err_wrap(e, "fetch");
	}
	return 0;
}

void fetched_prune(struct fetched *f)
{
	const struct facts facts = { .root = f->root, .arena = &f->arena };
	struct err ignored;
	const char **names;
	size_t n;

	if (facts_names(&facts, FETCHED_DIR, &names, &n, &ignored))
		return;
	for (size_t i = 0; i < n; i++)
		if (!find(f, names[i]))
			tree_remove(f->root, arena_printf(&f->arena, FETCHED_DIR "/%s", names[i]), &ignored);
}
