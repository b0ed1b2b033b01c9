/* tpm.h - the few words with a TPM 2.0 by which a guest proves that it has the EK it says: TPM2_ActivateCredential.
 *
 * Commands are made and replies read here, byte by byte (TPM 2.0 Part 2 and 3): seven commands are less than a library. The EK is the one at
 * 0x81010001 where there is one, else made anew from the EK Credential Profile's template L-1, which gives the same key each time.
 */
#pragma once
#include "common/wire/birthask.h"

#define TPM_DEVICE "/dev/tpmrm0"
struct tpm;
/* path: a device, unix:PATH, or NULL for TPM_DEVICE. */
bool tpm_is_there(const char *path);
int tpm_open(const char *path, struct tpm **ret, struct err *e);
/* What was loaded is flushed. */
void tpm_close(struct tpm *t);
scope_fn(struct tpm, tpm_close)
/* Loads EK and a key of this guest's own: the first as a TPM2B_PUBLIC in base64, the second by its name. */
int tpm_identity(struct tpm *t, char ek[BIRTH_BASE64_MAX], uint8_t ak_name[BIRTH_AK_NAME_SIZE], struct err *e);
/* What the controller has sealed to both. denied: it was not sealed to them. */
int tpm_activate(struct tpm *t, const struct birth_challenge *c, uint8_t secret[BIRTH_SECRET_SIZE], struct err *e);
