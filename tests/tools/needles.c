/* needles.c - is any byte run of a medium's private keys in these files?
 *
 *   needles --medium ISO --trust DIR --uuid UUID FILE…
 *
 * For each private blob: every line of its text, and every 16 bytes of what its base64 holds, but for runs that its public half
 * holds too.  Prints where one is found; 1 when one was, 0 when none was.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/media/bundle.h"
#include "common/media/iso.h"
#include "common/media/statements.h"

enum { RUN = 16, LINE_MIN = 24 };
struct hay { const char *name; struct buf bytes; };

static int search(const struct hay *h, const void *needle, size_t n, const char *what)
{
	if (h->bytes.size < n || !memmem(h->bytes.data, h->bytes.size, needle, n))
		return 0;
	printf("%s holds a part of %s\n", h->name, what);
	return 1;
}

/* The base64 of a PEM block, decoded. */
static void decode(const struct blob *b, struct buf *out)
{
	scoped_buf struct buf text = BUF_MAX(65536);
	struct err e;

	for (const char *p = (const char *)b->bytes, *end = p + b->size, *nl; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			break;
		if (*p != '-')
			buf_add(&text, p, (size_t)(nl - p));
	}
	if (base64_decode(text.data, text.size, b->name, out, &e))
		err_print(&e);
}

/* What everybody may know: public keys and certificates, decoded, and the formats' constants. */
static void public_bytes(const struct verified *v, struct buf *out)
{
	for (size_t i = 0; i < v->manifest.blob_count; i++) {
		const struct blob *b = &v->manifest.blobs[i];
		size_t n = strlen(b->name);
		struct err e;
		if (strstr(b->name, "cert.pem") || strstr(b->name, "chain.pem"))
			decode(b, out);
		bool public_text = n > 4 && strcmp(b->name + n - 4, ".pub") == 0;
		if (public_text)        /* its base64 stands in the private file too */
			buf_add(out, b->bytes, b->size);
		const char *space = public_text ? memchr(b->bytes, ' ', b->size) : NULL;
		if (space && base64_decode(space + 1, b->size - (size_t)(space + 1 - (const char *)b->bytes) - 1, b->name, out, &e))
			err_print(&e);
	}
}

static int look_for(const struct blob *b, const struct buf *known, const struct hay *h)
{
	scoped_buf struct buf raw = BUF_MAX(65536);
	int found = 0;

	for (const char *p = (const char *)b->bytes, *end = p + b->size, *nl; p < end && !found; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			break;
		if (*p != '-' && nl - p >= LINE_MIN && !memmem(known->data, known->size, p, (size_t)(nl - p)))
			found = search(h, p, (size_t)(nl - p), b->name);
	}
	decode(b, &raw);
	for (size_t i = 0; i + RUN <= raw.size && !found; i++)
		if (!known->size || !memmem(known->data, known->size, raw.data + i, RUN))
			found = search(h, raw.data + i, RUN, b->name);
	return found;
}

static struct verified *open_medium(const char *path, const char *dir, const char *uuid)
{
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	struct guest_facts facts = { .rtc_unix_s = (uint64_t)clock_unix_s() };
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct verified *v = NULL;
	struct stat st;
	uint8_t *bytes;
	size_t size, bundle;
	struct err e = ERR_NONE;

	snprintf(facts.uuid, sizeof facts.uuid, "%s", uuid);
	if (fd < 0 || fstat(fd, &st) < 0 || trust_load(AT_FDCWD, dir, "/nonexistent/policy.json", trust, &e) ||
	    iso_read_bundle(fd, (uint64_t)st.st_size, &bytes, &size, &e) || statements_split(bytes, size, &bundle, &e) ||
	    bundle_verify(bytes, bundle, trust, &facts, &v, &e)) {
		err_print(&e);
		exit(2);
	}
	return v;
}

int main(int argc, char **argv)
{
	scoped_buf struct buf known = BUF_MAX(1 << 20);
	int found = 0;

	if (argc < 8 || sodium_init() < 0)
		return 2;
	struct verified *v = open_medium(argv[2], argv[4], argv[6]);
	public_bytes(v, &known);
	for (int i = 7; i < argc; i++) {
		struct hay h = { argv[i], BUF_MAX(512 << 20) };
		struct err e;
		if (file_read(AT_FDCWD, argv[i], &h.bytes, NULL, &e))
			return err_print(&e), 2;
		for (size_t k = 0; k < v->manifest.blob_count; k++) {
			const struct blob *b = &v->manifest.blobs[k];
			size_t n = strlen(b->name);
			if (strcmp(b->name, BLOB_TLS_KEY) == 0 ||
				(text_starts(b->name, BLOB_SSH_PREFIX) && strcmp(b->name + n - 4, ".pub") != 0))
				found |= look_for(b, &known, &h);
		}
		buf_fini(&h.bytes);
	}
	verified_free(v);
	return found;
}
