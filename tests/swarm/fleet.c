/* fleet.c - see fleet.h */
#include "tests/swarm/fleet.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/http/client.h"
#include "common/media/bundle.h"
#include "common/media/iso.h"

enum { MEDIUM_MAX = 8 << 20, FILE_MAX = 1 << 30 };

static int ask(struct http_client *c, const struct http_request *rq, struct http_reply *reply, struct err *e)
{
	int r = http_exchange(c, rq, 60000, reply, e);

	if (!r && reply->status / 100 != 2)
		r = err_set(e, ERR_UNAVAILABLE, "%s %s: status %u: %.300s", rq->method, rq->path, reply->status, reply->body.data ? reply->body.data : "");
	return r;
}

static int bundle_of(const struct buf *iso, const struct trust *trust, const char *uuid, struct verified **ret, struct err *e)
{
	struct guest_facts facts = { .rtc_unix_s = (uint64_t)clock_unix_s() };
	scoped_fd int fd = memfd_create("medium", MFD_CLOEXEC);
	uint8_t *bytes;
	size_t size;

	if (fd < 0 || fd_write_all(fd, iso->data, iso->size) < 0)
		return err_sys(e, "keep a medium");
	snprintf(facts.uuid, sizeof facts.uuid, "%s", uuid);
	int r = iso_read_bundle(fd, iso->size, &bytes, &size, e);
	return r ? r : bundle_verify(bytes, size, trust, &facts, ret, e);
}

static void put_blob(struct json_object *o, const char *key, const struct verified *v, const char *name, const char *then)
{
	const struct blob *a = verified_blob(v, name), *b = then ? verified_blob(v, then) : NULL;
	scoped_buf struct buf text = BUF_MAX(256 << 10);

	if (a)
		buf_add(&text, a->bytes, a->size);
	if (b)
		buf_add(&text, b->bytes, b->size);
	json_put(o, key, text.data ? text.data : "");
}

static struct json_object *line_of(const struct verified *v)
{
	struct json_object *o = json_object_new_object();
	const struct blob *key = verified_blob(v, BLOB_REPORT_KEY);

	json_put(o, "vm_id", v->manifest.vm.id);
	json_put_hex(o, "report_key", key->bytes, 32);
	json_put_hex(o, "digest", v->digest, SHA256_SIZE);
	json_put_uint(o, "epoch", v->manifest.epoch);
	json_put_uint(o, "gen", v->manifest.sequence);
	put_blob(o, "cert", v, BLOB_TLS_CERT, BLOB_TLS_CHAIN);
	put_blob(o, "key", v, BLOB_TLS_KEY, NULL);
	return o;
}

struct worker { pthread_t thread; const struct fleet_make *m; const struct trust *trust; FILE *out; pthread_mutex_t *lock; size_t at; struct err failed; };

static int make_one(struct worker *w, struct http_client *c, size_t i, struct err *e)
{
	scoped_reply struct http_reply made = HTTP_REPLY(1 << 20), medium = HTTP_REPLY(MEDIUM_MAX);
	scoped_json struct json_object *vm = NULL, *line = NULL;
	scoped(verified_free_p) struct verified *v = NULL;
	char body[200], path[200];
	int r;

	snprintf(body, sizeof body, "{\"name\":\"%s%zu\",\"host\":\"none\"}", w->m->prefix, i);
	snprintf(path, sizeof path, "/v1/vms/%s%zu/medium", w->m->prefix, i);
	if ((r = ask(c, &(struct http_request){ .method = "POST", .path = "/v1/vms", .body = body, .body_size = strlen(body), .once = true }, &made, e)) ||
	    (r = json_parse(made.body.data, made.body.size, "vm", &vm, e)) ||
	    (r = ask(c, &(struct http_request){ .method = "GET", .path = path }, &medium, e)) ||
	    (r = bundle_of(&medium.body, w->trust, json_text(vm, "uuid"), &v, e)))
		return r;
	line = line_of(v);
	pthread_mutex_lock(w->lock);
	fprintf(w->out, "%s\n", json_line(line));
	pthread_mutex_unlock(w->lock);
	return 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	char path[1100];

	snprintf(path, sizeof path, "%s/natald.sock", w->m->state);
	scoped_client struct http_client c = HTTP_CLIENT(64 << 10, .unix_path = path);
	for (size_t i = w->at; i < w->m->count && !w->failed.code; i += FLEET_WORKERS)
		make_one(w, &c, i, &w->failed);
	return NULL;
}

