/* birth.h - first boot without a medium: this guest asks the controller that its image's policy names for its bundle. docs/FLEET.md.
 *
 * Only the pin is the image's alone; where the controller is, and the token, may be said by the machine. What comes back is a seed like a medium's:
 * seed_verify() judges it, by the nonce too. Without a token the TPM proves which machine this is.
 */
#pragma once
#include "agent/seed.h"
#include "common/wire/birthask.h"

/* For the guest that takes it out of its image, and the file that makes a reply that was lost be asked for again. Both go when the guest is born. */
#define BIRTH_TOKEN_PATH "/etc/natal/birth-token"
#define BIRTH_NONCE_PATH "/var/lib/natal/birth-nonce"
/* On the kernel's command line and among SMBIOS' OEM strings; in fw_cfg below FW_CFG_PREFIX "birth-token" and "birth-server". */
#define BIRTH_TOKEN_WORD "natal.birth_token="
#define BIRTH_SERVER_WORD "natal.birth_server="

struct birth_guest {
	int root;
	const char *uuid;
	const char *tpm;                /* a device, or unix:PATH of a socket that speaks raw TPM commands; NULL: /dev/tpmrm0 */
};

/* Asks until it is answered, refused, or the policy's time is over. not-found: neither token nor TPM, or nobody says where to ask; unavailable:
 * the time is over; untrusted: it is not the controller that is pinned; else what the controller says. */
int birth_ask_for(const struct birth_guest *g, const struct birthplace *place, struct seed **ret, struct err *e);
/* Token and nonce have done their work. */
void birth_done(int root);

/* proof.c. Where to ask, if the policy does not say it; format, not-found. */
int birth_find_server(int root, struct birthplace *place, struct err *e);
/* *ret_absent: nobody gave one. limit, format. */
int birth_find_token(int root, char ret[BIRTH_TOKEN_MAX], bool *ret_absent, struct err *e);
/* This guest's, kept on its disk until it is born. */
int birth_nonce(int root, uint8_t ret[BIRTH_NONCE_SIZE], struct err *e);
/* One SMBIOS structure of type 11: the string that begins with `word`, behind it. */
bool birth_oem_word(const void *raw, size_t size, const char *word, char *out, size_t out_size);
