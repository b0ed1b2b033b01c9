/* guestkey.h - keys made for guests: an SSH host key or a TLS key, private half and the public text beside it.
 *
 * SSH private halves are written as OpenSSH's openssh-key-v1 (PROTOCOL.key, unencrypted), public ones as "TYPE BASE64";
 * TLS keys as PKCS#8 PEM, with the SubjectPublicKeyInfo (DER) as public half.
 */
#pragma once
#include "common/base/buf.h"
#include "common/base/secret.h"

enum guestkey_kind { GUESTKEY_SSH_ED25519, GUESTKEY_SSH_ECDSA, GUESTKEY_TLS_P256, GUESTKEY_SSH_RSA_3072, GUESTKEY_KINDS };
/* "ssh-ed25519", "ssh-ecdsa", "tls-ecdsa-p256", "ssh-rsa-3072". */
const char *guestkey_kind_name(enum guestkey_kind kind);
/* GUESTKEY_KINDS where unknown. */
enum guestkey_kind guestkey_kind_from_name(const char *name);
/* The file in /etc/ssh: "ssh_host_ed25519_key"; NULL for TLS keys. */
const char *guestkey_ssh_file(enum guestkey_kind kind);

/* The first word of the public half, "ssh-ed25519"; NULL for TLS keys. */
const char *guestkey_ssh_type(enum guestkey_kind kind);

enum { GUESTKEY_PUBLIC_MAX = 800 };
struct guestkey {
	enum guestkey_kind kind;
	struct secret *private;                 /* file content */
	size_t public_size;
	char public[GUESTKEY_PUBLIC_MAX];       /* SSH: text with a NUL; TLS: DER */
};
int guestkey_make(enum guestkey_kind kind, struct guestkey *ret, struct err *e);
void guestkey_fini(struct guestkey *k);
