/* bundle.c - see bundle.h; FORMAT.md "Bundle". */
#include "common/media/bundle.h"

#include <string.h>
#include <strings.h>
#include "common/base/text.h"
#include "common/media/manifest.h"

static const char doc[] = "bundle";

void verified_free(struct verified *v)
{
	if (!v)
		return;
	manifest_fini(&v->manifest);
	if (v->bytes)
		explicit_bzero(v->bytes, v->size);      /* it may hold private keys */
	free(v->bytes);
	free(v);
}

const struct blob *verified_blob(const struct verified *v, const char *name)
{
	for (size_t i = 0; i < v->manifest.blob_count; i++)
		if (strcmp(v->manifest.blobs[i].name, name) == 0)
			return &v->manifest.blobs[i];
	return NULL;
}

/* Gives each blob its bytes: they fill the body exactly, and each has its digest. */
static int place_blobs(struct manifest *m, const struct envelope *env, struct err *e)
{
	const uint8_t *at = env->body;
	size_t left = env->body_size;

	for (size_t i = 0; i < m->blob_count; i++) {
		struct blob *b = &m->blobs[i];
		uint8_t digest[SHA256_SIZE];
		if (b->size > left)
			return err_set(e, ERR_FORMAT, "%s: blob '%s' has %llu bytes, the body only %zu more", doc, b->name,
				(unsigned long long)b->size, left);
		sha256(at, b->size, digest);
		if (!bytes_equal(digest, b->sha256, sizeof digest))
			return err_set(e, ERR_UNTRUSTED, "%s: blob '%s' does not have the SHA-256 that the manifest signs", doc, b->name);
		if (b->sealed)
			return err_set(e, ERR_UNSUPPORTED, "%s: blob '%s' is sealed: this release opens none", doc, b->name);
		b->bytes = at;
		at += b->size;
		left -= b->size;
	}
	return left ? err_set(e, ERR_FORMAT, "%s: %zu bytes follow the last blob", doc, left) : 0;
}

/* They differ: which of the two has none? */
static int check_nonce(const struct manifest *m, const struct guest_facts *facts, struct err *e)
{
	static const uint8_t none[BUNDLE_NONCE_SIZE];

	if (memcmp(facts->nonce, none, sizeof none) == 0)
		return err_set(e, ERR_DENIED, "%s: was signed for a guest that asked for it over the network, and this one did not ask", doc);
	return err_set(e, ERR_DENIED, "%s: does not answer this guest's question: %s", doc,
		memcmp(m->nonce, none, sizeof none) ? "its nonce is another's" : "it has no nonce");
}

/* Is it for this guest, now, and not older than what it has? */
static int check_meaning(const struct verified *v, const struct guest_facts *facts, uint64_t now_unix_s, bool *ret_older, struct err *e)
{
	const struct manifest *m = &v->manifest;
	bool older = m->epoch < facts->epoch_seen || (m->epoch == facts->epoch_seen && m->sequence < facts->sequence_seen);

	if (!*facts->uuid)
		return err_set(e, ERR_DENIED, "%s: is for VM %s, and this machine's UUID is unknown", doc, m->vm.uuid);
	if (strcasecmp(m->vm.uuid, facts->uuid) != 0)
		return err_set(e, ERR_DENIED, "%s: is for VM %s, this is %s", doc, m->vm.uuid, facts->uuid);
	if (!bytes_equal(m->nonce, facts->nonce, sizeof m->nonce))
		return check_nonce(m, facts, e);
	*ret_older = older && facts->pass_older;
	if (*ret_older)
		return 0;
	/* What this guest has applied already stays what it is: the window is about being provisioned. */
	bool applied = m->epoch == facts->epoch_seen && m->sequence == facts->sequence_seen && bytes_equal(v->digest, facts->digest_seen, sizeof v->digest);
	if (!applied && now_unix_s < m->not_before)
		return err_set(e, ERR_DENIED, "%s: is not valid before %llu, now is %llu", doc, (unsigned long long)m->not_before,
			(unsigned long long)now_unix_s);
	if (!applied && now_unix_s > m->not_after)
		return err_set(e, ERR_DENIED, "%s: has expired at %llu, now is %llu", doc, (unsigned long long)m->not_after,
			(unsigned long long)now_unix_s);
	if (m->epoch < facts->epoch_seen)
		return err_set(e, ERR_DENIED, "%s: is of epoch %llu, which this guest has left for %llu", doc, (unsigned long long)m->epoch,
			(unsigned long long)facts->epoch_seen);
	if (m->epoch > facts->epoch_seen)
		return 0;               /* the controller's store is an older copy: it counts anew */
	if (m->sequence < facts->sequence_seen)
		return err_set(e, ERR_DENIED, "%s: sequence %llu is older than %llu, which this guest has applied", doc,
			(unsigned long long)m->sequence, (unsigned long long)facts->sequence_seen);
	if (m->sequence == facts->sequence_seen && !applied)
		return err_set(e, ERR_DENIED, "%s: sequence %llu was applied with another digest", doc, (unsigned long long)m->sequence);
	return 0;
}

static int judge(struct verified *v, const struct trust *trust, const struct guest_facts *facts, bool *ret_older, struct err *e)
{
	struct envelope env;
	const struct trust_key *signer;
	uint64_t now_unix_s;
	int r;

	if ((r = envelope_read(v->bytes, v->size, ENVELOPE_BUNDLE, doc, &env, e)) ||
	    (r = policy_clock(&trust->policy, facts->rtc_unix_s, &now_unix_s, v->clock_warning, e)) ||
	    (r = trust_check(trust, &env, now_unix_s, doc, &signer, e)) ||
	    (r = manifest_parse(env.payload, env.payload_size, trust->policy.min_format, &v->manifest, e)) ||
	    (r = place_blobs(&v->manifest, &env, e)))
		return r;
	envelope_digest(ENVELOPE_BUNDLE, env.payload, env.payload_size, v->digest);
	memcpy(v->signer, signer->key.id, KEY_ID_SIZE);
	return check_meaning(v, facts, now_unix_s, ret_older, e);
}

int bundle_verify(
	uint8_t *bytes, size_t size, const struct trust *trust, const struct guest_facts *facts, struct verified **ret, struct err *e)
{
	scoped(verified_free_p) struct verified *v = calloc(1, sizeof *v);
	if (!v) {
		free(bytes);
		return err_nomem(e);
	}
	v->bytes = bytes;
	v->size = size;
	bool older = false;
	int r = judge(v, trust, facts, &older, e);
	if (!r)
		*ret = older ? NULL : give(v);
	return r;
}

int bundle_assemble(const struct manifest *m, const void *manifest_json, size_t size, const struct signature *sigs, size_t sig_count,
	struct buf *out, struct err *e)
{
	scoped_buf struct buf body = BUF_MAX(ENVELOPE_SIZE_MAX);

	for (size_t i = 0; i < m->blob_count; i++)
		buf_add(&body, m->blobs[i].bytes, m->blobs[i].size);
	int r = buf_check(&body, doc, e);
	return r ? r : envelope_write(ENVELOPE_BUNDLE, manifest_json, size, sigs, sig_count, body.data, body.size, out, e);
}
