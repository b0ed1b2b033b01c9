/* console.h - a guest's serial console: its log is a file that QEMU writes, its input a socket that QEMU listens on. docs/WIRE.md LOG, INPUT. */
#pragma once
#include "controller/host/guest.h"

enum { CONSOLE_INPUT_MAX = 4096, CONSOLE_CHUNK_MAX = 128 << 10 };

/* The end of the log, as plain text. */
int console_log(struct guest *g, struct json_object *body, struct json_object *reply, struct err *e);
/* `input`, base64: typed there. conflict: the guest does not run; unavailable: nobody reads it. */
int console_input(struct guest *g, struct json_object *body, struct err *e);
