/* ssh_host_keys.c - sshd's keys: those of the bundle, and no others that an image may have left. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"
#include "common/crypto/sshkey.h"

#define HOST_KEY "ssh_host_"
#define SSH_DIR "/etc/ssh"
#define KEYGEN "/usr/bin/ssh-keygen"
#define KEYGEN_UNIT "/usr/lib/systemd/system/sshd-keygen@.service"
enum { KEYGEN_TIMEOUT_MS = 110 * 1000 };

static int digest_of(const char *text, const char *path, uint8_t ret[SHA256_SIZE], struct err *e)
{
	char type[SSHKEY_TYPE_MAX];

	return sshkey_digest(text, strcspn(text, "\n"), path, type, ret, e);
}

/* Of ssh_host_X_key.pub: in the bundle, or here already. */
static int private_half(struct builder *b, const struct blob *public, const char *path, struct err *e)
{
	struct arena *a = &b->plan->arena;

	if (verified_blob(b->config->verified, arena_copy(a, public->name, strlen(public->name) - strlen(".pub"))))
		return 0;
	return want_kept(b, &(struct kept_key){ arena_copy(a, path, strlen(path) - strlen(".pub")), path, public, digest_of }, e);
}

static int from_bundle(struct builder *b, size_t *count, struct err *e)
{
	const struct manifest *m = &b->config->verified->manifest;

	for (size_t i = 0; i < m->blob_count; i++) {
		const struct blob *k = &m->blobs[i];
		uid_t uid;
		gid_t gid;
		if (!text_starts(k->name, BLOB_SSH_PREFIX HOST_KEY))
			continue;
		int r = want_owner(b, *k->owner ? k->owner : "root", NULL, &uid, &gid, e);
		if (r)
			return r;
		const char *path = arena_printf(&b->plan->arena, SSH_DIR "/%s", k->name + strlen(BLOB_SSH_PREFIX));
		bool public = strlen(path) > 4 && strcmp(path + strlen(path) - 4, ".pub") == 0;
		r = want_file(b, &(struct want_file){ path, k->bytes, (size_t)k->size, k->mode, uid, gid, !public }, e);
		if (r || (public && (r = private_half(b, k, path, e))))
			return r;
		++*count;
	}
	return 0;
}

static bool is_wanted(const struct builder *b, const char *name)
{
	const struct config *c = b->config;

	for (size_t i = 0; i < c->host_key_count; i++)
		if (strcmp(strrchr(c->host_keys[i].path, '/') + 1, name) == 0)
			return true;
	return verified_blob(c->verified, arena_printf(&b->plan->arena, BLOB_SSH_PREFIX "%s", name)) ||
		verified_blob(c->verified, arena_printf(&b->plan->arena, BLOB_SSH_PREFIX "%s.pub", name));
}

static int remove_others(struct builder *b, struct err *e)
{
	const char **names;
	size_t count;
	int r = facts_names(b->facts, SSH_DIR, &names, &count, e);

	for (size_t i = 0; !r && i < count; i++)
		if (text_starts(names[i], HOST_KEY) && strstr(names[i], "_key") && !is_wanted(b, names[i]))
			r = want_absent(b, arena_printf(&b->plan->arena, SSH_DIR "/%s", names[i]), e);
	return r;
}

static int all_keys(struct builder *b, size_t *count, struct err *e)
{
	const struct config *c = b->config;
	int r = from_bundle(b, count, e);

	for (size_t i = 0; !r && i < c->host_key_count; i++, ++*count) {
		const struct config_file *f = &c->host_keys[i];
		if (verified_blob(c->verified, arena_printf(&b->plan->arena, BLOB_SSH_PREFIX "%s", strrchr(f->path, '/') + 1)))
			return err_set(e, ERR_CONFLICT, "%s comes both as a blob and in ssh_keys of user-data", f->path);
		r = want_file(b, &(struct want_file){ f->path, f->bytes, f->size, f->mode, 0, 0, f->mode == 0600 }, e);
	}
	return r ? r : remove_others(b, e);
}

static const char *key_path(struct builder *b, const char *type) { return arena_printf(&b->plan->arena, SSH_DIR "/" HOST_KEY "%s_key", type); }

static void want_keygen(struct builder *b, const char *type)
{
	const char **argv = arena_array(&b->plan->arena, 10, sizeof *argv);
	const char *const words[] = { KEYGEN, "-q", "-t", type, "-N", "", "-f", key_path(b, type) };

	memcpy(argv, words, sizeof words);
	want_exec(b, argv, KEYGEN_TIMEOUT_MS, "no key was given");
}

/* An RSA key takes longer to make than all else of a boot together: where sshd has another to start with, and nobody is to be told of it at
 * the boot's end, it is made behind the boot; unless a unit of the distribution's makes sshd wait for the keys that are not there. */
