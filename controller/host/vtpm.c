/* vtpm.c - see vtpm.h */
#include "controller/host/vtpm.h"

#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "controller/host/worker.h"

enum { EK_CERT_MAX = 16 << 10 };

/* The local CA that signs EK certificates lives in the guest's folder, not in the distribution's. Paths are relative to it:
 * the guest's user may be unable to reach it from the root. */
static int write_ca_config(struct guest *g, struct err *e)
{
	static const char ca[] = "statedir = tpm/ca\nsigningkey = tpm/ca/signkey.pem\nissuercert = tpm/ca/issuercert.pem\n"
		"certserial = tpm/ca/certserial\n";
	static const char setup[] = "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = tpm/ca.conf\n"
		"create_certs_tool_options = /dev/null\n";
	int r = file_write(g->rundir, "tpm/ca.conf", ca, sizeof ca - 1, 0644, (uid_t)-1, (gid_t)-1, e);

	return r ? r : file_write(g->rundir, "tpm/setup.conf", setup, sizeof setup - 1, 0644, (uid_t)-1, (gid_t)-1, e);
}

static int give_to_user(struct guest *g, const char *path, struct err *e)
{
	if (!g->spec.uid)
		return 0;
	return fchownat(g->rundir, path, (uid_t)g->spec.uid, (gid_t)g->spec.uid, 0) < 0 ? err_sys(e, "chown %s/%s", g->dir, path) : 0;
}

int vtpm_make(struct guest *g, struct err *e)
{
	int r;

	if (file_mkdirs(g->rundir, "tpm", 0700, e) || file_mkdirs(g->rundir, "tpm/ca", 0700, e))
		return -(int)e->code;
	if ((r = give_to_user(g, "tpm", e)) || (r = give_to_user(g, "tpm/ca", e)) || (r = write_ca_config(g, e)))
		return r;
	const char *argv[] = { "swtpm_setup", "--tpm2", "--tpmstate", "tpm", "--config", "tpm/setup.conf", "--create-ek-cert", "--overwrite",
		"--pcr-banks", "sha256", "--write-ek-cert-files", "tpm", "--vmid", g->spec.vm_id, NULL };
	return worker_start(&(struct worker_start){ .argv = argv, .cwd = g->rundir, .log_dir = g->dirfd, .uid = (uid_t)g->spec.uid, .log = "tpm-setup.log" }, &g->setup, e);
}

static void cert_free_p(gnutls_x509_crt_t *c)
{
	if (*c)
		gnutls_x509_crt_deinit(*c);
}

static void pubkey_free_p(gnutls_pubkey_t *k)
{
	if (*k)
		gnutls_pubkey_deinit(*k);
}

int vtpm_made(struct guest *g, struct err *e)
{
	static const char *const names[] = { "tpm/ek-rsa2048.crt", "tpm/ek-rsa3072.crt", "tpm/ek-secp384r1.crt" };
	scoped_buf struct buf der = BUF_MAX(EK_CERT_MAX);
	bool absent = true;

	for (size_t i = 0; absent && i < ARRAY_SIZE(names); i++)
		if (file_read(g->rundir, names[i], &der, &absent, e))
			return -(int)e->code;
	if (absent) {
		err_set(e, ERR_UNAVAILABLE, "swtpm_setup made no EK certificate for guest %s", g->spec.vm_id);
		err_hint(e, "its words are in %.100s/tpm-setup.log", g->dir);
		return -(int)e->code;
	}
	scoped(cert_free_p) gnutls_x509_crt_t cert = NULL;
	scoped(pubkey_free_p) gnutls_pubkey_t key = NULL;
	gnutls_datum_t raw = { (unsigned char *)der.data, (unsigned)der.size }, spki = { 0 };
	int r;
	if ((r = gnutls_x509_crt_init(&cert)) < 0 || (r = gnutls_x509_crt_import(cert, &raw, GNUTLS_X509_FMT_DER)) < 0 ||
		(r = gnutls_pubkey_init(&key)) < 0 || (r = gnutls_pubkey_import_x509(key, cert, 0)) < 0 ||
		(r = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki)) < 0)
		return err_set(e, ERR_FORMAT, "the EK certificate of guest %s: %s", g->spec.vm_id, gnutls_strerror(r));
	uint8_t digest[SHA256_SIZE];
	sha256(spki.data, spki.size, digest);
	gnutls_free(spki.data);
	hex_encode(digest, sizeof digest, g->ek_sha256);
	return 0;
}

int vtpm_start(struct guest *g, int *qemu_fd, struct err *e)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "a socket pair for the vTPM");
	scoped_fd int ours = pair[0], theirs = pair[1];
	const char *argv[] = { "swtpm", "socket", "--tpm2", "--tpmstate", "dir=tpm", "--ctrl", "type=unixio,clientfd=3", "--flags", "startup-clear",
		"--terminate", "--log", "file=swtpm.log,level=1", NULL };
	struct worker_start s = { .argv = argv, .cwd = g->rundir, .log_dir = g->dirfd, .uid = (uid_t)g->spec.uid, .log = "tpm.log", .fd_count = 1, .fds = { { theirs, 3 } } };
	if ((r = worker_start(&s, &g->tpm, e)))
		return err_wrap(e, "vTPM of guest %s", g->spec.vm_id);
	*qemu_fd = give_fd(&ours);
	return 0;
}
