/* random_passwords.c - passwords that nobody chose (chpasswd, type RANDOM): made up in the guest, set, and shown on its console.
 *
 * The script that does it holds names alone: what it makes is in no plan, argument vector, log or file but shadow(5).  The letters are those that cloud-init takes,
 * without what looks alike; 20 of 55 are 115 bits.  Source of the behaviour: cloud-init's module reference, "Set Passwords". */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"

#define SCRIPT_PATH STATE_DIR "/random-passwords.sh"
enum { PASSWORDS_TIMEOUT_MS = 60 * 1000 };

/* One that nobody could read would be a user locked out: without a console none is set. */
static const char *const head =
	"#!/bin/sh\numask 077\n"
	"[ -w /dev/console ] || { echo 'there is no console to show the password on' >&2; exit 1; }\n"
	"said=\"Set the following 'random' passwords\"\n"
	"set_one() {\n"
	"  word=$(head -c 4096 /dev/urandom | LC_ALL=C tr -dc 'a-kmnp-zA-HJKMNP-Z2-9' | head -c 20)\n"
	"  [ ${#word} -eq 20 ] || exit 1\n"
	"  printf '%s:%s\\n' \"$1\" \"$word\" | chpasswd || exit 1\n"
	"  [ \"$2\" != expire ] || passwd -e \"$1\" > /dev/null || exit 1\n"
	"  said=\"$said\n$1:$word\"\n}\n";

int module_random_passwords(struct builder *b, struct err *e)
{
	static const char *const argv[] = { "/bin/sh", SCRIPT_PATH, NULL };
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const struct config *c = b->config;
	const char *text;
	size_t wanted = 0;

	buf_str(&out, head);
	for (size_t i = 0; i < c->password_count; i++) {
		const struct config_password *p = &c->passwords[i];
		if (p->hash || p->plain || !accounts_find(&b->accounts, ACCOUNT_SHADOW, p->user))
			continue;
		wanted++;
		buf_str(&out, "set_one ");
		text_shell_quote(&out, p->user);
		buf_str(&out, p->expire ? " expire\n" : " keep\n");
	}
	if (!wanted)
		return 0;
	buf_str(&out, "printf '%s\\n' \"$said\" > /dev/console\n");
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	if (take_text(b, &out, &text, e) || want_dir(b, STATE_DIR, 0700, 0, 0, e) || want_text(b, SCRIPT_PATH, text, 0700, e))
		return want_failed(b, e);
	if (want_due(b))
		want_exec(b, argv, PASSWORDS_TIMEOUT_MS, "not yet made for this instance");
	return 0;
}
