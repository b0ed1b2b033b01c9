/* mkbundle.c - makes a signed bundle from files: media for tests and benches without a controller.
 *
 *   mkbundle key ALG OUT.pem OUT.pub
 *   mkbundle bundle OUT KEY.pem UUID SEQUENCE [not_before=N] [not_after=N] [issued_at=N] [ek=HEX] [key=KEY2.pem] [NAME=FILE]...
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/media/bundle.h"
#include "controller/crypto/signkey.h"

enum { INPUTS_MAX = 64, KEYS_MAX = 4 };

struct inputs {
	struct manifest m;
	struct blob blobs[INPUTS_MAX];
	struct buf bytes[INPUTS_MAX];
	size_t key_count;
	struct signkey *keys[KEYS_MAX];
};

static int load_key(struct inputs *in, const char *path, struct err *e)
{
	scoped_buf struct buf pem = BUF_MAX(SIGNKEY_PEM_MAX);
	int r = file_read(AT_FDCWD, path, &pem, NULL, e);

	return r ? r : signkey_from_pem(pem.data, pem.size, path, &in->keys[in->key_count++], e);
}

static int make_key(char **v, struct err *e)
{
	scoped_signkey struct signkey *k = NULL;
	scoped_secret struct secret *pem = NULL;
	scoped_buf struct buf pub = BUF_MAX(4096);
	int r;

	if (!sig_alg_from_name(v[0]))
		return err_set(e, ERR_USAGE, "unknown algorithm '%s'", v[0]);
	if ((r = signkey_generate(sig_alg_from_name(v[0]), &k, e)) || (r = signkey_to_pem(k, &pem, e)))
		return r;
	pubkey_to_pem(signkey_public(k), &pub);
	r = file_write(AT_FDCWD, v[1], pem->bytes, pem->size, 0600, (uid_t)-1, (gid_t)-1, e);
	return r ? r : file_write(AT_FDCWD, v[2], pub.data, pub.size, 0644, (uid_t)-1, (gid_t)-1, e);
}

static int add_input(struct inputs *in, const char *arg, struct err *e)
{
	const char *value = strchr(arg, '=');
	size_t n = value ? (size_t)(value++ - arg) : 0;

	if (!value || n >= BUNDLE_BLOB_NAME_MAX)
		return err_set(e, ERR_USAGE, "'%s' is not NAME=VALUE", arg);
	if (text_starts(arg, "not_before="))
		in->m.not_before = strtoull(value, NULL, 10);
	else if (text_starts(arg, "not_after="))
		in->m.not_after = strtoull(value, NULL, 10);
	else if (text_starts(arg, "issued_at="))
		in->m.issued_at = strtoull(value, NULL, 10);
	else if (text_starts(arg, "instance="))
		snprintf(in->m.vm.instance_id, sizeof in->m.vm.instance_id, "%s", value);
	else if (text_starts(arg, "key="))
		return load_key(in, value, e);
	else {
		struct blob *b = &in->blobs[in->m.blob_count];
		in->bytes[in->m.blob_count] = BUF_MAX(ENVELOPE_SIZE_MAX);
		int r = file_read(AT_FDCWD, value, &in->bytes[in->m.blob_count], NULL, e);
		if (r)
			return r;
		memcpy(b->name, arg, n);
		b->bytes = (const uint8_t *)in->bytes[in->m.blob_count].data;
		b->size = in->bytes[in->m.blob_count].size;
		b->mode = strstr(b->name, ".pub") || strstr(b->name, "cert") ? 0644 : 0600;
		snprintf(b->owner, sizeof b->owner, "root");
		in->m.blob_count++;
	}
	return 0;
}

static int sign_all(struct inputs *in, const char *out, struct err *e)
{
	scoped_buf struct buf json = BUF_MAX(ENVELOPE_PAYLOAD_MAX), whole = BUF_MAX(ENVELOPE_SIZE_MAX);
	struct signature sigs[KEYS_MAX];
	struct signkey_value values[KEYS_MAX];
	int r = bundle_manifest(&in->m, &json, e);

	for (size_t i = 0; !r && i < in->key_count; i++)
		r = signkey_sign_payload(in->keys[i], ENVELOPE_BUNDLE, &json, &values[i], &sigs[i], e);
	if (r || (r = bundle_assemble(&in->m, json.data, json.size, sigs, in->key_count, &whole, e)))
		return r;
	return file_write(AT_FDCWD, out, whole.data, whole.size, 0644, (uid_t)-1, (gid_t)-1, e);
}

static int make_bundle(int c, char **v, struct err *e)
{
	static struct inputs in;
	uint64_t now = (uint64_t)clock_unix_s();
	int r = load_key(&in, v[1], e);

	in.m.format = BUNDLE_FORMAT;
	in.m.sequence = strtoull(v[3], NULL, 10);
	in.m.issued_at = now;
	in.m.not_before = now - 3600;
	in.m.not_after = now + 86400;
	in.m.blobs = in.blobs;
	snprintf(in.m.bundle_id, sizeof in.m.bundle_id, "b-test-%s", v[3]);
	snprintf(in.m.project, sizeof in.m.project, "default");
	snprintf(in.m.controller.id, sizeof in.m.controller.id, "c-test");
	snprintf(in.m.vm.id, sizeof in.m.vm.id, "vm-test");
	snprintf(in.m.vm.name, sizeof in.m.vm.name, "test");
	snprintf(in.m.vm.instance_id, sizeof in.m.vm.instance_id, "i-test-%s", v[3]);
	snprintf(in.m.vm.uuid, sizeof in.m.vm.uuid, "%s", v[2]);
	for (int i = 4; !r && i < c; i++)
		r = in.m.blob_count < INPUTS_MAX && in.key_count < KEYS_MAX ? add_input(&in, v[i], e) : err_set(e, ERR_LIMIT, "too many inputs");
	return r ? r : sign_all(&in, v[0], e);
}

int main(int c, char **v)
{
	struct err e = ERR_NONE;
	int r;

	if (c == 5 && strcmp(v[1], "key") == 0)
		r = make_key(v + 2, &e);
	else if (c >= 6 && strcmp(v[1], "bundle") == 0)
		r = make_bundle(c - 2, v + 2, &e);
	else
		r = err_set(&e, ERR_USAGE, "mkbundle key ALG OUT.pem OUT.pub | mkbundle bundle OUT KEY.pem UUID SEQUENCE [NAME=FILE]...");
	if (r) {
		err_print(&e);
		return err_exit_status(e.code);
	}
	return 0;
}
