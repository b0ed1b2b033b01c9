/* seal.h - how private bytes lie in the store: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, by libsodium), nonce in front.
 *
 * The root key is 32 bytes from a file, a systemd credential or <state>/store.key.  It is used for nothing but to derive
 * one key a purpose, and wiped: natald keeps SEAL_GUESTS only, the signer SEAL_SIGNER only.
 * `name` (a row's id) is bound in, so that a sealed value moved to another row does not open.
 */
#pragma once
#include <stdbool.h>
#include "common/base/buf.h"
#include "common/base/secret.h"

enum { SEAL_KEY_SIZE = 32, SEAL_OVERHEAD = 24 + 16 };
enum seal_purpose { SEAL_GUESTS = 1, SEAL_SIGNER = 2 };

/* path: 32 raw bytes, or 64 hex digits with or without a final newline. make: write a new key (0600) where there is none. */
int seal_root(const char *path, bool make, struct secret **ret, struct err *e);
int seal_key(const struct secret *root, enum seal_purpose purpose, struct secret **ret, struct err *e);
/* Appends nonce, ciphertext and tag. */
int seal(const struct secret *key, const char *name, const void *bytes, size_t size, struct buf *out, struct err *e);
/* untrusted: another key, another name, or changed bytes. */
int seal_open(const struct secret *key, const char *name, const void *sealed, size_t size, struct secret **ret, struct err *e);
