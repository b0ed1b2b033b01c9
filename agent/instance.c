/* instance.c - see instance.h */
#include "agent/instance.h"

#include <string.h>
#include <sys/utsname.h>
#include "agent/apply/tree.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"

enum { RELEASE_MAX = 64 << 10, WORD_MAX = 128 };

/* A value of os-release(5), without its quotes. */
static void release_word(const char *text, const char *key, char ret[WORD_MAX])
{
	size_t n = strlen(key);

	*ret = 0;
	for (const char *line = text, *end; line; line = (end = strchr(line, '\n')) ? end + 1 : NULL) {
		if (strncmp(line, key, n) != 0 || line[n] != '=')
			continue;
		const char *from = line + n + 1;
		from += *from == '"' || *from == '\'';
		snprintf(ret, WORD_MAX, "%.*s", (int)strcspn(from, "\"'\n"), from);
		text_printable(ret);
	}
}

static void put_guest(int root, struct json_object *v1)
{
	static const struct { const char *key, *as; } words[] = {
		{ "ID", "distro" }, { "VERSION_ID", "distro_version" }, { "VERSION_CODENAME", "distro_release" }, { "ID", "variant" },
	};
	scoped_buf struct buf text = BUF_MAX(RELEASE_MAX);
	char word[WORD_MAX];
	struct err ignored;
	struct utsname u;
	bool absent;

	if (file_read(root, "/etc/os-release", &text, &absent, &ignored))
		buf_clear(&text);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		release_word(text.data ? text.data : "", words[i].key, word);
		json_put(v1, words[i].as, word);
	}
	if (uname(&u))
		return;
	json_put(v1, "kernel_release", u.release);
	json_put(v1, "machine", u.machine);
	snprintf(word, sizeof word, "%.50s-%.60s", u.sysname, u.release);
	json_put(v1, "system_platform", word);
}

static struct json_object *public_keys(const struct config *c)
{
	struct json_object *keys = json_object_new_array();

	for (size_t i = 0; i < c->ssh.keys.count; i++)
		json_object_array_add(keys, json_object_new_string(c->ssh.keys.at[i]));
	return keys;
}

static struct json_object *make(int root, const struct config *c)
{
	static const char *const ids[] = { "instance-id", "instance_id" }, *const hosts[] = { "local-hostname", "local_hostname" };
	const struct verified *v = c->verified;
	const struct manifest *m = &v->manifest;
	const char *cloud = v->waived ? m->bundle_id : "natal", *host = *m->vm.name ? m->vm.name : c->hostname ? c->hostname : "";
	struct json_object *all = json_object_new_object(), *v1 = json_object_new_object(), *ds = json_object_new_object(),
		*meta = json_object_new_object(), *natal = json_object_new_object();

	json_put(v1, "cloud_id", cloud);
	json_put(v1, "cloud_name", cloud);
	json_put(v1, "platform", cloud);
	json_put(v1, "subplatform", v->waived ? "not signed" : "signed medium");
	json_put(v1, "instance_id", m->vm.instance_id);
	json_put(v1, "local_hostname", host);
	json_object_object_add(v1, "availability_zone", NULL);
	json_object_object_add(v1, "region", NULL);
	json_object_object_add(v1, "public_ssh_keys", public_keys(c));
	put_guest(root, v1);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		json_put(meta, ids[i], m->vm.instance_id);
		json_put(meta, hosts[i], host);
	}
	json_put(natal, "vm_id", m->vm.id);
	json_put(natal, "uuid", m->vm.uuid);
	json_put(natal, "controller", m->controller.id);
	json_put_uint(natal, "sequence", m->sequence);
	json_put_hex(natal, "bundle", v->digest, SHA256_SIZE);
	json_put_bool(natal, "signed", !v->waived);
	json_object_object_add(ds, "meta_data", meta);
	json_object_object_add(all, "v1", v1);
	json_object_object_add(all, "ds", ds);
	json_object_object_add(all, "natal", natal);
	json_object_object_add(all, "base64_encoded_keys", json_object_new_array());
	json_object_object_add(all, "sensitive_keys", json_object_new_array());
	return all;
}

static int publish(int root, const void *text, size_t size, struct err *e)
{
	int r = tree_replace(root, INSTANCE_PATH, &(struct sys_file){ text, size, 0644, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, e);

	/* What else is in the folder is readable to its owner alone. */
	return r ? r : tree_own(root, "/run/natal", 0755, (uid_t)-1, (gid_t)-1, e);
}

int instance_write(int root, const struct config *c, struct err *e)
{
	scoped_buf struct buf kept = BUF_MAX(INSTANCE_MAX);
	bool absent;
	int r;

	if (!c) {
		r = file_read(root, INSTANCE_KEPT_PATH, &kept, &absent, e);
		return r || absent ? r : publish(root, kept.data, kept.size, e);
	}
	scoped_json struct json_object *o = make(root, c);
	const char *text = json_line(o);
	r = tree_replace(root, INSTANCE_KEPT_PATH, &(struct sys_file){ text, strlen(text), 0600, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, e);
	return r ? r : publish(root, text, strlen(text), e);
}

int instance_read(int root, struct json_object **ret, struct err *e)
{
	static const char *const paths[] = { INSTANCE_PATH, INSTANCE_KEPT_PATH };

	*ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(paths) && !*ret; i++) {
		scoped_buf struct buf text = BUF_MAX(INSTANCE_MAX);
		bool absent;
		int r = file_read(root, paths[i], &text, &absent, e);
		if (r && e->sys_errno == EACCES)
			continue;
		if (r || (!absent && (r = json_parse(text.data ? text.data : "", text.size, paths[i], ret, e))))
			return r;
	}
	return 0;
}
