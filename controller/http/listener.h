/* listener.h - where natald listens: "ADDRESS:PORT", "[ADDRESS]:PORT"; and what somebody else has opened for it (sd_listen_fds(3)). */
#pragma once
#include <stddef.h>
#include "common/base/err.h"

enum { LISTENERS_MAX = 16, LISTENER_TEXT_MAX = 80 };
/* usage: no address; unavailable or denied: not to be had, with what to do. */
int listener_open(const char *text, int *ret_fd, struct err *e);
/* Descriptors that $LISTEN_FDS hands to this process, each seen to be a stream socket that listens; the variables are taken away. */
int listener_inherited(int fds[LISTENERS_MAX], size_t *ret_count, struct err *e);
/* "127.0.0.1:8443", as it is bound. */
void listener_text(int fd, char out[LISTENER_TEXT_MAX]);
