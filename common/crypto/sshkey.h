/* sshkey.h - an SSH public key in OpenSSH's one-line form: "TYPE BASE64", then perhaps a comment. */
#pragma once
#include <stddef.h>
#include "common/base/err.h"
#include "common/crypto/hash.h"

enum { SSHKEY_TYPE_MAX = 40, SSHKEY_BLOB_MAX = 16 << 10 };

/* Type, and SHA-256 of the key blob, of the n bytes of line (up to its end of line). format: `what` is no such line. */
int sshkey_digest(const char *line, size_t n, const char *what, char type[SSHKEY_TYPE_MAX], uint8_t ret[SHA256_SIZE], struct err *e);