int fleet_make(const struct fleet_make *m, struct err *e)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	struct worker workers[FLEET_WORKERS];
	char path[1100];
	int r;

	snprintf(path, sizeof path, "%s/trust.d", m->state);
	if (!trust || (r = trust_load(AT_FDCWD, path, "/nonexistent/policy.json", trust, e)))
		return trust ? r : err_nomem(e);
	FILE *out = fopen(m->out, "we");
	if (!out)
		return err_sys(e, "make %s", m->out);
	for (size_t i = 0; i < FLEET_WORKERS; i++) {
		workers[i] = (struct worker){ .m = m, .trust = trust, .out = out, .lock = &lock, .at = i };
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	r = 0;
	for (size_t i = 0; i < FLEET_WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].failed.code && !r) {
			*e = workers[i].failed;
			r = -(int)e->code;
		}
	}
	return fclose(out) == 0 ? r : err_sys(e, "write %s", m->out);
}

static int read_member(const char *text, size_t size, size_t i, struct member *ret, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r = json_parse(text, size, "fleet", &o, e);

	if (r)
		return r;
	const char *id = json_text(o, "vm_id"), *key = json_text(o, "report_key"), *digest = json_text(o, "digest");
	if (!id || !key || !digest || !hex_decode(key, ret->report_key, 32) || !hex_decode(digest, ret->digest, SHA256_SIZE))
		return err_set(e, ERR_FORMAT, "line %zu is no guest", i + 1);
	snprintf(ret->vm_id, sizeof ret->vm_id, "%s", id);
	snprintf(ret->boot_id, sizeof ret->boot_id, "%08zx-0000-4000-8000-%012zx", i, i);
	ret->epoch = json_uint(o, "epoch", 0);
	ret->gen = json_uint(o, "gen", 0);
	ret->cert = strdup(json_text(o, "cert"));
	ret->key = strdup(json_text(o, "key"));
	return 0;
}

int fleet_load(const char *path, struct fleet *ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(FILE_MAX);
	int r = file_read(AT_FDCWD, path, &text, NULL, e);

	*ret = (struct fleet){ 0, calloc(FLEET_MAX, sizeof *ret->members) };
	for (char *at = text.data, *end; !r && at && (end = strchr(at, '\n')) && ret->count < FLEET_MAX; at = end + 1)
		if (!(r = read_member(at, (size_t)(end - at), ret->count, &ret->members[ret->count], e)))
			ret->count++;
	return r;
}

void fleet_free(struct fleet *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->members[i].cert);
		free(f->members[i].key);
		if (f->members[i].cred)
			gnutls_certificate_free_credentials(f->members[i].cred);
	}
	free(f->members);
}

int member_cred(struct member *m, struct err *e)
{
	gnutls_datum_t cert = { (unsigned char *)m->cert, (unsigned)strlen(m->cert) }, key = { (unsigned char *)m->key, (unsigned)strlen(m->key) };

	if (m->cred)
		return 0;
	int rc = gnutls_certificate_allocate_credentials(&m->cred);
	if (rc == 0)
		rc = gnutls_certificate_set_x509_key_mem(m->cred, &cert, &key, GNUTLS_X509_FMT_PEM);
	return rc < 0 ? err_set(e, ERR_FORMAT, "%s: its certificate: %s", m->vm_id, gnutls_strerror(rc)) : 0;
}
