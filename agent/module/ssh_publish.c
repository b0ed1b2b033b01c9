/* ssh_publish.c - the public host keys on the console, for those who have nothing else to know this guest by: where it made the keys itself, or
 * user-data says so.  Keys that came with the medium are known before the guest is; the report carries the digests of all.
 *
 * The lines around them are cloud-init's, since programs look for them. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"

#define SCRIPT_PATH STATE_DIR "/publish-keys.sh"
enum { PUBLISH_TIMEOUT_MS = 30 * 1000 };

static const struct { const char *word, *list; } types[] = {
	{ "ecdsa", "ecdsa-sha2-nistp256" }, { "ed25519", "ssh-ed25519" }, { "rsa", "ssh-rsa" },
};

/* Types are called by their file's word, or as sshd calls them. */
static bool names_type(const struct node *list, size_t type)
{
	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
		if (node_is(list->items[i], types[type].word) || node_is(list->items[i], types[type].list))
			return true;
	return false;
}

/* One block: each key that is there and that neither list leaves out, by this command. */
static void block(struct buf *out, const char *what, const char *command, const struct node *const lists[2])
{
	buf_printf(out, "echo '-----BEGIN SSH HOST KEY %s-----'\nfor t in", what);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!names_type(lists[0], i) && !names_type(lists[1], i))
			buf_printf(out, " %s", types[i].word);
	buf_printf(out, "; do\n  [ \"${1:-$t}\" = $t ] || continue\n  f=/etc/ssh/ssh_host_${t}_key.pub\n  [ ! -r \"$f\" ] || %s \"$f\"\ndone\necho '-----END SSH HOST KEY %s-----'\n", command, what);
}

static bool is_wanted(struct builder *b)
{
	const struct node *ssh = cloud_key(b, "ssh"), *publish = cloud_key(b, "ssh_publish_hostkeys");
	bool otherwise = cloud_bool(publish, "enabled", publish || ssh_keys_are_made(b));

	return cloud_bool(ssh, "emit_keys_to_console", otherwise);
}

void ssh_publish_one(struct builder *b, const char *type)
{
	const char *const argv[] = { "/bin/sh", SCRIPT_PATH, type, NULL };

	if (is_wanted(b))
		want_exec(b, words_join(&b->plan->arena, argv, NULL), PUBLISH_TIMEOUT_MS, "it was not there when the others were shown");
}

int module_ssh_publish(struct builder *b, struct err *e)
{
	static const char *const argv[] = { "/bin/sh", SCRIPT_PATH, NULL };
	const struct node *published = node_get(cloud_key(b, "ssh_publish_hostkeys"), "blacklist");
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *text;

	if (!is_wanted(b))
		return 0;
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	buf_str(&out, "#!/bin/sh\n[ -w /dev/console ] || exit 0\n{\n");
	block(&out, "FINGERPRINTS", "ssh-keygen -l -f", (const struct node *const[2]){ cloud_key(b, "ssh_fp_console_blacklist"), published });
	block(&out, "KEYS", "cat", (const struct node *const[2]){ cloud_key(b, "ssh_key_console_blacklist"), published });
	buf_str(&out, "} > /dev/console\n");
	if (take_text(b, &out, &text, e) || want_dir(b, STATE_DIR, 0700, 0, 0, e) || want_text(b, SCRIPT_PATH, text, 0700, e))
		return want_failed(b, e);
	if (want_due(b))
		want_exec(b, argv, PUBLISH_TIMEOUT_MS, "not yet shown for this instance");
	return 0;
}
