/* random_passwords.c - passwords that nobody chose (chpasswd, type RANDOM): made up in the guest, set, and shown on its console.
 *
 * The script that does it holds names alone: what it makes is in no plan, argument vector, log or file but shadow(5).  The letters are those that cloud-init takes,
 * without what looks alike; 20 of 55 are 115 bits.  Source of the behaviour: cloud-init's module reference, "Set Passwords". */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"

#define SCRIPT_PATH STATE_DIR "/random-passwords.sh"
enum { PASSWORDS_TIMEOUT_MS = 60 * 1000 };

/* One that nobody could read would be a user locked out: without a console none is set.  Its node alone is no console: devtmpfs has it where opening it fails.
 * It is tried in a shell of its own, since such a failure ends the shell, and written to before anything is set; each password is shown as soon as it is set. */
static const char *const head =
	"#!/bin/sh\numask 077\n"
	"none() { echo 'there is no console to show the password on' >&2; exit 1; }\n"
	"[ -w /dev/console ] && (: > /dev/console) 2> /dev/null || none\n"
	"exec 3> /dev/console\n"
	"echo \"Set the following 'random' passwords\" >&3 || none\n"
	"set_one() {\n"
	"  word=$(head -c 4096 /dev/urandom | LC_ALL=C tr -dc 'a-kmnp-zA-HJKMNP-Z2-9' | head -c 20)\n"
	"  [ ${#word} -eq 20 ] || exit 1\n"
	"  printf '%s:%s\\n' \"$1\" \"$word\" | chpasswd || exit 1\n"
	"  printf '%s:%s\\n' \"$1\" \"$word\" >&3 || exit 1\n"
	"  [ \"$2\" != expire ] || passwd -e \"$1\" > /dev/null || exit 1\n}\n";

/* Whoever is in shadow(5) once `users` are: accounts.c asks before. */
static bool is_one(struct builder *b, const struct config_password *p)
{
	bool there = accounts_find(&b->accounts, ACCOUNT_SHADOW, p->user);

	for (size_t i = 0; !there && i < b->config->user_count; i++)
		there = strcmp(b->config->users[i].name, p->user) == 0;
	return there && !p->hash && !p->plain;
}

/* The script's own lines are the wish: another head of another natal-agent makes up no password anew. */
static void put_calls(struct builder *b, struct buf *out)
{
	for (size_t i = 0; i < b->config->password_count; i++) {
		const struct config_password *p = &b->config->passwords[i];
		if (!is_one(b, p))
			continue;
		buf_str(out, "set_one ");
		text_shell_quote(out, p->user);
		buf_str(out, p->expire ? " expire\n" : " keep\n");
	}
}

bool random_passwords_made(struct builder *b, const char *name)
{
	scoped_buf struct buf calls = BUF_MAX(SCRIPT_MAX);
	struct done_row row = { "random_passwords", FREQ_INSTANCE, { 0 } };
	struct sha256 h;
	bool named = false;

	for (size_t i = 0; i < b->config->password_count; i++)
		named |= strcmp(b->config->passwords[i].user, name) == 0 && is_one(b, &b->config->passwords[i]);
	if (!named)
		return false;
	put_calls(b, &calls);
	/* As the item below notes them. */
	sha256_init(&h);
	wanted_note(&h, calls.data ? calls.data : "", calls.size);
	wanted_note(&h, STATE_DIR, strlen(STATE_DIR));
	sha256_done(&h, row.digest);
	return done_has(b->done, &row, b->config->verified->manifest.vm.instance_id);
}

int module_random_passwords(struct builder *b, struct err *e)
{
	static const char *const argv[] = { "/bin/sh", SCRIPT_PATH, NULL };
	scoped_buf struct buf calls = BUF_MAX(SCRIPT_MAX), out = BUF_MAX(SCRIPT_MAX);
	const char *text;

	put_calls(b, &calls);
	if (!calls.size)
		return 0;
	buf_str(&out, head);
	buf_add(&out, calls.data, calls.size);
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	want_note(b, calls.data, calls.size);
	if (buf_check(&calls, "what a module writes", e) || take_text(b, &out, &text, e) || want_dir(b, STATE_DIR, 0700, 0, 0, e) ||
	    want_file(b, &(struct want_file){ SCRIPT_PATH, text, strlen(text), 0700, 0, 0, true, true }, e))
		return want_failed(b, e);
	if (want_due(b))
		want_exec(b, argv, PASSWORDS_TIMEOUT_MS, "not yet made for this instance");
	return 0;
}
