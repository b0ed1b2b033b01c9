/* hostkey.h - what a private host key says of itself. */
#pragma once
#include "common/base/arena.h"

/* The public half that stands in the clear in OpenSSH's own form of a private key (PROTOCOL.key): its line, or NULL where it is of another form. */
const char *hostkey_public(struct arena *a, const char *pem);
