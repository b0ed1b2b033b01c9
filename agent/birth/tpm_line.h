/* tpm_line.h - a TPM's device, or a socket in its place: one command out, one reply in. */
#pragma once
#include "agent/birth/tpm_reply.h"
#include "common/base/buf.h"

/* path: a device or unix:PATH. */
int tpm_line_open(const char *path, int *ret_fd, struct err *e);
/* ret: the whole reply, TPM_REPLY_MAX at most. unavailable: no answer in time. */
int tpm_line_ask(int fd, const struct buf *command, const char *what, struct buf *ret, struct err *e);
