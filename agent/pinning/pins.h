/* pins.h - the public keys that this guest is to present: what was installed, by digest.
 *
 * tls_spki is the SHA-256 of the certificate's SubjectPublicKeyInfo; an SSH key's is the SHA-256 of its key blob (RFC 4253 6.6),
 * the same that ssh-keygen -l shows in base64.  pins_read() takes them from the disk; no allocation.
 */
#pragma once
#include <json-c/json.h>
#include <stdbool.h>
#include "common/crypto/sshkey.h"
#include "common/base/err.h"

enum { PINS_SSH_MAX = 4, PINS_TYPE_MAX = SSHKEY_TYPE_MAX };

struct pins {
	bool has_tls;
	uint8_t tls_spki[SHA256_SIZE];
	size_t ssh_count;
	struct pin_ssh { char type[PINS_TYPE_MAX]; uint8_t digest[SHA256_SIZE]; } ssh[PINS_SSH_MAX];
};

/* Below root: /etc/ssh/ssh_host_*_key.pub and /etc/natal/tls/cert.pem; files that are not there are no pins. */
int pins_read(int root, struct pins *ret, struct err *e);
struct json_object *pins_to_json(const struct pins *p);
int pins_from_json(struct json_object *o, struct pins *ret, struct err *e);
/* The digest of a type, or NULL. */
const uint8_t *pins_ssh(const struct pins *p, const char *type);

/* SHA-256 of the SubjectPublicKeyInfo in a certificate (RFC 5280 4.1), DER. */
int spki_digest(const void *der, size_t size, const char *doc, uint8_t ret[SHA256_SIZE], struct err *e);
/* … of the first one in a PEM text, which path names in messages. */
int spki_digest_pem(const char *pem, const char *path, uint8_t ret[SHA256_SIZE], struct err *e);
