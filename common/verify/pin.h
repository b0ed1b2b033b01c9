/* pin.h - the pin record of one VM: which TLS and SSH keys it has. PIN.md.
 *
 * pin_verify() is the only way from bytes to a struct pin; pin_payload() makes the JSON to be signed.
 * One struct without pointers. */
#pragma once
#include <stdbool.h>
#include "common/media/trust.h"

enum { PIN_FORMAT = 1, PIN_NAMES_MAX = 8, PIN_SSH_KEYS_MAX = 6, PIN_SSH_LINE_MAX = 800 };

struct pin {
	uint64_t format, sequence, issued_at;
	char project[64], vm_id[64], name[64], uuid[37];
	size_t name_count;
	char names[PIN_NAMES_MAX][128];
	uint8_t tls_spki[SHA256_SIZE], tls_spki_next[SHA256_SIZE];
	bool has_tls_next;
	size_t ssh_count, ssh_next_count;
	char ssh_keys[PIN_SSH_KEYS_MAX][PIN_SSH_LINE_MAX], ssh_keys_next[PIN_SSH_KEYS_MAX][PIN_SSH_LINE_MAX];
	uint8_t ek_sha256[SHA256_SIZE];
	bool has_ek;
	uint8_t previous[SHA256_SIZE];
	bool has_previous;
	struct { bool has; char id[64]; uint64_t at, not_after; } verdict;      /* of attestation; none is issued in this release */
};

/* Canonical JSON of p. Checks what the reader would refuse. */

int pin_payload(const struct pin *p, struct buf *out, struct err *e);
/* Errors: those of envelope_read() and trust_check(); unsupported: a newer format. */
int pin_verify(
	const void *bytes, size_t size, const struct trust *trust, uint64_t now_unix_s, const char *doc, struct pin *ret, struct err *e);
/* Does a TLS SPKI digest match (current or next)? untrusted says both digests. */
int pin_check_tls(const struct pin *p, const uint8_t spki_sha256[SHA256_SIZE], struct err *e);
/* Is `host`, as ssh gives it, the record's name (on any port) or one of its names ("[address]:port" is a name of its own)? */
bool pin_names_host(const struct pin *p, const char *host);
/* Is `host` one of its names with a port only: "[host]:…"? */
bool pin_names_port_of(const struct pin *p, const char *host);
/* known_hosts lines for `host` (or "[host]:port" as given). */
void pin_known_hosts(const struct pin *p, const char *host, struct buf *out);
/* One line of p: algorithm and SHA-256 of the key as `ssh-keygen -l` shows it, "SHA256:BASE64" without padding. */
int pin_ssh_fingerprint(const char *line, struct buf *out, struct err *e);
/* "sha256//BASE64[;sha256//…]" as curl's --pinnedpubkey takes it. */
void pin_curl(const struct pin *p, struct buf *out);