static int is_behind(struct builder *b, const char *type, bool *ret, struct err *e)
{
	struct fact unit;
	int r = facts_stat(b->facts, KEYGEN_UNIT, &unit, e);

	*ret = !r && unit.kind == FACT_ABSENT && strcmp(type, "rsa") == 0 && b->config->ssh.generate.count > 1 &&
		!phone_home_posts(b, "pub_key_rsa");
	return r;
}

static int is_there(struct builder *b, const char *type, bool *ret, struct err *e)
{
	struct fact key;
	int r = facts_stat(b->facts, key_path(b, type), &key, e);

	*ret = !r && key.kind != FACT_ABSENT;
	return r;
}

/* No keys were given: this instance makes its own, and what the image was shipped with goes. */
static int make_keys(struct builder *b, struct err *e)
{
	const struct texts *types = &b->config->ssh.generate;
	struct fact tool;
	int r = facts_stat(b->facts, KEYGEN, &tool, e);

	if (r || tool.kind == FACT_ABSENT)
		return r;               /* no sshd, no keys */
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	for (size_t i = 0; i < types->count; i++)
		want_note(b, types->at[i], strlen(types->at[i]));
	if (!want_due(b))
		return 0;
	if (!b->config->ssh.keep_image_keys && (r = remove_others(b, e)))
		return r;
	for (size_t i = 0; i < types->count; i++) {
		bool there, behind;
		if ((r = is_behind(b, types->at[i], &behind, e)) || (!behind && (r = is_there(b, types->at[i], &there, e))))
			return r;
		if (behind)
			continue;
		if (!there || !b->config->ssh.keep_image_keys)
			want_keygen(b, types->at[i]);
	}
	return 0;
}

static bool keys_are_given(const struct builder *b)
{
	const struct manifest *m = &b->config->verified->manifest;

	for (size_t i = 0; i < m->blob_count; i++)
		if (text_starts(m->blobs[i].name, BLOB_SSH_PREFIX HOST_KEY))
			return true;
	return b->config->host_key_count;
}

bool ssh_keys_are_made(struct builder *b)
{
	struct fact tool;
	struct err ignored;

	return !keys_are_given(b) && b->config->ssh.generate.count && facts_stat(b->facts, KEYGEN, &tool, &ignored) == 0 && tool.kind != FACT_ABSENT;
}

int module_ssh_host_keys(struct builder *b, struct err *e)
{
	size_t count = 0;

	if (!keys_are_given(b))
		return make_keys(b, e) ? want_failed(b, e) : 0;
	want_item(b, "");
	return all_keys(b, &count, e) ? want_failed(b, e) : 0;
}

/* What a run left that did not come to its end goes first: ssh-keygen asks before it writes over a file. Then sshd reads its keys again. */
static int make_behind(struct builder *b, const char *type, struct err *e)
{
	const char **clear = arena_array(&b->plan->arena, 5, sizeof *clear), *path = key_path(b, type);
	const char *const words[] = { "/usr/bin/rm", "-f", path, arena_printf(&b->plan->arena, "%s.pub", path) };
	static const char *const debian[] = { "/usr/bin/systemctl", "try-reload-or-restart", "ssh.service", NULL };
	static const char *const others[] = { "/usr/bin/systemctl", "try-reload-or-restart", "sshd.service", NULL };
	struct fact tool, unit;
	bool there;
	int r;

	if ((r = facts_stat(b->facts, KEYGEN, &tool, e)) || tool.kind == FACT_ABSENT || (r = is_there(b, type, &there, e)))
		return r;
	want_item(b, type);
	want_note(b, type, strlen(type));
	want_frequency(b, FREQ_INSTANCE);
	if (!want_due(b) || (there && b->config->ssh.keep_image_keys))
		return 0;
	memcpy(clear, words, sizeof words);
	want_exec(b, clear, KEYGEN_TIMEOUT_MS, "no key was given");
	want_keygen(b, type);
	if (!b->facts->live)
		return 0;
	if ((r = facts_stat(b->facts, "/lib/systemd/system/ssh.service", &unit, e)))
		return r;
	want_exec(b, unit.kind == FACT_ABSENT ? others : debian, KEYGEN_TIMEOUT_MS, "sshd is to show its new key");
	ssh_publish_one(b, type);
	return 0;
}

int module_ssh_host_keys_behind(struct builder *b, struct err *e)
{
	const struct texts *types = &b->config->ssh.generate;

	for (size_t i = 0; !keys_are_given(b) && i < types->count; i++) {
		bool behind;
		if (is_behind(b, types->at[i], &behind, e) || (behind && make_behind(b, types->at[i], e)))
			return want_failed(b, e);
	}
	return 0;
}
