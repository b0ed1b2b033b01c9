/* set_passwords.c - which passwords this instance has been given: accounts.c writes them, in the same shadow file as the users. */
#include "agent/module/module.h"

#include <string.h>

static void add_text(struct sha256 *h, const char *s)
{
	if (s)
		sha256_add(h, s, strlen(s) + 1);
	sha256_add(h, s ? "+" : "-", 1);
}

/* One digest of them all, with the guest's own key in it: it is reported, and must not let anyone try passwords. */
static bool wishes(const struct config *c, uint8_t ret[SHA256_SIZE])
{
	const struct blob *key = verified_blob(c->verified, BLOB_REPORT_KEY);
	bool any = c->password_count > 0 || c->user_count > 0;  /* no password locks: a wish too */
	struct sha256 h;

	sha256_init(&h);
	if (key)
		sha256_add(&h, key->bytes, (size_t)key->size);
	for (size_t i = 0; i < c->user_count; i++) {
		const struct config_user *u = &c->users[i];
		const char *const words[] = { u->name, u->passwd, u->hashed_passwd, u->plain_text_passwd };
		const uint8_t lock = (uint8_t)u->lock_passwd;
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			add_text(&h, words[k]);
		sha256_add(&h, &lock, sizeof lock);
	}
	for (size_t i = 0; i < c->password_count; i++) {
		add_text(&h, c->passwords[i].user);
		add_text(&h, c->passwords[i].hash);
		add_text(&h, c->passwords[i].plain);
		sha256_add(&h, &c->passwords[i].expire, sizeof c->passwords[i].expire);
	}
	sha256_done(&h, ret);
	return any;
}

bool set_passwords_due(struct builder *b)
{
	struct done_row row = { "set_passwords", FREQ_INSTANCE, { 0 } };
	uint8_t all[SHA256_SIZE];
	struct sha256 h;

	if (!wishes(b->config, all))
		return false;
	sha256_init(&h);
	wanted_note(&h, all, sizeof all);
	sha256_done(&h, row.digest);
	return !done_has(b->done, &row, b->config->verified->manifest.vm.instance_id);
}

int module_set_passwords(struct builder *b, struct err *e)
{
	uint8_t all[SHA256_SIZE];

	(void)e;
	if (!wishes(b->config, all))
		return 0;
	want_item(b, "");
	want_done_by(b, "accounts");
	want_frequency(b, FREQ_INSTANCE);
	want_note(b, all, sizeof all);
	return 0;
}
