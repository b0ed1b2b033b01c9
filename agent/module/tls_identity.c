/* tls_identity.c - the VM's certificate and key, where its services find them. */
#include "agent/module/module.h"

#include <string.h>
#include "agent/pinning/pins.h"
#include "common/base/text.h"

/* The group that services with certificates are in on Debian. */
#define KEY_GROUP "ssl-cert"

static const struct { const char *blob, *path; } files[] = {
	{ BLOB_TLS_KEY, TLS_DIR "/key.pem" }, { BLOB_TLS_CERT, TLS_DIR "/cert.pem" }, { BLOB_TLS_CHAIN, TLS_DIR "/chain.pem" },
};

int want_kept(struct builder *b, const struct kept_key *k, struct err *e)
{
	uint8_t here[SHA256_SIZE], wanted[SHA256_SIZE];
	const char *text;
	struct fact f;
	int r = want_look(b, k->private_path, &f, e);

	if (r || (r = facts_text(b->facts, k->public_path, &text, e)))
		return r;
	if (f.kind != FACT_FILE)
		err_set(e, ERR_NOT_FOUND, "%s is not here, and the goal brings its public half alone", k->private_path);
	else if (!text)
		return 0;
	else if ((r = k->digest_of(arena_copy(&b->plan->arena, k->public->bytes, (size_t)k->public->size), k->public_path, wanted, e)))
		return r;
	else if (k->digest_of(text, k->public_path, here, e) == 0 && bytes_equal(here, wanted, SHA256_SIZE))
		return 0;
	else
		err_set(e, ERR_CONFLICT, "%s is not the key whose public half the goal brings alone", k->private_path);
	err_hint(e, "natalctl vm rotate-keys gives this guest new ones");
	return -(int)e->code;
}

static int one_file(struct builder *b, size_t i, struct err *e)
{
	const struct blob *k = verified_blob(b->config->verified, files[i].blob);
	long group = accounts_gid(&b->accounts, KEY_GROUP);
	bool key = strcmp(files[i].blob, BLOB_TLS_KEY) == 0;

	if (!k)
		return 0;
	struct want_file f = { files[i].path, k->bytes, (size_t)k->size, key ? (group < 0 ? 0600 : 0640) : 0644, 0,
		key && group >= 0 ? (gid_t)group : 0, key };
	return want_file(b, &f, e);
}

/* The certificate and what is above it in one file: what most servers want. */
static int full_chain(struct builder *b, struct err *e)
{
	const struct blob *cert = verified_blob(b->config->verified, BLOB_TLS_CERT),
		*chain = verified_blob(b->config->verified, BLOB_TLS_CHAIN);
	size_t n = (size_t)cert->size, m = chain ? (size_t)chain->size : 0;
	char *all = arena_alloc(&b->plan->arena, n + m + 1);

	memcpy(all, cert->bytes, n);
	if (m)
		memcpy(all + n, chain->bytes, m);
	return want_file(b, &(struct want_file){ TLS_DIR "/fullchain.pem", all, n + m, 0644, 0, 0, false }, e);
}

int module_tls_identity(struct builder *b, struct err *e)
{
	const struct verified *v = b->config->verified;

	if (!verified_blob(v, BLOB_TLS_KEY) && !verified_blob(v, BLOB_TLS_CERT))
		return 0;
	if (!verified_blob(v, BLOB_TLS_CERT))
		return err_set(e, ERR_FORMAT, "'%s' comes without '%s'", BLOB_TLS_KEY, BLOB_TLS_CERT);
	want_item(b, "");
	if (!verified_blob(v, BLOB_TLS_KEY) &&
	    want_kept(b, &(struct kept_key){ TLS_DIR "/key.pem", TLS_DIR "/cert.pem", verified_blob(v, BLOB_TLS_CERT), spki_digest_pem }, e))
		return want_failed(b, e);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (one_file(b, i, e))
			return want_failed(b, e);
	return full_chain(b, e) ? want_failed(b, e) : 0;
}
