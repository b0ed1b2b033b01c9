/* The judgement of a bundle: the input as a whole, and, as a manifest with the blobs' bytes behind a NUL, signed by a trusted key. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "tests/fuzz/sign.h"

static struct trust trust;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_trust(&trust);
	return 0;
}

static void judge(const void *bytes, size_t size)
{
	static const struct guest_facts facts = { .uuid = "6f1c7a52-9a7e-4b1d-8b59-2f0c6d1e3a44", .rtc_unix_s = 1800000000 };
	scoped(verified_free_p) struct verified *v = NULL;
	struct err e;
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, bytes, size);
	if (bundle_verify(copy, size, &trust, &facts, &v, &e)) {
		PROMISE(!v && *e.msg);
		return;
	}
	const struct manifest *m = &v->manifest;
	PROMISE(strcmp(m->vm.uuid, facts.uuid) == 0 && m->format == 1 && m->not_before <= facts.rtc_unix_s &&
		facts.rtc_unix_s <= m->not_after);
	for (size_t i = 0; i < m->blob_count; i++) {
		PROMISE(m->blobs[i].bytes >= v->bytes && m->blobs[i].bytes + m->blobs[i].size <= v->bytes + v->size);
		PROMISE(*m->blobs[i].name && m->blobs[i].name[0] != '/' && !strstr(m->blobs[i].name, "/../") && m->blobs[i].mode <= 0777);
	}
	scoped_buf struct buf again = BUF_MAX(ENVELOPE_SIZE_MAX);
	PROMISE(bundle_manifest(&v->manifest, &again, &e) == 0);        /* whatever was accepted can be written */
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_buf struct buf out = BUF_MAX(ENVELOPE_SIZE_MAX);
	const uint8_t *body;
	size_t body_size, n = fuzz_split(bytes, size, &body, &body_size);

	judge(bytes, size);
	if (fuzz_sign(ENVELOPE_BUNDLE, bytes, n, body, body_size, &out) == 0)
		judge(out.data, out.size);
	return 0;
}
