/* What trust is made of: a public key in PEM, a policy, a key statement (as a whole, and as a payload signed by a trusted key). */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/media/statements.h"
#include "tests/fuzz/sign.h"

static struct trust trust;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_trust(&trust);
	return 0;
}

static void take_statement(const void *bytes, size_t size)
{
	struct trust t = trust;
	struct envelope env;
	struct err e;

	if (envelope_read(bytes, size, ENVELOPE_STATEMENT, "s", &env, &e) || trust_statement(&t, &env, "s", &e))
		return;
	PROMISE(t.count >= trust.count && t.count <= trust.count + 1);
	for (size_t i = 0; i < t.count; i++)
		PROMISE(t.keys[i].succeeds < i || t.keys[i].succeeds == TRUST_KEYS_MAX);
}

/* What lies behind a bundle, or was kept. */
static void take_many(const void *bytes, size_t size)
{
	scoped_buf struct buf kept = BUF_MAX(STATEMENTS_SIZE_MAX), binding = BUF_MAX(STATEMENTS_SIZE_MAX), again = BUF_MAX(STATEMENTS_SIZE_MAX);
	struct trust t = trust, same = trust;
	struct err e;

	if (statements_take(&t, bytes, size, &(struct statements){ "s", &kept, &binding, 0 }, &e))
		return;
	PROMISE(kept.size <= size && binding.size <= kept.size);
	PROMISE(statements_take(&same, kept.data, kept.size, &(struct statements){ .doc = "s", .kept = &again }, &e) == 0 && same.count == t.count && again.size == kept.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_buf struct buf out = BUF_MAX(2 << 20), pem = BUF_MAX(4096);
	struct pubkey key, back;
	struct policy policy;
	struct err e;

	if (pubkey_from_pem((const char *)bytes, size, "k", &key, &e) == 0) {
		pubkey_to_pem(&key, &pem);
		PROMISE(pubkey_from_pem(pem.data, pem.size, "k", &back, &e) == 0 && memcmp(&key, &back, sizeof key) == 0);
	}
	if (policy_parse(bytes, size, "p", &policy, &e) == 0) {
		PROMISE(policy.group_count <= TRUST_GROUPS_MAX);
		for (size_t i = 0; i < policy.group_count; i++)
			PROMISE(policy.groups[i].count >= 1 && policy.groups[i].count <= TRUST_GROUP_KEYS_MAX);
	}
	take_statement(bytes, size);
	take_many(bytes, size);
	if (fuzz_sign(ENVELOPE_STATEMENT, bytes, size, NULL, 0, &out) == 0) {
		take_statement(out.data, out.size);
		take_many(out.data, out.size);
	}
	return 0;
}
