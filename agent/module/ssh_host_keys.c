/* ssh_host_keys.c - sshd's keys: those of the bundle, and no others that an image may have left. */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"

#define HOST_KEY "ssh_host_"
#define SSH_DIR "/etc/ssh"
#define KEYGEN "/usr/bin/ssh-keygen"
enum { KEYGEN_TIMEOUT_MS = 110 * 1000 };

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
		if (r)
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
	return verified_blob(c->verified, arena_printf(&b->plan->arena, BLOB_SSH_PREFIX "%s", name));
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

/* No keys were given: this instance makes its own, and what the image was shipped with goes. */
static int make_keys(struct builder *b, struct err *e)
{
	struct arena *a = &b->plan->arena;
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
		const char **argv = arena_array(a, 10, sizeof *argv), *path = arena_printf(a, SSH_DIR "/" HOST_KEY "%s_key", types->at[i]);
		const char *const words[] = { KEYGEN, "-q", "-t", types->at[i], "-N", "", "-f", path };
		struct fact there;
		if ((r = facts_stat(b->facts, path, &there, e)))
			return r;
		if (there.kind != FACT_ABSENT && b->config->ssh.keep_image_keys)
			continue;
		memcpy(argv, words, sizeof words);
		want_exec(b, argv, KEYGEN_TIMEOUT_MS, "no key was given");
	}
	return 0;
}

int module_ssh_host_keys(struct builder *b, struct err *e)
{
	const struct manifest *m = &b->config->verified->manifest;
	size_t count = 0;

	for (size_t i = 0; i < m->blob_count; i++)
		count += text_starts(m->blobs[i].name, BLOB_SSH_PREFIX HOST_KEY);
	if (!count && !b->config->host_key_count)
		return make_keys(b, e) ? want_failed(b, e) : 0;
	want_item(b, "");
	return all_keys(b, &count, e) ? want_failed(b, e) : 0;
}
