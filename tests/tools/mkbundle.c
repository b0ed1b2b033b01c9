/* mkbundle.c - a test's controller: signs the files of a folder into a bundle, always with the same key.
 *
 *   mkbundle SEED_DIR OUT [KEY=VALUE]...      keys: uuid, sequence, instance, not_after, pub (writes the public key there)
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/media/bundle.h"

enum { BLOBS = 64 };
static struct blob blobs[BLOBS];
static struct buf contents[BLOBS];
static size_t count;

static const char *option(int argc, char **argv, const char *key, const char *otherwise)
{
	for (int i = 3; i < argc; i++)
		if (strncmp(argv[i], key, strlen(key)) == 0 && argv[i][strlen(key)] == '=')
			return argv[i] + strlen(key) + 1;
	return otherwise;
}

static int add(int dir, const char *name, struct err *e)
{
	struct blob *b = &blobs[count];
	size_t n = strlen(name);
	bool private = strcmp(name, BLOB_REPORT_KEY) == 0 || strcmp(name, BLOB_TLS_KEY) == 0 || (n > 4 && strcmp(name + n - 4, "_key") == 0);

	contents[count] = BUF_MAX(4 << 20);
	int r = file_read(dir, name, &contents[count], NULL, e);
	if (r || (r = text_copy(b->name, sizeof b->name, name, "blob name", e)))
		return r;
	b->bytes = (const uint8_t *)contents[count].data;
	b->size = contents[count].size;
	b->mode = private ? 0600 : 0644;
	memcpy(b->owner, "root", 5);
	count++;
	return 0;
}

static int add_folder(int dir, struct err *e)
{
	static const char *const names[] = { "user-data", "network-config", "report-key", "tls/key.pem", "tls/cert.pem", "tls/chain.pem",
		"ssh/ssh_host_ed25519_key", "ssh/ssh_host_ed25519_key.pub", "ssh/ssh_host_ecdsa_key", "ssh/ssh_host_ecdsa_key.pub" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = faccessat(dir, names[i], R_OK, 0) == 0 ? add(dir, names[i], e) : 0;
		if (r)
			return r;
	}
	return 0;
}

static void fill(struct manifest *m, int argc, char **argv)
{
	uint64_t now = (uint64_t)clock_unix_s();

	*m = (struct manifest){ .format = BUNDLE_FORMAT, .sequence = strtoull(option(argc, argv, "sequence", "1"), NULL, 10), .issued_at = 1700000000,
		.not_before = 1700000000, .not_after = strtoull(option(argc, argv, "not_after", "0"), NULL, 10), .blob_count = count, .blobs = blobs };
	if (!m->not_after)
		m->not_after = now + 86400;
	snprintf(m->bundle_id, sizeof m->bundle_id, "b-%s", option(argc, argv, "sequence", "1"));
	snprintf(m->project, sizeof m->project, "default");
	snprintf(m->controller.id, sizeof m->controller.id, "test-controller");
	snprintf(m->vm.id, sizeof m->vm.id, "vm-1");
	snprintf(m->vm.name, sizeof m->vm.name, "web-1");
	snprintf(m->vm.instance_id, sizeof m->vm.instance_id, "%s", option(argc, argv, "instance", "i-1"));
	snprintf(m->vm.uuid, sizeof m->vm.uuid, "%s", option(argc, argv, "uuid", "6b1f0d5e-3c4a-4f7b-9a51-0c2d3e4f5a6b"));
}

static int sign(const struct manifest *m, const struct buf *json, const char *pub, struct buf *out, struct err *e)
{
	static const uint8_t prefix[12] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	uint8_t seed[crypto_sign_SEEDBYTES] = "natal: the key of every test", pk[32], sk[64], der[44], sig[64];
	scoped_buf struct buf pae = BUF_MAX(2 << 20), pem = BUF_MAX(4096);
	struct pubkey key;

	crypto_sign_seed_keypair(pk, sk, seed);
	memcpy(der, prefix, sizeof prefix);
	memcpy(der + sizeof prefix, pk, sizeof pk);
	int r = pubkey_from_spki(der, sizeof der, "key", &key, e);
	if (r)
		return r;
	envelope_pae(ENVELOPE_BUNDLE, json->data, json->size, &pae);
	crypto_sign_detached(sig, NULL, (const uint8_t *)pae.data, pae.size, sk);
	struct signature s = { .alg = SIG_ED25519, .value = sig, .size = sizeof sig };
	memcpy(s.key_id, key.id, KEY_ID_SIZE);
	pubkey_to_pem(&key, &pem);
	if (*pub && (r = file_write(AT_FDCWD, pub, pem.data, pem.size, 0644, (uid_t)-1, (gid_t)-1, e)))
		return r;
	return bundle_assemble(m, json->data, json->size, &s, 1, out, e);
}

int main(int argc, char **argv)
{
	scoped_buf struct buf json = BUF_MAX(1 << 20), out = BUF_MAX(64 << 20);
	struct manifest m;
	struct err e;

	if (argc < 3 || sodium_init() < 0)
		return 2;
	int dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || add_folder(dir, &e))
		return dir < 0 ? 2 : (err_print(&e), 1);
	fill(&m, argc, argv);
	if (bundle_manifest(&m, &json, &e) || sign(&m, &json, option(argc, argv, "pub", ""), &out, &e) ||
	    file_write(AT_FDCWD, argv[2], out.data, out.size, 0600, (uid_t)-1, (gid_t)-1, &e))
		return err_print(&e), 1;
	return 0;
}
