/* tpm_reply.h - reading what a TPM answers (TPM 2.0 Part 1, 18): header, handle, parameters. The bytes are the TPM's, or whoever sits in its place. */
#pragma once
#include <stdbool.h>
#include "common/base/cursor.h"

enum { TPM_REPLY_MAX = 4096, TPM_HEADER_SIZE = 10 };
/* How many bytes the reply has, by its header; 0: it is none. */
size_t tpm_reply_size(const uint8_t header[TPM_HEADER_SIZE]);
/* Does it say that the same command is to be sent again (Part 2, 6.6.3: YIELDED, TESTING, RETRY)? */
bool tpm_reply_is_later(const void *bytes, size_t size);
/* The whole of it; `what` names the command. ret: what follows the header. denied: the TPM said no, with its code in the message. */
int tpm_reply_open(const void *bytes, size_t size, const char *what, struct cursor *ret, struct err *e);
/* With sessions: the parameters' own size, and the cursor ends with them. */
int tpm_reply_parameters(struct cursor *c, struct err *e);
/* A TPM2B: its bytes without the size; borrowed. */
struct tpm2b { const uint8_t *bytes; size_t size; };
int tpm_take_2b(struct cursor *c, struct tpm2b *ret, struct err *e);
